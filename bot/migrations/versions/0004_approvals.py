"""What a second person is asked.

It only adds: a process of an older schema may go on serving beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("cancellation_id", sa.String(32), nullable=False, unique=True),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("ownership", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("approvals")
