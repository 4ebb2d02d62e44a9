"""Lost answers: read back, repeated at most twice, and never called cancelled, or not cancelled, without knowing."""

from typing import Any

import pytest

from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import ACCESS_PACKAGE, APPROVAL_ITEM, POST, PRIVILEGED_ROLE, READ, Case, each_kind
from tests.scenarios.graph.scene import Scene

# Answers that do not tell whether the call was carried out, and what is told of each.
LOST: dict[str, tuple[dict[str, Any], str]] = {
    "dropped": ({"drop": True}, ""),
    "500": ({"status": 500}, "HTTP 500"),
    "503": ({"status": 503}, "HTTP 503"),
    "503 with a time": ({"status": 503, "headers": {"Retry-After": "0"}}, "HTTP 503"),
    "HTML as 200": ({"status": 200, "body": b"<html>Welcome to the proxy</html>"}, "HTTP 200"),
    "HTML as 502": ({"status": 502, "body": b"<html>Bad Gateway</html>"}, "HTTP 502"),
    "nothing, undocumented": ({"status": 206, "body": b""}, "HTTP 206"),
}


@each_kind
@pytest.mark.parametrize("how", ["dropped", "503 with a time", "HTML as 200"])
async def test_without_effect_the_call_is_repeated(scene: Scene, case: Case, how: str) -> None:
    target = scene.add(case)
    scene.fail(POST, **LOST[how][0])
    (await scene.cancel(case, target)).ended("cancelled", posts=2, effects=1)


@each_kind
@pytest.mark.parametrize("how", LOST)
async def test_with_effect_it_is_read_back(scene: Scene, case: Case, how: str) -> None:
    """Fails when the call is repeated without a look: the second one would be refused as not cancellable."""
    what, status = LOST[how]
    target = scene.add(case)
    scene.fail(POST, after_effect=True, **what)
    story = await scene.cancel(case, target)
    story.ended("cancelled", posts=1, effects=1)
    assert "Reading it back confirmed the cancellation" in story.told
    assert status in story.told
    assert story.client_request_id == story.posts[0].client_request_id


@each_kind
async def test_for_ever(scene: Scene, case: Case) -> None:
    target = scene.add(case)
    scene.fail(POST, status=503, times=-1)
    story = await scene.cancel(case, target)
    story.ended("unknown", posts=3)
    assert f"reading back did not settle what became of it (state: {case.pending})" in story.told
    assert "HTTP 503" in story.told
    assert story.request_id
    assert story.client_request_id == story.posts[-1].client_request_id


@each_kind
@pytest.mark.parametrize("calls", [2, 3])
async def test_effect_of_any_call_is_found(scene: Scene, case: Case, calls: int) -> None:
    target = scene.add(case)
    scene.fail(POST, drop=True, times=calls - 1)
    scene.fail(POST, drop=True, after_effect=True)
    story = await scene.cancel(case, target)
    story.ended("cancelled", posts=calls, effects=1)
    assert "Reading it back confirmed" in story.told


@each_kind
async def test_reads_lag_behind(scene: Scene, case: Case) -> None:
    """The repeated call is refused since ours has worked: cancelled, but not provably by us.

    Fails when the error alone decides, or when the target is not read once more.
    """
    target = scene.add(case)
    before = scene.shown(case, target, case.pending)
    scene.fail(POST, drop=True, after_effect=True)
    scene.fail(READ, body=before, times=2)
    story = await scene.cancel(case, target)
    story.ended("cancelled", posts=2, effects=1)
    assert "we cannot prove that it was our call" in story.told
    assert "HTTP 400" in story.told
    assert story.request_id


@each_kind
async def test_reads_lag_to_the_end(scene: Scene, case: Case) -> None:
    """Fails when the refusal of the repeated call is told as that of the first one: "Not cancelled" would be a lie."""
    target = scene.add(case)
    before = scene.shown(case, target, case.pending)
    scene.fail(POST, drop=True, after_effect=True)
    scene.fail(READ, body=before, times=-1)
    story = await scene.cancel(case, target)
    story.ended("unknown", posts=2, effects=1)
    assert "HTTP 400" in story.told


UNREADABLE: dict[str, dict[str, Any]] = {
    "forbidden": {"status": 403},
    "error": {"status": 400, "body": b""},
    "throttled": {"status": 429, "headers": {"Retry-After": "86401"}},
    "dropped": {"drop": True},
    "HTML": {"status": 200, "body": b"<html></html>"},
}


@each_kind
@pytest.mark.parametrize("how", UNREADABLE)
async def test_not_readable_afterwards(scene: Scene, case: Case, how: str) -> None:
    """Whether the call worked or not, nobody can know. Fails when a failed read ends as "Not cancelled"."""
    target = scene.add(case)
    scene.fail(POST, drop=True, after_effect=True)
    scene.pass_by(READ)
    scene.fail(READ, times=-1, **UNREADABLE[how])
    story = await scene.cancel(case, target)
    story.ended("unknown", posts=1, effects=1)
    assert "(state: not readable)" in story.told
    assert story.client_request_id


@each_kind
@pytest.mark.parametrize("status", [400, 403, 409])
async def test_an_error_of_the_repeated_call_says_nothing_of_the_first(scene: Scene, case: Case, status: int) -> None:
    target = scene.add(case)
    scene.fail(POST, drop=True)
    scene.fail(POST, status=status)
    story = await scene.cancel(case, target)
    story.ended("unknown", posts=2)
    assert f"(state: {case.pending})" in story.told
    assert f"HTTP {status}" in story.told


@each_kind
async def test_completed_meanwhile(scene: Scene, case: Case) -> None:
    """Fails when it is told like a target that was found final before anything was sent."""
    target = scene.add(case)
    scene.fail(POST, drop=True)
    scene.pass_by(READ)
    scene.fail(READ, body=scene.shown(case, target, case.over))
    story = await scene.cancel(case, target)
    story.ended("already_final", posts=1)
    assert f"(state: {case.over})" in story.told
    assert "nothing was sent" not in story.told


async def test_still_being_cancelled(scene: Scene) -> None:
    """A role in its passing state is not called a second time. Fails when "Cancelling" counts as still cancellable."""
    target = scene.add(PRIVILEGED_ROLE)
    scene.graph.finishes_on_read = False
    scene.fail(POST, drop=True, after_effect=True)
    story = await scene.cancel(PRIVILEGED_ROLE, target)
    story.ended("accepted", posts=1, effects=1)


@pytest.mark.parametrize("case", [APPROVAL_ITEM, ACCESS_PACKAGE], ids=lambda case: case.kind)
async def test_person_is_checked_again_before_a_repeat(alone: Scene, start: Start, case: Case) -> None:
    """Fails when a repeat trusts the first decision."""
    target = alone.add(case)
    alone.fail(POST, status=503, headers={"Retry-After": "1"})
    async with start():
        await alone.submit(case, target)
        await alone.replying(target, "again in 1 second")
        await alone.execute("DELETE FROM links")
        story = await alone.story(case, target)
    story.ended("unknown", posts=1)
    assert story.end["detail"] == "sign_in_needed"
    assert "HTTP 503" in story.told
