"""Cancellations that survive their process, and the chained audit trail.

It only adds: a process of the schema before may go on serving beside it. The rows of the first release's `audit` table
stay where they are; no chain can vouch for them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

OLDEST_COMPATIBLE = 1
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the tables."""
    op.add_column("dialogs", sa.Column("sealed", sa.LargeBinary))
    _create_cancellations()
    op.create_table(
        "claims",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("cancellation_id", sa.String(32), nullable=False, unique=True),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("thread_ts", sa.String(32), nullable=False),
        sa.Column("ts", sa.String(32)),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "instances",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("dead", sa.Integer, nullable=False),
    )
    compatibility = op.create_table("compatibility", sa.Column("oldest", sa.Integer, nullable=False))
    op.bulk_insert(compatibility, [{"oldest": OLDEST_COMPATIBLE}])
    _create_audit()
    _forbid_changes()


def downgrade() -> None:
    """Drops them."""
    for name in ("audit_people", "audit_rows", "compatibility", "instances", "posts", "claims", "cancellations"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only()")
    with op.batch_alter_table("dialogs") as dialogs:
        dialogs.drop_column("sealed")


def _create_cancellations() -> None:
    op.create_table(
        "cancellations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("visible", sa.Integer, nullable=False),
        sa.Column("card_id", sa.String(32)),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("joined_to", sa.String(32)),
        sa.Column("instance", sa.String(32), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("outcome", sa.JSON),
    )
    op.create_index("cancellations_ended_at", "cancellations", ["ended_at"])
    op.create_index("cancellations_joined_to", "cancellations", ["joined_to"])


def _create_audit() -> None:
    op.create_table(
        "audit_rows",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("cancellation_id", sa.String(32), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("people", sa.String(64), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.UniqueConstraint("cancellation_id", "event", "part"),
    )
    op.create_table(
        "audit_people",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("oid", sa.String(36), nullable=False),
        sa.Column("justification", sa.Text, nullable=False),
    )


def _forbid_changes() -> None:
    """The chain tells of a change afterwards; this stops the accidental ones."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit_rows "
                "BEGIN SELECT RAISE(ABORT, 'audit_rows is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit_rows is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_rows "
        "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
    )
