"""What one process at a time does for all: a row in the database says who, and until when by the database's clock."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Final

import sqlalchemy as sa
import structlog

from bot.errors import NoDatabase
from bot.store import Store
from bot.tables import leases
from bot.timings import Timings

log = structlog.get_logger(__name__)

_USABLE: Final = 0.75
"""Of the time for which it is held: what was sent at its end is answered before another may take over."""
_RENEWALS: Final = 4


class Lease:
    """Held by at most one process. On SQLite that is the only process there is, and needs no row."""

    def __init__(self, name: str, holder: str, store: Store, timings: Timings) -> None:
        self._name = name
        self._holder = holder
        self._store = store
        self._seconds = timings.lease
        self._ends = float("inf") if store.single else 0.0

    async def lead(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Runs until it is cancelled: does the work while this process holds the lease, and ends it before another may.

        Work that ends, or fails, is begun again.
        """
        while True:
            if await self._renewed():
                await self._while_held(work)
            await asyncio.sleep(self._pause)

    async def assure(self) -> None:
        """Returns only while it is held: before anything is sent. Else the work is about to be cancelled."""
        if time.monotonic() >= self._ends:
            await asyncio.Event().wait()

    async def release(self) -> None:
        """Lets another process take over at once; raises `NoDatabase`."""
        if self._store.single:
            return
        self._ends = 0.0
        mine = (leases.c.name == self._name) & (leases.c.holder == self._holder)
        await self._store.change(leases.update().where(mine).values(until=sa.func.clock_timestamp()))

    @property
    def _pause(self) -> float:
        return self._seconds / _RENEWALS

    async def _while_held(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        log.info("lease_taken", name=self._name)
        task = asyncio.create_task(work())
        try:
            while not task.done() and await self._kept(task):
                pass
        finally:
            task.cancel()
            [error] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(error, Exception):
            log.error("leading_failed", name=self._name, exc_info=error)
        log.info("lease_left", name=self._name)

    async def _kept(self, task: asyncio.Task[None]) -> bool:
        """Waits for the next renewal, or for the end of the work; whether the lease is still held then."""
        await asyncio.wait({task}, timeout=self._pause)
        try:
            async with asyncio.timeout(self._ends - time.monotonic() if self._ends < float("inf") else None):
                return await self._renewed() or time.monotonic() < self._ends
        except TimeoutError:
            return False

    async def _renewed(self) -> bool:
        """Whether it was taken, or kept, just now."""
        if self._store.single:
            return True
        began = time.monotonic()
        try:
            row = await self._store.write(lambda connection: connection.execute(self._taken()).one_or_none())
        except NoDatabase:
            return False
        self._ends = began + self._seconds * _USABLE if row else 0.0
        return row is not None

    def _taken(self) -> sa.Executable:
        """Takes it from nobody, from this process itself, or from whoever has not renewed it in time."""
        until = sa.func.clock_timestamp() + sa.func.make_interval(0, 0, 0, 0, 0, 0, self._seconds)
        made = self._store.insert(leases).values(name=self._name, holder=self._holder, until=until)
        free = (leases.c.holder == self._holder) | (leases.c.until <= sa.func.clock_timestamp())
        taken: sa.Executable = made.on_conflict_do_update(
            index_elements=[leases.c.name],
            set_={"holder": made.excluded.holder, "until": made.excluded.until},
            where=free,
        ).returning(leases.c.holder)
        return taken
