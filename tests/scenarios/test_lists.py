"""`mine` and `pending`: what somebody may cancel, told them alone, with a button each; and those buttons."""

import json
import time
from typing import Final

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.graph import LISTS
from bot.sandbox.people import ALICE, BOB, DAVE
from bot.sandbox.slack_records import Message
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import CHANNEL, ELSEWHERE, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play, words

PACKAGE: Final = "accessPackageAssignmentRequest"
APPROVAL: Final = "approvalItem"
INTUNE: Final = "operationApprovalRequest"
OLD: Final = "This button is no longer valid. Use the command instead: /cancel-approval"
LOOKING: Final = "Looking for what you can cancel"


async def _list(play: Play, typed: str) -> Message:
    """What this person is then told alone: not that it is being read, which a busy machine says first."""
    slack, user = play.tenant.slack, play.person.slack_id
    before = len(slack.ephemerals(user))
    await play.command(typed)
    return await slack.until(
        lambda: next((one for one in slack.ephemerals(user)[before:] if LOOKING not in words(one.blocks)), None)
    )


async def _press(play: Play, message: Message, value: str | None = None) -> View:
    slack = play.tenant.slack
    await slack.click(play.person.slack_id, message.channel, message.ts, "cancel_listed", value=value)
    return await slack.until(lambda: slack.open_view(play.person.slack_id))


def _named(message: Message) -> list[str]:
    """The ids on the buttons, in their order."""
    found = [block["accessory"]["value"] for block in message.blocks if block.get("accessory")]
    return [json.loads(value)["id"] for value in found]


@pytest.mark.usefixtures("bot")
async def test_mine_with_buttons(tenant: Tenant, alice: Play) -> None:
    """Her own, the newest first; what is pressed is cancelled, and its thread is in the channel."""
    older = tenant.graph.add(PACKAGE, owner=ALICE.oid, age=86400)
    newer = tenant.graph.add(APPROVAL, owner=ALICE.oid)
    tenant.graph.add(PACKAGE, owner=BOB.oid)
    message = await _list(alice, "Mine")
    assert _named(message) == [newer, older]
    shown = words(message.blocks)
    assert "2 requests of yours can be cancelled now." in shown
    assert f"Access package request · Sales tools\nAlice Example · 1 day ago · access-package {older}" in shown
    view = await _press(alice, message, next(v for v in _values(message) if older in v))
    await alice.loaded()
    assert "Sales tools" in words(view.blocks)
    assert not any(block["block_id"] in ("kind", "id", "pick_target") for block in view.blocks)
    await alice.submit(view, justification=WHY)
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert [effect.id for effect in tenant.graph.effects] == [older]


@pytest.mark.usefixtures("socket_bot")
async def test_mine_is_not_all_that_one_may_cancel(tenant: Tenant, carol: Play) -> None:
    """Fails when `mine` shows what the help desk may cancel for others."""
    tenant.graph.add(PACKAGE, owner=BOB.oid)
    tenant.graph.add(INTUNE, owner=BOB.oid)
    own = tenant.graph.add(PACKAGE, owner=carol.person.oid)
    assert _named(await _list(carol, "mine")) == [own]
    assert len(_named(await _list(carol, "pending"))) == 3


