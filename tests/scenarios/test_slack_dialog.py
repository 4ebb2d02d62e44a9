"""The dialog: open at once, filled in afterwards, read when it is submitted, shown only to somebody who may see it."""

import asyncio
import sqlite3
from typing import Final

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB
from bot.sandbox.tenant import AUDIT, CHANNEL, Tenant
from tests.scenarios.play import WHY, Play, tampered, words

ID: Final = "00000000-0000-4000-8000-00000000c0de"
READING: Final = "Reading it from"
TITLE: Final = "Laptop for a new colleague"


def _slow_graph(tenant: Tenant, seconds: float = 1.0) -> None:
    tenant.graph.faults.add(Fault(r"GET .*/approvalItems/", delay=seconds))


def _updates(tenant: Tenant) -> list[str | None]:
    """The errors of the calls that fill a dialog in, None for those that Slack took."""
    return [call.error for call in tenant.slack.calls if call.method == "views.update"]


@pytest.mark.usefixtures("bot")
async def test_it_is_open_before_graph_has_answered(tenant: Tenant, alice: Play) -> None:
    """Fails when the target is read before the dialog opens: then it opens too late for its trigger."""
    _slow_graph(tenant, 2)
    tenant.slack.limits.trigger = 1.0
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    assert READING in words(view.blocks)
    tenant.slack.type_in_view(view.id, "justification", "What I typed meanwhile")
    await alice.loaded()
    assert all(part in words(view.blocks) for part in (TITLE, "Alice Example", "pending", "Since: ", " ago"))
    await alice.submit(view)
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert "What I typed meanwhile" in words(tenant.slack.messages(AUDIT)[0].blocks)


