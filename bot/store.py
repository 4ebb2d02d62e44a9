"""The database's queries, each of them one transaction."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database import OUT_OF_REACH, driver_url, is_current, migrate, open_engine
from bot.errors import ConfigError, Unavailable
from bot.resources import Target
from bot.tables import cards, dialogs

log = structlog.get_logger(__name__)

_NO_DATABASE: Final = ("The bot's own database cannot be used just now, so nothing was sent.", "Try again in a minute.")


@dataclass(frozen=True)
class Card:
    """A message of the bot about one target. `ts` is empty while Slack has not yet answered."""

    id: str
    team: str
    channel: str
    ts: str
    target: Target
    details: dict[str, Any]
    closed: bool


@dataclass(frozen=True)
class Dialog:
    """A dialog that a person opened. `cancellation_id` is set by its one submission."""

    id: str
    team: str
    user: str
    channel: str
    card_id: str
    cancellation_id: str
    created_at: datetime


def new_id() -> str:
    """A random id that cannot be guessed."""
    return secrets.token_hex(16)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Store:
    """One database. Every method is one transaction."""

    def __init__(self, database_url: str) -> None:
        self._url = driver_url(database_url)
        self._engine = open_engine(self._url)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for a part of the bot that has queries of its own; raises `Unavailable` without a database."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except OUT_OF_REACH as error:
            log.error("database_unusable", error=type(error).__name__)
            raise Unavailable(*_NO_DATABASE) from error

    async def close(self) -> None:
        """Closes every connection."""
        await self._engine.dispose()

    async def migrate(self) -> str:
        """Brings the schema up to date; returns its revision."""
        return await asyncio.to_thread(migrate, self._url)

    async def prepare(self) -> None:
        """Makes the schema ready for serving: SQLite migrates itself; raises `ConfigError` for another old schema."""
        if self._url.get_backend_name() == "sqlite":
            await self.migrate()
        elif not await asyncio.to_thread(is_current, self._url):
            raise ConfigError(["DATABASE_URL: its schema is not this version's; run: python -m bot migrate"])

    async def reachable(self) -> bool:
        """Whether the database answers."""
        try:
            async with self.begin() as connection:
                await connection.execute(sa.select(cards.c.id).limit(1))
        except (Unavailable, sa.exc.SQLAlchemyError):
            return False
        return True

    async def add_card(self, card: Card) -> None:
        """Records a message that is about to be posted."""
        async with self.begin() as connection:
            await connection.execute(
                cards.insert().values(
                    id=card.id,
                    team=card.team,
                    channel=card.channel,
                    ts=card.ts or None,
                    kind=card.target.kind,
                    target_id=card.target.id,
                    scope=card.target.scope,
                    target_key=card.target.key,
                    details=card.details,
                    closed=int(card.closed),
                    created_at=now(),
                )
            )

    async def card_posted(self, card_id: str, ts: str) -> None:
        """Records where Slack put the message."""
        async with self.begin() as connection:
            await connection.execute(cards.update().where(cards.c.id == card_id).values(ts=ts))

    async def drop_card(self, card_id: str) -> None:
        """Forgets a message that Slack refused."""
        async with self.begin() as connection:
            await connection.execute(cards.delete().where(cards.c.id == card_id))

    async def card(self, card_id: str) -> Card | None:
        """The card of that id."""
        return next(iter(await self._cards(cards.c.id == card_id)), None)

    async def cards_of(self, target: Target) -> list[Card]:
        """Every posted card about the target that still has its button."""
        open_ones = (cards.c.target_key == target.key) & (cards.c.closed == 0) & cards.c.ts.is_not(None)
        return await self._cards(open_ones)

    async def close_card(self, card_id: str, details: dict[str, Any]) -> None:
        """Records that a card shows a final state and has no button any more."""
        async with self.begin() as connection:
            await connection.execute(cards.update().where(cards.c.id == card_id).values(closed=1, details=details))

    async def add_dialog(self, dialog: Dialog) -> None:
        """Records a dialog that is about to be opened."""
        async with self.begin() as connection:
            await connection.execute(
                dialogs.insert().values(
                    id=dialog.id,
                    team=dialog.team,
                    user=dialog.user,
                    channel=dialog.channel,
                    card_id=dialog.card_id or None,
                    cancellation_id=None,
                    created_at=dialog.created_at,
                )
            )

    async def dialog(self, dialog_id: str) -> Dialog | None:
        """The dialog of that id."""
        async with self.begin() as connection:
            row = (await connection.execute(sa.select(dialogs).where(dialogs.c.id == dialog_id))).one_or_none()
        if row is None:
            return None
        return Dialog(
            row.id,
            row.team,
            row.user,
            row.channel,
            row.card_id or "",
            row.cancellation_id or "",
            row.created_at,
        )

    async def claim_dialog(self, dialog_id: str, cancellation_id: str) -> bool:
        """Whether this submission is the dialog's first; only that one begins a cancellation."""
        unclaimed = (dialogs.c.id == dialog_id) & dialogs.c.cancellation_id.is_(None)
        async with self.begin() as connection:
            claimed = await connection.execute(
                dialogs.update().where(unclaimed).values(cancellation_id=cancellation_id).returning(dialogs.c.id)
            )
            return claimed.one_or_none() is not None

    async def _cards(self, condition: sa.ColumnElement[bool]) -> list[Card]:
        async with self.begin() as connection:
            rows = (await connection.execute(sa.select(cards).where(condition))).all()
        return [
            Card(
                id=row.id,
                team=row.team,
                channel=row.channel,
                ts=row.ts or "",
                target=Target(row.kind, row.target_id, row.scope),
                details=row.details,
                closed=bool(row.closed),
            )
            for row in rows
        ]
