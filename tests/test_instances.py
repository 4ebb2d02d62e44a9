"""Who is alive: a silent process is taken over, and learns of it before it sends anything more."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.instances import Instance, TakenOver
from bot.store import Store, now
from bot.tables import instances
from bot.timings import Timings

TIMINGS = Timings()
ASKS_ALWAYS = replace(TIMINGS, presumed_dead=0.0)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
async def one(store: Store) -> Instance:
    return await joined("one", store)


@pytest.fixture
async def two(store: Store) -> Instance:
    return await joined("two", store)


async def joined(instance_id: str, store: Store, timings: Timings = TIMINGS) -> Instance:
    instance = Instance(instance_id, store, timings)
    await instance.join()
    return instance


async def silent_for(store: Store, instance: Instance, seconds: float) -> None:
    """Makes its row as old as that."""
    seen_at = now() - timedelta(seconds=seconds)
    await store.change(instances.update().where(instances.c.id == instance.id).values(seen_at=seen_at))


async def test_joined(one: Instance, two: Instance) -> None:
    for instance in (one, two):
        await instance.renew()
        await instance.assure()
        assert await instance.known() == {"one", "two"}


async def test_id_is_taken_once(one: Instance, store: Store) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        await joined(one.id, store)


async def test_not_joined(store: Store) -> None:
    with pytest.raises(TakenOver):
        await Instance("one", store, TIMINGS).renew()


async def test_silent_one_is_taken_over_once(one: Instance, two: Instance, store: Store) -> None:
    await silent_for(store, one, TIMINGS.presumed_dead + 5)
    # Found until it is buried: who is interrupted in taking over leaves it to whoever comes next.
    assert [await two.stale() for _ in range(2)] == [["one"]] * 2
    with pytest.raises(TakenOver):
        await one.renew()
    await two.bury("one")
    assert await two.stale() == []
    assert await two.known() == {"two"}
    with pytest.raises(TakenOver):
        await one.renew()
    await two.renew()


@on_postgresql
async def test_live_ones_are_left_alone(one: Instance, two: Instance, store: Store) -> None:
    await silent_for(store, one, TIMINGS.presumed_dead - 10)
    assert (await one.stale(), await two.stale()) == ([], [])


@on_postgresql
async def test_whoever_was_silent_does_not_judge_at_once(one: Instance, store: Store) -> None:
    """After the database was away. Fails when the first to be back takes over from all who come a moment later."""
    back = await joined("back", store, replace(TIMINGS, presumed_dead=2.0))
    await silent_for(store, one, 60)
    await asyncio.sleep(1.1)
    await back.renew()
    assert await back.stale() == []
    async with asyncio.timeout(60):
        while not (found := await back.stale()):
            await asyncio.sleep(0.1)
            await back.renew()
    assert found == ["one"]


@on_postgresql
async def test_sign_of_life(one: Instance, two: Instance, store: Store) -> None:
    await silent_for(store, one, TIMINGS.presumed_dead + 5)
    await one.renew()
    assert await two.stale() == []


@on_postgresql
async def test_who_leaves_is_taken_over_at_once(one: Instance, two: Instance) -> None:
    await one.leave()
    assert await two.stale() == ["one"]


@on_sqlite
async def test_every_other_row_is_a_predecessors(one: Instance, store: Store) -> None:
    """The file has one owner, who need not wait until a dead one has been silent for long enough."""
    await joined("two", store)
    await joined("three", store)
    assert sorted(await one.stale()) == ["three", "two"]
    await one.renew()


async def test_nothing_is_sent_after_it_was_taken_over(store: Store) -> None:
    """Fails when a process that was frozen goes on with what another does already."""
    frozen = await joined("one", store, ASKS_ALWAYS)
    await frozen.assure()
    await frozen.bury(frozen.id)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await frozen.assure()


async def test_fresh_one_asks_nobody(one: Instance) -> None:
    """Before each call of the service: a query more would be waited for."""
    await one.bury(one.id)
    await one.assure()
