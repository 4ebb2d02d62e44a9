"""The database's queries, each of them one transaction."""

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.database import driver_url, hold_alone, migrate, open_lines, schema_problem
from bot.errors import ConfigError, Unavailable
from bot.resources import Target
from bot.tables import cards, dialogs

T = TypeVar("T")

_DIALOG: Final = sa.select(dialogs).where(dialogs.c.id == sa.bindparam("id"))


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
    created_at: datetime


@dataclass(frozen=True)
class Dialog:
    """A dialog that a person opened; its one submission becomes the cancellation of the same id.

    `offered` are the targets that can be chosen in it; `thread_ts` as of a `Cancellation`.
    """

    id: str
    team: str
    user: str
    channel: str
    card_id: str
    sealed: bytes | None
    created_at: datetime
    thread_ts: str = ""
    offered: tuple[Target, ...] = ()


def new_id() -> str:
    """A random id that cannot be guessed."""
    return secrets.token_hex(16)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Store:
    """One database. Every method is one transaction, in a thread of a small pool: the event loop waits for none."""

    def __init__(self, database_url: str) -> None:
        self.url = driver_url(database_url)
        self._writers, self._readers = open_lines(self.url)
        self._held: int | None = None

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` does is kept as a whole, or nothing of it when it raises; raises `NoDatabase`.

        It goes on when the task that waits for it is cancelled.
        """
        return await self._writers.transaction(work)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """For queries that change nothing, and that wait for no writer; raises `NoDatabase`."""
        return await self._readers.transaction(work)

    async def change(self, *statements: sa.Executable) -> None:
        """Executes these, all or none."""

        def work(connection: sa.Connection) -> None:
            for statement in statements:
                connection.execute(statement)

        await self.write(work)

    async def rows(self, query: sa.Executable) -> Sequence[sa.Row[Any]]:
        """Everything that the query finds."""
        return await self.read(lambda connection: connection.execute(query).all())

    async def row(self, query: sa.Executable, **values: str) -> sa.Row[Any] | None:
        """The one row that the query finds, if there is one; `values` are those of its parameters."""
        return await self.read(lambda connection: connection.execute(query, values).one_or_none())

    @property
    def single(self) -> bool:
        """Whether only one process may serve on this database."""
        return self.url.get_backend_name() == "sqlite"

    async def close(self) -> None:
        """Closes every connection, once its work is done, and lets another process serve."""
        await self._writers.close()
        await self._readers.close()
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
            await self.row(sa.select(cards.c.id).limit(1))
        except (Unavailable, sa.exc.SQLAlchemyError):
            return False
        return True

    async def add_card(self, card: Card) -> None:
        """Records a message that is about to be posted; of one that is, what it is about to show."""
        await self.change(
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
                created_at=card.created_at,
            )
            .on_conflict_do_update(
                index_elements=[cards.c.id], set_={"details": card.details}, where=cards.c.ts.is_(None)
            )
        )

    async def card_posted(self, card_id: str, ts: str) -> None:
        """Records where Slack put the message."""
        await self.change(cards.update().where(cards.c.id == card_id).values(ts=ts))

    async def drop_card(self, card_id: str) -> None:
        """Forgets a message that Slack refused."""
        await self.change(cards.delete().where(cards.c.id == card_id))

    async def card(self, card_id: str) -> Card | None:
        """The card of that id."""
        return next(iter(await self._cards(cards.c.id == card_id)), None)

    async def cards_of(self, target: Target) -> list[Card]:
        """Every posted card about the target that still has its button."""
        open_ones = (cards.c.target_key == target.key) & (cards.c.closed == 0) & cards.c.ts.is_not(None)
        return await self._cards(open_ones)

    async def close_card(
        self, card_id: str, details: dict[str, Any], *, closed: bool = True, known_closed: bool = False
    ) -> bool:
        """Records what a card shows now, and whether it has no button any more; False where it was closed meanwhile."""
        mine = cards.c.id == card_id
        if not (closed or known_closed):
            mine &= cards.c.closed == 0
        shown = cards.update().where(mine).values(closed=int(closed), details=details)
        return await self.write(lambda connection: connection.execute(shown).rowcount == 1)

    async def add_dialog(self, dialog: Dialog) -> None:
        """Records a dialog that is about to be opened."""
        await self.change(
            dialogs.insert().values(
                id=dialog.id,
                team=dialog.team,
                user=dialog.user,
                channel=dialog.channel,
                card_id=dialog.card_id or None,
                sealed=dialog.sealed,
                created_at=dialog.created_at,
                thread_ts=dialog.thread_ts or None,
                offered=[asdict(target) for target in dialog.offered],
            )
        )

    async def offer(self, dialog_id: str, target: Target) -> None:
        """Records the target that somebody has chosen in the dialog."""
        offered = [asdict(target)]
        await self.change(dialogs.update().where(dialogs.c.id == dialog_id).values(offered=offered))

    async def dialog(self, dialog_id: str) -> Dialog | None:
        """The dialog of that id."""
        row = await self.row(_DIALOG, id=dialog_id)
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
            row.thread_ts or "",
            tuple(Target(**one) for one in row.offered or ()),
        )

    async def forget_dialogs(self, before: datetime) -> None:
        """Deletes the dialogs that were opened before this moment."""
        await self.change(dialogs.delete().where(dialogs.c.created_at < before))

    async def _cards(self, condition: sa.ColumnElement[bool]) -> list[Card]:
        rows = await self.rows(sa.select(cards).where(condition))
        return [
            Card(
                id=row.id,
                team=row.team,
                channel=row.channel,
                ts=row.ts or "",
                target=Target(row.kind, row.target_id, row.scope),
                details=row.details,
                closed=bool(row.closed),
                created_at=row.created_at,
            )
            for row in rows
        ]
