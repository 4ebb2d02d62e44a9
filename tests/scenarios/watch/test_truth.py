"""Cards stay true: what became of a request elsewhere stands on its card, which keeps its place without a button."""

import asyncio
import re
from typing import Final

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.graph import LISTS
from bot.sandbox.people import ALICE, BOB, CAROL
from bot.sandbox.tenant import AUDIT, CHANNEL, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play, buttons, tampered, words
from tests.scenarios.test_slack_cards import notify
from tests.scenarios.watch.scene import APPROVAL, PACKAGE, add, called, carded, cards, ended, polled, watching

ENDS: Final = [
    (PACKAGE, "delivered", "Nothing left to cancel: it already ended as “delivered”.", ""),
    (PACKAGE, "denied", "Nothing left to cancel: it already ended as “denied”.", ""),
    (PACKAGE, "canceled", "Nothing left to cancel: it already ended as “canceled”.", ""),
    (APPROVAL, "rejected", "Nothing left to cancel: it already ended as “rejected”.", "Decided by:  Bob Example"),
    (APPROVAL, "expired", "Nothing left to cancel: it already ended as “expired”.", "Decided by:  Carol Helpdesk"),
    (APPROVAL, "completed", "Nothing left to cancel: it already ended as “completed”.", "Decided by:  Carol Helpdesk"),
]


def reads(tenant: Tenant, target: str) -> int:
    """How often the request was read by itself."""
    return sum(call.path.endswith(target) and call.method == "GET" for call in tenant.graph.calls)


@pytest.mark.parametrize(("graph_type", "state", "sentence", "by"), ENDS, ids=lambda one: one if " " not in one else "")
async def test_ended_elsewhere(
    tenant: Tenant, start: Start, graph_type: str, state: str, sentence: str, by: str
) -> None:
    """Fails when nobody looks at what a list does not show any more."""
    async with watching(start):
        other = await carded(tenant, add(tenant))
        target = tenant.graph.add(graph_type, owner=ALICE.oid)
        card = await carded(tenant, target)
        tenant.graph.decide(graph_type, target, state, by=BOB)
        said = await ended(tenant, card)
        assert sentence in said
        assert by in said
        assert f"State:  {state} (as of " in said
        await polled(tenant)
        assert cards(tenant) == [other, card]
        assert (buttons(other), other.edited) == (["cancel_target"], False)


async def test_gone_from_microsoft(tenant: Tenant, start: Start) -> None:
    async with watching(start):
        target = add(tenant)
        card = await carded(tenant, target)
        tenant.graph.remove(PACKAGE, target)
        assert "Nothing left to cancel: Microsoft Graph knows no such request any more." in await ended(tenant, card)


async def test_one_404_ends_nothing(tenant: Tenant, start: Start) -> None:
    """Reads lag. Fails when the first answer that knows it not is believed."""
    async with watching(start):
        target = add(tenant)
        card = await carded(tenant, target)
        tenant.graph.faults.add(Fault(rf"GET .*/{target}$", status=404))
        tenant.graph.set_state(PACKAGE, target, "accepted")  # not in the list any more, and not over
        before = reads(tenant, target)
        await tenant.slack.until(lambda: reads(tenant, target) > before + 2)
        assert buttons(card) == ["cancel_target"]
        tenant.graph.set_state(PACKAGE, target, "denied")
        assert "“denied”" in await ended(tenant, card)


async def test_notified_by_hand_and_by_itself(tenant: Tenant, start: Start) -> None:
    """One card for a request and a channel. Fails when `notify` names its cards in a way of its own."""
    async with watching(start):
        first, second = add(tenant), tenant.graph.add(PACKAGE, owner=BOB.oid)
        card = await carded(tenant, first)
        assert await notify("access-package", first) == 0
        await notify("access-package", second)
        await carded(tenant, second)
        await polled(tenant)
        assert len(cards(tenant)) == 2
        assert card in cards(tenant)


async def test_a_list_alone_ends_nothing(tenant: Tenant, start: Start) -> None:
    """A list that leaves out what is pending. Fails when a card is closed because its target is not listed."""
    async with watching(start):
        target = add(tenant)
        card = await carded(tenant, target)
        tenant.graph.faults.add(Fault(LISTS, body={"value": []}, times=-1))
        before = reads(tenant, target)
        await tenant.slack.until(lambda: reads(tenant, target) > before + 1)
        assert buttons(card) == ["cancel_target"]
        tenant.graph.faults.clear()
        await polled(tenant)
        seen = reads(tenant, target)
        await polled(tenant, 20)
        assert (reads(tenant, target), cards(tenant), buttons(card)) == (seen, [card], ["cancel_target"])


