"""Several at once: chosen in one dialog, for one reason, told under one message; each as if it were the only one."""

import asyncio
import re
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from bot.cancellations import Cancellations
from bot.sandbox.browser import Browser
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB, CAROL
from bot.sandbox.slack_payloads import block_suggestion
from bot.sandbox.slack_records import Ack, Message
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import AUDIT, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import READ
from tests.scenarios.linking.walk import link
from tests.scenarios.play import WHY, Play, words
from tests.scenarios.test_denied import denied
from tests.scenarios.test_picker import APPROVAL, INTUNE, PACKAGE, _digest
from tests.scenarios.test_second_person import POLICY, asked_table, press, questions

SEVERAL: Final = "pick_several"
OTHERS: Final = """
[[rule]]
effect = "allow"
kinds = ["access-package"]
actors = ["CAROL"]
own_only = false
"""


async def opened(play: Play, typed: str = "several") -> View:
    """The dialog in which several can be chosen, with all that it offers."""
    await play.command(typed)
    view = await play.view_with(*(f"{SEVERAL}:{kind}" for kind in ("", typed.partition(" ")[2])))
    await play.tenant.slack.suggest(play.person.slack_id, view.id, SEVERAL)
    return view


async def send(play: Play, view: View, *digests: str, why: str = WHY) -> Ack:
    """Chooses these and presses the button."""
    return await play.tenant.slack.submit(play.person.slack_id, view.id, {SEVERAL: list(digests), "justification": why})


async def cancelled(play: Play, view: View, *digests: str) -> None:
    """The same, where all of it begins, and waits until all of it is over."""
    ack = await send(play, view, *digests)
    assert (ack.status, ack.body or {}) == (200, {})
    assert play.tenant.slack.open_view(play.person.slack_id) is None
    await over(play, len(digests))


async def over(play: Play, count: int, root: str = "") -> None:
    """All is over: so many audit lines, and the root says that all have ended."""
    await play.tenant.slack.until(lambda: len(play.tenant.slack.messages(AUDIT)) >= count)
    await play.over()
    await play.tenant.slack.until(lambda: (root or f"All {count} have ended") in words(play.roots()[0].blocks))


def effects(tenant: Tenant) -> list[str]:
    return sorted(effect.id for effect in tenant.graph.effects)


def named(replies: list[Message]) -> list[str]:
    """The targets that replies name, in order of their ids."""
    return sorted(re.findall(r": [a-z-]+ (\S+)$", words(one.blocks))[0] for one in replies)


async def trail(tenant: Tenant) -> list[tuple[Any, ...]]:
    """Event and target of every row."""
    return await asked_table(tenant, "SELECT event, target_id FROM audit_rows ORDER BY target_id, seq")


@pytest.mark.usefixtures("bot")
async def test_three_for_one_reason(tenant: Tenant, alice: Play) -> None:
    """One root that counts them, a reply and an audit line for each; what was not chosen stays."""
    ids = sorted(tenant.graph.add(kind, owner=ALICE.oid) for kind in (PACKAGE, PACKAGE, APPROVAL))
    left = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    his = tenant.graph.add(PACKAGE, owner=BOB.oid)
    view = await opened(alice)
    offered = (await tenant.slack.suggest(ALICE.slack_id, view.id, SEVERAL)).values
    chosen = [one for one in offered if one != _digest(PACKAGE, left)]
    assert _digest(PACKAGE, his) not in offered
    assert len(chosen) == 3
    await cancelled(alice, view, *chosen)
    [root] = alice.roots()
    said = words(root.blocks)
    assert all(part in said for part in ("3 requests to cancel, for one reason", f"@{ALICE.slack_id}", WHY))
    assert "All 3 have ended: 3 cancelled" in said
    replies = alice.replies()
    assert [one.thread_ts for one in replies] == [root.ts] * 3
    assert named(replies) == effects(tenant) == ids
    assert all("Cancelled" in words(one.blocks) for one in replies)
    assert len(tenant.slack.messages(AUDIT)) == 3
    assert await trail(tenant) == [(event, one) for one in ids for event in ("requested", "called", "ended")]
    details = await asked_table(tenant, "SELECT detail FROM audit_rows WHERE event = 'requested'")
    assert len({detail.partition('"batch": ')[2] for (detail,) in details}) == 1
    assert all('"batch": "' in detail for (detail,) in details)


