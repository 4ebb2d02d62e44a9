"""Whose request it is: one's own, somebody else's, and where nobody can tell."""

from typing import Any

import pytest

from bot.sandbox.people import ALICE, BOB, CAROL, DAVE, Person
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import (
    ACCESS_PACKAGE,
    CASES,
    GOVERNANCE_ROLE,
    OPERATION_APPROVAL,
    OWN_ONLY,
    PRIVILEGED_ROLE,
    READ,
    Case,
    each_kind,
)
from tests.scenarios.graph.scene import Scene, Story
from tests.scenarios.play import words

UNREAD = "It could not be read first; the call was one that Microsoft limits to your own requests."


@each_kind
async def test_not_yours_and_not_there_sound_alike(scene: Scene, case: Case) -> None:
    """Privately, word for word; the thread says only that nothing came of it. Fails when a 404 is told as one."""
    theirs = scene.add(case, owner=BOB.oid)
    ended = scene.add(case, owner=BOB.oid, state=case.cancelled)
    absent = scene.absent(case)
    stories = [await scene.cancel(case, target, person=ALICE) for target in (theirs, ended, absent)]
    for story in stories:
        story.ended("refused")
        assert OWN_ONLY in story.told
        assert case.pending not in story.told
    assert len({story.told for story in stories}) == 1


@each_kind
async def test_help_desk_may(scene: Scene, case: Case) -> None:
    """What becomes of it when the help desk cancels for somebody else: the services' own rules differ."""
    result, meaning = case.row.for_others
    story = await scene.cancel(case, scene.add(case, owner=BOB.oid), person=CAROL)
    story.ended(result, posts=int(result != "refused"), effects=int(result == "cancelled"))
    assert meaning in story.told
    assert {call.oid for call in story.posts} <= {None if case.row.as_application else CAROL.oid}


@each_kind
async def test_help_desk_is_told_that_there_is_none(scene: Scene, case: Case) -> None:
    """Where its rule lets it cancel what others asked for; else it may not know."""
    story = await scene.cancel(case, scene.absent(case), person=CAROL)
    may = case.row.for_others[0] != "refused"
    story.ended("failed" if may else "refused")
    assert ("knows no such request" if may else OWN_ONLY) in story.told
    assert ("HTTP 404" in story.told) is may


@each_kind
async def test_not_linked(scene: Scene, case: Case) -> None:
    target = scene.add(case, owner=DAVE.oid)
    ack = await scene.submit(case, target, person=DAVE)
    assert isinstance(ack.body, dict)
    told = words(ack.body["view"]["blocks"])
    assert "your Slack account is not linked to a Microsoft account" in told
    assert [(row.event, row.detail["result"]) for row in scene.rows(target)] == [("refused", "refused")]
    assert scene.calls(target) == []


async def test_own_package_by_the_small_permission(scene: Scene) -> None:
    target = scene.add(ACCESS_PACKAGE)
    story = await scene.cancel(ACCESS_PACKAGE, target)
    story.ended("cancelled", posts=1, effects=1)
    [call] = story.posts
    assert call.path == f"/beta/identityGovernance/entitlementManagement/assignmentRequests/{target}/cancel"
    assert call.body == {"id": target, "requestStatus": "cancelled"}
    assert call.oid == ALICE.oid
    assert "EntitlementMgmt-SubjectAccess.ReadWrite" in call.scopes
    assert "EntitlementManagement.ReadWrite.All" not in call.scopes


async def test_package_of_somebody_else(scene: Scene) -> None:
    target = scene.add(ACCESS_PACKAGE, owner=BOB.oid)
    story = await scene.cancel(ACCESS_PACKAGE, target, person=CAROL)
    story.ended("cancelled", posts=1, effects=1)
    [call] = story.posts
    assert call.path == f"/v1.0/identityGovernance/entitlementManagement/assignmentRequests/{target}/cancel"
    assert call.body is None
    assert call.oid == CAROL.oid
    assert "EntitlementManagement.ReadWrite.All" in call.scopes


async def unread_package(alone: Scene, start: Start, owner: Person) -> Story:
    """Alice's small permission reads nothing, and here the application has no role to read with either."""
    alone.tenant.entra.app_roles -= {"EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All"}
    target = alone.add(ACCESS_PACKAGE, owner=owner.oid)
    async with start():
        return await alone.cancel(ACCESS_PACKAGE, target)


async def test_own_package_unread(alone: Scene, start: Start) -> None:
    story = await unread_package(alone, start, ALICE)
    story.ended("cancelled", posts=1, effects=1)
    assert UNREAD in story.told
    assert story.posts[0].version == "beta"
    assert story.posts[0].body == {"id": story.target, "requestStatus": "cancelled"}


async def test_package_of_somebody_else_unread(alone: Scene, start: Start) -> None:
    """Only the call that the service limits to own requests goes out. Fails when v1.0's is sent unread."""
    story = await unread_package(alone, start, BOB)
    story.ended("failed", posts=1)
    assert story.posts[0].version == "beta"
    assert "HTTP 403" in story.told


UNREADABLE: list[dict[str, Any]] = [{"status": 403}, {"status": 401}]


LIMITED = [case for case in CASES if case.resource.call_for(None).only_own]
OPEN = [case for case in CASES if case not in LIMITED and not case.row.as_application]


@pytest.mark.parametrize("case", LIMITED, ids=lambda case: case.kind)
async def test_own_unread(scene: Scene, case: Case) -> None:
    """Where the service itself limits the call to one's own requests, it is sent unread, and the thread says so."""
    target = scene.add(case)
    scene.fail(READ, times=-1, status=403)
    story = await scene.cancel(case, target)
    story.ended("cancelled", posts=1, effects=1)
    assert UNREAD in story.told


@pytest.mark.parametrize("case", OPEN, ids=lambda case: case.kind)
@pytest.mark.parametrize("what", UNREADABLE, ids=str)
async def test_nobody_can_read_it(scene: Scene, case: Case, what: dict[str, Any]) -> None:
    """Without knowing whose it is, only own requests are not enough. Fails when every kind is sent unread."""
    target = scene.add(case)
    scene.fail(READ, times=-1, **what)
    story = await scene.cancel(case, target)
    story.ended("refused")
    assert "Nobody could read whose request this is" in story.told
    assert f"HTTP {what['status']}" in story.told
    assert story.request_id


async def test_help_desk_may_unread(scene: Scene) -> None:
    """Its rule does not ask whose it is. Fails when the thread speaks of a call for own requests: there is none."""
    target = scene.add(OPERATION_APPROVAL)
    scene.fail(READ, times=-1, status=403)
    story = await scene.cancel(OPERATION_APPROVAL, target)
    story.ended("cancelled", posts=1, effects=1)
    assert UNREAD not in story.told
    assert story.rows[1].detail["state"] == ""


@pytest.mark.parametrize("case", [PRIVILEGED_ROLE, GOVERNANCE_ROLE], ids=lambda case: case.kind)
async def test_given_by_an_administrator(scene: Scene, case: Case) -> None:
    """The subject of an Admin… request did not ask for it. Fails when the subject always counts as the requestor."""
    story = await scene.cancel(case, scene.add(case, type="AdminAdd"))
    story.ended("refused")
    assert "Nobody could read whose request this is" in story.told


async def test_package_without_a_requestor(scene: Scene) -> None:
    """Nothing never equals nothing."""
    story = await scene.cancel(ACCESS_PACKAGE, scene.add(ACCESS_PACKAGE, requestor=None))
    story.ended("refused")
    assert "Nobody could read whose request this is" in story.told
