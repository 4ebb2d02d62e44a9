"""The database's queries, each of them one transaction."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database import OUT_OF_REACH, driver_url, hold_alone, migrate, open_engines, schema_problem
from bot.errors import ConfigError, NoDatabase, Unavailable
from bot.resources import Target
from bot.tables import cards, dialogs

log = structlog.get_logger(__name__)


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
    """A dialog that a person opened; its one submission becomes the cancellation of the same id."""

    id: str
    team: str
    user: str
    channel: str
    card_id: str
    sealed: bytes | None
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
        self.url = driver_url(database_url)
        self._engine, self._reader = open_engines(self.url)
        self._held: int | None = None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for a part of the bot that has queries of its own; raises `NoDatabase`."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except OUT_OF_REACH as error:
            log.error("database_unusable", error=type(error).__name__)
            raise NoDatabase from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries that change nothing, and that wait for no writer; raises `NoDatabase`."""
        try:
            async with self._reader.connect() as connection:
                yield connection
        except OUT_OF_REACH as error:
            log.error("database_unusable", error=type(error).__name__)
            raise NoDatabase from error

    @property
    def single(self) -> bool:
        """Whether only one process may serve on this database."""
        return self.url.get_backend_name() == "sqlite"

    async def close(self) -> None:
        """Closes every connection, and lets another process serve."""
        await self._engine.dispose()
        await self._reader.dispose()
        if self._held is not None:
            os.close(self._held)

    def hold_alone(self) -> None:
        """Makes this the only process that serves on a SQLite file; raises `ConfigError` when it is not."""
        self._held = hold_alone(self.url)

    async def migrate(self) -> str:
        """Brings the schema up to date; returns its revision."""
        return await asyncio.to_thread(migrate, self.url)

    async def prepare(self) -> None:
        """Makes the schema ready for use: an older SQLite file migrates itself; raises `ConfigError` otherwise."""
        problem = await asyncio.to_thread(schema_problem, self.url)
        if problem and self.single:
            await self.migrate()
            problem = await asyncio.to_thread(schema_problem, self.url)
        if problem:
            raise ConfigError([f"DATABASE_URL: {problem}"])

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that knows ON CONFLICT, which SQLAlchemy has for each database apart."""
        return sqlite.insert(table) if self.single else postgresql.insert(table)

    async def reachable(self) -> bool:
        """Whether the database answers."""
        try:
            async with self.read() as connection:
                await connection.execute(sa.select(cards.c.id).limit(1))
        except (Unavailable, sa.exc.SQLAlchemyError):
            return False
        return True

    async def add_card(self, card: Card) -> None:
        """Records a message that is about to be posted, unless it is recorded."""
        async with self.begin() as connection:
            await connection.execute(
                self.insert(cards)
                .values(
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
                .on_conflict_do_nothing(index_elements=[cards.c.id])
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

    async def close_card(self, card_id: str, details: dict[str, Any], *, closed: bool = True) -> None:
        """Records what a card shows now, and whether it has no button any more."""
        async with self.begin() as connection:
            shown = {"closed": int(closed), "details": details}
            await connection.execute(cards.update().where(cards.c.id == card_id).values(shown))

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
                    sealed=dialog.sealed,
                    created_at=dialog.created_at,
                )
            )

    async def dialog(self, dialog_id: str) -> Dialog | None:
        """The dialog of that id."""
        async with self.read() as connection:
            row = (await connection.execute(sa.select(dialogs).where(dialogs.c.id == dialog_id))).one_or_none()
        if row is None:
            return None
        return Dialog(
            row.id,
            row.team,
            row.user,
            row.channel,
            row.card_id or "",
            row.sealed,
            row.created_at,
        )

    async def forget_dialogs(self, before: datetime) -> None:
        """Deletes the dialogs that were opened before this moment."""
        async with self.begin() as connection:
            await connection.execute(dialogs.delete().where(dialogs.c.created_at < before))

    async def _cards(self, condition: sa.ColumnElement[bool]) -> list[Card]:
        async with self.read() as connection:
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
