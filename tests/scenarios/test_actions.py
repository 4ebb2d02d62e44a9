"""Two actions on one type: the dialog offers the one that the request's state asks for, and says which."""

from typing import Any, Final

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB, CAROL
from bot.sandbox.slack_records import Message
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import AUDIT, CHANNEL, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play, buttons, words
from tests.scenarios.test_slack_cards import posted

TYPE: Final = "operationApprovalRequest"
CANCEL, WITHDRAW = "operation-approval", "operation-approval-withdraw"
URL: Final = "https://graph.microsoft.com/beta/deviceManagement/operationApprovalRequests"
OTHER: Final = "takes another action than you asked for"


def actions(tenant: Tenant) -> list[str]:
    """The last parts of the addresses that were posted to."""
    return [call.path.rpartition("/")[2] for call in tenant.graph.calls if call.method == "POST"]


def inputs(view: View) -> set[str]:
    """The names of what can be entered."""
    return {block["block_id"] for block in view.blocks if block["type"] == "input"}


async def audited(tenant: Tenant) -> Message:
    """The first line of the audit channel."""
    [line] = await tenant.slack.until(lambda: tenant.slack.messages(AUDIT))
    return line


@pytest.mark.parametrize("typed", [f"{CANCEL} {{}}", f"{TYPE} {{}}", f"{URL}/{{}}", f"{URL}('{{}}')"])
@pytest.mark.usefixtures("socket_bot")
async def test_what_waits_for_approval_is_withdrawn(tenant: Tenant, alice: Play, typed: str) -> None:
    target = tenant.graph.add(TYPE, owner=ALICE.oid, state="needsApproval")
    await alice.dialog(f"{typed.format(target)} {WHY}")
    view = await alice.view_saying(OTHER)
    assert f"Intune request for approval ({WITHDRAW})" in words(view.blocks)
    assert inputs(view) == {"justification"}
    await alice.submit(view)  # with the reason that it began with
    line = words((await audited(tenant)).blocks)
    assert f"Cancelled  · {WITHDRAW} {target}" in line
    assert WHY in line
    assert actions(tenant) == ["cancelMyRequest"]


@pytest.mark.usefixtures("socket_bot")
async def test_what_is_approved_is_cancelled(tenant: Tenant, carol: Play) -> None:
    target = tenant.graph.add(TYPE, owner=BOB.oid)
    await carol.dialog(f"{WITHDRAW} {target}")
    view = await carol.view_saying(OTHER)
    assert f"({CANCEL})" in words(view.blocks)
    await carol.submit(view, justification=WHY)
    assert f"{CANCEL} {target}" in words((await audited(tenant)).blocks)
    assert actions(tenant) == ["cancelApproval"]


@pytest.mark.usefixtures("socket_bot")
async def test_the_right_one_stays(tenant: Tenant, alice: Play) -> None:
    """Fails when the other action is offered whatever the state is."""
    target = tenant.graph.add(TYPE, owner=ALICE.oid, state="needsApproval")
    await alice.dialog(f"{WITHDRAW} {target}")
    view = await alice.loaded()
    assert OTHER not in words(view.blocks)
    assert inputs(view) == {"kind", "id", "justification"}


@pytest.mark.usefixtures("socket_bot")
async def test_nobody_withdraws_anothers(tenant: Tenant, carol: Play) -> None:
    """Fails when a dialog offers what Microsoft refuses to everybody but the requestor."""
    target = tenant.graph.add(TYPE, owner=BOB.oid, state="needsApproval")
    await carol.dialog(f"{CANCEL} {target}")
    view = await carol.loaded()
    assert OTHER not in words(view.blocks)
    await carol.submit(view, kind=CANCEL, id=target, justification=WHY)
    reply = await carol.reply(0)
    assert "a pending one is withdrawn or rejected instead" in words(reply.blocks)
    assert actions(tenant) == ["cancelApproval"]


