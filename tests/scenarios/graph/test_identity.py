"""As whom the bot calls: consent, revoked sign-ins, claims challenges, and who the person is before each call."""

import pytest

from bot.sandbox.people import BOB, CAROL
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import (
    APPROVAL_ITEM,
    GOVERNANCE_ROLE,
    OPERATION_APPROVAL,
    POST,
    Case,
    each_kind,
)
from tests.scenarios.graph.scene import Scene

AS_PERSON = [APPROVAL_ITEM, GOVERNANCE_ROLE]


@each_kind
async def test_challenge_is_answered_once(scene: Scene, case: Case) -> None:
    target = scene.add(case)
    scene.graph.challenge_next()
    (await scene.cancel(case, target)).ended("cancelled", posts=1, effects=1)


@each_kind
async def test_challenge_of_the_call(alone: Scene, start: Start, case: Case) -> None:
    """The service took nothing, so the same call is made again, once, with a token that meets the claims.

    Fails when it counts as a refusal.
    """
    target = alone.add(case)
    claims = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxIn19fQ=="
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{claims}"'
    alone.fail(POST, status=401, headers={"WWW-Authenticate": challenge})
    async with start():
        story = await alone.cancel(case, target)
    story.ended("cancelled", posts=2, effects=1, called=1)


async def test_challenge_for_ever(scene: Scene) -> None:
    """Fails when a challenge is answered more than once for a call."""
    target = scene.add(APPROVAL_ITEM)
    challenge = 'Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
    scene.fail(POST, status=401, headers={"WWW-Authenticate": challenge}, times=-1)
    story = await scene.cancel(APPROVAL_ITEM, target)
    story.ended("refused", posts=2, called=1)
    assert "/cancel-approval signin" in story.told


@pytest.mark.parametrize("case", AS_PERSON, ids=lambda case: case.kind)
async def test_sign_in_was_revoked(alone: Scene, start: Start, case: Case) -> None:
    """Fails when Entra's refusal is told like an outage."""
    target = alone.add(case)
    alone.tenant.entra.token_lifetime = 60  # MSAL renews what has less than five minutes left
    async with start():
        alone.tenant.entra.revoke(case.person.oid)
        story = await alone.cancel(case, target)
    story.ended("refused")
    assert "Your Microsoft sign-in is no longer valid" in story.told
    assert [call for call in alone.graph.calls if target in call.path] == []


@pytest.mark.parametrize("case", AS_PERSON, ids=lambda case: case.kind)
async def test_sign_in_is_revoked_between_two_calls(alone: Scene, start: Start, case: Case) -> None:
    """Fails when a repeat uses the token of the first call."""
    target = alone.add(case)
    alone.tenant.entra.token_lifetime = 60
    alone.fail(POST, status=429, headers={"Retry-After": "1"})
    async with start():
        await alone.submit(case, target)
        await alone.replying(target, "again in 1 second")
        alone.tenant.entra.revoke(case.person.oid)
        story = await alone.story(case, target)
    story.ended("refused", posts=1)
    assert "Your Microsoft sign-in is no longer valid" in story.told


@pytest.mark.parametrize("case", AS_PERSON, ids=lambda case: case.kind)
async def test_link_is_taken_away_between_two_calls(alone: Scene, start: Start, case: Case) -> None:
    """Fails when a repeat trusts the account of the first call."""
    target = alone.add(case)
    alone.fail(POST, status=429, headers={"Retry-After": "1"})
    async with start():
        await alone.submit(case, target)
        await alone.replying(target, "again in 1 second")
        await alone.execute("DELETE FROM links")
        story = await alone.story(case, target)
    story.ended("refused", posts=1)
    assert "not linked to a Microsoft account" in story.told


async def test_consent_to_read_is_missing(alone: Scene, start: Start) -> None:
    """The permission is named. Fails when it is told as a request that nobody could read."""
    denied = {"ApprovalSolution.Read", "ApprovalSolution.ReadWrite", "ApprovalSolutionResponse.ReadWrite"}
    alone.tenant.entra.token_lifetime = 60
    target = alone.add(APPROVAL_ITEM)
    async with start():
        alone.tenant.entra.denied_scopes |= denied
        story = await alone.cancel(APPROVAL_ITEM, target)
    story.ended("failed")
    assert "has not been given the permission ApprovalSolution.Read." in story.told
    assert "Ask an administrator of your tenant" in story.told


async def test_consent_to_cancel_is_missing(alone: Scene, start: Start) -> None:
    """Bob has not consented to Intune's permission; the application reads for him, and he may cancel his own."""
    target = alone.add(OPERATION_APPROVAL, owner=BOB.oid)
    async with start():
        story = await alone.cancel(OPERATION_APPROVAL, target, person=BOB)
    story.ended("failed", called=1)
    assert "has not been given the permission DeviceManagementConfiguration.Read.All." in story.told


async def test_application_lost_its_role(alone: Scene, start: Start) -> None:
    alone.tenant.entra.app_roles.clear()
    target = alone.add(OPERATION_APPROVAL)
    async with start():
        story = await alone.cancel(OPERATION_APPROVAL, target, person=CAROL)
    story.ended("failed", posts=1)
    assert "the permission DeviceManagementConfiguration.Read.All or the right role is missing" in story.told
    assert story.request_id
