"""What is pending and who hears of it; what a dialog offers, and the thread that hears of its cancellation; Homes.

It only adds: a process of an older schema may go on serving beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_THREADED = ("dialogs", "cancellations", "wishes")


def upgrade() -> None:
    """Adds the tables and columns."""
    op.create_table(
        "notices",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("target_key", sa.Text, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True)),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
    )
    op.create_index("notices_kind", "notices", ["kind", "channel"])
    op.create_table(
        "watched",
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("older", sa.Integer, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "homes",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("user", sa.String(32), primary_key=True),
    )
    for table in _THREADED:
        op.add_column(table, sa.Column("thread_ts", sa.String(32)))
    op.add_column("dialogs", sa.Column("offered", sa.JSON))
    op.create_index("cards_open", "cards", ["kind", "closed"])
    op.create_index("cancellations_user", "cancellations", ["team", "user", "created_at"])


def downgrade() -> None:
    """Drops them."""
    op.drop_index("cancellations_user", "cancellations")
    op.drop_index("cards_open", "cards")
    op.drop_column("dialogs", "offered")
    for table in _THREADED:
        op.drop_column(table, "thread_ts")
    for table in ("homes", "leases", "watched", "notices"):
        op.drop_table(table)