async def test_the_other_kind_is_off(start: Start, tenant: Tenant, alice: Play) -> None:
    policy = tenant.directory / "own.toml"
    policy.write_text('[[rule]]\neffect = "allow"\nkinds = ["*"]\nactors = ["*"]\n', encoding="utf-8")
    policy.chmod(0o600)
    async with start(KINDS=WITHDRAW, POLICY_FILE=str(policy)):
        target = tenant.graph.add(TYPE, owner=ALICE.oid)
        await alice.dialog(f"{URL}/{target}")
        view = await alice.loaded()
        assert OTHER not in words(view.blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_in_a_dialog_with_nothing_to_enter(tenant: Tenant, alice: Play) -> None:
    """Fails when such a dialog still does what it was opened for."""
    target = tenant.graph.add(TYPE, owner=ALICE.oid, state="needsApproval")
    message = tenant.slack.say(BOB.slack_id, CHANNEL, f"Is {CANCEL} {target} still needed?")
    await tenant.slack.shortcut(ALICE.slack_id, message.channel, message.ts, "cancel_from_message")
    view = await alice.view_saying(OTHER)
    await alice.submit(view, justification=WHY)
    assert f"{WITHDRAW} {target}" in words((await audited(tenant)).blocks)
    assert actions(tenant) == ["cancelMyRequest"]


@pytest.mark.usefixtures("socket_bot")
async def test_an_address_in_the_form_is_of_the_chosen_kind(tenant: Tenant, alice: Play) -> None:
    """An address names no action. Fails when it means the first kind of its type, whatever is chosen above."""
    target = tenant.graph.add(TYPE, owner=ALICE.oid, state="needsApproval")
    view = await alice.dialog()
    await alice.submit(view, kind=WITHDRAW, id=f"{URL}/{target}", justification=WHY)
    assert f"{WITHDRAW} {target}" in words((await audited(tenant)).blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_lists_show_nobody_what_others_alone_can_withdraw(tenant: Tenant, alice: Play) -> None:
    mine = tenant.graph.add(TYPE, owner=ALICE.oid, state="needsApproval")
    his = tenant.graph.add(TYPE, owner=BOB.oid, state="needsApproval")
    await alice.command(f"pending {WITHDRAW}")
    told = await alice.told()
    assert (mine in told, his in told) == (True, False)
    await Play(tenant, CAROL).command(f"pending {WITHDRAW}")
    assert his not in await Play(tenant, CAROL).told()


@pytest.mark.usefixtures("socket_bot")
async def test_from_a_card(tenant: Tenant, alice: Play) -> None:
    """Posted by hand while it waited. Fails when a card's button does what the card was made for."""
    target = tenant.graph.add(TYPE, owner=ALICE.oid)
    card = await posted(tenant, CANCEL, target)
    tenant.graph.set_state(TYPE, target, "needsApproval")
    await alice.press(card.ts)
    await alice.submit(await alice.view_saying(OTHER), justification=WHY)
    assert f"{WITHDRAW} {target}" in words((await audited(tenant)).blocks)
    assert actions(tenant) == ["cancelMyRequest"]
    await tenant.slack.until(lambda: not buttons(card))


@pytest.mark.parametrize("fault", [{"drop": True}, {"error": "hash_conflict"}], ids=["lost", "changed meanwhile"])
@pytest.mark.usefixtures("socket_bot")
async def test_what_was_not_shown_is_not_done(tenant: Tenant, carol: Play, fault: dict[str, Any]) -> None:
    """Fails when the dialog that Slack still shows stands for the other action already."""
    target = tenant.graph.add(TYPE, owner=BOB.oid)
    message = tenant.slack.say(BOB.slack_id, CHANNEL, f"Is {WITHDRAW} {target} still needed?")
    tenant.slack.faults.add(Fault("views.update", **fault))
    await tenant.slack.shortcut(CAROL.slack_id, message.channel, message.ts, "cancel_from_message")
    await tenant.slack.until(lambda: any(call.method == "views.update" for call in tenant.slack.calls))
    view = await carol.view_with("justification")
    assert OTHER not in words(view.blocks)
    await carol.submit(view, justification=WHY)
    await audited(tenant)
    assert "cancelApproval" not in actions(tenant)