@pytest.mark.usefixtures("socket_bot")
async def test_mine_of_one_kind(tenant: Tenant, carol: Play) -> None:
    """Fails when what follows `mine` is taken for a kind that nobody knows, or is passed over."""
    mine = tenant.graph.add(PACKAGE, owner=carol.person.oid)
    tenant.graph.add(PACKAGE, owner=BOB.oid)
    tenant.graph.add(APPROVAL, owner=carol.person.oid)
    message = await _list(carol, "mine access-package")
    assert _named(message) == [mine]
    assert "1 request (Access package request) of yours can be cancelled now." in words(message.blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_pending_is_cut_and_says_how_many_more(tenant: Tenant, carol: Play) -> None:
    ids = tenant.graph.add_many(PACKAGE, 24, owner=BOB.oid, age=3600)
    tenant.graph.add(INTUNE, owner=BOB.oid)
    message = await _list(carol, "pending access-package")
    assert _named(message) == ids[:3:-1]
    shown = words(message.blocks)
    assert "24 requests (Access package request) can be cancelled by you now." in shown
    assert "… and 4 more. /cancel-approval searches them all." in shown
    assert "… and 5 more." in words((await _list(carol, "pending")).blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_long_texts_still_fit_into_a_message(tenant: Tenant, carol: Play) -> None:
    """Fails when titles are as long as people make them: Slack refuses what is longer than some 13,000 characters."""
    package = {"id": "1", "displayName": "A very long name " * 60}
    tenant.graph.add_many(PACKAGE, 25, owner=BOB.oid, accessPackage=package)
    message = await _list(carol, "pending")
    assert len(_named(message)) >= 15
    assert f"… and {25 - len(_named(message))} more." in words(message.blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_nothing_and_what_has_no_list(alice: Play) -> None:
    assert words((await _list(alice, "mine")).blocks) == "There is nothing now that you may cancel."
    unlisted = words((await _list(alice, "pending governance-role")).blocks)
    assert "Microsoft offers no list of this kind" in unlisted
    assert "/cancel-approval governance-role <id>" in unlisted
    unknown = words((await _list(alice, "pending acess-package")).blocks)
    assert "“acess-package” is not a kind that I know. Did you mean access-package?" in unknown


async def test_a_list_that_cannot_be_read_is_not_empty(tenant: Tenant, alice: Play, start: Start) -> None:
    """Fails when the failure of a list counts as an empty one."""
    tenant.graph.faults.add(Fault(LISTS, status=500, times=-1))
    async with start():
        shown = words((await _list(alice, "mine")).blocks)
    assert "I see nothing now that you may cancel." in shown
    assert "so some may be missing: " in shown


async def test_who_is_not_linked_is_shown_where_to_sign_in(tenant: Tenant, start: Start) -> None:
    dave = Play(tenant, DAVE)
    async with start(**tenant.environment(linking=True)):
        message = await _list(dave, "pending approval-item")
    assert "Not shown before you have signed in: Teams approval." in words(message.blocks)
    assert f"{tenant.front.url}/auth/start" in str(message.blocks)


async def test_a_slow_microsoft_is_announced(tenant: Tenant, alice: Play, start: Start) -> None:
    """Fails when nothing is said before the list is read."""
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    tenant.graph.faults.add(Fault(LISTS, delay=5, times=-1))
    async with start(TIME_SCALE="0.1"):
        began = time.monotonic()
        await alice.command("mine")
        [first] = await tenant.slack.until(lambda: tenant.slack.ephemerals(ALICE.slack_id))
        assert LOOKING in words(first.blocks)
        assert time.monotonic() - began < 5
        await tenant.slack.until(lambda: len(tenant.slack.ephemerals(ALICE.slack_id)) == 2)
        assert _named(tenant.slack.ephemerals(ALICE.slack_id)[-1]) == [target]


FORGED: Final = {
    "no JSON": "approval-item",
    "no object": "[]",
    "another field": '{"kind": "approval-item", "id": "{id}", "scope": "", "actor": "U0BOB"}',
    "no text": '{"kind": "approval-item", "id": 1, "scope": ""}',
    "a bad id": '{"kind": "approval-item", "id": "{id}/../x", "scope": ""}',
    "a bad scope": '{"kind": "governance-role", "id": "{id}", "scope": "../x"}',
    "a scope too many": '{"kind": "approval-item", "id": "{id}", "scope": "aadRoles"}',
}


@pytest.mark.usefixtures("socket_bot")
async def test_a_forged_button(tenant: Tenant, alice: Play) -> None:
    """Fails when `target_in` takes what it does not know, or `_check` is left out."""
    target = tenant.graph.add(APPROVAL, owner=ALICE.oid)
    message = await _list(alice, "mine")
    before = len(tenant.graph.calls)
    for told, value in enumerate(FORGED.values(), start=2):
        forged = value.replace("{id}", target)
        await tenant.slack.click(ALICE.slack_id, message.channel, message.ts, "cancel_listed", value=forged)
        await alice.told_times(told)
        assert alice.private()[-1] == OLD
    assert tenant.slack.open_view(ALICE.slack_id) is None
    assert len(tenant.graph.calls) == before


@pytest.mark.usefixtures("socket_bot")
async def test_a_button_is_no_leave(tenant: Tenant, alice: Play) -> None:
    """Another's request on her button shows nothing, and is not cancelled. Fails when a listed target is not read as
    its person before it is shown."""
    tenant.graph.add(PACKAGE, owner=ALICE.oid)
    his = tenant.graph.add(PACKAGE, owner=BOB.oid)
    message = await _list(alice, "mine")
    await _press(alice, message, json.dumps({"kind": "access-package", "id": his, "scope": ""}))
    view = await alice.view_saying("You may not cancel this request, or it does not exist.")
    assert "Bob" not in words(view.blocks)
    assert "submit" not in view.definition
    assert tenant.graph.effects == []


@pytest.mark.usefixtures("socket_bot")
async def test_from_the_home_it_is_told_in_private(tenant: Tenant, alice: Play) -> None:
    """There is no channel. Fails when the answer says to invite the bot to it."""
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    await tenant.slack.open_home(ALICE.slack_id)
    await tenant.slack.until(lambda: target in str(getattr(tenant.slack.home(ALICE.slack_id), "blocks", "")))
    await tenant.slack.click_home(ALICE.slack_id, "cancel_listed")
    view = await alice.loaded()
    await alice.submit(view, justification=WHY)
    told = await alice.told()
    assert "Cancelled" in told
    assert f"access-package {target}" in told
    assert "/invite" not in told
    assert tenant.slack.messages(CHANNEL) == []
    assert [effect.id for effect in tenant.graph.effects] == [target]


@pytest.mark.usefixtures("socket_bot")
async def test_from_where_the_bot_is_not(tenant: Tenant) -> None:
    alice = Play(tenant, ALICE, ELSEWHERE)
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await _press(alice, await _list(alice, "mine"))
    await alice.submit(view, justification=WHY)
    await alice.told_times(2)
    assert "/invite" in alice.private()[-1]
    assert [effect.id for effect in tenant.graph.effects] == [target]


def _values(message: Message) -> list[str]:
    return [block["accessory"]["value"] for block in message.blocks if block.get("accessory")]
