"""The picker: `/cancel-approval` alone lists what this person may cancel now, and searches it as they type."""

import asyncio
import hashlib
from typing import Final

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.graph import LISTS
from bot.sandbox.people import ALICE, BOB, CAROL, DAVE, Person
from bot.sandbox.slack_payloads import block_suggestion, view_action
from bot.sandbox.slack_records import Ack
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import AUDIT, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play, words
from tests.scenarios.test_denied import denied

PACKAGE: Final = "accessPackageAssignmentRequest"
APPROVAL: Final = "approvalItem"
INTUNE: Final = "operationApprovalRequest"
KINDS: Final = {PACKAGE: "access-package", APPROVAL: "approval-item", INTUNE: "operation-approval"}
PICK: Final = "pick_target"


@pytest.mark.usefixtures("bot")
async def test_what_is_picked_is_cancelled(tenant: Tenant, alice: Play) -> None:
    """Newest first, each with kind, resource, requestor and age; its details follow the choice."""
    older = tenant.graph.add(PACKAGE, owner=ALICE.oid, age=2 * 86400)
    tenant.graph.add(APPROVAL, owner=ALICE.oid, age=3 * 3600)
    view = await alice.picker()
    found = await alice.suggested(view)
    assert found.texts == [
        "Teams approval · Laptop for a new colleague · Alice Example · 3 hours ago",
        "Access package request · Sales tools · Alice Example · 2 days ago",
    ]
    await alice.pick(view, older)
    details = words(view.blocks)
    assert all(part in details for part in ("Sales tools", "I join the sales team.", "2 days ago"))
    await alice.submit(view, justification=WHY)
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert [effect.id for effect in tenant.graph.effects] == [older]
    assert tenant.slack.open_view(ALICE.slack_id) is None


@pytest.mark.usefixtures("socket_bot")
async def test_each_sees_what_they_may_cancel(tenant: Tenant, alice: Play, carol: Play) -> None:
    """Fails when `Pending` leaves out the policy, or ownership."""
    mine, his = (tenant.graph.add(PACKAGE, owner=one.oid) for one in (ALICE, BOB))
    intune = tenant.graph.add(INTUNE, owner=BOB.oid)
    tenant.graph.add(PACKAGE, owner=ALICE.oid, state="delivered")
    assert {_digest(PACKAGE, mine)} == {*(await alice.suggested(await alice.picker())).values}
    everything = {_digest(PACKAGE, mine), _digest(PACKAGE, his), _digest(INTUNE, intune)}
    assert everything == {*(await carol.suggested(await carol.picker())).values}


@pytest.mark.usefixtures("socket_bot")
async def test_more_than_a_hundred_are_searched(tenant: Tenant, carol: Play) -> None:
    ids = tenant.graph.add_many(PACKAGE, 130, owner=BOB.oid)
    alices = tenant.graph.add(PACKAGE, owner=ALICE.oid, age=86400)
    view = await carol.picker()
    found = await carol.suggested(view)
    assert found.groups == ["The newest 100 of 131: type to search"]
    assert found.values == [_digest(PACKAGE, one) for one in reversed(ids)][:100]
    found = await carol.suggested(view, "alice SALES")
    assert (found.groups, found.values) == ([], [_digest(PACKAGE, alices)])
    found = await carol.suggested(view, "alice bob")
    assert found.texts == ["Nothing of what could be read matches"]  # of some kinds there are only lists of one's own
    assert (await carol.suggested(view, ids[0])).values == [_digest(PACKAGE, ids[0])]


@pytest.mark.usefixtures("socket_bot")
async def test_nothing_to_choose_says_so_and_asks_for_an_id(tenant: Tenant, alice: Play) -> None:
    """Fails when the picker opens without anything in it."""
    await alice.command("")
    view = await alice.view_with("kind", PICK)
    assert "There is nothing now that you may cancel. What no list shows can be entered here." in words(view.blocks)
    target = tenant.graph.add(APPROVAL, owner=ALICE.oid)
    await alice.submit(view, kind="approval-item", id=target, justification=WHY)
    await alice.reply()
    assert [effect.id for effect in tenant.graph.effects] == [target]


@pytest.mark.usefixtures("socket_bot")
async def test_what_could_not_be_read_is_said(tenant: Tenant, alice: Play) -> None:
    """Fails when the failure of a list counts as an empty one."""
    tenant.graph.faults.add(Fault(r"GET .*/assignmentRequests", status=500, times=-1))
    await alice.command("")
    view = await alice.view_with("kind", PICK)
    assert "I see nothing now that you may cancel." in words(view.blocks)
    assert "Microsoft did not show these just now, so some may be missing: Access package" in words(view.blocks)
    await tenant.slack.close(ALICE.slack_id, view.id)
    tenant.graph.add(APPROVAL, owner=ALICE.oid)
    await asyncio.sleep(0.2)  # until the list is not fresh any more
    await alice.command("")
    await alice.by_hand()


