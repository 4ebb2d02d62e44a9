"""The message shortcut: what a message names is taken to the dialog, and the outcome into that message's thread."""

from typing import Any, Final

import pytest

from bot.sandbox.browser import Browser
from bot.sandbox.faults import Fault
from bot.sandbox.graph import LISTS
from bot.sandbox.people import ALICE, BOB, DAVE
from bot.sandbox.slack_records import Ack, Message
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import CHANNEL, PRIVATE, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.linking.walk import link
from tests.scenarios.play import WHY, Play, words

Json = dict[str, Any]

PACKAGE: Final = "accessPackageAssignmentRequest"
APPROVAL: Final = "approvalItem"
APPROVALS: Final = "https://graph.microsoft.com/beta/solutions/approval/approvalItems"
PICK: Final = "pick_target"
UNKNOWN: Final = "00000000-0000-4000-8000-00000000c0de"


async def _use(play: Play, message: Message) -> Ack:
    return await play.tenant.slack.shortcut(play.person.slack_id, message.channel, message.ts, "cancel_from_message")


async def _view(play: Play) -> View:
    return await play.tenant.slack.until(lambda: play.tenant.slack.open_view(play.person.slack_id))


def _rich(*elements: Json) -> list[Json]:
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}]


def _answers(tenant: Tenant, ts: str) -> list[str]:
    """What the bot said in the thread of this message."""
    found = tenant.slack.messages(CHANNEL)
    return [words(one.blocks) for one in found if one.thread_ts == ts and one.ts != ts and one.user != BOB.slack_id]


async def _answered(tenant: Tenant, ts: str) -> str:
    await tenant.slack.until(lambda: any("Cancelled" in one for one in _answers(tenant, ts)))
    return _answers(tenant, ts)[-1]


@pytest.mark.usefixtures("bot")
async def test_an_address_in_somebodys_message(tenant: Tenant, alice: Play) -> None:
    """One found: its dialog, with nothing to choose; the answer, its reason and what it is about in the thread."""
    target = tenant.graph.add(APPROVAL, owner=ALICE.oid)
    message = tenant.slack.say(BOB.slack_id, CHANNEL, f"Do you still need <{APPROVALS}/{target}>?")
    await _use(alice, message)
    await _view(alice)
    view = await alice.loaded()
    assert "Laptop for a new colleague" in words(view.blocks)
    assert not any(block["block_id"] in ("kind", "id", PICK) for block in view.blocks)
    await alice.submit(view, justification=WHY)
    answer = await _answered(tenant, message.ts)
    assert WHY in answer
    assert f"Teams approval: approval-item {target}" in answer
    await alice.over()
    assert len(_answers(tenant, message.ts)) == 1
    assert [effect.id for effect in tenant.graph.effects] == [target]


@pytest.mark.usefixtures("socket_bot")
async def test_several_are_chosen_from(tenant: Tenant, alice: Play) -> None:
    """In blocks and attachments of another app's message, which is a reply: the outcome goes to the same thread."""
    one, two = (tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(2))
    approval = tenant.graph.add(APPROVAL, owner=ALICE.oid)
    root = tenant.slack.say(BOB.slack_id, CHANNEL, "What is left?")
    message = tenant.slack.say(
        "U0BOT",
        CHANNEL,
        "Three requests",
        blocks=_rich({"type": "text", "text": f"access-package {one}; access-package {two}"}),
        attachments=[{"fallback": "x", "title": "An approval", "title_link": f"{APPROVALS}/{approval}"}],
        thread_ts=root.ts,
    )
    await _use(alice, message)
    view = await alice.view_with(PICK)
    options = view.element(PICK)[1]["options"]
    assert [option["text"]["text"] for option in options] == [
        f"Access package request · {one}",
        f"Access package request · {two}",
        f"Teams approval · {approval}",
    ]
    await tenant.slack.choose(ALICE.slack_id, view.id, PICK, options[0]["value"])
    await alice.view_saying("Sales tools")
    await tenant.slack.choose(ALICE.slack_id, view.id, PICK, options[2]["value"])
    await alice.view_saying("Laptop for a new colleague")
    await alice.submit(view, justification=WHY)
    assert f"approval-item {approval}" in await _answered(tenant, root.ts)
    assert [effect.id for effect in tenant.graph.effects] == [approval]


