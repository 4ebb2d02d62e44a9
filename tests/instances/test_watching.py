"""Two instances on PostgreSQL while requests come and go: each has one card, whoever dies or is frozen meanwhile."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Final

import pytest

from bot.cli.migrate import run as migrate
from bot.sandbox.people import ALICE
from bot.sandbox.slack_records import Message
from bot.sandbox.tenant import CHANNEL, Tenant
from tests.instances.fleet import Fleet
from tests.instances.test_many import KEY, postgres
from tests.postgres import Postgres
from tests.scenarios.play import buttons, words

__all__ = ["postgres"]

_PACKAGE: Final = "accessPackageAssignmentRequest"
_MANY: Final = 60
_PATIENCE: Final = 180.0
Trouble = Callable[[Fleet], Coroutine[None, None, None]]


@pytest.fixture
async def fleet(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    async with Tenant(tmp_path) as tenant:
        environment = tenant.environment(http=True) | {
            "AUDIT_KEY": KEY,
            "DATABASE_URL": postgres.create(),
            "TIME_SCALE": "0.1",
            "POLL_SECONDS": "5",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        await migrate(object())  # type: ignore[arg-type]  # it takes no options
        tenant.graph.add(_PACKAGE, owner=ALICE.oid, age=7200.0)
        async with Fleet(tenant, environment) as started:
            yield started
        assert (tenant.slack.violations, tenant.graph.violations, tenant.arm.violations) == ([], [], [])


async def kills(fleet: Fleet) -> None:
    for turn in range(1000):
        member = fleet.members[turn % 2]
        await asyncio.sleep(2)
        member.signal(signal.SIGKILL)
        await fleet.until_ready(member)


async def freezes(fleet: Fleet) -> None:
    for turn in range(1000):
        member = fleet.members[turn % 2]
        await asyncio.sleep(2)
        member.frozen = True
        member.signal(signal.SIGSTOP)
        await asyncio.sleep(4)  # longer than the lease, and than it takes to be presumed dead
        member.signal(signal.SIGCONT)
        member.frozen = False
        await fleet.until_ready(member)


async def nothing(_fleet: Fleet) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("trouble", [nothing, kills, freezes])
async def test_each_once(fleet: Fleet, trouble: Trouble) -> None:
    """Fails when each instance watches for itself, or when nobody goes on after the one that did."""
    graph, slack = fleet.tenant.graph, fleet.tenant.slack
    troubling = asyncio.create_task(trouble(fleet))
    try:
        targets = []
        for _ in range(_MANY):
            targets.append(graph.add(_PACKAGE, owner=ALICE.oid))
            await asyncio.sleep(0.2)
        await slack.until(lambda: set(targets) <= _told(fleet, targets).keys(), _PATIENCE)
        for target in targets[::2]:
            graph.decide(_PACKAGE, target, "denied")
        await slack.until(lambda: len(_closed(fleet)) == len(targets[::2]), _PATIENCE)
    finally:
        troubling.cancel()
        await asyncio.gather(troubling, return_exceptions=True)
    assert set(_told(fleet, targets).values()) == {1}
    assert sum("before I began" in words(one.blocks) for one in _messages(fleet)) == 1
    if trouble is nothing:
        assert [call.error for call in slack.calls if call.error] == []
        assert len([call for call in slack.calls if call.method == "chat.update"]) == len(targets[::2])


def _messages(fleet: Fleet) -> list[Message]:
    return fleet.tenant.slack.messages(CHANNEL)


def _told(fleet: Fleet, targets: list[str]) -> Counter[str]:
    shown = [words(one.blocks) for one in _messages(fleet)]
    return Counter(target for target in targets for one in shown if target in one)


def _closed(fleet: Fleet) -> list[Message]:
    return [one for one in _messages(fleet) if "already ended" in words(one.blocks) and not buttons(one)]