@pytest.mark.usefixtures("socket_bot")
async def test_a_part_that_could_not_be_read_stands_beside_the_rest(tenant: Tenant, alice: Play) -> None:
    tenant.graph.faults.add(Fault(r"GET .*/assignmentRequests", status=500, times=-1))
    target = tenant.graph.add(APPROVAL, owner=ALICE.oid)
    view = await alice.picker()
    assert "some may be missing: Access package" in words(view.blocks)
    found = await alice.suggested(view)
    assert (found.groups, found.values) == (["Not everything could be read"], [_digest(APPROVAL, target)])
    found = await alice.suggested(view, "no such thing")
    assert (found.groups, found.values) == (["Not everything could be read"], ["-"])
    await tenant.slack.choose(ALICE.slack_id, view.id, PICK, "-")
    await alice.view_saying("This cannot be chosen any more.")
    await alice.submit(view, justification=WHY)
    assert "Please choose again." in view.errors[PICK]
    assert tenant.graph.effects == []


async def test_a_slow_microsoft_costs_no_dialog(tenant: Tenant, alice: Play, start: Start) -> None:
    """Fails when the dialog waits for the list: then it opens too late for its trigger."""
    tenant.slack.limits.trigger = 2.0
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    tenant.graph.faults.add(Fault(LISTS, delay=4, times=-1))
    async with start(TIME_SCALE="0.1"):  # so that what took four seconds to read is not too old at once
        await alice.command("")
        view = await alice.view_saying("Looking for what you can cancel")
        await alice.view_with(PICK)
        assert _digest(PACKAGE, target) in (await alice.suggested(view)).values


async def test_the_same_is_typed_twice(tenant: Tenant, alice: Play, start: Start) -> None:
    """In one second it is asked in the same bytes. Fails when the edge takes the second for a replay."""
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    async with start("http"):
        view = await alice.picker()
        for _ in range(10):
            assert (await alice.suggested(view, "sal")).values == [_digest(PACKAGE, target)]


async def test_typing_does_not_wait_for_microsoft(tenant: Tenant, alice: Play, start: Start) -> None:
    """A list that is not fresh any more is read anew beside. Fails when the options are those of a new reading."""
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    async with start(TIME_SCALE="0.1"):
        view = await alice.picker()
        await alice.suggested(view)
        tenant.graph.faults.add(Fault(LISTS, delay=30, times=-1))
        await asyncio.sleep(1.1)  # until it is not fresh any more
        before = len(tenant.graph.calls)
        for typed in ("", "s", "sa", "sal"):
            assert _digest(PACKAGE, target) in (await alice.suggested(view, typed)).values
        await tenant.slack.until(lambda: len(tenant.graph.calls) > before)


@pytest.mark.usefixtures("socket_bot")
async def test_while_nothing_is_known_yet(tenant: Tenant, alice: Play) -> None:
    """Fails when `Options` waits for what takes longer than Slack waits, or offers nothing meanwhile."""
    tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await alice.picker()
    await asyncio.sleep(1.5)  # until the lists are too old to be used
    tenant.graph.faults.add(Fault(LISTS, delay=6, times=-1))
    found = await alice.suggested(view)
    assert (found.groups, found.texts) == (["Still reading from Microsoft: type again"], ["Nothing to choose yet"])


@pytest.mark.usefixtures("socket_bot")
async def test_the_latest_choice_counts(tenant: Tenant, alice: Play) -> None:
    """Fails when the details of an earlier choice may come after those of a later one (`Chosen._latest`, the hash)."""
    slow, quick = (tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(2))
    view = await alice.picker()
    await alice.suggested(view)
    tenant.graph.faults.add(Fault(rf"GET .*/{slow}", delay=2))
    await tenant.slack.choose(ALICE.slack_id, view.id, PICK, _digest(PACKAGE, slow))
    await alice.view_saying("Reading it from")
    await tenant.slack.choose(ALICE.slack_id, view.id, PICK, _digest(PACKAGE, quick))
    await alice.view_saying(quick)
    await asyncio.sleep(2.5)
    assert quick in words(view.blocks)
    await alice.submit(view, justification=WHY)
    await alice.reply()
    assert [effect.id for effect in tenant.graph.effects] == [quick]


