"""Two at once on one target: one call, one story; whoever comes second is told who was first."""

import asyncio

import pytest

from bot.sandbox.people import ALICE, BOB, CAROL, Person
from tests.scenarios.graph.cases import APPROVAL_ITEM, POST, READ, Case, each_kind
from tests.scenarios.graph.scene import Scene
from tests.scenarios.play import Play, words


async def _told_of(scene: Scene, case: Case, target: str, person: Person) -> str:
    ack = await scene.submit(case, target, person=person)
    assert isinstance(ack.body, dict)
    assert ack.body["response_action"] == "update"
    return words(ack.body["view"]["blocks"])


@each_kind
@pytest.mark.parametrize("second", [ALICE, CAROL], ids=["twice", "two people"])
async def test_second_joins(scene: Scene, case: Case, second: Person) -> None:
    """Fails without the claim on the target: the second call would be refused as not cancellable."""
    if case.person is CAROL or case.row.for_others[0] == "refused":
        second = case.person
    target = scene.add(case)
    scene.fail(POST, delay=0.3)
    await scene.submit(case, target)
    told = await _told_of(scene, case, target.upper(), second)
    assert f"This is already being cancelled by  @{case.person.slack_id}  since" in told
    story = await scene.story(case, target)
    events = [row.event for row in story.rows if row.event != "joined"]
    assert (events, len(story.rows)) == (["requested", "called", "ended"], 4)
    assert (len(story.posts), len(story.effects), len(story.roots), len(story.replies)) == (1, 1, 1, 1)
    assert scene.posts(target.upper()) == []


async def test_at_the_very_same_moment(scene: Scene) -> None:
    target = scene.add(APPROVAL_ITEM)
    people = [Play(scene.tenant, ALICE), Play(scene.tenant, CAROL)]
    views = [await play.dialog() for play in people]
    acks = await asyncio.gather(
        *(
            play.submit(view, kind=APPROVAL_ITEM.kind, id=target, justification="At once")
            for play, view in zip(people, views, strict=True)
        )
    )
    assert sum("already being cancelled" in str(ack.body) for ack in acks) == 1
    await scene.story(APPROVAL_ITEM, target)
    assert len(scene.posts(target)) == 1


@each_kind
async def test_one_after_the_other(scene: Scene, case: Case) -> None:
    target = scene.add(case)
    await scene.cancel(case, target)
    await scene.submit(case, target)
    story = await scene.story(case, target, lines=2)
    assert "already ended as" in words(story.replies[-1].blocks)
    assert (len(story.posts), len(story.effects)) == (1, 1)


async def test_whoever_joined_hears_the_end(scene: Scene) -> None:
    """Fails when only the first one's thread is told."""
    target = scene.add(APPROVAL_ITEM)
    scene.fail(POST, delay=0.3)
    await scene.submit(APPROVAL_ITEM, target)
    carol = Play(scene.tenant, CAROL)
    told = len(carol.private())
    await scene.submit(APPROVAL_ITEM, target, person=CAROL)
    await carol.told_times(told + 1)
    assert "Cancelled" in carol.private()[-1]


async def test_one_who_may_not_keeps_nobody_out(scene: Scene) -> None:
    """Bob was first and may not; Alice, who joined him, comes next. Fails when whoever is first wins."""
    target = scene.add(APPROVAL_ITEM)
    bob, alice = Play(scene.tenant, BOB), Play(scene.tenant, ALICE)
    views = {play.person.slack_id: await play.dialog() for play in (bob, alice)}
    scene.fail(READ, delay=0.3)
    for play in (bob, alice):
        view = views[play.person.slack_id]
        await play.submit(view, kind=APPROVAL_ITEM.kind, id=target, justification="Who is first?")
    story = await scene.story(APPROVAL_ITEM, target, lines=2)
    assert [effect.oid for effect in story.effects] == [ALICE.oid]
