"""Browser sessions in which people link their accounts, and what goes on when they have.

It only adds: a process of an older schema may go on serving beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the tables, and what came after a link to the links: there were none that somebody made in a browser."""
    op.add_column("links", sa.Column("followed", sa.Integer, nullable=False, server_default="1"))
    op.create_table(
        "wishes",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("card_id", sa.String(32)),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("permissions", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "browser_sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    """Drops them."""
    for name in ("browser_sessions", "wishes"):
        op.drop_table(name)
    with op.batch_alter_table("links") as links:
        links.drop_column("followed")
