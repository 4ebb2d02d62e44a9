"""The service's errors at the call: documented ones with their meaning, others with code, status and request-id."""

from collections.abc import Iterator
from http import HTTPStatus
from operator import attrgetter
from typing import Any

import pytest

from bot.resources import DocumentedError
from tests.scenarios.graph.cases import APPROVAL_ITEM, CASES, GOVERNANCE_ROLE, POST, READ, Case, each_kind
from tests.scenarios.graph.scene import Scene


def body_of(case: Case, code: str, message: str = "") -> dict[str, Any]:
    """The service's form of an error."""
    inner = {} if case.azure else {"innerError": {"date": "2026-11-23T00:00:00"}}
    return {"error": {"code": code, "message": message, **inner}}


def _documented() -> Iterator[tuple[Case, DocumentedError, str, str]]:
    """Each documented error of each kind with a code and a message: the token is the one, or a part of the other."""
    for case in CASES:
        for error in case.resource.errors:
            if " " in error.token:
                yield case, error, "", error.token
            else:
                yield case, error, error.token, ""
            yield case, error, HTTPStatus(error.status).phrase.title().replace(" ", ""), f"{error.token}."


@pytest.mark.parametrize(
    ("case", "error", "code", "message"),
    list(_documented()),
    ids=lambda value: getattr(value, "kind", getattr(value, "token", value)),
)
async def test_documented(scene: Scene, case: Case, error: DocumentedError, code: str, message: str) -> None:
    target = scene.add(case)
    scene.fail(POST, status=error.status, body=body_of(case, code, message))
    story = await scene.cancel(case, target)
    story.ended("failed", posts=1)
    assert error.sentence.replace("{state}", case.pending) in story.told
    assert error.next_step in story.told
    assert f"HTTP {error.status}" in story.told
    assert code in story.told
    assert story.request_id
    assert story.client_request_id == story.posts[0].client_request_id


@pytest.mark.parametrize("case", [case for case in CASES if case.facts.unknown_id_seen], ids=attrgetter("kind"))
@pytest.mark.parametrize("seen", [False, True], ids=["documented", "seen"])
async def test_unknown_id_at_the_call(scene: Scene, case: Case, *, seen: bool) -> None:
    """400 say the documents, 404 was seen: either is told as what it means."""
    absent = scene.absent(case)
    present = scene.add(case)
    scene.fail(READ, body=scene.shown(case, present, case.pending), times=2)
    scene.service(case).unknown_id_as_seen = seen
    story = await scene.cancel(case, absent)
    story.ended("failed", posts=1)
    assert "There is no such request here." in story.told
    assert f"HTTP {404 if seen else 400}" in story.told


@pytest.mark.parametrize("inner", ["innerError", "innererror"])
async def test_most_specific_code_counts(scene: Scene, inner: str) -> None:
    target = scene.add(GOVERNANCE_ROLE)
    body = {"error": {"code": "BadRequest", "message": "", inner: {"code": "RequestCannotBeCancelled"}}}
    scene.fail(POST, status=400, body=body)
    story = await scene.cancel(GOVERNANCE_ROLE, target)
    story.ended("failed", posts=1)
    assert "Only a request that is granted" in story.told
    assert "code RequestCannotBeCancelled" in story.told


# States that are neither cancellable nor final, whether a document names them or not: the service decides.
UNCERTAIN = [(case, state) for case in CASES for state in ("unknownFutureValue", *case.row.uncertain)]
# Of these no document says whether they can be cancelled; the stand-in plays both.
OPEN = {"pendingapproval": "PendingApproval", "pendingadmindecision": "PendingAdminDecision"}
UNDECIDED = [(case, OPEN[state]) for case in CASES for state in sorted(case.facts.uncertain & OPEN.keys())]


@pytest.mark.parametrize(("case", "state"), UNDECIDED, ids=lambda value: getattr(value, "kind", value))
@pytest.mark.parametrize("possible", [True, False], ids=["possible", "not possible"])
async def test_undecided_state_is_attempted(scene: Scene, case: Case, state: str, *, possible: bool) -> None:
    """Either answer is told as it is. Fails when it counts as final, so that nothing is sent."""
    scene.service(case).cancels_uncertain = possible
    story = await scene.cancel(case, scene.add(case, state=state))
    story.ended("cancelled" if possible else "failed", posts=1, effects=int(possible))
    assert ("HTTP 400" in story.told) is not possible
    assert (f"does not cancel a request in this state ({state})" in story.told) is not possible