@pytest.mark.usefixtures("socket_bot")
async def test_of_one_kind(tenant: Tenant, alice: Play) -> None:
    """Fails when the kind of the command does not reach what is offered."""
    package = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    tenant.graph.add(APPROVAL, owner=ALICE.oid)
    view = await opened(alice, "several access-package")
    found = await tenant.slack.suggest(ALICE.slack_id, view.id, SEVERAL)
    assert found.values == [_digest(PACKAGE, package)]
    await send(alice, view, *found.values)
    await over(alice, 1, "It has ended: 1 cancelled")
    await alice.command("several privileged-role")
    assert "Microsoft offers no list of this kind" in await alice.told()


@pytest.mark.usefixtures("socket_bot")
async def test_from_the_picker(tenant: Tenant, alice: Play) -> None:
    """What was typed there stays."""
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await alice.picker()
    tenant.slack.type_in_view(view.id, "justification", "What I typed before")
    await tenant.slack.select_in_view(ALICE.slack_id, view.id, "choose_several", None)
    await alice.view_with(f"{SEVERAL}:")
    found = await tenant.slack.suggest(ALICE.slack_id, view.id, SEVERAL)
    assert found.values == [_digest(PACKAGE, target)]
    await tenant.slack.submit(ALICE.slack_id, view.id, {SEVERAL: found.values})
    await over(alice, 1, "It has ended")
    assert "What I typed before" in words(alice.roots()[0].blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_nothing_to_choose(tenant: Tenant, alice: Play) -> None:
    await alice.command("several")
    view = await alice.view_with("kind")
    assert "There is nothing now that you may cancel." in words(view.blocks)
    assert tenant.graph.effects == []


@pytest.mark.usefixtures("socket_bot")
async def test_not_ones_own_is_no_choice(tenant: Tenant, alice: Play) -> None:
    """A digest from elsewhere. Fails when what is submitted is not looked up for whoever submits; nothing is begun."""
    mine, his = (tenant.graph.add(PACKAGE, owner=one.oid) for one in (ALICE, BOB))
    view = await opened(alice)
    forged = {"text": {"type": "plain_text", "text": "Forged"}, "value": _digest(PACKAGE, his)}
    block, element = view.element(SEVERAL)
    own = view.option(block, element, _digest(PACKAGE, mine))
    view.suggest(block, element, [own, forged])
    await send(alice, view, _digest(PACKAGE, mine), _digest(PACKAGE, his))
    assert "1 of these cannot be chosen any more: “Forged”." in view.errors[f"{SEVERAL}:"]
    assert await trail(tenant) == []
    assert tenant.graph.effects == []


@pytest.mark.usefixtures("socket_bot")
async def test_more_than_the_menu_takes_is_refused(tenant: Tenant, alice: Play) -> None:
    """Slack's client lets nobody choose them. Fails when `MOST_AT_ONCE` is Slack's affair alone."""
    ids = tenant.graph.add_many(PACKAGE, 26, owner=ALICE.oid)
    view = await opened(alice)
    view.element(SEVERAL)[1]["max_selected_items"] = 26
    await send(alice, view, *(_digest(PACKAGE, one) for one in ids))
    assert "At most 25 can be cancelled at once; 26 are chosen." in view.errors[f"{SEVERAL}:"]
    assert await trail(tenant) == []


async def test_one_that_is_over_meanwhile(tenant: Tenant, alice: Play, start: Start) -> None:
    """It left the list: the dialog says so and begins nothing; without it, the others are cancelled."""
    one, two = (tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(2))
    async with start():
        view = await opened(alice)
        tenant.graph.decide(PACKAGE, two, "denied")
        await asyncio.sleep(2)  # until the list is too old to be used
        await send(alice, view, _digest(PACKAGE, one), _digest(PACKAGE, two))
        error = view.errors[f"{SEVERAL}:"]
        assert "1 of these cannot be chosen any more: “Access package request · Sales tools" in error
        assert await trail(tenant) == []
        await send(alice, view, _digest(PACKAGE, one))
        await over(alice, 1, "It has ended: 1 cancelled")
    assert effects(tenant) == [one]


@pytest.mark.usefixtures("socket_bot")
async def test_ends_are_counted_by_outcome(tenant: Tenant, alice: Play) -> None:
    """One ended right before its call, one answer is an error: the root tells how many of which."""
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(3)]
    view = await opened(alice)
    tenant.graph.faults.add(Fault(rf"GET .*/{ids[0]}", delay=1))
    tenant.graph.faults.add(Fault(rf"POST .*{ids[1]}", status=400, times=-1))
    await send(alice, view, *(_digest(PACKAGE, one) for one in ids))
    tenant.graph.decide(PACKAGE, ids[0], "denied")
    await over(alice, 3)
    assert "All 3 have ended: 1 cancelled, 1 had already ended, 1 not cancelled" in words(alice.roots()[0].blocks)
    assert effects(tenant) == [ids[2]]