@pytest.mark.usefixtures("socket_bot")
async def test_a_choice_that_is_sent_at_once(tenant: Tenant, alice: Play) -> None:
    """It was not told to the bot before. Fails when only what was recorded as offered can be submitted."""
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await alice.picker()
    await alice.suggested(view)
    view.enter(PICK, _digest(PACKAGE, target))
    await alice.submit(view, justification=WHY)
    await alice.reply()
    assert [effect.id for effect in tenant.graph.effects] == [target]


@pytest.mark.usefixtures("socket_bot")
async def test_by_hand_what_was_typed_stays(tenant: Tenant, alice: Play) -> None:
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await alice.picker()
    await alice.pick(view, target)
    tenant.slack.type_in_view(view.id, "justification", "What I typed before")
    other = tenant.graph.add(APPROVAL, owner=ALICE.oid)
    await alice.by_hand()
    await alice.submit(view, kind="approval-item", id=other)
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert [effect.id for effect in tenant.graph.effects] == [other]
    assert "What I typed before" in words(tenant.slack.messages(AUDIT)[0].blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_somebody_elses_choice_is_no_way_to_theirs(tenant: Tenant, alice: Play, carol: Play) -> None:
    """A digest that she saw elsewhere. Fails when `Pending.find` does not ask who chooses."""
    his = tenant.graph.add(PACKAGE, owner=BOB.oid)
    tenant.graph.add(PACKAGE, owner=ALICE.oid)
    await carol.suggested(await carol.picker())
    view = await alice.picker()
    await alice.suggested(view)
    forged = _digest(PACKAGE, his)
    view.suggest(*view.element(PICK), [{"text": {"type": "plain_text", "text": "x"}, "value": forged}])
    await tenant.slack.choose(ALICE.slack_id, view.id, PICK, forged)
    await alice.view_saying("This cannot be chosen any more.")
    assert "Bob" not in words(view.blocks)
    await alice.submit(view, justification=WHY)
    assert "Please choose again." in view.errors[PICK]
    assert tenant.graph.effects == []


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("who", [CAROL, DAVE], ids=["somebody else", "who is not linked"])
async def test_the_dialog_is_its_persons_alone(tenant: Tenant, alice: Play, who: Person) -> None:
    """Options, choices and the form are refused, and that is recorded. Fails without `Dialogs.recorded`."""
    tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await alice.picker()
    found = await alice.suggested(view)
    assert await _asked(tenant, view, who.slack_id) == {"options": []}
    before = words(view.blocks)
    world = tenant.slack._world
    for action_id, value in ((PICK, found.values[0]), ("enter_by_hand", None)):
        block, element = view.element(action_id)
        action = view.action(block, element, value, world.new_ts())
        payload = view_action(world, world.people[who.slack_id], view, action)
        await tenant.slack._deliver("interactive", payload, 0)
    await Play(tenant, who).told_times(2)
    assert words(view.blocks) == before
    assert set(Play(tenant, who).private()) == {"This dialog can no longer be used. Please open it again."}
    assert await denied(tenant, 3) == [(who.slack_id, "", "", "forged_dialog")] * 3


@pytest.mark.usefixtures("socket_bot")
async def test_strangers_are_offered_nothing(tenant: Tenant, alice: Play) -> None:
    """Fails when the options are those of whoever asks: what `Dialogs.recorded` and `Directory` keep apart."""
    tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await alice.picker()
    before = len(tenant.graph.calls)
    for user in ("U0GUEST", "U0STRANGER", "U0GONE"):
        while "Still reading" in str(offered := await _asked(tenant, view, user)):
            pass  # a busy machine; people type again
        assert offered == {"options": []}
    assert len(tenant.graph.calls) == before


async def test_who_is_not_linked_is_shown_where_to_sign_in(tenant: Tenant, start: Start) -> None:
    dave = Play(tenant, DAVE)
    async with start(**tenant.environment(linking=True)):
        await dave.command("")
        view = await dave.view_with("kind")
        assert "Not shown before you have signed in: Access package" in words(view.blocks)
        assert f"{tenant.front.url}/auth/start" in str(view.blocks)
        assert tenant.graph.calls == []


async def _asked(tenant: Tenant, view: View, user: str) -> object:
    """What this person's client would be offered for somebody's dialog."""
    world = tenant.slack._world
    asked = {"action_id": PICK, "block_id": PICK, "value": ""}
    payload = block_suggestion(world, world.people[user], view, asked)
    ack: Ack = await tenant.slack._deliver("interactive", payload, 0)
    return ack.body


def _digest(graph_type: str, target: str) -> str:
    return hashlib.sha256(f"{KINDS[graph_type]}//{target}".encode()).hexdigest()[:40]