@pytest.mark.usefixtures("socket_bot")
async def test_at_most_twenty(tenant: Tenant, alice: Play) -> None:
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(23)]
    message = tenant.slack.say(BOB.slack_id, CHANNEL, " ".join(f"{APPROVALS}/{one}" for one in ids))
    await _use(alice, message)
    view = await alice.view_with(PICK)
    assert len(view.element(PICK)[1]["options"]) == 20
    assert "The first 20 of 23 requests in this message:" in words(view.blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_an_id_alone_that_is_theirs(tenant: Tenant, alice: Play) -> None:
    """What it is of is found in their list. Fails when ids without a kind are passed over."""
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    message = tenant.slack.say(BOB.slack_id, CHANNEL, f"Is {target.upper()} still needed?")
    await _use(alice, message)
    await alice.view_saying("Sales tools")


@pytest.mark.usefixtures("socket_bot")
async def test_an_id_alone_that_is_not_theirs(tenant: Tenant, alice: Play) -> None:
    """It is looked up in nobody else's list. Fails when the list of all is searched instead of the person's."""
    his = tenant.graph.add(PACKAGE, owner=BOB.oid)
    for id_text in (his, UNKNOWN):
        message = tenant.slack.say(BOB.slack_id, CHANNEL, f"Is {id_text} still needed?")
        await _use(alice, message)
        view = await alice.view_with("kind")
        assert "This message has an id, but does not say of what." in words(view.blocks)
        assert view.element("id")[1]["initial_value"] == id_text
        assert "Sales" not in words(view.blocks)
        await tenant.slack.close(ALICE.slack_id, view.id)


@pytest.mark.usefixtures("socket_bot")
async def test_anothers_request_shows_nothing(tenant: Tenant, alice: Play) -> None:
    """Fails when the details are read without asking who looks."""
    his = tenant.graph.add(PACKAGE, owner=BOB.oid)
    message = tenant.slack.say(BOB.slack_id, CHANNEL, f"access-package {his}")
    await _use(alice, message)
    view = await alice.view_saying("You may not cancel this request, or it does not exist.")
    assert "Sales" not in words(view.blocks)
    assert "submit" not in view.definition


@pytest.mark.usefixtures("socket_bot")
async def test_nothing_found_says_what_is_looked_for(tenant: Tenant, alice: Play) -> None:
    message = tenant.slack.say(BOB.slack_id, CHANNEL, "Please cancel my access package")
    await _use(alice, message)
    told = await alice.told()
    assert "I found no request in this message. I look for Microsoft Graph and Azure Resource Manager addresses" in told
    assert "access-package" in told
    assert tenant.slack.open_view(ALICE.slack_id) is None
    assert tenant.graph.calls == []


async def test_a_slow_microsoft_costs_no_dialog(tenant: Tenant, alice: Play, start: Start) -> None:
    """Fails when the dialog waits for the list: then it opens too late for its trigger."""
    tenant.slack.limits.trigger = 2.0
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    tenant.graph.faults.add(Fault(LISTS, delay=4, times=-1))
    message = tenant.slack.say(BOB.slack_id, CHANNEL, f"Is {target} still needed?")
    async with start(TIME_SCALE="0.1"):
        await _use(alice, message)
        await alice.view_saying("Looking for what you can cancel")
        view = await alice.view_saying("Sales tools")
        await alice.submit(view, justification=WHY)
        await _answered(tenant, message.ts)


@pytest.mark.usefixtures("socket_bot")
async def test_where_the_bot_is_not_it_is_told_in_private(tenant: Tenant) -> None:
    alice = Play(tenant, ALICE, PRIVATE)
    target = tenant.graph.add(APPROVAL, owner=ALICE.oid)
    message = tenant.slack.say(ALICE.slack_id, PRIVATE, f"{APPROVALS}/{target}")
    await _use(alice, message)
    view = await _view(alice)
    await alice.submit(view, justification=WHY)
    assert "Cancelled" in await alice.told()
    assert [effect.id for effect in tenant.graph.effects] == [target]


async def test_after_signing_in_it_still_goes_to_the_thread(tenant: Tenant, start: Start) -> None:
    """Fails when what waits for a link forgets the thread."""
    dave = Play(tenant, DAVE)
    target = tenant.graph.add(APPROVAL, owner=DAVE.oid)
    message = tenant.slack.say(BOB.slack_id, CHANNEL, f"{APPROVALS}/{target}")
    async with start(**tenant.environment(linking=True)) as bot:
        tenant.front.forward_to(bot.port)
        await _use(dave, message)
        await dave.submit(await _view(dave), justification=WHY)
        async with Browser(tenant.directory / "ca.pem") as browser:
            await link(tenant, browser, DAVE)
        await _answered(tenant, message.ts)


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("user", ["U0GUEST", "U0STRANGER", "U0GONE"])
async def test_not_for_strangers(tenant: Tenant, user: str) -> None:
    """Fails when the message is searched before it is known who asks."""
    target = tenant.graph.add(APPROVAL, owner=ALICE.oid)
    message = tenant.slack.say(BOB.slack_id, CHANNEL, f"{APPROVALS}/{target}")
    await tenant.slack.shortcut(user, CHANNEL, message.ts, "cancel_from_message")
    slack = tenant.slack
    told = await slack.until(lambda: [words(one.blocks) for one in (*slack.ephemerals(user), *slack.dms(user))])
    assert "This bot works only for full members of its own Slack team." in told[-1]
    assert slack.open_view(user) is None
