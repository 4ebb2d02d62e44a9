"""The service's errors at the call: documented ones with their meaning, others with code, status and request-id."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.scenarios.graph.cases import (
    ACCESS_PACKAGE,
    APPROVAL_ITEM,
    GOVERNANCE_ROLE,
    OPERATION_APPROVAL,
    POST,
    PRIVILEGED_ROLE,
    READ,
    Case,
    each_kind,
)
from tests.scenarios.graph.scene import Scene

NOT_CANCELLABLE = "Cancellation can be done only on status Scheduled and PendingApproval."


@dataclass(frozen=True)
class Documented:
    """An error as the documents have it, and parts of the meaning and the next step that a person must read."""

    case: Case
    status: int
    code: str
    message: str
    meaning: str
    step: str


DOCUMENTED = [
    Documented(
        PRIVILEGED_ROLE, 400, "BadRequest", "RequestId cannot be Null.", "received no request id", "Check the id"
    ),
    Documented(
        PRIVILEGED_ROLE,
        400,
        "BadRequest",
        "Request with request ID not found.",
        "There is no such role request",
        "Check the id",
    ),
    Documented(
        PRIVILEGED_ROLE,
        400,
        "",
        "Cancellation can be done only on status Scheduled and PendingApproval.",
        "Only a scheduled request",
        "privileged role administrator",
    ),
    Documented(
        PRIVILEGED_ROLE,
        403,
        "UnAuthorized",
        "Requester not allowed to make Cancel call or request not found.",
        "You may not cancel this role request, or it does not exist",
        "Ask whoever made the request",
    ),
    Documented(
        PRIVILEGED_ROLE, 400, "TenantEnabledInAadRoleMigration", "", "have moved to the newer PIM", "PIM portal"
    ),
    Documented(
        GOVERNANCE_ROLE, 400, "RoleAssignmentRequestNotFound", "", "There is no such role request", "Check the id"
    ),
    Documented(GOVERNANCE_ROLE, 400, "BadRequest", "RoleAssignmentRequestNotFound", "There is no such", "Check the id"),
    Documented(GOVERNANCE_ROLE, 400, "RequestCannotBeCancelled", "", "Only a request that is granted", "administrator"),
    Documented(GOVERNANCE_ROLE, 400, "", "RequestCannotBeCancelled", "Only a request that is granted", "administrator"),
]


def graph_error(code: str, message: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {"date": "2026-11-23T00:00:00"}}}


@pytest.mark.parametrize("error", DOCUMENTED, ids=lambda error: f"{error.case.kind} {error.code} {error.message}")
async def test_documented(scene: Scene, error: Documented) -> None:
    target = scene.add(error.case)
    scene.fail(POST, status=error.status, body=graph_error(error.code, error.message))
    story = await scene.cancel(error.case, target)
    story.ended("failed", posts=1)
    assert error.meaning in story.told
    assert error.step in story.told
    assert f"HTTP {error.status}" in story.told
    assert error.code in story.told
    assert story.request_id
    assert story.client_request_id == story.posts[0].client_request_id


@pytest.mark.parametrize("inner", ["innerError", "innererror"])
async def test_most_specific_code_counts(scene: Scene, inner: str) -> None:
    target = scene.add(GOVERNANCE_ROLE)
    body = {"error": {"code": "BadRequest", "message": "", inner: {"code": "RequestCannotBeCancelled"}}}
    scene.fail(POST, status=400, body=body)
    story = await scene.cancel(GOVERNANCE_ROLE, target)
    story.ended("failed", posts=1)
    assert "Only a request that is granted" in story.told
    assert "code RequestCannotBeCancelled" in story.told


# States that the documents name, but neither as cancellable nor as final: the service decides.
UNCERTAIN = [
    (APPROVAL_ITEM, "unknownFutureValue"),
    (OPERATION_APPROVAL, "needsApproval"),
    (OPERATION_APPROVAL, "unknown"),
    (ACCESS_PACKAGE, "Delivering"),
    (PRIVILEGED_ROLE, "NotStarted"),
    (PRIVILEGED_ROLE, "Approved"),
    (GOVERNANCE_ROLE, "PendingEvaluation"),
]


@pytest.mark.parametrize(("case", "state"), UNCERTAIN)
async def test_uncertain_state_is_attempted(scene: Scene, case: Case, state: str) -> None:
    """Fails when only `yes` states are called."""
    story = await scene.cancel(case, scene.add(case, state=state))
    story.ended("failed", posts=1)
    assert "HTTP 400" in story.told
    assert story.request_id


@pytest.mark.parametrize(("case", "state"), UNCERTAIN)
async def test_uncertain_state_may_succeed(scene: Scene, case: Case, state: str) -> None:
    target = scene.add(case, state=state)
    scene.fail(POST, status=200 if case in (OPERATION_APPROVAL, PRIVILEGED_ROLE) else 204, body=b"")
    (await scene.cancel(case, target)).ended("cancelled", posts=1)


async def test_item_that_allows_no_cancel_is_attempted(scene: Scene) -> None:
    """A documented example has allowCancel true on a completed item, so the flag alone decides nothing."""
    story = await scene.cancel(APPROVAL_ITEM, scene.add(APPROVAL_ITEM, allowCancel=False))
    story.ended("failed", posts=1)
    assert "code BadRequest" in story.told


# The state in which somebody else left it between our look and our call, and what is to be done then.
OVERTAKEN = [
    (APPROVAL_ITEM, "completed", "A completed approval stays as it is"),
    (OPERATION_APPROVAL, "completed", "Only an approved request can be cancelled"),
    (ACCESS_PACKAGE, "delivered", "A delivered package is not cancelled but removed"),
    (PRIVILEGED_ROLE, "Completed", "A role that was already assigned is removed"),
    (GOVERNANCE_ROLE, "Provisioned", "A role that was already provisioned is removed"),
]


@pytest.mark.parametrize(("case", "state", "step"), OVERTAKEN)
async def test_overtaken(scene: Scene, case: Case, state: str, step: str) -> None:
    """Fails when the target is not read again after an error."""
    target = scene.add(case, state=state)
    scene.fail(READ, body=scene.shown(case, target, case.pending))
    story = await scene.cancel(case, target)
    story.ended("already_final", posts=1)
    assert f"can no longer be cancelled (state: {state})" in story.told
    assert step in story.told
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
    scene.fail(POST, status=status, body=graph_error("Teapot", "Words that nobody needs to read."))
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
    as_person = case is not OPERATION_APPROVAL
    story.ended("refused" if as_person else "failed", posts=1)
    assert ("/cancel-approval signin" in story.told) is as_person
    assert "HTTP 401" in story.told
    assert story.request_id
