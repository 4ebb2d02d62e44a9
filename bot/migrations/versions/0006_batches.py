"""Cancellations that were entered together in one dialog.

It only adds: a process of an older schema may go on serving beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TABLES = ("cancellations", "wishes")


def upgrade() -> None:
    """Adds the columns."""
    for table in _TABLES:
        op.add_column(table, sa.Column("batch", sa.String(32)))
    op.create_index("cancellations_batch", "cancellations", ["batch"])


def downgrade() -> None:
    """Drops them."""
    op.drop_index("cancellations_batch", "cancellations")
    for table in _TABLES:
        op.drop_column(table, "batch")
