"""What one process does for all: nobody else while it does, and somebody else soon after it has died."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.lease import Lease
from bot.store import Store
from bot.tables import leases
from bot.timings import Timings

TIMINGS = replace(Timings(), lease=1.0)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Leader:
    """One process: what it does is to say that it does it."""

    def __init__(self, name: str, store: Store) -> None:
        self.name = name
        self.lease = Lease("watch", name, store, TIMINGS)
        self.leading = False
        self.led = 0

    async def work(self) -> None:
        self.led += 1
        self.leading = True
        try:
            await asyncio.Event().wait()
        finally:
            self.leading = False

    async def until(self, check: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not check():  # noqa: ASYNC110  # work sets no event
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(work: Coroutine[None, None, None]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def lose(store: Store) -> None:
    """As when the database is out of reach for this process: nothing answers, and nothing fails."""

    async def forever(_work: object) -> None:
        await asyncio.Event().wait()

    store.write = forever  # type: ignore[method-assign,assignment]


@on_postgresql
async def test_one_at_a_time_and_the_next_when_it_dies(store: Store) -> None:
    """Fails when the row may be taken from somebody who renews it, or from nobody at all."""
    one, two = Leader("one", store), Leader("two", store)
    async with running(one.lease.lead(one.work)) as first:
        await one.until(lambda: one.leading)
        async with running(two.lease.lead(two.work)):
            await asyncio.sleep(2 * TIMINGS.lease)
            assert (one.leading, two.leading, one.led) == (True, False, 1)
            first.cancel()
            await two.until(lambda: two.leading)
            assert not one.leading


@on_postgresql
async def test_whoever_cannot_renew_it_stops_before_another_begins(store: Store, database_url: str) -> None:
    """Fails when work goes on until the row is seen to be another's, or until the database answers again."""
    away = Store(database_url)
    one, two = Leader("one", away), Leader("two", store)
    both = False
    async with running(one.lease.lead(one.work)):
        await one.until(lambda: one.leading)
        async with running(two.lease.lead(two.work)):
            lose(away)
            async with asyncio.timeout(120):
                while not two.leading:
                    await asyncio.sleep(0.005)
                    both = both or (one.leading and two.leading)
    assert (both, one.led, two.led) == (False, 1, 1)
    await away.close()


@on_postgresql
async def test_a_process_that_was_frozen_sends_nothing_more(store: Store) -> None:
    """Its clock has gone on while it did not. Fails when `assure` asks nothing."""
    one = Leader("one", store)
    async with running(one.lease.lead(one.work)):
        await one.until(lambda: one.leading)
        await one.lease.assure()
        one.lease._ends -= TIMINGS.lease  # as if so much time had passed
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await one.lease.assure()


@on_postgresql
async def test_who_leaves_is_followed_at_once(store: Store) -> None:
    one = Lease("watch", "one", store, replace(TIMINGS, lease=600.0))
    two = Lease("watch", "two", store, replace(TIMINGS, lease=600.0))
    assert (await one._renewed(), await two._renewed()) == (True, False)
    await two.release()
    assert not await two._renewed()
    await one.release()
    assert (await two._renewed(), await one._renewed()) == (True, False)


@on_sqlite
async def test_the_only_process_needs_no_row(store: Store) -> None:
    one = Leader("one", store)
    async with running(one.lease.lead(one.work)):
        await one.until(lambda: one.leading)
        await asyncio.sleep(TIMINGS.lease)
        assert one.leading
        await one.lease.assure()
        await one.lease.release()
    assert await store.rows(sa.select(leases)) == []


async def test_work_that_fails_is_begun_again(store: Store) -> None:
    """Fails when one mistake ends the watch for good."""
    lease, begun = Lease("watch", "one", store, replace(TIMINGS, lease=0.2)), []

    async def work() -> None:
        begun.append(1)
        raise ZeroDivisionError

    async with running(lease.lead(work)), asyncio.timeout(120):
        while len(begun) < 3:  # noqa: ASYNC110  # nor here
            await asyncio.sleep(0.02)
