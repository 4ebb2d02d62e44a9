"""The rows of notifications: what was pending, who heard of it, and what is still to be told."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from bot.lists import Listed
from bot.resources import Target
from bot.store import Store, now
from bot.tables import cancellations, cards, claims, notices, watched

T = TypeVar("T")

_YOUNG: Final = timedelta(hours=1)
_OPEN: Final = timedelta(days=30)
_BATCH: Final = 500
_UNDATED: Final = datetime.min.replace(tzinfo=UTC)
_IS_NOTIFICATION: Final = cards.c.details["by"].as_string().is_(None)  # the others are roots of threads


class Status(StrEnum):
    """What became of a notice."""

    SILENT = "silent"
    """It was old when this channel's first list was read: the summary counts it."""
    DUE = "due"
    POSTED = "posted"
    OVER = "over"
    """There was nothing to cancel any more when its turn came."""
    REFUSED = "refused"
    """Slack, or Microsoft, refused for a day."""


@dataclass(frozen=True)
class Notice:
    """One target that one channel shall hear of; `id` is that of its card."""

    id: str
    target: Target
    channel: str
    seen_at: datetime


@dataclass(frozen=True)
class Summary:
    """How many of a kind were pending before this channel began to hear of them."""

    id: str
    kind: str
    channel: str
    older: int