@pytest.mark.usefixtures("socket_bot")
async def test_one_that_somebody_else_cancels_already(tenant: Tenant, alice: Play, carol: Play) -> None:
    """It joins theirs, the dialog says so, and its end is counted."""
    one, two = (tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(2))
    view = await opened(alice)
    tenant.graph.faults.add(Fault(rf"POST .*{one}", delay=2))
    hers = await carol.dialog(f"access-package {one}")
    await carol.submit(hers, justification="Carol's reason")
    await send(alice, view, _digest(PACKAGE, one), _digest(PACKAGE, two))
    said = words(view.blocks)
    assert "1 request: recorded." in said
    assert f"1 request: already being cancelled by @{CAROL.slack_id}" in " ".join(said.split())
    await tenant.slack.until(lambda: len(tenant.slack.messages(AUDIT)) == 2)
    root = await tenant.slack.until(
        lambda: next((m for m in alice.roots() if "All 2 have ended" in words(m.blocks)), None)
    )
    assert "1 cancelled, 1 with a cancellation that was there before" in words(root.blocks)
    assert effects(tenant) == sorted((one, two))
    [told] = alice.private()
    assert one in told


@pytest.fixture
def policy(tenant: Tenant, tmp_path: Path) -> Path:
    """Carol may have anybody's cancelled, if Bob agrees to those of Intune."""
    tenant.slack.add_usergroup("S0LEADS", {BOB.slack_id})
    tenant.slack.add_usergroup("S0BANNED", set())
    path = tmp_path / "several.toml"
    path.write_text(POLICY + OTHERS.replace("CAROL", CAROL.slack_id), encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """Carol may have access packages cancelled, and nobody anything else."""
    path = tmp_path / "stricter.toml"
    path.write_text(OTHERS.replace("CAROL", CAROL.slack_id), encoding="utf-8")
    path.chmod(0o600)
    return path


async def test_some_need_a_second_person(tenant: Tenant, carol: Play, start: Start, policy: Path) -> None:
    """Asked in the same thread, for each; the root waits for their end, and goes on after it."""
    two = [tenant.graph.add(INTUNE, owner=ALICE.oid) for _ in range(2)]
    package = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    async with start(POLICY_FILE=str(policy), TIME_SCALE="0.1"):
        view = await opened(carol)
        ids = [*(_digest(INTUNE, one) for one in two), _digest(PACKAGE, package)]
        await send(carol, view, *ids)
        await tenant.slack.until(lambda: len(questions(tenant)) == 2)
        await tenant.slack.until(lambda: "1 of 3 have ended: 1 cancelled" in words(carol.roots()[0].blocks))
        [root] = carol.roots()
        assert {one.thread_ts for one in questions(tenant)} == {root.ts}
        assert effects(tenant) == [package]
        await asyncio.sleep(0.5)
        first, second = questions(tenant)
        await press(tenant, BOB, first)
        await press(tenant, BOB, second, "decline_cancellation")
        await over(carol, 3)
        assert "All 3 have ended: 2 cancelled, 1 not carried out" in words(carol.roots()[0].blocks)
    assert len(tenant.graph.effects) == 2
    assert len({"the target" for one in two if any(one in told for told in carol.private())}) == 1


async def test_the_policy_forbids_some_meanwhile(tenant: Tenant, carol: Play, start: Start, stricter: Path) -> None:
    """After a restart the policy allows less: nothing is begun of what it forbids, and the dialog says it."""
    package = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    intune = tenant.graph.add(INTUNE, owner=ALICE.oid)
    async with start():
        view = await opened(carol)
    async with start(POLICY_FILE=str(stricter)):
        await send(carol, view, _digest(PACKAGE, package), _digest(INTUNE, intune))
        assert "1 of these cannot be chosen any more: “Intune" in view.errors[f"{SEVERAL}:"]
        await send(carol, view, _digest(PACKAGE, package))
        await over(carol, 1, "It has ended: 1 cancelled")
    assert effects(tenant) == [package]


@pytest.mark.usefixtures("bot")
async def test_pressed_twice(tenant: Tenant, alice: Play) -> None:
    """At the same moment, and again when all is over: nothing is doubled."""
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(4)]
    view = await opened(alice)
    for name, value in ((SEVERAL, [_digest(PACKAGE, one) for one in ids]), ("justification", WHY)):
        view.enter(name, value)
    acks = await asyncio.gather(*(tenant.slack.send_again(ALICE.slack_id, view) for _ in range(2)))
    assert [ack.status for ack in acks] == [200, 200]
    await over(alice, 4)
    ack = await tenant.slack.send_again(ALICE.slack_id, view)
    assert "These were recorded before" in str(ack.body)
    assert (len(alice.roots()), named(alice.replies()), effects(tenant)) == (1, sorted(ids), sorted(ids))
    assert len(tenant.slack.messages(AUDIT)) == 4
    view.enter("justification", "Another reason")
    ack = await tenant.slack.send_again(ALICE.slack_id, view)
    assert "4 requests of this dialog went on with another reason." in str(ack.body)