@pytest.mark.parametrize(("case", "state"), UNCERTAIN, ids=lambda value: getattr(value, "kind", value))
async def test_uncertain_state_is_attempted(scene: Scene, case: Case, state: str) -> None:
    """Fails when only `yes` states are called."""
    story = await scene.cancel(case, scene.add(case, state=state))
    story.ended("failed", posts=1)
    assert "HTTP 400" in story.told
    assert story.request_id


@pytest.mark.parametrize(("case", "state"), UNCERTAIN, ids=lambda value: getattr(value, "kind", value))
async def test_uncertain_state_may_succeed(scene: Scene, case: Case, state: str) -> None:
    target = scene.add(case, state=state)
    scene.fail(POST, status=case.facts.success[case.variant].status, body=b"")
    (await scene.cancel(case, target)).ended("cancelled", posts=1)


async def test_item_that_allows_no_cancel_is_attempted(scene: Scene) -> None:
    """A documented example has allowCancel true on a completed item, so the flag alone decides nothing."""
    story = await scene.cancel(APPROVAL_ITEM, scene.add(APPROVAL_ITEM, allowCancel=False))
    story.ended("failed", posts=1)
    assert "code BadRequest" in story.told


@each_kind
async def test_overtaken(scene: Scene, case: Case) -> None:
    """Somebody else was quicker than our call. Fails when the target is not read again after an error."""
    target = scene.add(case, state=case.over)
    scene.fail(READ, body=scene.shown(case, target, case.pending))
    story = await scene.cancel(case, target)
    story.ended("already_final", posts=1)
    assert f"can no longer be cancelled (state: {case.over})" in story.told
    assert case.resource.too_late in story.told
    assert story.request_id


@each_kind
async def test_somebody_else_cancelled_first(scene: Scene, case: Case) -> None:
    target = scene.add(case, state=case.cancelled)
    scene.fail(READ, body=scene.shown(case, target, case.pending))
    story = await scene.cancel(case, target)
    story.ended("already_final", posts=1)
    assert f"(state: {case.cancelled})" in story.told


UNDOCUMENTED = {
    400: "its documents do not explain",
    404: "knows no such request",
    409: "changed by somebody else",
    410: "its documents do not explain",
}


@each_kind
@pytest.mark.parametrize("status", UNDOCUMENTED)
async def test_undocumented(scene: Scene, case: Case, status: int) -> None:
    target = scene.add(case)
    scene.fail(POST, status=status, body=body_of(case, "Teapot", "Words that nobody needs to read."))
    story = await scene.cancel(case, target)
    story.ended("failed", posts=1)
    assert UNDOCUMENTED[status] in story.told
    assert f"HTTP {status}" in story.told
    assert "code Teapot" in story.told
    assert story.request_id
    assert "nobody needs to read" not in story.told


@each_kind
@pytest.mark.parametrize("body", [b"", b"<html>Bad Request</html>"])
async def test_error_that_says_nothing(scene: Scene, case: Case, body: bytes) -> None:
    target = scene.add(case)
    scene.fail(POST, status=400, body=body)
    story = await scene.cancel(case, target)
    story.ended("failed", posts=1)
    assert "HTTP 400" in story.told
    assert story.request_id


@each_kind
async def test_forbidden_names_the_permission(scene: Scene, case: Case) -> None:
    target = scene.add(case)
    scene.fail(POST, status=403)
    story = await scene.cancel(case, target)
    story.ended("failed", posts=1)
    assert f"the permission {case.permission} or the right role is missing" in story.told
    assert story.request_id


@each_kind
async def test_unauthorized(scene: Scene, case: Case) -> None:
    """A person is asked to sign in again; the bot's own application cannot do that."""
    target = scene.add(case)
    scene.fail(POST, status=401)
    story = await scene.cancel(case, target)
    as_person = not case.row.as_application
    story.ended("refused" if as_person else "failed", posts=1)
    assert ("/cancel-approval signin" in story.told) is as_person
    assert "HTTP 401" in story.told
    assert story.request_id
