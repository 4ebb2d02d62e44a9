"""Who may not use the bot gets one private sentence, whatever they do, and nothing is read or sent."""

from typing import Final
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet

from bot.accounts import Accounts
from bot.graph.signin import SignedIn
from bot.graph.tokens import Account
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOTTY, DAVE, GONE, GUEST, STRANGER, TEAM_ID, TENANT_ID, Person
from bot.sandbox.tenant import AUDIT, CHANNEL, SHARED, Tenant
from bot.store import Store
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play
from tests.scenarios.test_slack_cards import posted

ID: Final = "00000000-0000-4000-8000-00000000c0de"
STRANGE: Final = "This bot works only for full members of its own Slack team."
UNSURE: Final = "I could not check with Slack who you are, so nothing was sent."


def _nothing_happened(tenant: Tenant, play: Play) -> bool:
    said_once = len(play.private()) == 1
    return said_once and not (tenant.slack.open_view(play.person.slack_id) or tenant.graph.calls or play.roots())


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("person", [GUEST, GONE, BOTTY], ids=lambda person: person.kind)
@pytest.mark.parametrize("typed", ["", "help", "no-such-kind", f"approval-item {ID}"])
async def test_their_commands_are_refused(tenant: Tenant, person: Person, typed: str) -> None:
    """Each fails without its mark in `directory._strangeness`; the mistyped kind, when it is read before asking who."""
    play = Play(tenant, person)
    await play.command(typed)
    assert STRANGE in await play.told()
    assert _nothing_happened(tenant, play)


@pytest.mark.usefixtures("bot")
async def test_link_of_a_deactivated_person_is_deleted(tenant: Tenant) -> None:
    store = Store(f"sqlite:///{tenant.directory}/bot.db")
    accounts = Accounts(store, Fernet.generate_key().decode())
    account = Account(TENANT_ID, "00000000-0000-4000-8000-0000000090ne")
    await accounts.link(TEAM_ID, GONE.slack_id, SignedIn(account, "gone", "{}"))
    play = Play(tenant, GONE)
    await play.command("help")
    assert STRANGE in await play.told()
    assert await accounts.linked(TEAM_ID, GONE.slack_id) is None
    assert await accounts.linked(TEAM_ID, ALICE.slack_id) is not None
    await store.close()


@pytest.mark.usefixtures("bot")
async def test_people_of_another_organisation_can_press_buttons(tenant: Tenant, alice: Play) -> None:
    """Fails when only `team`, which is ours in their payloads, is looked at."""
    await posted(tenant, "approval-item", ID)
    [card] = alice.roots()
    await tenant.slack.click(STRANGER.slack_id, CHANNEL, card.ts, "cancel_target")
    stranger = Play(tenant, STRANGER)
    assert STRANGE in await stranger.told()
    assert tenant.slack.open_view(STRANGER.slack_id) is None
    assert tenant.graph.calls == []


async def test_another_team_is_refused(tenant: Tenant, alice: Play, start: Start) -> None:
    """Fails without the comparison of `team` in `Directory.actor`: Slack's signature alone says nothing of it."""
    command = {"command": "/cancel-approval", "text": "", "team_id": "T0OTHER", "user_id": ALICE.slack_id}
    body = urlencode(command).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with start("http"):
        ack = await tenant.slack.deliver_raw(body, tenant.slack.sign(body) | form)
        assert ack.status == 200
        assert STRANGE in await alice.told()
    assert _nothing_happened(tenant, alice)


@pytest.mark.usefixtures("socket_bot")
async def test_nothing_is_cancelled_from_a_shared_channel(tenant: Tenant) -> None:
    alice = Play(tenant, ALICE, SHARED)
    await alice.command(f"approval-item {ID}")
    assert "This channel is shared with another organisation" in await alice.told()
    assert _nothing_happened(tenant, alice)


@pytest.mark.usefixtures("socket_bot")
async def test_somebody_without_a_linked_account(tenant: Tenant) -> None:
    dave = Play(tenant, DAVE)
    await dave.command(f"approval-item {ID}")
    assert "your Slack account is not linked to a Microsoft account" in await dave.told()
    assert _nothing_happened(tenant, dave)


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("method", ["users.info", "conversations.info", "usergroups.users.list"])
@pytest.mark.parametrize("how", ["error", "slow", "nonsense"])
async def test_who_cannot_be_looked_up_is_not_let_in(tenant: Tenant, alice: Play, method: str, how: str) -> None:
    """Fails when a failed look-up counts as one that found nothing, or is kept."""
    faults = {
        "error": Fault(method, error="internal_error"),
        "slow": Fault(method, delay=2.5),
        "nonsense": Fault(method, body={"ok": True}),
    }
    tenant.slack.faults.add(faults[how])
    ack = await alice.command(f"approval-item {ID}")
    assert ack.status == 200
    assert how != "slow" or method not in [call.method for call in tenant.slack.calls]  # nobody waited for it
    told = await tenant.slack.until(lambda: " ".join(alice.private()))
    assert UNSURE in told or (how == "nonsense" and "Something on our side failed." in told)
    assert _nothing_happened(tenant, alice)
    await alice.dialog(f"approval-item {ID}")


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("how", ["error", "slow"])
async def test_they_are_looked_up_again_when_they_submit(
    tenant: Tenant, alice: Play, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("bot.slack.directory._KEEP", 0.0)
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    await alice.loaded()
    fault = Fault("users.info", delay=2.8) if how == "slow" else Fault("users.info", error="fatal_error")
    tenant.slack.faults.add(fault)
    ack = await alice.submit(view, justification=WHY)
    assert (ack.status, ack.seconds < 2.5) == (200, True)
    assert UNSURE in str(ack.body)
    assert tenant.graph.effects == []
    assert tenant.slack.messages(AUDIT) == []


@pytest.mark.usefixtures("socket_bot")
async def test_somebody_deactivated_in_between_is_refused(
    tenant: Tenant, alice: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.directory._KEEP", 0.0)
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    await alice.loaded()
    gone = {"id": ALICE.slack_id, "team_id": "T0SANDBOX", "deleted": True}
    tenant.slack.faults.add(Fault("users.info", body={"ok": True, "user": gone}))
    await alice.submit(view, justification=WHY)
    assert STRANGE in str(view.blocks)
    assert tenant.graph.effects == []