@pytest.mark.usefixtures("socket_bot")
async def test_a_slow_database(tenant: Tenant, alice: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some are recorded in time, and the dialog says how many; pressing again records the rest, and those alone.

    Fails when what waits in line at the deadline is recorded all the same, or holds up the second try.
    """
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(8)]
    view = await opened(alice)
    record, tried = Cancellations._record, list[object]()

    def slowly(self: Cancellations, connection: Any, *arguments: Any) -> Any:
        tried.append(arguments)
        connection.connection.driver_connection.create_function("wait", 1, lambda s: __import__("time").sleep(s))
        connection.exec_driver_sql("SELECT wait(0.45)")
        return record(self, connection, *arguments)

    monkeypatch.setattr(Cancellations, "_record", slowly)
    digests = [_digest(PACKAGE, one) for one in ids]
    ack = await send(alice, view, *digests)
    assert ack.seconds < 3
    found = re.match(r"(\d) of 8 are recorded and go on;", view.errors["justification"])
    assert found
    assert 1 <= int(found[1]) <= 5
    await asyncio.sleep(1)
    assert len(tried) <= int(found[1]) + 1
    monkeypatch.setattr(Cancellations, "_record", record)
    await send(alice, view, *digests)
    assert tenant.slack.open_view(ALICE.slack_id) is None
    await over(alice, 8)
    assert (len(alice.roots()), effects(tenant), named(alice.replies())) == (1, sorted(ids), sorted(ids))
    assert await asked_table(tenant, "SELECT count(*) FROM audit_rows WHERE event = 'requested'") == [(8,)]


@pytest.mark.usefixtures("socket_bot")
async def test_a_locked_database(tenant: Tenant, alice: Play) -> None:
    """Nothing can be recorded: the dialog stays open, says so, and what hung is not recorded after all."""
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(3)]
    view = await opened(alice)
    other = sqlite3.connect(tenant.directory / "bot.db", isolation_level=None)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        ack = await send(alice, view, *(_digest(PACKAGE, one) for one in ids))
    assert ack.seconds < 3
    assert "nothing was sent" in view.errors["justification"]
    await send(alice, view, *(_digest(PACKAGE, one) for one in ids))
    await over(alice, 3)
    assert (effects(tenant), alice.private()) == (sorted(ids), [])


@pytest.mark.usefixtures("socket_bot")
async def test_twenty_five_at_once(tenant: Tenant, alice: Play) -> None:
    """One root, although 25 workflows begin at the same moment. Fails without `Roots`' line: some are posted twice.

    It is redrawn at a pace, so far fewer times than there are ends, and the last time shows all.
    """
    ids = tenant.graph.add_many(PACKAGE, 25, owner=ALICE.oid)
    view = await opened(alice)
    tenant.slack.faults.add(Fault("chat.postMessage", delay=0.5))
    await cancelled(alice, view, *(_digest(PACKAGE, one) for one in ids))
    assert "All 25 have ended: 25 cancelled" in words(alice.roots()[0].blocks)
    assert len(alice.roots()) == 1
    assert effects(tenant) == named(alice.replies()) == sorted(ids)
    methods = [call.method for call in tenant.slack.calls]
    assert "chat.delete" not in methods
    assert len(tenant.slack.messages(AUDIT)) == 25


async def test_redraws_keep_their_pace(tenant: Tenant, alice: Play, start: Start) -> None:
    """Twelve end at almost the same moment. Fails when each end is a change of the message: Slack takes 50 a minute."""
    ids = tenant.graph.add_many(PACKAGE, 12, owner=ALICE.oid)
    async with start(TIME_SCALE="0.5"):
        view = await opened(alice)
        await cancelled(alice, view, *(_digest(PACKAGE, one) for one in ids))
        root = alice.roots()[0].ts
    drawn = [call.at for call in tenant.slack.calls if call.method == "chat.update" and call.args["ts"] == root]
    assert len(drawn) <= 6
    assert all(later - earlier > 0.5 for earlier, later in pairwise(drawn))


@pytest.mark.usefixtures("socket_bot")
async def test_slack_takes_few_messages_at_a_time(tenant: Tenant, alice: Play) -> None:
    """What it puts off is told later, once: of thirteen messages in one channel it takes three at once."""
    ids = tenant.graph.add_many(PACKAGE, 12, owner=ALICE.oid)
    view = await opened(alice)
    tenant.slack.pace.on, tenant.slack.pace.per_second = True, 4.0
    await cancelled(alice, view, *(_digest(PACKAGE, one) for one in ids))
    assert tenant.slack.pace.refused > 0
    assert named(alice.replies()) == effects(tenant) == sorted(ids)
    assert (len(alice.roots()), len(tenant.slack.messages(AUDIT))) == (1, 12)


@pytest.mark.usefixtures("socket_bot")
async def test_somebody_deletes_the_root(tenant: Tenant, alice: Play) -> None:
    """Nothing is posted in its place, and everybody hears the end all the same."""
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(3)]
    view = await opened(alice)
    tenant.graph.faults.add(Fault(READ, delay=1.0, times=3))
    await send(alice, view, *(_digest(PACKAGE, one) for one in ids))
    await tenant.slack.until(alice.roots)
    alice.roots()[0].deleted = True
    await tenant.slack.until(lambda: len(tenant.slack.messages(AUDIT)) == 3)
    await alice.over()
    assert (effects(tenant), alice.roots(), alice.replies()) == (sorted(ids), [], [])
    assert sorted(one for one in ids for told in alice.private() if one in told) == sorted(ids)


async def test_whoever_has_to_sign_in_again(
    tenant: Tenant, alice: Play, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it goes on by itself afterwards, under the same root. Fails when a wish forgets its batch."""
    tenant.entra.token_lifetime = 60  # MSAL renews what has less than five minutes left
    monkeypatch.setattr("bot.slack.directory._KEEP", 0.0)
    ids = sorted(tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(3))
    async with start(**tenant.environment(linking=True)) as bot, Browser(tenant.directory / "ca.pem") as browser:
        tenant.front.forward_to(bot.port)
        view = await opened(alice, "several access-package")
        tenant.entra.revoke(ALICE.oid)
        await send(alice, view, *(_digest(PACKAGE, one) for one in ids))
        await over(alice, 3)
        assert "All 3 have ended: 3 not carried out" in words(alice.roots()[0].blocks)
        told = [one for one in alice.private() if "this goes on by itself" in one]
        assert sorted(one for one in ids for words_ in told if one in words_) == ids
        await link(tenant, browser, ALICE)
        await over(alice, 6, "All 3 have ended: 3 cancelled")
    assert (effects(tenant), len(alice.roots())) == (ids, 1)
    assert named(alice.replies()) == sorted(ids * 2)


@pytest.mark.usefixtures("socket_bot")
async def test_whoever_has_signed_out_meanwhile(tenant: Tenant, alice: Play) -> None:
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await opened(alice)
    await alice.command("signout")
    await alice.told()
    await send(alice, view, _digest(PACKAGE, target))
    assert "1 of these cannot be chosen any more" in view.errors[f"{SEVERAL}:"]
    assert "Type /cancel-approval signin." in view.errors[f"{SEVERAL}:"]


@pytest.mark.usefixtures("socket_bot")
async def test_the_dialog_is_its_persons_alone(tenant: Tenant, alice: Play) -> None:
    """Nobody else is offered anything in it, or submits it. Fails without `Dialogs.recorded`."""
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await opened(alice)
    view.enter(SEVERAL, [_digest(PACKAGE, target)])
    view.enter("justification", WHY)
    ack = await tenant.slack.send_again(CAROL.slack_id, view)
    assert "This dialog can no longer be used." in str(ack.body)
    world = tenant.slack._world
    asked = block_suggestion(
        world, world.people[CAROL.slack_id], view, {"action_id": SEVERAL, "block_id": f"{SEVERAL}:", "value": ""}
    )
    assert (await tenant.slack._deliver("interactive", asked, 0)).body == {"options": []}
    assert await denied(tenant, 2) == [(CAROL.slack_id, "", "", "forged_dialog")] * 2
    assert tenant.graph.effects == []
