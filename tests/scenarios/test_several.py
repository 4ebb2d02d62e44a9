"""Several at once: chosen in one dialog, for one reason, told under one message; each as if it were the only one."""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB, CAROL
from bot.sandbox.tenant import AUDIT, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play, words
from tests.scenarios.several import SEVERAL, cancelled, effects, named, opened, over, send, trail
from tests.scenarios.test_picker import APPROVAL, INTUNE, PACKAGE, _digest
from tests.scenarios.test_second_person import POLICY, asked_table, press, questions

OTHERS: Final = """
[[rule]]
effect = "allow"
kinds = ["access-package"]
actors = ["CAROL"]
own_only = false
"""


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
