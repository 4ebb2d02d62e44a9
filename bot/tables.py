"""The tables. Changes to them are made by a migration under `migrations/versions`."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its time zone, also where SQLite keeps none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("tid", String(36), primary_key=True),
    Column("oid", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("cache", LargeBinary, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
"""One person's Microsoft account and its encrypted MSAL cache."""

links = Table(
    "links",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("user", String(32), primary_key=True),
    Column("tid", String(36), nullable=False),
    Column("oid", String(36), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("followed", Integer, nullable=False, server_default="1"),
    UniqueConstraint("tid", "oid"),
)
"""Which Slack user is which Microsoft account; one each way. `followed`: what comes after a new link has begun."""

cards = Table(
    "cards",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("ts", String(32)),
    Column("kind", String(64), nullable=False),
    Column("target_id", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("target_key", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Column("closed", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("cards_target_key", "target_key"),
    Index("cards_open", "kind", "closed"),
)
"""The bot's messages about one target. `ts` is empty until Slack has answered; `details` is what the message shows."""

notices = Table(
    "notices",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("target_id", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("target_key", Text, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("left_at", UtcDateTime),
    Column("failing_since", UtcDateTime),
    Index("notices_kind", "kind", "channel"),
)
"""The pending targets that were seen, one row for each channel that hears of it; `id` is the card's. `left_at`: since
when it is pending no more, `failing_since`: since when the channel could not be told."""

watched = Table(
    "watched",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("older", Integer, nullable=False),
    Column("told", Integer, nullable=False),
)
"""Which kinds a channel hears of, since when, and how many were pending before: they are told in one line, once."""

leases = Table(
    "leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)
"""What one process at a time does, and until when by the database's clock."""

homes = Table(
    "homes",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("user", String(32), primary_key=True),
)
"""Who has opened the App Home: it is kept fresh for them alone."""

dialogs = Table(
    "dialogs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("user", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("card_id", String(32)),
    Column("sealed", LargeBinary),
    Column("created_at", UtcDateTime, nullable=False),
    Column("thread_ts", String(32)),
    Column("offered", JSON),
)
"""Opened dialogs: whose, where, about which card; `sealed` is the encrypted response_url of the click. `thread_ts` is
the thread that hears of it, where that is not the cancellation's own; `offered` the targets to choose from."""

cancellations = Table(
    "cancellations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("run", Integer, nullable=False),
    Column("team", String(32), nullable=False),
    Column("user", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("visible", Integer, nullable=False),
    Column("card_id", String(32)),
    Column("kind", String(64), nullable=False),
    Column("target_id", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("joined_to", String(32)),
    Column("instance", String(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", JSON),
    Column("thread_ts", String(32)),
    Column("batch", String(32)),
    Index("cancellations_batch", "batch"),
    Index("cancellations_ended_at", "ended_at"),
    Index("cancellations_joined_to", "joined_to"),
    Index("cancellations_user", "team", "user", "created_at"),
)
"""Every submitted wish; `id` is its dialog's or, where several were entered in one, follows from that, which is then
their `batch`. `sealed` is the encrypted justification and response_url, `joined_to` the running cancellation that it
waits for, `instance` the process that has to see it through, `run` its latest workflow."""

claims = Table(
    "claims",
    metadata,
    Column("key", Text, primary_key=True),
    Column("cancellation_id", String(32), nullable=False, unique=True),
)
"""The one running cancellation of a target: Graph type, id and scope, without case."""

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("cancellation_id", String(32), nullable=False, unique=True),
    Column("run", Integer, nullable=False),
    Column("ownership", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("answer", String(16), nullable=False),
    Column("user", String(32), nullable=False),
)
"""Cancellations for which a second person was asked: until when, for exactly what (`digest`), and who answered what.
`id` is what the buttons carry, `run` the workflow that waits, `ownership` whose request reading had shown it to be."""

posts = Table(
    "posts",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("thread_ts", String(32), nullable=False),
    Column("ts", String(32)),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Messages that must not be posted twice. A row without `ts` tells that posting began and its end is not known."""

wishes = Table(
    "wishes",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("user", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("card_id", String(32)),
    Column("kind", String(64), nullable=False),
    Column("target_id", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("permissions", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("thread_ts", String(32)),
    Column("batch", String(32)),
)
"""What somebody wanted cancelled before Microsoft knew them: it goes on when they have signed in with `permissions`.
`sealed` is the encrypted justification and response_url."""

browser_sessions = Table(
    "browser_sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("stage", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Browsers in which somebody is linking their accounts; `id` is the cookie's hash, `sealed` what is known so far."""

instances = Table(
    "instances",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("dead", Integer, nullable=False),
)
"""The serving processes, by the database's clock."""

compatibility = Table(
    "compatibility",
    metadata,
    Column("oldest", Integer, nullable=False),
)
"""One row: the oldest schema number whose code may serve on this schema."""

audit_rows = Table(
    "audit_rows",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("cancellation_id", String(32), nullable=False),
    Column("event", String(32), nullable=False),
    Column("part", Integer, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("target_id", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("people", String(64), nullable=False),
    Column("mac", String(64), nullable=False),
    UniqueConstraint("cancellation_id", "event", "part"),
)
"""What was asked, decided and answered; rows are only ever added. `part` numbers equal events of one cancellation,
`people` is the salted hash of the row in `audit_people`, `mac` chains the row to the one before it."""

audit_people = Table(
    "audit_people",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("salt", String(64), nullable=False),
    Column("team", String(32), nullable=False),
    Column("user", String(32), nullable=False),
    Column("oid", String(36), nullable=False),
    Column("justification", Text, nullable=False),
)
"""Who, and why, of the audit row of that number: what retention erases."""
