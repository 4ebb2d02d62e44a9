"""What people are told by a cancellation that outlives a click: sent twice, known or told later, after a restart."""

import asyncio
import os
from datetime import UTC, datetime
from functools import partial

import pytest

from bot.app import Bot
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE
from bot.sandbox.tenant import AUDIT, Tenant
from bot.timings import Timings
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play, words

CANCEL = r"POST .*/cancel$"
READ = r"GET .*/approvalItems/"


@pytest.mark.usefixtures("socket_bot")
async def test_dialog_of_an_ended_cancellation(tenant: Tenant, alice: Play) -> None:
    """Fails when a cancellation is recorded under another id than its dialog's: it would begin again."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    await alice.submit(view, justification=WHY)
    await alice.reply()
    ack = await tenant.slack.send_again(ALICE.slack_id, view)
    assert isinstance(ack.body, dict)
    assert "sent before" in words(ack.body["view"]["blocks"])
    assert len(tenant.graph.effects) == len(alice.replies()) == 1


@pytest.mark.parametrize(
    ("state", "headline", "sentence"),
    [
        ("canceled", "Cancelled", "Reading it back confirmed the cancellation."),
        ("completed", "Nothing left to cancel", "it can no longer be cancelled (state: completed)"),
        ("pending", "Not cancelled", "The lost call was not carried out"),
    ],
)
async def test_unknown_is_known_later(
    tenant: Tenant, alice: Play, start: Start, state: str, headline: str, sentence: str
) -> None:
    """The reply changes, the audit channel hears it, and whoever asked is told. Fails without the watching workflow."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    async with start(TIME_SCALE="0.002"):
        view = await alice.dialog(f"approval-item {target}")
        await alice.loaded()
        tenant.graph.faults.add(Fault(READ, times=1))
        tenant.graph.faults.add(Fault(CANCEL, drop=True, times=-1))
        tenant.graph.faults.add(Fault(READ, status=500, times=-1))
        await alice.submit(view, justification=WHY)
        reply = await alice.reply()
        assert "Not known whether it was cancelled" in words(reply.blocks)
        tenant.graph.set_state("approvalItem", target, state)
        tenant.graph.faults.clear()
        await tenant.slack.until(lambda: any("I have kept looking" in one for one in alice.private()), 20)
    assert headline in words(reply.blocks)
    assert sentence in words(reply.blocks)
    assert len(alice.replies()) == 1
    assert [headline in words(line.blocks) for line in tenant.slack.messages(AUDIT)] == [False, True]
    assert headline in words(alice.roots()[0].blocks)
    assert tenant.graph.effects == []


@pytest.mark.usefixtures("socket_bot")
async def test_answers_that_slack_loses(tenant: Tenant, alice: Play) -> None:
    """Every message is posted, and no answer to posting comes back. Fails when it is not looked for before a repeat."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    for _ in range(3):
        tenant.slack.faults.add(Fault("chat.postMessage", drop=True, after_effect=True))
        tenant.slack.faults.add(Fault("chat.postMessage", times=0))
    await alice.submit(view, justification=WHY)
    reply = await alice.reply()
    await alice.over()
    assert "Cancelled" in words(reply.blocks)
    assert [len(alice.roots()), len(alice.replies()), len(tenant.slack.messages(AUDIT))] == [1, 1, 1]


async def test_long_wait_over_a_restart(tenant: Tenant, alice: Play, start: Start) -> None:
    """Microsoft asks to wait, and the bot is started anew meanwhile. Fails when the wait is in memory alone."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    keys: dict[str, str] = {}
    async with start(TIME_SCALE="0.01"):
        keys = {"TOKEN_KEYS": tenant_keys()}
        view = await alice.dialog(f"approval-item {target}")
        await alice.loaded()
        tenant.graph.faults.add(Fault(CANCEL, status=429, headers={"Retry-After": "4"}))
        await alice.submit(view, justification=WHY)
        await tenant.slack.until(lambda: any("Microsoft asks to wait" in words(one.blocks) for one in alice.replies()))
    assert tenant.graph.effects == []
    async with start(TIME_SCALE="0.01", **keys):
        await tenant.slack.until(lambda: tenant.graph.effects, 20)
        reply = await alice.reply()
    assert "Cancelled" in words(reply.blocks)
    assert len(alice.replies()) == len(tenant.graph.effects) == 1


def tenant_keys() -> str:
    """The keys that the running bot has: the tenant makes new ones for each."""
    return os.environ["TOKEN_KEYS"]


async def test_head_of_the_trail_once_a_day(
    tenant: Tenant, alice: Play, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when each start posts it again: the workflow bears the day's name."""
    quick = partial(Timings, housekeeping_first=0.2, housekeeping=0.2)
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    async with start():
        await alice.cancel("approval-item", target)
    monkeypatch.setattr("bot.services.Timings", quick)
    for _ in range(2):
        async with start() as bot:
            await tenant.slack.until(lambda: len(tenant.slack.messages(AUDIT)) == 2)
            await _settled(bot)
    head = words(tenant.slack.messages(AUDIT)[-1].blocks)
    assert f"Audit trail on {datetime.now(UTC):%Y-%m-%d}: 3 rows, head 3:" in head
    assert "audit verify --head 3:" in head


async def _settled(bot: Bot) -> None:
    """Some rounds of the housekeeping."""
    assert bot.port
    await asyncio.sleep(0.7)