class Notices:
    """One row for each target and channel, whichever process writes it, and however often."""

    def __init__(self, store: Store, team: str) -> None:
        self._store = store
        self._team = team

    async def seen(
        self, kind: str, channel: str, pending: Mapping[str, Listed], moment: datetime, *, more: bool
    ) -> bool:
        """Records what is pending now, by the targets' keys; whether that changed anything.

        `more`: there are others, so that one that is missing may still be pending.
        """
        known = (notices.c.kind == kind) & (notices.c.channel == channel) & notices.c.left_at.is_(None)
        begun = sa.select(watched.c.kind).where((watched.c.kind == kind) & (watched.c.channel == channel))

        def compared(connection: sa.Connection) -> tuple[set[str], set[str], bool]:
            keys = set(connection.execute(sa.select(notices.c.target_key).where(known)).scalars())
            return pending.keys() - keys, keys - pending.keys(), connection.execute(begun).first() is None

        new, gone, first = await self._store.read(compared)
        gone = set() if more else gone
        if not (new or gone or first):
            return False
        added = sorted(
            (pending[key] for key in new), key=lambda one: (one.snapshot.created or _UNDATED, one.target.key)
        )

        def work(connection: sa.Connection) -> None:
            old = self._begin(connection, kind, channel, added, moment) if first else frozenset()
            self._add(connection, channel, added, old, moment)
            for batch in _batches(gone):
                left = known & notices.c.target_key.in_(batch)
                connection.execute(notices.update().where(left).values(left_at=moment))

        await self._store.write(work)
        return True

    def _begin(
        self, connection: sa.Connection, kind: str, channel: str, pending: Sequence[Listed], moment: datetime
    ) -> frozenset[str]:
        """The first list: what is old in it is told in one line."""
        since = moment - _YOUNG
        old = frozenset(one.target.key for one in pending if (one.snapshot.created or _UNDATED) <= since)
        row = {"kind": kind, "channel": channel, "since": moment, "older": len(old), "told": int(not old)}
        connection.execute(watched.insert(), row)
        return old

    def _add(
        self, connection: sa.Connection, channel: str, new: Sequence[Listed], old: Collection[str], moment: datetime
    ) -> None:
        """A target that was there before is pending again: it has its card, or gets the one that it has not had."""
        again = notices.update().values(
            left_at=None,
            failing_since=None,
            status=sa.case((notices.c.status == Status.OVER, Status.DUE.value), else_=notices.c.status),
        )
        made = self._store.insert(notices).on_conflict_do_nothing(index_elements=[notices.c.id])
        rows = (self._row(channel, one, one.target.key in old, moment, n) for n, one in enumerate(new))
        for batch in _batches(rows):
            ids = [row["id"] for row in batch]
            connection.execute(again.where(notices.c.id.in_(ids) & notices.c.left_at.is_not(None)))
            connection.execute(made, batch)

    def _row(self, channel: str, one: Listed, old: bool, moment: datetime, number: int) -> dict[str, Any]:
        target = one.target
        return {
            "id": self.id_of(channel, target.key),
            "kind": target.kind,
            "target_id": target.id,
            "scope": target.scope,
            "target_key": target.key,
            "channel": channel,
            "status": Status.SILENT if old else Status.DUE,
            # The oldest is told first, also of those that were seen together.
            "seen_at": moment + timedelta(microseconds=number),
            "left_at": None,
        }

    async def due(self, channel: str, kinds: Collection[str], most: int) -> list[Notice]:
        """What is still to be told there, the oldest first."""
        due = (notices.c.channel == channel) & (notices.c.status == Status.DUE) & notices.c.kind.in_(kinds)
        rows = await self._store.rows(sa.select(notices).where(due).order_by(notices.c.seen_at).limit(most))
        return [Notice(row.id, Target(row.kind, row.target_id, row.scope), channel, row.seen_at) for row in rows]

    async def failing(self, notice_id: str) -> datetime:
        """Records that it could not be told; since when that is so."""
        mine = notices.c.id == notice_id
        since = sa.func.coalesce(notices.c.failing_since, sa.literal(now(), notices.c.failing_since.type))
        marked = notices.update().where(mine).values(failing_since=since).returning(notices.c.failing_since)
        found = await self._store.write(lambda connection: connection.execute(marked).scalar_one_or_none())
        return found or now()

    async def settle(self, notice_id: str, status: Status) -> None:
        """Records what became of it. What is over has left, and is told of if the list shows it again."""
        left = {"left_at": now()} if status is Status.OVER else {}
        await self._store.change(notices.update().where(notices.c.id == notice_id).values(status=status, **left))

    async def summaries(self, channel: str, kinds: Collection[str]) -> list[Summary]:
        """What is to be said there of older ones."""
        untold = (watched.c.channel == channel) & (watched.c.told == 0) & watched.c.kind.in_(kinds)
        rows = await self._store.rows(sa.select(watched).where(untold))
        return [Summary(f"{self.id_of(channel, row.kind)}:old", row.kind, channel, row.older) for row in rows]

    async def told(self, summary: Summary) -> None:
        """Records that it was said."""
        mine = (watched.c.kind == summary.kind) & (watched.c.channel == summary.channel)
        await self._store.change(watched.update().where(mine).values(told=1))

    async def doubtful(self, kind: str, pending: Collection[str], before: datetime) -> dict[str, list[str]]:
        """The notifications of that kind, by channel, that have a button and may be untrue, or are older than that.

        `pending` are the keys of the targets that certainly have not ended.
        """
        query = sa.select(cards.c.channel, cards.c.id, cards.c.target_key, cards.c.created_at < before).where(
            (cards.c.kind == kind) & (cards.c.closed == 0) & cards.c.ts.is_not(None) & _IS_NOTIFICATION
        )

        def work(connection: sa.Connection) -> dict[str, list[str]]:
            found: dict[str, list[str]] = {}
            for channel, card_id, key, old in connection.execute(query):
                if old or key not in pending:
                    found.setdefault(channel, []).append(card_id)
            return found

        return await self._store.read(work)

    async def claimed(self, key: str) -> bool:
        """Whether a cancellation is under way, by the key of its claim: it will tell its end itself."""
        return await self._store.row(sa.select(claims.c.key).where(claims.c.key == key)) is not None

    async def forget(self, before: datetime) -> None:
        """Deletes what is pending no more since before this moment, and the rows of cards that are older.

        A card stays while a cancellation that is kept has its thread there, and an open one another month.
        """
        threads = sa.select(cancellations.c.card_id).where(cancellations.c.card_id.is_not(None))
        used = cards.c.id.in_(threads) | cards.c.id.in_(sa.select(cancellations.c.id))
        old = (cards.c.created_at < before - _OPEN) | ((cards.c.created_at < before) & (cards.c.closed == 1))
        await self._store.change(
            notices.delete().where(notices.c.left_at < before), cards.delete().where(old & sa.not_(used))
        )

    def id_of(self, channel: str, key: str) -> str:
        """The id of a target's notification in a channel, which is that of its card."""
        return hashlib.sha256(f"{self._team}/{channel}/{key}".encode()).hexdigest()[:32]


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(things)
    while batch := list(islice(waiting, _BATCH)):
        yield batch
