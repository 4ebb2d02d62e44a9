"""Who is alive: every serving process keeps a row fresh, and whoever finds a stale one takes over its work."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

import sqlalchemy as sa
import structlog

from bot.durable import Engine
from bot.errors import BotError, NoDatabase
from bot.runs import CANCEL, Run, Runs
from bot.store import Store
from bot.tables import instances
from bot.timings import Timings
from bot.workflows import Job

log = structlog.get_logger(__name__)

_ROUNDS: Final = 2  # what is just beginning looks stopped for a moment


class TakenOver(BotError):
    """Others believe that this process is dead and have taken over its work: it must not go on with it."""

    code = "taken_over"

    def __init__(self) -> None:
        super().__init__("Another instance has taken over this one's work, because it was silent for too long.")


class Instance:
    """This process among those that serve on the same database. Times are the database's own, whatever a clock says."""

    def __init__(self, instance_id: str, store: Store, timings: Timings) -> None:
        self.id = instance_id
        self._store = store
        self._timings = timings
        self._renewed = 0.0
        self._judges_from = 0.0

    async def join(self) -> None:
        """Announces this process."""
        began = time.monotonic()
        await self._store.change(instances.insert().values(id=self.id, seen_at=sa.func.current_timestamp(), dead=0))
        self._renewed = began

    async def leave(self) -> None:
        """Says that this process ends: others may take over at once."""
        await self._store.change(instances.update().where(instances.c.id == self.id).values(dead=1))

    async def renew(self) -> None:
        """Keeps the row fresh; raises `TakenOver`."""
        began = time.monotonic()
        mine = (instances.c.id == self.id) & (instances.c.dead == 0)
        fresh = instances.update().where(mine).values(seen_at=sa.func.current_timestamp()).returning(instances.c.id)
        if await self._store.write(lambda connection: connection.execute(fresh).one_or_none()) is None:
            raise TakenOver
        if began - self._renewed > self._timings.presumed_dead / 2:
            # The database was away, perhaps for the others too: they have as long to show that they live.
            self._judges_from = began + self._timings.presumed_dead
        self._renewed = began

    async def assure(self) -> None:
        """Returns only while nobody has taken over: before something is sent. Raises `NoDatabase`."""
        if time.monotonic() - self._renewed <= self._timings.presumed_dead / 2:
            return
        try:
            await self.renew()
        except TakenOver:
            await asyncio.Event().wait()  # nothing more is done here: the watchman ends this process

    async def stale(self) -> list[str]:
        """The other processes that are dead, each marked so that it learns of it if it is not."""
        others = (instances.c.id != self.id) & self._is_stale()
        marked = instances.update().where(others).values(dead=1).returning(instances.c.id)
        return await self._store.write(lambda connection: list(connection.execute(marked).scalars()))

    async def known(self) -> frozenset[str]:
        """Every process that has a row."""
        return frozenset(row.id for row in await self._store.rows(sa.select(instances.c.id)))

    async def bury(self, dead: str) -> None:
        """Removes the row of a process whose work is taken over."""
        await self._store.change(instances.delete().where(instances.c.id == dead))

    def _is_stale(self) -> sa.ColumnElement[bool]:
        if self._store.single:
            return sa.true()  # this process holds the file alone
        if time.monotonic() < self._judges_from:
            return instances.c.dead == 1
        limit = sa.func.make_interval(0, 0, 0, 0, 0, 0, self._timings.presumed_dead)
        return (instances.c.dead == 1) | (instances.c.seen_at < sa.func.clock_timestamp() - limit)


class Watchman:
    """Keeps this process's row fresh, takes over from the dead, and sees that every cancellation of ours is running."""

    def __init__(
        self,
        instance: Instance,
        engine: Engine,
        runs: Runs,
        timings: Timings,
        others_left: Callable[[], Awaitable[None]],
    ) -> None:
        """`others_left` goes on with what no workflow of a dead process tells of."""
        self._others_left = others_left
        self._instance = instance
        self._engine = engine
        self._runs = runs
        self._timings = timings
        self._strangers: dict[str, int] = {}
        self._idle: dict[str, int] = {}

    async def watch(self) -> None:
        """Runs until it is cancelled; raises `TakenOver` when this process must end."""
        while True:
            try:
                await self._instance.renew()
                await self.take_over()
                await self._revive()
            except NoDatabase:
                log.warning("liveness_unknown")
            except TakenOver:
                raise
            except Exception:  # DBOS's own errors when its database goes away: the next round may do better
                log.exception("watch_failed")
            await asyncio.sleep(self._timings.heartbeat)

    async def take_over(self) -> None:
        """Goes on with what dead processes have left. What is interrupted here is found again by whoever comes next."""
        for dead in await self._instance.stale():
            await self._engine.recover(dead)
            await self._runs.inherit(dead, self._instance.id)
            await self._others_left()
            await self._instance.bury(dead)
            log.info("taken_over", instance=dead)
        await self._recover_strangers()

    async def _recover_strangers(self) -> None:
        """What a process took on after it was buried has no row that could become stale."""
        strangers = await self._engine.executors() - await self._instance.known()
        self._strangers = _counted(strangers, self._strangers)
        for one, rounds in self._strangers.items():
            if rounds >= _ROUNDS:
                await self._engine.recover(one)

    async def _revive(self) -> None:
        """Begins what was recorded and never begun, and anew what has stopped without an end."""
        runs = await self._runs.open(self._instance.id)
        idle = {run.workflow_id: run for run in runs if not self._engine.running(run.workflow_id)}
        jobs = await self._engine.jobs(list(idle))
        self._idle = _counted([one for one in idle if self._stopped(jobs.get(one))], self._idle)
        for workflow_id, run in idle.items():
            # Asked again: it may have begun, and be running, since its job was read.
            if self._idle.get(workflow_id, 0) < _ROUNDS or self._engine.running(workflow_id):
                continue
            if workflow_id in jobs:
                await self._again(run)
            else:
                await self._engine.start(CANCEL, workflow_id, run.id, run.number)

    def _stopped(self, job: Job | None) -> bool:
        """Whether nobody runs it: never begun, ended too early, or lost by this process. Enqueued ones only wait."""
        return job is None or not job.unfinished or (job.status == "PENDING" and job.executor == self._instance.id)

    async def _again(self, run: Run) -> None:
        """Its workflow failed, or lost what it ran on. The next one takes up what the rows tell."""
        if run.exhausted:
            return
        log.warning("begun_again", cancellation=run.id, number=run.number + 1)
        await self._engine.give_up(run.workflow_id)
        await self._runs.again(run, self._instance.id)


def _counted(found: Iterable[str], before: Mapping[str, int]) -> dict[str, int]:
    """In how many rounds in a row each was found."""
    return {one: before.get(one, 0) + 1 for one in found}
