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
    UniqueConstraint("tid", "oid"),
)
"""Which Slack user is which Microsoft account; one each way."""

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
)
"""The bot's messages about one target. `ts` is empty until Slack has answered; `details` is what the message shows."""

dialogs = Table(
    "dialogs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("user", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("card_id", String(32)),
    Column("cancellation_id", String(32)),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Opened dialogs: whose, where, about which card, and the cancellation that its one submission began."""

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("cancellation_id", String(32), nullable=False),
    Column("event", String(32), nullable=False),
    Column("team", String(32), nullable=False),
    Column("user", String(32), nullable=False),
    Column("oid", String(36), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("target_id", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("justification", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Index("audit_cancellation_id", "cancellation_id"),
)
"""What was asked, decided and answered; rows are only ever added."""