@pytest.mark.usefixtures("bot")
async def test_it_can_be_submitted_while_it_is_loading(
    tenant: Tenant, alice: Play, caplog: pytest.LogCaptureFixture
) -> None:
    """Its filling in then meets a closed dialog (not_found), which is no fault."""
    _slow_graph(tenant)
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    await alice.submit(view, justification=WHY)
    await alice.reply()
    await tenant.slack.until(lambda: _updates(tenant) == ["not_found"])
    assert len(tenant.graph.effects) == 1
    assert alice.private() == []
    assert "dialog_not_filled" not in caplog.text


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("error", ["not_found", "hash_conflict"])
async def test_a_dialog_that_was_closed_or_changed_is_left_alone(
    tenant: Tenant, alice: Play, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    tenant.slack.faults.add(Fault("views.update", error=error))
    await alice.dialog(f"approval-item {ID}")
    await tenant.slack.until(lambda: _updates(tenant) == [error])
    assert alice.private() == []
    assert "dialog_not_filled" not in caplog.text


@pytest.mark.usefixtures("socket_bot")
async def test_a_dialog_that_slack_does_not_fill_in_still_works(tenant: Tenant, alice: Play) -> None:
    tenant.slack.faults.add(Fault("views.update", drop=True))
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    await tenant.slack.until(lambda: _updates(tenant) == ["dropped"])
    await alice.submit(view, justification=WHY)
    assert "Cancelled" in words((await alice.reply()).blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_details_are_for_those_who_may_cancel(tenant: Tenant, alice: Play) -> None:
    """Others' requests look like those that do not exist. Fails when `Gate.preview` shows what anybody can read."""
    others = tenant.graph.add("operationApprovalRequest", owner=BOB.oid)
    texts = []
    for target in (others, ID):
        view = await alice.dialog(f"operation-approval {target}")
        await alice.loaded()
        texts.append(words(view.blocks))
        await tenant.slack.close(ALICE.slack_id, view.id)
    assert texts[0] == texts[1]
    assert "You may not cancel this request, or it does not exist." in texts[0]
    assert "Bob Example" not in texts[0]


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("status", [403, 429, 500])
async def test_details_that_cannot_be_read_do_not_stop_anybody(tenant: Tenant, carol: Play, status: int) -> None:
    tenant.graph.faults.add(Fault(r"GET .*/operationApprovalRequests/", status=status))
    target = tenant.graph.add("operationApprovalRequest", owner=BOB.oid)
    view = await carol.dialog(f"operation-approval {target}")
    await carol.loaded()
    assert "Bob Example" not in words(view.blocks)
    await carol.submit(view, justification=WHY)
    assert "Cancelled" in words((await carol.reply()).blocks)


@pytest.mark.usefixtures("bot")
async def test_a_trigger_that_expired_is_told_privately(tenant: Tenant, alice: Play) -> None:
    tenant.slack.limits.trigger = 0.0
    await alice.command(f"approval-item {ID}")
    assert "Slack did not let the dialog open in time. Nothing was sent." in await alice.told()
    assert len(alice.private()) == 1
    assert tenant.slack.open_view(ALICE.slack_id) is None


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("entered", ["..", "a?x", "a#", "%2e%2e", f"{ID}\n", "a" * 3000, f"{ID}/cancel"])
async def test_a_bad_id_is_refused_at_its_input(tenant: Tenant, alice: Play, entered: str) -> None:
    """Fails when an id need only begin like one."""
    view = await alice.dialog("approval-item")
    ack = await alice.submit(view, id=entered, justification=WHY)
    assert isinstance(ack.body, dict)
    assert list(ack.body["errors"]) == ["id"]
    assert "no id of the kind approval-item" in view.errors["id"]
    assert tenant.graph.calls == []


@pytest.mark.usefixtures("socket_bot")
async def test_addresses_in_the_dialog(tenant: Tenant, alice: Play) -> None:
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    url = f"https://graph.microsoft.com/beta/solutions/approval/approvalItems/{target}"
    view = await alice.dialog("access-package")
    await alice.submit(view, id=url, justification=WHY)
    assert "of the kind approval-item, but access-package is chosen" in view.errors["id"]
    await alice.submit(view, id=f"https://other.example.test/beta/x/{target}", justification=WHY)
    assert "Only addresses of " in view.errors["id"]
    assert tenant.graph.calls == []
    await alice.submit(view, kind="approval-item", id=f" {url} ", justification=WHY)
    await alice.reply()
    assert [effect.id for effect in tenant.graph.effects] == [target]


@pytest.mark.usefixtures("bot")
async def test_one_dialog_begins_one_cancellation(tenant: Tenant, alice: Play) -> None:
    """Fails when the dialog is not claimed before the cancellation begins: each submission is recorded then."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    acks = await asyncio.gather(*(alice.submit(view, justification=WHY) for _ in range(3)))
    assert sorted(ack.body is None for ack in acks) == [False, False, True]
    await alice.reply()
    assert len(tenant.graph.effects) == 1
    with sqlite3.connect(tenant.directory / "bot.db") as database:
        assert database.execute(
            "SELECT count(*) FROM audit_rows WHERE event IN ('requested', 'joined')"
        ).fetchone() == (1,)
    assert [len(alice.roots()), len(alice.replies()), len(alice.private())] == [1, 1, 0]


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("forgery", ["unknown", "of somebody else", "old"])
async def test_a_forged_or_old_dialog_is_refused(tenant: Tenant, alice: Play, carol: Play, forgery: str) -> None:
    """Fails without `_checked` in views.py: what a view carries would be believed."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    match forgery:
        case "unknown":
            view.definition["private_metadata"] = "0" * 32
        case "of somebody else":
            view.definition["private_metadata"] = (await carol.dialog()).private_metadata
        case _:
            await tampered(tenant, "UPDATE dialogs SET created_at = '2026-01-01 00:00:00'")
    await alice.submit(view, justification=WHY)
    assert "This dialog can no longer be used." in words(view.blocks)
    assert tenant.graph.effects == []
    assert tenant.slack.messages(CHANNEL) == []
