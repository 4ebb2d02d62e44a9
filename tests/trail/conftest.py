"""An audit trail on SQLite and on a real PostgreSQL, and what somebody could do to it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.audit import GENESIS, Audit, Event, Head, mac_of, moment, people_of
from bot.cancellation import Actor, Cancellation
from bot.graph.tokens import Account
from bot.resources import Target
from bot.store import Store
from bot.tables import audit_people, audit_rows
from bot.trail import Verdict, verify

KEY = b"the key of these tests, long enough"
_AT_ONCE = 500
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CANCELLATION = Cancellation(
    id="a" * 32,
    actor=Actor("T0", "U0", "C0", account=Account("tid", "oid")),
    target=Target("governance-role", "6f1f8b3a-0000-4000-8000-0000000000aa", "azureResources"),
    justification="Ünwanted ☕",
    at=LONG_AGO,
)


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
async def store(empty: Store) -> Store:
    """A trail of six rows."""
    await write(empty, 6)
    return empty


async def write(store: Store, count: int) -> None:
    """That many rows, one after the other."""
    for part in range(count):
        await Audit(store, KEY).record(Event.CALLED, CANCELLATION, {"number": part}, part)


async def fill(store: Store, count: int) -> None:
    """A long trail at once; row `n` is from day `n` after `LONG_AGO`."""
    side: list[dict[str, Any]] = []
    chained: list[dict[str, Any]] = []
    previous = GENESIS
    for seq in range(1, count + 1):
        people = {"team": "T0", "user": "U0", "oid": "", "justification": "x" * 1000}
        row = {
            "seq": seq,
            "at": LONG_AGO + timedelta(days=seq),
            "cancellation_id": f"{seq}",
            "event": "called",
            "part": 0,
            "kind": CANCELLATION.target.kind,
            "target_id": CANCELLATION.target.id,
            "scope": CANCELLATION.target.scope,
            "detail": {"number": seq},
            "people": people_of(f"{seq}", people),
        }
        previous = mac_of(KEY, previous, row | {"at": moment(LONG_AGO + timedelta(days=seq))})
        side.append({"seq": seq, "salt": f"{seq}", **people})
        chained.append(row | {"mac": previous})
    for first in range(0, count, _AT_ONCE):  # a statement takes long to write, and a transaction must not idle
        part = slice(first, first + _AT_ONCE)
        await store.change(audit_people.insert().values(side[part]), audit_rows.insert().values(chained[part]))


async def tamper(store: Store, *changes: sa.Executable) -> None:
    """Changes the trail as somebody could who owns the database, and has not the key."""
    sqlite = ["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"]
    triggers = sqlite if store.single else ["DROP TRIGGER audit_no_change ON audit_rows"]
    await store.change(*(sa.text(trigger) for trigger in triggers), *changes)


def edited(table: sa.Table, seq: int, **columns: str) -> sa.Executable:
    """Other values, in SQL, for columns of one row."""
    values: dict[str, Any] = {name: sa.literal_column(value) for name, value in columns.items()}
    return table.update().where(table.c.seq == seq).values(values)


def moved(table: sa.Table, *moves: tuple[int, int]) -> list[sa.Executable]:
    """Other numbers for rows, one after the other."""
    return [table.update().where(table.c.seq == seq).values(seq=to) for seq, to in moves]


def removed(first: int, last: int) -> list[sa.Executable]:
    """Rows without a trace of their people."""
    return [table.delete().where(table.c.seq.between(first, last)) for table in (audit_rows, audit_people)]


async def verdict(store: Store, expected: Head | None = None) -> Verdict:
    """With nothing old enough to be erased."""
    return await verify(store, KEY, expected, LONG_AGO)


async def head(store: Store) -> Head:
    """Of a trail that is not empty."""
    found = await Audit(store, KEY).head()
    assert found is not None
    return found