async def test_neither_pending_nor_over(tenant: Tenant, start: Start) -> None:
    """Fails when an unknown state closes a card, is not shown, or is asked for at every poll."""
    async with watching(start):
        target = add(tenant)
        card = await carded(tenant, target)
        tenant.graph.set_state(PACKAGE, target, "approved")
        await tenant.slack.until(lambda: "State:  approved" in words(card.blocks))
        await polled(tenant, 40)
        assert buttons(card) == ["cancel_target"]
        assert reads(tenant, target) < 10
        tenant.graph.set_state(PACKAGE, target, "delivered")
        assert "it already ended as “delivered”" in await ended(tenant, card)


async def test_deleted_by_somebody(tenant: Tenant, start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    """Fails when it is posted again, when somebody is warned, or when it is asked for again and again."""
    async with watching(start):
        target, other = add(tenant), add(tenant)
        card = await carded(tenant, target)
        await carded(tenant, other)
        tenant.slack.delete(CHANNEL, card.ts)
        tenant.graph.decide(PACKAGE, target, "denied")
        [update] = await tenant.slack.until(lambda: called(tenant, "chat.update"))
        assert update.error == "message_not_found"
        await polled(tenant, 20)
        assert len(called(tenant, "chat.update")) == 1
        assert len(cards(tenant)) == 1
    assert not re.search("warning|error", capfd.readouterr().err.replace("error=message_not_found", ""))


async def test_posted_by_hand(tenant: Tenant, start: Start) -> None:
    """Also in a channel that hears of nothing by itself. Fails when only what the watch has posted is kept true."""
    async with watching(start):
        target = add(tenant)
        card = await carded(tenant, target)
        assert await notify("access-package", target, "--channel", AUDIT) == 0
        by_hand = await carded(tenant, target, AUDIT)
        tenant.graph.decide(PACKAGE, target, "denied")
        for one in (card, by_hand):
            assert "it already ended as “denied”" in await ended(tenant, one)


async def test_root_of_a_thread(tenant: Tenant, start: Start) -> None:
    """Somebody waits for a second person when it ends elsewhere. Fails when the watch draws that thread's root."""
    bob = Play(tenant, BOB)
    async with watching(start, NOTIFY_CHANNEL=AUDIT):
        target = tenant.graph.add(APPROVAL, owner=ALICE.oid)
        card = await carded(tenant, target, AUDIT)
        view = await bob.dialog(f"operation-approval {target}")
        await bob.submit(view, justification=WHY)
        root = await carded(tenant, target)
        await tenant.slack.until(lambda: "Waits for a second person" in words(root.blocks))
        tenant.graph.decide(APPROVAL, target, "rejected", by=CAROL)
        await ended(tenant, card)
        await polled(tenant, 20)
        assert "already ended" not in words(root.blocks)


async def test_what_the_bot_cancels_says_by_whom(tenant: Tenant, start: Start, alice: Play) -> None:
    """The list drops it before the card is drawn. Fails when the watch draws what the cancellation is about to."""
    tenant.graph.variant[PACKAGE] = "204"
    async with watching(start):
        target = add(tenant)
        card = await carded(tenant, target)
        view = await alice.press(card.ts)
        await alice.loaded()
        tenant.slack.faults.add(Fault("chat.postMessage", delay=1.0, after_effect=True))  # the reply: then cards
        await alice.submit(view, justification=WHY)
        await alice.reply()
        said = words(card.blocks)
        assert "Cancelled, " in said
        assert f"@{ALICE.slack_id}" in said
        drawn = [one for one in called(tenant, "chat.update") if one.args["ts"] == card.ts]
        await polled(tenant, 10)
        assert len(drawn) == 1
        assert words(card.blocks) == said


async def test_old_cards_lose_their_button(tenant: Tenant, start: Start) -> None:
    async with watching(start):
        card = await carded(tenant, add(tenant))
        await tampered(tenant, "UPDATE cards SET created_at = datetime(created_at, '-31 days')")
        assert "This notification is too old for its button. /cancel-approval lists what" in await ended(tenant, card)
        await polled(tenant)
        assert cards(tenant) == [card]


async def test_nobody_watches_any_more(tenant: Tenant, start: Start) -> None:
    """Fails when cards change of which the bot does not know more than before."""
    async with watching(start):
        target = add(tenant)
        card = await carded(tenant, target)
    tenant.graph.decide(PACKAGE, target, "denied")
    async with watching(start, NOTIFY_CHANNEL=""):
        await asyncio.sleep(0.5)
    assert (buttons(card), card.edited) == (["cancel_target"], False)


async def test_ended_while_nobody_watched(tenant: Tenant, start: Start) -> None:
    async with watching(start):
        target = add(tenant)
        card = await carded(tenant, target)
    tenant.graph.decide(PACKAGE, target, "denied")
    async with watching(start):
        assert "it already ended as “denied”" in await ended(tenant, card)
