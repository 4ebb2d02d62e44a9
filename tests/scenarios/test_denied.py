"""Whoever is turned away leaves a row in the audit trail, and learns nothing of what they asked for."""

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import Final

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB, GONE, GUEST, STRANGER, Person
from bot.sandbox.tenant import CHANNEL, SHARED, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import POST
from tests.scenarios.play import WHY, Play, tampered, words
from tests.scenarios.test_slack_cards import ID, OLD, posted

Denied = tuple[str, str, str, str]
NOT_YOURS: Final = "You may not cancel this request, or it does not exist."


async def denied(tenant: Tenant, number: int = 1) -> list[Denied]:
    """User, kind, id and reason of the rows of those who were turned away, once there are so many."""
    query = """
        SELECT user, kind, target_id, detail FROM audit_rows JOIN audit_people USING (seq)
        WHERE event = 'denied' ORDER BY seq
    """

    def read() -> list[Denied]:
        with closing(sqlite3.connect(tenant.directory / "bot.db")) as database:
            return [(*row[:3], json.loads(row[3])["reason"]) for row in database.execute(query)]

    async with asyncio.timeout(20):
        while len(found := await asyncio.to_thread(read)) < number:  # noqa: ASYNC110 - another process would not tell
            await asyncio.sleep(0.02)
    return found


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize(("person", "reason"), [(GUEST, "guest"), (GONE, "deactivated")], ids=["guest", "deactivated"])
async def test_strangers(tenant: Tenant, person: Person, reason: str) -> None:
    """Fails without the row that `Answering.noting` writes: what is only logged is no trail."""
    play = Play(tenant, person)
    await play.command(f"approval-item {ID}")
    await play.told()
    assert await denied(tenant) == [(person.slack_id, "", "", reason)]


@pytest.mark.usefixtures("socket_bot")
async def test_a_stranger_who_presses_a_button(tenant: Tenant) -> None:
    """Fails without the row that `Answering.noting` writes."""
    card = await posted(tenant, "approval-item", ID)
    await tenant.slack.click(STRANGER.slack_id, CHANNEL, card.ts, "cancel_target")
    assert await denied(tenant) == [(STRANGER.slack_id, "", "", "other_team")]


@pytest.mark.usefixtures("socket_bot")
async def test_a_shared_channel(tenant: Tenant) -> None:
    """Fails without the row that `Answering.noting` writes."""
    await Play(tenant, ALICE, SHARED).command(f"approval-item {ID}")
    assert await denied(tenant) == [(ALICE.slack_id, "", "", "shared_channel")]


@pytest.mark.usefixtures("socket_bot")
async def test_forged_buttons(tenant: Tenant) -> None:
    """Fails without the comparisons in `_checked` of actions.py: a value that is known somewhere would do."""
    card = await posted(tenant, "approval-item", ID)
    for value in ("0" * 32, "approval-item/x"):
        await tenant.slack.click(ALICE.slack_id, CHANNEL, card.ts, "cancel_target", value=value)
    assert await denied(tenant, 2) == [(ALICE.slack_id, "", "", "forged_button")] * 2


@pytest.mark.usefixtures("socket_bot")
async def test_expired_buttons(tenant: Tenant, alice: Play) -> None:
    """Fails without its age in `_checked` of actions.py."""
    card = await posted(tenant, "approval-item", ID)
    await tampered(tenant, "UPDATE cards SET created_at = '2026-01-01 00:00:00.000000'")
    await tenant.slack.click(ALICE.slack_id, CHANNEL, card.ts, "cancel_target")
    assert OLD in await alice.told()
    assert tenant.slack.open_view(ALICE.slack_id) is None
    assert await denied(tenant) == [(ALICE.slack_id, "", "", "expired_button")]


@pytest.mark.usefixtures("socket_bot")
async def test_somebody_elses_dialog(tenant: Tenant, alice: Play) -> None:
    """As by a forged payload that is signed all the same. Fails when `private_metadata` is believed."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    await tampered(tenant, f"UPDATE dialogs SET user = '{BOB.slack_id}'")  # noqa: S608 - ours
    await alice.submit(view, justification=WHY)
    assert "This dialog can no longer be used." in words(view.blocks)
    assert tenant.graph.effects == []
    assert await denied(tenant) == [(ALICE.slack_id, "", "", "forged_dialog")]


async def test_what_the_policy_refuses_at_the_command(tenant: Tenant, alice: Play, start: Start) -> None:
    """The kind and id that were tried are in the row. Fails when only logged."""
    policy = tenant.directory / "none.toml"
    policy.write_text("", encoding="utf-8")
    policy.chmod(0o600)
    async with start(POLICY_FILE=str(policy)):
        await alice.command(f"approval-item {ID}")
        assert "You may not cancel this kind of request here." in await alice.told()
        assert await denied(tenant) == [(ALICE.slack_id, "approval-item", ID, "no_rule")]
    assert tenant.graph.calls == []


@pytest.mark.usefixtures("socket_bot")
async def test_not_there_and_not_yours_differ_only_in_the_audit(tenant: Tenant, alice: Play) -> None:
    """Probing ids by the dialog. Fails when its preview tells the two apart, or leaves no row."""
    theirs = tenant.graph.add("accessPackageAssignmentRequest", owner=BOB.oid)
    shown = []
    for target in (theirs, ID):
        await alice.command(f"access-package {target}")
        view = await alice.loaded()
        shown.append(words(view.blocks).replace(target, "…"))
        await tenant.slack.close(ALICE.slack_id, view.id)
    assert NOT_YOURS in shown[0]
    assert shown[0] == shown[1]
    kind = "access-package"
    rows = [(ALICE.slack_id, kind, theirs, "not_own"), (ALICE.slack_id, kind, ID, "not_found")]
    assert await denied(tenant, 2) == rows


@pytest.mark.usefixtures("socket_bot")
async def test_joining_shows_nothing_of_what_is_not_theirs(tenant: Tenant, alice: Play) -> None:
    """Bob submits the id of Alice's request while hers is under way.

    Fails when the dialog's answer or the end tells him of it, as they tell whoever may cancel it, too.
    """
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    bob = Play(tenant, BOB)
    his = await bob.dialog()
    tenant.graph.faults.add(Fault(POST, delay=1.5))
    await alice.submit(view, justification=WHY)
    await tenant.slack.until(lambda: [call for call in tenant.graph.calls if call.method == "POST"])
    ack = await bob.submit(his, kind="approval-item", id=target, justification=WHY)
    assert not ack.body
    told = await bob.told()
    assert NOT_YOURS in told
    assert not [part for part in (ALICE.slack_id, "Cancelled", "request-id") if part in told]
    await alice.over()
    assert len(tenant.graph.effects) == 1
