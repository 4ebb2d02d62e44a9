"""Where the outcome is told when Slack does not take it in one place: every other place hears it, and nobody twice."""

from typing import Final

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE
from bot.sandbox.tenant import AUDIT, ELSEWHERE, PRIVATE, Tenant
from tests.scenarios.play import WHY, Play, words

# What Slack answers instead of doing it: for good, or such that it may pass or nobody knows whether it was done.
REFUSALS: Final[dict[str, dict[str, object]]] = {
    "not_in_channel": {"error": "not_in_channel"},
    "channel_not_found": {"error": "channel_not_found"},
    "message_not_found": {"error": "message_not_found"},
    "msg_too_long": {"error": "msg_too_long"},
}
PASSING: Final[dict[str, dict[str, object]]] = {
    "ratelimited": {"error": "ratelimited"},
    "service_unavailable": {"error": "service_unavailable"},
    "internal_error": {"error": "internal_error"},
    "a page": {"status": 502, "body": b"<html>", "headers": {"Content-Type": "text/html"}},
    "plain text": {"status": 503, "body": b"upstream", "headers": {"Content-Type": "text/plain"}},
    "no JSON": {"status": 200, "body": b"{", "headers": {"Content-Type": "application/json"}},
    "nothing": {"drop": True},
}
FAULTS: Final = REFUSALS | PASSING
EACH_FAULT = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
EACH_REFUSAL = pytest.mark.parametrize("fault", REFUSALS.values(), ids=REFUSALS.keys())
EACH_PASSING = pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
INVITE: Final = "/invite me there"


def _own(tenant: Tenant) -> str:
    tenant.graph.variant["approvalItem"] = "204"
    return tenant.graph.add("approvalItem", owner=ALICE.oid)


async def _submitted(tenant: Tenant, play: Play) -> None:
    view = await play.dialog(f"approval-item {_own(tenant)}")
    await play.loaded()
    await play.submit(view, justification=WHY)


def _posts(tenant: Tenant, where: str) -> int:
    """How many attempts were made to post there."""
    calls = [call for call in tenant.slack.calls if call.method == "chat.postMessage"]
    return sum(call.args["channel"] == where for call in calls)


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("channel", [ELSEWHERE, PRIVATE])
async def test_where_the_bot_is_no_member_the_person_is_told_privately(tenant: Tenant, channel: str) -> None:
    alice = Play(tenant, ALICE, channel)
    await _submitted(tenant, alice)
    told = await alice.told()
    assert "Cancelled" in told
    assert INVITE in told
    await alice.tenant.slack.until(lambda: tenant.slack.messages(AUDIT))
    assert len(alice.private()) == 1
    assert tenant.slack.messages(channel) == []
    assert len(tenant.graph.effects) == 1


@pytest.mark.usefixtures("socket_bot")
@EACH_FAULT
async def test_the_root_is_not_taken(tenant: Tenant, alice: Play, fault: dict[str, object]) -> None:
    """Nothing waits for it: the thread begins with its reply."""
    tenant.slack.faults.add(Fault("chat.postMessage", **fault))  # type: ignore[arg-type]  # one table for all
    await _submitted(tenant, alice)
    assert "Cancelled" in words((await alice.reply()).blocks)
    [root], [_] = alice.roots(), alice.replies()
    assert "Cancelled, " in words(root.blocks)
    assert alice.private() == []
    assert len(tenant.graph.effects) == 1


@pytest.mark.usefixtures("socket_bot")
@EACH_REFUSAL
async def test_the_reply_is_not_taken(tenant: Tenant, alice: Play, fault: dict[str, object]) -> None:
    view = await alice.dialog(f"approval-item {_own(tenant)}")
    await alice.loaded()
    tenant.graph.faults.add(Fault(r"POST .*/cancel", delay=0.5))
    await alice.submit(view, justification=WHY)
    await tenant.slack.until(alice.roots)
    tenant.slack.faults.add(Fault("chat.postMessage", **fault))  # type: ignore[arg-type]
    await tenant.slack.until(lambda: tenant.slack.messages(AUDIT))
    assert alice.replies() == []
    [told] = alice.private()
    assert "Cancelled" in told
    assert "I could not post it in the channel" in told
    assert "Cancelled, " in words(alice.roots()[0].blocks)


@pytest.mark.usefixtures("socket_bot")
@EACH_PASSING
async def test_the_reply_is_taken_later(tenant: Tenant, alice: Play, fault: dict[str, object]) -> None:
    """Fails when an answer of Slack that is no JSON ends the telling, or when the person is told elsewhere as well."""
    view = await alice.dialog(f"approval-item {_own(tenant)}")
    await alice.loaded()
    tenant.graph.faults.add(Fault(r"POST .*/cancel", delay=0.5))
    await alice.submit(view, justification=WHY)
    await tenant.slack.until(alice.roots)
    tenant.slack.faults.add(Fault("chat.postMessage", **fault))  # type: ignore[arg-type]
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert [len(alice.replies()), alice.private()] == [1, []]
    assert "Cancelled, " in words(alice.roots()[0].blocks)


@pytest.mark.usefixtures("socket_bot")
@EACH_REFUSAL
async def test_the_card_is_not_changed(tenant: Tenant, alice: Play, fault: dict[str, object]) -> None:
    tenant.slack.faults.add(Fault("chat.update", **fault))  # type: ignore[arg-type]
    await _submitted(tenant, alice)
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert [len(alice.replies()), alice.private()] == [1, []]
    assert "Being cancelled" in words(alice.roots()[0].blocks)


