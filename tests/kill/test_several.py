"""A process that dies in the middle of several: each has one effect and one reply, and all of them have one root."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE
from bot.sandbox.slack_records import OK
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import AUDIT, PUBLIC_HOST, Tenant
from tests.cli.test_serving import ready
from tests.kill import several
from tests.kill.conftest import AUDIT_KEY
from tests.kill.ends import Records
from tests.kill.stage import PROCESSES, basics
from tests.scenarios.play import WHY, Play, words
from tests.scenarios.several import SEVERAL, named, opened
from tests.scenarios.test_picker import PACKAGE

_PATIENCE: Final = 90.0
_POINTS: Final = (
    # The first message is the root.
    *("before:begin#1", "after:begin#1", "before:made#1", "after:made#1"),
    *("before:record#2", "after:record#2", "inside:thread#1", "inside:thread#3"),
    *("inside:call#2", "after:row_called#3", "inside:outcome#1", "inside:reply#2", "after:release#2"),
    *("before:batch#1", "inside:batch#1", "inside:batch#2", "before:batch#3", "after:batch#3"),
)


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    async with Tenant(tmp_path) as started:
        yield started
        assert (started.slack.violations, started.graph.violations) == ([], [])


@pytest.fixture
def environment(tenant: Tenant, port: int, database: str) -> dict[str, str]:
    return tenant.environment(http=True) | basics() | {
        "PORT": str(port),
        "DATABASE_URL": database,
        "AUDIT_KEY": AUDIT_KEY,
        "SECRETS_DIR": str(tenant.directory),
        "TIME_SCALE": "0.05",
    }  # fmt: skip


@asynccontextmanager
async def serving(
    environment: dict[str, str], tenant: Tenant, *, begins: bool, die_at: str = ""
) -> AsyncIterator[ForkServerProcess]:
    people = (ALICE,) if begins else ()
    process = PROCESSES.Process(target=several.serve, args=(environment, tenant.directory, people, die_at), daemon=True)
    process.start()
    try:
        await ready(int(environment["PORT"]))
        tenant.slack.deliver_to(f"http://127.0.0.1:{environment['PORT']}/slack/events", PUBLIC_HOST)
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.join, _PATIENCE)


async def filled(tenant: Tenant, ids: list[str]) -> View:
    """Alice's dialog, in which all of them are chosen."""
    view = await opened(Play(tenant, ALICE))
    found = await tenant.slack.suggest(ALICE.slack_id, view.id, SEVERAL)
    assert len(found.values) == len(ids)
    view.enter(SEVERAL, found.values)
    view.enter("justification", WHY)
    return view


async def ended_once(tenant: Tenant, environment: dict[str, str], ids: list[str], missed: View | None) -> None:
    """The next process ends what was begun; where nobody has answered, the button is pressed again."""
    alice, records = Play(tenant, ALICE), Records(environment["DATABASE_URL"])
    async with serving(environment, tenant, begins=False):
        if missed:
            assert (await tenant.slack.send_again(ALICE.slack_id, missed)).status == OK
        await tenant.slack.until(lambda: len(tenant.slack.messages(AUDIT)) >= len(ids), _PATIENCE)
        await records.over(_PATIENCE)
    records.close()
    [root] = alice.roots()
    assert f"All {len(ids)} have ended: {len(ids)} cancelled" in words(root.blocks)
    assert sorted(effect.id for effect in tenant.graph.effects) == named(alice.replies()) == sorted(ids)
    assert {one.thread_ts for one in alice.replies()} == {root.ts}
    assert len(tenant.slack.messages(AUDIT)) == len(ids)
    assert [call.method for call in tenant.slack.calls if call.method == "chat.delete"] == []


@pytest.mark.parametrize("point", _POINTS)
async def test_killed(tenant: Tenant, environment: dict[str, str], point: str) -> None:
    """Fails when the root is known only by what was written down after it was posted, or a redraw is no step."""
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(3)]
    async with serving(environment, tenant, begins=True, die_at=point) as dies:
        view = await filled(tenant, ids)
        ack = await tenant.slack.send_again(ALICE.slack_id, view)
        await asyncio.to_thread(dies.join, _PATIENCE)
        assert dies.exitcode == -signal.SIGKILL, "it never came to that point"
    await ended_once(tenant, environment, ids, None if ack.status == OK else view)


async def test_killed_before_it_had_slacks_answer(tenant: Tenant, environment: dict[str, str]) -> None:
    """Slack has the root, and nobody here knows. Fails when it is not looked for by its metadata."""
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(3)]
    held = Fault("chat.postMessage", delay=0.5, after_effect=True)
    async with serving(environment, tenant, begins=True) as dies:
        view = await filled(tenant, ids)
        tenant.slack.faults.add(held)
        ack = await tenant.slack.send_again(ALICE.slack_id, view)
        await tenant.slack.until(lambda: held.times == 0, _PATIENCE)
        dies.kill()
    assert len(Play(tenant, ALICE).roots()) == 1
    await ended_once(tenant, environment, ids, None if ack.status == OK else view)
