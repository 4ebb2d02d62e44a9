"""The export: every row with its people where they are still there, in batches, while the bot goes on writing."""

import asyncio
import contextlib
import tracemalloc
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.store import Store
from bot.tables import audit_rows
from bot.trail import BATCH, Entry, erase, export
from tests.trail.conftest import CANCELLATION, LONG_AGO, fill, verdict, write


async def entries(store: Store, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
    return [entry async for entry in export(store, since, until)]


async def test_entry(store: Store) -> None:
    first, *others = await entries(store)
    [row] = await store.rows(sa.select(audit_rows).where(audit_rows.c.seq == 1))
    assert first == Entry(
        seq=1,
        at=row.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"),
        cancellation_id=CANCELLATION.id,
        event="called",
        part=0,
        kind="governance-role",
        target_id=CANCELLATION.target.id,
        scope="azureResources",
        team="T0",
        user="U0",
        oid="oid",
        justification="Ünwanted ☕",
        detail={"number": 0},
        mac=row.mac,
    )
    assert [entry.seq for entry in others] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [(None, 3, [1, 2]), (3, None, [3, 4, 5]), (2, 4, [2, 3]), (9, None, []), (None, 1, []), (3, 3, [])],
)
async def test_window(empty: Store, since: int | None, until: int | None, found: list[int]) -> None:
    await fill(empty, 5)
    first, end = (day and LONG_AGO + timedelta(days=day) for day in (since, until))
    assert [entry.seq for entry in await entries(empty, first or None, end or None)] == found


async def test_erased_people_are_empty(empty: Store) -> None:
    await fill(empty, 4)
    await erase(empty, LONG_AGO + timedelta(days=3))
    people = [(entry.team, entry.user, entry.oid, entry.justification) for entry in await entries(empty)]
    assert people == [("", "", "", "")] * 2 + [("T0", "U0", "", "x" * 1000)] * 2


async def test_long_trail_is_never_whole_in_memory(empty: Store) -> None:
    await fill(empty, 8 * BATCH)
    tracemalloc.start()
    try:
        assert (await verdict(empty)).problems == 0
        seen = 0
        async for entry in export(empty, None, None):
            seen += 1
            assert entry.seq == seen
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == 8 * BATCH
    assert peak < 6_000_000  # two batches are at most about 4 MB, the whole is more than 12


async def test_bot_writes_while_an_export_waits(empty: Store) -> None:
    """Its reader may be a pager."""
    await fill(empty, BATCH + 1)
    async with contextlib.aclosing(export(empty, None, None)) as exported:
        await anext(exported)
        await asyncio.wait_for(write(empty, 1), 60)
        assert len([entry async for entry in exported]) == BATCH + 1