@pytest.mark.usefixtures("socket_bot")
@EACH_PASSING
async def test_the_card_is_changed_later(tenant: Tenant, alice: Play, fault: dict[str, object]) -> None:
    tenant.slack.faults.add(Fault("chat.update", **fault))  # type: ignore[arg-type]
    await _submitted(tenant, alice)
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert [len(alice.replies()), alice.private()] == [1, []]
    assert "Cancelled, " in words(alice.roots()[0].blocks)


@pytest.mark.usefixtures("socket_bot")
@EACH_FAULT
async def test_the_audit_channel_does_not_take_its_line(tenant: Tenant, alice: Play, fault: dict[str, object]) -> None:
    view = await alice.dialog(f"approval-item {_own(tenant)}")
    await alice.loaded()
    tenant.slack.faults.add(Fault("chat.update", delay=0.5))
    await alice.submit(view, justification=WHY)
    await tenant.slack.until(alice.replies)
    tenant.slack.faults.add(Fault("chat.postMessage", **fault))  # type: ignore[arg-type]
    await tenant.slack.until(lambda: _posts(tenant, AUDIT))
    await alice.over()
    assert len(tenant.slack.messages(AUDIT)) == (fault in PASSING.values())
    assert "Cancelled" in words(alice.replies()[0].blocks)
    assert "Cancelled, " in words(alice.roots()[0].blocks)
    assert alice.private() == []


@pytest.mark.usefixtures("bot")
async def test_the_response_url_does_not_work(tenant: Tenant, alice: Play) -> None:
    """Fails when a refusal that comes with a 200 counts as told."""
    unusable = [fault for name, fault in FAULTS.items() if name != "no JSON"]
    for number, fault in enumerate(unusable, 1):
        tenant.slack.faults.add(Fault("response_url", **fault))  # type: ignore[arg-type]
        await alice.command("aproval-item")
        await alice.told_times(number)
        assert "Did you mean approval-item?" in alice.private()[-1]
    assert len(tenant.slack.dms(ALICE.slack_id)) == len(alice.private()) == len(unusable)


@pytest.mark.usefixtures("socket_bot")
async def test_an_answer_that_slack_did_not_confirm_is_not_repeated_at_the_same_place(
    tenant: Tenant, alice: Play
) -> None:
    """Fails with slack_sdk's own retry, which posts again what had arrived."""
    tenant.slack.faults.add(Fault("response_url", drop=True, after_effect=True))
    await alice.command("aproval-item")
    await tenant.slack.until(lambda: tenant.slack.dms(ALICE.slack_id))
    assert len(tenant.slack.ephemerals(ALICE.slack_id)) == 1


@pytest.mark.usefixtures("socket_bot")
async def test_a_response_url_that_was_used_up_or_expired(tenant: Tenant, alice: Play) -> None:
    tenant.slack.limits.response_url_uses = 0
    await alice.command("help")
    await tenant.slack.until(lambda: tenant.slack.dms(ALICE.slack_id))
    tenant.slack.limits.response_url = 0.0
    await alice.command("help")
    await tenant.slack.until(lambda: len(tenant.slack.dms(ALICE.slack_id)) == 2)
    assert tenant.slack.ephemerals(ALICE.slack_id) == []


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "views.open", "response_url"])
async def test_a_rate_limit_is_waited_for(tenant: Tenant, alice: Play, method: str) -> None:
    """Fails without the retry handler of `web_client`, except for answers, which then go by direct message."""
    tenant.slack.faults.add(Fault(method, status=429, headers={"Retry-After": "1"}))
    if method == "response_url":
        await alice.command("help")
        assert "<URL>" in await alice.told()
        assert len(alice.private()) == 1
        return
    await _submitted(tenant, alice)
    await tenant.slack.until(lambda: tenant.slack.messages(AUDIT))
    [root], [reply] = alice.roots(), alice.replies()
    assert "Cancelled, " in words(root.blocks)
    assert "Cancelled" in words(reply.blocks)
    assert alice.private() == []


@pytest.mark.usefixtures("socket_bot")
async def test_an_edited_reply_whose_answer_is_lost(tenant: Tenant, alice: Play) -> None:
    """The provisional reply may have been edited: fails when a second one is posted, or the person told elsewhere."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    tenant.slack.faults.add(Fault("chat.update", drop=True, after_effect=True))
    await alice.cancel("approval-item", target)
    assert len(alice.replies()) == 1
    assert "Cancelled" in words(alice.replies()[0].blocks)
    assert alice.private() == []


@pytest.mark.usefixtures("socket_bot")
async def test_a_provisional_reply_that_cannot_be_read(tenant: Tenant, alice: Play) -> None:
    """Slack answers no JSON while Microsoft is finishing: fails when that ends the following or keeps the target."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    tenant.graph.faults.add(Fault("POST .*/cancel$", delay=0.5, status=None))
    view = await alice.dialog(f"approval-item {target}")
    await alice.submit(view, justification=WHY)
    await tenant.slack.until(lambda: any(call.method == "POST" for call in tenant.graph.calls))
    odd = {"Content-Type": "text/plain"}
    tenant.slack.faults.add(Fault("chat.postMessage", status=200, body=b"fine", headers=odd))
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert len(tenant.graph.effects) == 1
    again = await alice.cancel("approval-item", target)
    assert "already ended as" in words(again.blocks)
