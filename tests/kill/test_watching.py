"""A process that dies while it notifies: each request has one card, and the older ones one line."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE
from bot.sandbox.slack_records import Message
from bot.sandbox.tenant import CHANNEL, Tenant
from tests.cli.test_serving import ready
from tests.kill import watching
from tests.kill.conftest import AUDIT_KEY
from tests.kill.stage import PROCESSES, basics
from tests.scenarios.play import buttons, words

_PATIENCE: Final = 90.0
_PACKAGE: Final = "accessPackageAssignmentRequest"
# The first message is the line about the older one, the second the card.
_POINTS: Final = [
    *(f"{moment}:{name}#1" for moment in ("before", "after") for name in ("seen", "add_card", "settle", "told")),
    *(f"{moment}:{name}#{n}" for moment in ("before", "after") for name in ("begin", "made") for n in (1, 2)),
    "before:card_posted#1",
    "after:card_posted#1",
]
_HELD: Final = Fault("chat.postMessage", delay=0.5, after_effect=True)

each_database = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    async with Tenant(tmp_path) as started:
        yield started
        assert (started.slack.violations, started.graph.violations, started.arm.violations) == ([], [], [])


@pytest.fixture
def environment(tenant: Tenant, port: int, database: str) -> dict[str, str]:
    return tenant.environment() | basics() | {
        "PORT": str(port),
        "DATABASE_URL": database,
        "AUDIT_KEY": AUDIT_KEY,
        "SECRETS_DIR": str(tenant.directory),
        "TIME_SCALE": "0.01",
        "POLL_SECONDS": "5",
    }  # fmt: skip


@asynccontextmanager
async def serving(environment: dict[str, str], tenant: Tenant, die_at: str = "") -> AsyncIterator[ForkServerProcess]:
    process = PROCESSES.Process(target=watching.serve, args=(environment, tenant.directory, die_at), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.join, _PATIENCE)


def roots(tenant: Tenant) -> list[Message]:
    return tenant.slack.messages(CHANNEL)


async def told_once(tenant: Tenant, environment: dict[str, str], target: str) -> None:
    """The next process ends what was begun, and the card is one that it knows."""
    async with serving(environment, tenant):
        await ready(int(environment["PORT"]))
        await tenant.slack.until(lambda: len(roots(tenant)) > 1, _PATIENCE)
        card = next(one for one in roots(tenant) if target in words(one.blocks))
        assert buttons(card) == ["cancel_target"]
        tenant.graph.decide(_PACKAGE, target, "denied")
        await tenant.slack.until(lambda: not buttons(card), _PATIENCE)
        await asyncio.sleep(0.5)
    assert sorted("before I began" in words(one.blocks) for one in roots(tenant)) == [False, True]
    assert [call.method for call in tenant.slack.calls if call.method == "chat.delete"] == []


@each_database
@pytest.mark.parametrize("point", _POINTS)
async def test_killed(tenant: Tenant, environment: dict[str, str], point: str) -> None:
    """Fails when what was posted is known only by what was written down after it."""
    tenant.graph.add(_PACKAGE, owner=ALICE.oid, age=2 * 3600.0)
    target = tenant.graph.add(_PACKAGE, owner=ALICE.oid)
    async with serving(environment, tenant, point) as dies:
        await asyncio.to_thread(dies.join, _PATIENCE)
        assert dies.exitcode == -signal.SIGKILL, "it never came to that point"
    await told_once(tenant, environment, target)


@each_database
@pytest.mark.parametrize("number", [1, 2])
async def test_killed_before_it_had_slacks_answer(tenant: Tenant, environment: dict[str, str], number: int) -> None:
    """Fails when a message whose answer was lost is posted again."""
    tenant.graph.add(_PACKAGE, owner=ALICE.oid, age=2 * 3600.0)
    target = tenant.graph.add(_PACKAGE, owner=ALICE.oid)
    held = copy(_HELD)
    if number > 1:
        tenant.slack.faults.add(Fault(_HELD.match, after_effect=True))
    tenant.slack.faults.add(held)
    async with serving(environment, tenant) as dies:
        await tenant.slack.until(lambda: held.times == 0, _PATIENCE)
        dies.kill()
    assert len(roots(tenant)) == number
    await told_once(tenant, environment, target)


@each_database
async def test_it_ends_before_the_next_process_looks(tenant: Tenant, environment: dict[str, str]) -> None:
    """Fails when a card that nobody has recorded keeps its button, since there is nothing to notify of any more."""
    target = tenant.graph.add(_PACKAGE, owner=ALICE.oid)
    async with serving(environment, tenant, "before:made#1") as dies:
        await asyncio.to_thread(dies.join, _PATIENCE)
    [card] = roots(tenant)
    tenant.graph.decide(_PACKAGE, target, "denied")
    async with serving(environment, tenant):
        await tenant.slack.until(lambda: not buttons(card), _PATIENCE)
    assert "it already ended as “denied”" in words(card.blocks)
    assert roots(tenant) == [card]
