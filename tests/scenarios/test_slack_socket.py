"""Socket Mode over its whole life: broken lines, Slack's farewells, and a stop in the middle of work."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.app import Bot
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE
from bot.sandbox.tenant import AUDIT, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play, words


@pytest.fixture
async def lively(start: Start, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """A bot that looks after its socket more often than the real one."""
    monkeypatch.setattr("bot.app._SOCKET_ALIVE", 0.3)
    async with start("socket") as bot:
        yield bot


@pytest.mark.usefixtures("lively")
@pytest.mark.parametrize("abrupt", [True, False], ids=["abrupt", "farewell"])
async def test_a_click_right_after_a_reconnect(tenant: Tenant, alice: Play, abrupt: bool) -> None:
    """Twice, since the socket that replaced the first must be looked after, too."""
    for _ in range(2):
        await tenant.slack.disconnect(abrupt=abrupt)
        await tenant.slack.until(lambda: tenant.slack.connections == 1)
        view = await alice.dialog()
        assert (await tenant.slack.close(ALICE.slack_id, view.id)).status == 200


@pytest.mark.usefixtures("lively")
async def test_the_line_breaks_while_a_cancellation_runs(tenant: Tenant, alice: Play) -> None:
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    await alice.loaded()
    tenant.graph.faults.add(Fault(r"POST .*/cancel$", delay=0.5))
    await alice.submit(view, justification=WHY)
    await tenant.slack.disconnect(abrupt=True)
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert len(tenant.graph.effects) == 1


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_stop_waits_for_what_was_begun(tenant: Tenant, alice: Play, start: Start, mode: str) -> None:
    """Fails when `Bot.stop` does not drain: the call is sent, and nobody hears of it."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    async with start(mode) as bot:
        view = await alice.dialog(f"approval-item {target}")
        await alice.loaded()
        tenant.graph.faults.add(Fault(r"POST .*/cancel$", delay=1.0))
        await alice.submit(view, justification=WHY)
        await bot.stop()
        assert "Cancelled" in words(alice.replies()[-1].blocks)
        assert "Cancelled, " in words(alice.roots()[0].blocks)
        assert len(tenant.slack.messages(AUDIT)) == 1


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_stop_lets_a_submission_begin(
    tenant: Tenant, alice: Play, start: Start, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Fails when submissions are not among what `Bot.stop` waits for: it begins when nothing is told any more."""
    monkeypatch.setattr("bot.slack.directory._KEEP", 0.0)
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    async with start(mode) as bot:
        view = await alice.dialog(f"approval-item {target}")
        await alice.loaded()
        slow = Fault("users.info", delay=0.2)
        tenant.slack.faults.add(slow)
        submitting = asyncio.create_task(alice.submit(view, justification=WHY))
        await tenant.slack.until(lambda: slow.times == 0)
        await bot.stop()
        assert "Cancelled" in words(alice.replies()[-1].blocks)
        assert len(tenant.slack.messages(AUDIT)) == 1
        await submitting
