"""Notification cards: posted by the command line, cancelled by their button, and true wherever they stand."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import pytest

import bot
from bot.__main__ import main
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB
from bot.sandbox.slack_records import Message
from bot.sandbox.tenant import AUDIT, CHANNEL, ELSEWHERE, PRIVATE, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play, buttons, tampered, words

ID: Final = "00000000-0000-4000-8000-00000000c0de"
ONLY_PEOPLE: Final = "only the person concerned can read it (as of "
OLD: Final = "This button is no longer valid."

# Kind, Graph's type, what the card shows of it, and what only a dialog may show.
KINDS: Final = [
    ("approval-item", "approvalItem", ONLY_PEOPLE, "Laptop for a new colleague"),
    ("access-package", "accessPackageAssignmentRequest", "Sales tools", "pendingApproval"),
    ("operation-approval", "operationApprovalRequest", "Remove the old kiosk policy.", "Alice Example"),
    ("privileged-role", "privilegedRoleAssignmentRequest", ONLY_PEOPLE, "Reset passwords during the move."),
    ("governance-role", "governanceRoleAssignmentRequest", "Deploy the hotfix.", "PendingApproval"),
]


async def process(*arguments: str) -> tuple[int, str]:
    """Runs the command line in the environment of the running bot; exit code and all that it printed."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *arguments),
        env=os.environ | {"PYTHONPATH": str(Path(bot.__file__).parents[1])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await started.communicate()
    return started.returncode or 0, printed.decode()


async def notify(*arguments: str) -> int | str | None:
    """The same without a process of its own, which takes two seconds to start; the exit code."""

    def run() -> int | str | None:
        try:
            return main(["notify", *arguments])
        except SystemExit as exit_:
            return exit_.code

    return await asyncio.to_thread(run)


async def posted(tenant: Tenant, kind: str, target: str, *, channel: str = CHANNEL) -> Message:
    """The card that the command posts."""
    assert await notify(kind, target, "--channel", channel) == 0
    return tenant.slack.messages(channel)[-1]


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize(("kind", "graph_type", "on_card", "in_dialog"), KINDS)
async def test_from_the_notification_to_the_outcome(
    tenant: Tenant, alice: Play, carol: Play, kind: str, graph_type: str, on_card: str, in_dialog: str
) -> None:
    target = tenant.graph.add(graph_type, owner=ALICE.oid)
    code, printed = await process("notify", kind, target)
    [card] = tenant.slack.messages(CHANNEL)
    assert (code, printed.split()) == (0, [CHANNEL, card.ts]), printed
    assert all(part in words(card.blocks) for part in (kind, target, on_card, "(as of "))
    if on_card == ONLY_PEOPLE:
        assert in_dialog not in words(card.blocks)
    play = carol if kind == "operation-approval" else alice
    view = await play.press(card.ts)
    await play.loaded()
    assert in_dialog in words(view.blocks)
    assert target in words(view.blocks)
    await play.submit(view, justification=WHY)
    reply = await play.reply()
    assert (reply.thread_ts, words(reply.blocks).split()[1]) == (card.ts, "Cancelled")
    assert "Cancelled, " in words(card.blocks)
    assert f"@{play.person.slack_id}" in words(card.blocks)
    assert buttons(card) == []
    assert play.roots() == [card]
    assert [effect.id for effect in tenant.graph.effects] == [target]


async def test_every_card_of_the_target_changes(tenant: Tenant, alice: Play, start: Start) -> None:
    async with start("http"):
        target = tenant.graph.add("approvalItem", owner=ALICE.oid)
        cards = [await posted(tenant, "approvalItem", target.upper(), channel=one) for one in (CHANNEL, AUDIT)]
        other = await posted(tenant, "approval-item", tenant.graph.add("approvalItem", owner=ALICE.oid))
        view = await alice.press(cards[0].ts)
        await alice.submit(view, justification=WHY)
        await tenant.slack.until(lambda: len(tenant.slack.messages(AUDIT)) == 2)
        assert [buttons(card) for card in cards] == [[], []]
        assert all("Cancelled, " in words(card.blocks) for card in cards)
        assert buttons(other) == ["cancel_target"]
        assert len(alice.replies()) == 1


@pytest.mark.usefixtures("socket_bot")
async def test_a_card_that_slack_did_not_change_is_mended_by_the_next_click(tenant: Tenant, alice: Play) -> None:
    """Fails when a card counts as closed although Slack did not take its last state."""
    tenant.graph.variant["approvalItem"] = "204"
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    card = await posted(tenant, "approval-item", target)
    view = await alice.press(card.ts)
    await alice.loaded()
    tenant.slack.faults.add(Fault("chat.update", error="msg_too_long"))
    await alice.submit(view, justification=WHY)
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert buttons(card) == ["cancel_target"]
    view = await alice.press(card.ts)
    await alice.loaded()
    assert "it already ended as “canceled”" in words(view.blocks)
    assert buttons(card) == []


@pytest.mark.usefixtures("bot")
async def test_what_ended_elsewhere_is_said_on_the_click(tenant: Tenant, alice: Play) -> None:
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    card = await posted(tenant, "approval-item", target)
    tenant.graph.set_state("approvalItem", target, "completed")
    view = await alice.press(card.ts)
    await alice.loaded()
    assert "Nothing left to cancel: it already ended as “completed”." in words(view.blocks)
    assert "submit" not in view.definition
    assert "it already ended as “completed”" in words(card.blocks)
    assert buttons(card) == []
    assert tenant.graph.effects == []


@pytest.mark.usefixtures("socket_bot")
async def test_forged_clicks_are_refused(tenant: Tenant, alice: Play) -> None:
    """Whoever has a response_url can post a button of any value. Fails where the value is more than looked up."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    card, elsewhere = await posted(tenant, "approval-item", target), await posted(tenant, "approval-item", ID)
    in_audit = await posted(tenant, "approval-item", target, channel=AUDIT)
    values = {one.ts: one.blocks[-1]["elements"][0]["value"] for one in (card, elsewhere, in_audit)}
    forged = (f"approval-item/{target}", "", "0" * 32, values[elsewhere.ts], values[in_audit.ts])
    for number, value in enumerate(forged, 1):
        await tenant.slack.click(ALICE.slack_id, CHANNEL, card.ts, "cancel_target", value=value)
        await alice.told_times(number)
        assert OLD in alice.private()[-1]
    assert tenant.slack.open_view(ALICE.slack_id) is None
    assert tenant.graph.effects == []


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("column", ["team", "channel", "ts"])
async def test_a_card_is_valid_only_where_it_was_posted(tenant: Tenant, alice: Play, column: str) -> None:
    """Fails without this column's part of `_checked` in actions.py."""
    card = await posted(tenant, "approval-item", ID)
    await tampered(tenant, f"UPDATE cards SET {column} = 'elsewhere'")  # noqa: S608 - three names of ours
    await tenant.slack.click(ALICE.slack_id, CHANNEL, card.ts, "cancel_target")
    assert OLD in await alice.told()
    assert tenant.slack.open_view(ALICE.slack_id) is None


@pytest.mark.usefixtures("socket_bot")
async def test_the_button_of_a_closed_card_is_refused(tenant: Tenant, alice: Play) -> None:
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    card = await posted(tenant, "approval-item", target)
    shown = card.blocks
    await alice.cancel("approval-item", target)
    assert buttons(card) == []
    card.blocks = shown  # a client that has not been redrawn yet
    await tenant.slack.click(ALICE.slack_id, CHANNEL, card.ts, "cancel_target")
    assert "nothing left to cancel here" in await alice.told()
    assert len(tenant.graph.effects) == 1


@pytest.mark.usefixtures("socket_bot")
async def test_others_requests_stay_unseen_behind_the_button(tenant: Tenant, alice: Play) -> None:
    target = tenant.graph.add("approvalItem", owner=BOB.oid)
    card = await posted(tenant, "approval-item", target)
    view = await alice.press(card.ts)
    await alice.loaded()
    assert "You may not cancel this request, or it does not exist." in words(view.blocks)
    assert "submit" not in view.definition
    assert "Laptop" not in words(view.blocks)
    assert buttons(card) == ["cancel_target"]


@pytest.mark.usefixtures("socket_bot")
async def test_wrong_use_of_the_command_line(tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, code, told in (
        ((), 2, "usage: "),
        (("approval-item",), 2, "The id of the approval-item is missing."),
        (("approval-item", ID, "--channel", "#it-ops"), 2, "a channel id such as C0123456789"),
        (("aproval-item", ID), 2, "Did you mean approval-item?"),
        (("approval-item", "a?x"), 2, "no id of the kind approval-item"),
        (("https://graph.example.test/beta/x",), 2, "Only addresses of "),
        (("access-package", ID), 1, "Microsoft Graph knows no such request; nothing was posted."),
        (("approval-item", ID, "--channel", "C0UNKNOWN"), 1, "Slack did not take the message for C0UNKNOWN."),
        (("approval-item", ID, "--channel", ELSEWHERE), 1, "Slack did not take the message for C0ELSEWHERE."),
        (("approval-item", ID, "--channel", PRIVATE), 1, "Slack did not take the message for G0PRIVATE."),
    ):
        assert await notify(*arguments) == code
        assert told in capsys.readouterr().err
    assert all(tenant.slack.messages(one) == [] for one in (CHANNEL, ELSEWHERE, PRIVATE))


@pytest.mark.usefixtures("socket_bot")
async def test_the_default_channel_and_a_service_that_does_not_answer(tenant: Tenant, carol: Play) -> None:
    tenant.graph.faults.add(Fault(r"GET .*/operationApprovalRequests/", status=503))
    target = tenant.graph.add("operationApprovalRequest", owner=BOB.oid)
    assert await notify(f"https://graph.microsoft.com/beta/deviceManagement/operationApprovalRequests/{target}") == 0
    [card] = tenant.slack.messages(CHANNEL)
    assert "Bob Example" not in words(card.blocks)
    view = await carol.press(card.ts)
    await carol.loaded()
    assert "Bob Example" in words(view.blocks)
