"""What the watchman takes for stopped, with a real engine and database."""

import asyncio
import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.accounts import Accounts
from bot.audit import Audit
from bot.cancellation import Actor, Cancellation
from bot.cancellations import Cancellations
from bot.durable import Engine
from bot.instances import Instance, Watchman
from bot.keys import Sealer
from bot.resources import Target
from bot.runs import CANCEL, Run, Runs
from bot.sandbox.people import ALICE, TEAM_ID
from bot.store import Store
from bot.timings import Timings
from bot.workflows import Job
from tests.scenarios.conftest import ROOM

KEY = b"the key of these tests, long enough"
WISH = Cancellation(
    id="a" * 32,
    actor=Actor(TEAM_ID, ALICE.slack_id, "C0"),
    target=Target("approval-item", "6f1f8b3a", ""),
    justification="by mistake",
    at=datetime(2026, 3, 4, tzinfo=UTC),
)


class _BegunMeanwhile(Engine):
    """Its workflow begins in the watchman's second round, between its two looks."""

    rounds = 0

    async def jobs(self, ids: Collection[str]) -> Mapping[str, Job]:
        self.rounds += 1
        if self.rounds == 2:
            await self.start(CANCEL, WISH.id, WISH.id, 0)
        return await super().jobs(ids)


async def test_started_twice_it_is_still_known_to_run(tmp_path: Path) -> None:
    """Fails when the second start, which finds it recorded, forgets that this process runs it."""
    for make_room in ROOM:
        await make_room()
    store, release = Store(f"sqlite:///{tmp_path}/bot.db"), asyncio.Event()
    await store.prepare()
    engine, ran = Engine(store.url, "one"), []

    async def workflow(cancellation_id: str) -> None:
        ran.append(cancellation_id)
        await release.wait()

    engine.register(CANCEL, workflow)
    await engine.launch()
    await asyncio.gather(*(engine.start(CANCEL, WISH.id, WISH.id) for _ in range(2)))
    await engine.start(CANCEL, WISH.id, WISH.id)
    assert engine.running(WISH.id)
    release.set()
    assert await engine.drain(5)
    assert (ran, engine.running(WISH.id)) == ([WISH.id], False)
    await engine.close()
    await store.close()


async def nothing_left() -> None:
    """A dead process left nothing but its workflows."""


async def test_what_has_just_begun_is_left_alone(tmp_path: Path) -> None:
    """Fails when the watchman trusts what it saw before it read the jobs: it gave up what was running."""
    for make_room in ROOM:
        await make_room()
    store, timings = Store(f"sqlite:///{tmp_path}/bot.db"), replace(Timings(), heartbeat=0.05)
    await store.prepare()
    instance, engine, runs, ended = Instance("one", store, timings), _BegunMeanwhile(store.url, "one"), Runs(store), []

    async def workflow(cancellation_id: str, _number: int) -> None:
        while engine.rounds < 6:  # noqa: ASYNC110  # the engine sets no event
            await asyncio.sleep(0.02)
        ended.append(cancellation_id)

    engine.register(CANCEL, workflow)
    await instance.join()
    await engine.launch()
    kept = Cancellations(store, Accounts(store, ""), Audit(store, KEY), Sealer(KEY), "one")
    assert await kept.record(WISH, "key", {}, math.inf) is None
    watch = asyncio.create_task(Watchman(instance, engine, runs, timings, nothing_left).watch())
    async with asyncio.timeout(60):
        while not ended:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (ended, await runs.open("one")) == ([WISH.id], [Run(WISH.id, 0)])
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    await engine.drain(5)
    await engine.close()
    await store.close()
