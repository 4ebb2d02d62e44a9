"""The Azure Resource Manager stand-in: its form, its two types, its scopes, and the audience of its own."""

import json
import uuid
from typing import Any

import httpx
import pytest

from bot.sandbox.arm import AUDIENCE, SUBSCRIPTION, ArmStandIn
from bot.sandbox.entra import EntraStandIn
from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB, CAROL
from tests.sandbox.arm_clients import (
    ASSIGNMENT,
    COLLECTION,
    ELIGIBILITY,
    GROUP,
    NAME,
    PROVIDER,
    SCOPES,
    VERSION,
    ArmClient,
    As,
)
from tests.sandbox.graph_clients import GRAPH, Application, GraphClient, code_of

CP1 = json.dumps({"access_token": {"xms_cc": {"values": ["cp1"]}}})


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("kind", "ended"), [(ASSIGNMENT, "Canceled"), (ELIGIBILITY, "Revoked")])
async def test_request_is_read_and_cancelled(arm: ArmStandIn, act: As, scope: str, kind: str, ended: str) -> None:
    item = arm.add(kind, owner=ALICE.oid, scope=scope, id=NAME)
    alice = await act(ALICE)
    entity = (await alice("GET", item)).json()
    properties = entity["properties"]
    assert (entity["id"], entity["name"], properties["status"]) == (item, NAME, "Granted")
    assert (properties["requestorId"], properties["scope"]) == (ALICE.oid, scope or "/")
    answer = await alice("POST", f"{item}/cancel")
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await alice("GET", item)).json()["properties"]["status"] == ended
    assert [(one.type_name, one.id, one.oid) for one in arm.effects] == [(kind, item, ALICE.oid)]
    assert arm.violations == []


async def test_ids_are_found_in_any_case(arm: ArmStandIn, act: As) -> None:
    item = arm.add(ASSIGNMENT, owner=ALICE.oid, scope=GROUP)
    alice = await act(ALICE)
    for path in (item.lower(), item.upper(), f"/providers/Microsoft.Subscription{item}", item.replace("(", "%28")):
        assert (await alice("GET", path)).json()["id"] == item
    other = item.replace(SUBSCRIPTION, f"/subscriptions/{NAME}")
    assert code_of(await alice("GET", other)) == (404, "RoleAssignmentRequestNotFound")
    assert arm.violations == []


async def test_calls_and_ids(arm: ArmStandIn, act: As) -> None:
    item = arm.add(ASSIGNMENT, owner=ALICE.oid)
    answer = await (await act(ALICE))("GET", item, headers={"x-ms-client-request-id": NAME})
    refused = await (await act(BOB))("GET", item)
    assert refused.json()["error"].keys() == {"code", "message"}
    for one in (answer, refused):
        assert uuid.UUID(one.headers["x-ms-request-id"])
        assert not {"request-id", "client-request-id"} & one.headers.keys()
    call = arm.calls[0]
    assert (call.method, call.path, call.query, call.version) == ("GET", item, VERSION, "2020-10-01")
    assert (call.oid, call.client_request_id, call.status) == (ALICE.oid, NAME, 200)
    assert call.scopes == {"user_impersonation"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "MissingApiVersionParameter"),
        ({"api-version": "2022-04-01-preview"}, "InvalidApiVersionParameter"),
    ],
)
async def test_version_is_required(arm: ArmStandIn, act: As, query: dict[str, str], code: str) -> None:
    """Before anybody is asked for a token."""
    item = arm.add(ASSIGNMENT, owner=ALICE.oid)
    assert code_of(await (await act(ALICE))("POST", f"{item}/cancel", query)) == (400, code)
    assert code_of(await (await act(ALICE))("GET", item, query, headers={"Authorization": ""})) == (400, code)
    assert (len(arm.violations), arm.effects) == (2, [])


async def test_token_of_another_service(
    graph: GraphStandIn, arm: ArmStandIn, act: As, http: httpx.AsyncClient, application: Application
) -> None:
    """Graph's is not taken here, and this one's is not taken there."""
    item = arm.add(ASSIGNMENT, owner=ALICE.oid)
    foreign = await application.sign_in(ALICE, f"{AUDIENCE}/user_impersonation")
    answer = await GraphClient(graph, http, foreign["access_token"]).get("/beta/solutions/approval/approvalItems")
    assert code_of(answer) == (401, "InvalidAuthenticationToken")
    tokens = await application.sign_in(ALICE, f"{GRAPH}/User.Read")
    answer = await ArmClient(arm, http, tokens["access_token"])("GET", item)
    assert code_of(answer) == (401, "InvalidAuthenticationToken")
    assert "authorization_uri" in answer.headers["WWW-Authenticate"]
    assert (await (await act(ALICE))("GET", item)).status_code == 200


async def test_one_refresh_token_is_good_for_both_services(
    entra: EntraStandIn, arm: ArmStandIn, http: httpx.AsyncClient, application: Application
) -> None:
    """For whatever its person has consented to, whichever sign-in it came from; and for nothing else."""
    scope = f"{AUDIENCE}/user_impersonation"
    item = arm.add(ASSIGNMENT, owner=ALICE.oid)
    first = await application.sign_in(ALICE, f"{GRAPH}/User.Read")
    early = await application.token("refresh_token", refresh_token=first["refresh_token"], scope=scope)
    assert early.json()["suberror"] == "consent_required"
    await application.sign_in(ALICE, scope)
    later = await application.token("refresh_token", refresh_token=first["refresh_token"], scope=scope)
    assert entra.verify(later.json()["access_token"], AUDIENCE)["scp"] == "user_impersonation"
    assert (await ArmClient(arm, http, later.json()["access_token"])("GET", item)).status_code == 200


async def test_challenge(arm: ArmStandIn, http: httpx.AsyncClient, application: Application) -> None:
    item = arm.add(ASSIGNMENT, owner=ALICE.oid)
    arm.challenge_next()
    tokens = await application.sign_in(ALICE, f"{AUDIENCE}/user_impersonation", claims=CP1)
    alice = ArmClient(arm, http, tokens["access_token"])
    assert 'error="insufficient_claims"' in (await alice("GET", item)).headers["WWW-Authenticate"]
    assert (await alice("GET", item)).status_code == 200


async def test_who_reads_and_cancels(arm: ArmStandIn, act: As) -> None:
    item = arm.add(ASSIGNMENT, owner=ALICE.oid)
    bob, carol, application = await act(BOB), await act(CAROL), await act(None)
    for answer in (
        await bob("GET", item),
        await bob("POST", f"{item}/cancel"),
        await application("POST", f"{item}/cancel"),
    ):
        assert code_of(answer) == (403, "AuthorizationFailed")
        assert SUBSCRIPTION in answer.json()["error"]["message"]
    assert (await application("GET", item)).status_code == 200
    assert arm.effects == []
    assert (await carol("POST", f"{item}/cancel")).status_code == 200
    arm.set_state(ASSIGNMENT, item, "Granted")
    arm.application_actions.add("Microsoft.Authorization/roleAssignmentScheduleRequests/cancel/action")
    assert (await application("POST", f"{item}/cancel")).status_code == 200
    arm.application_actions.clear()
    assert code_of(await application("GET", item)) == (403, "AuthorizationFailed")
    assert [effect.oid for effect in arm.effects] == [CAROL.oid, None]


async def test_whom_it_is_for_reads_and_does_not_cancel(arm: ArmStandIn, act: As) -> None:
    item = arm.add(ELIGIBILITY, owner=CAROL.oid, principalId=BOB.oid)
    bob = await act(BOB)
    assert (await bob("GET", item)).json()["properties"]["requestorId"] == CAROL.oid
    assert code_of(await bob("POST", f"{item}/cancel")) == (403, "AuthorizationFailed")


async def test_documented_errors(arm: ArmStandIn, act: As) -> None:
    item = arm.add(ASSIGNMENT, owner=ALICE.oid, state="PendingApproval")
    alice, unknown = await act(ALICE), f"{item[:-36]}{NAME}/cancel"
    assert code_of(await alice("POST", unknown)) == (400, "RoleAssignmentRequestNotFound")
    arm.unknown_id_as_seen = True
    assert code_of(await alice("POST", unknown)) == (404, "RoleAssignmentRequestNotFound")
    arm.cancels_uncertain = False
    assert code_of(await alice("POST", f"{item}/cancel")) == (400, "RequestCannotBeCancelled")
    arm.cancels_uncertain = True
    assert (await alice("POST", f"{item}/cancel")).status_code == 200
    assert code_of(await alice("POST", f"{item}/cancel")) == (400, "RequestCannotBeCancelled")
    assert (len(arm.effects), arm.violations) == (1, [])


async def test_faults(arm: ArmStandIn, act: As) -> None:
    item = arm.add(ASSIGNMENT, owner=ALICE.oid)
    alice, path = await act(ALICE), f"{item}/cancel"
    arm.faults.add(Fault("POST .*/cancel$", status=429, headers={"retry-after": "7"}))
    arm.faults.add(Fault("POST .*/cancel$", status=503))
    throttled, absent = await alice("POST", path), await alice("POST", path)
    assert (code_of(throttled), throttled.headers["Retry-After"]) == ((429, "TooManyRequests"), "7")
    assert code_of(absent) == (503, "ServiceUnavailable")
    assert throttled.headers["x-ms-request-id"] != absent.headers["x-ms-request-id"]
    arm.faults.add(Fault("POST .*/cancel$", drop=True))
    arm.faults.add(Fault("POST .*/cancel$", drop=True, after_effect=True))
    for effects in (0, 1):
        with pytest.raises(httpx.TransportError):
            await alice("POST", path)
        assert len(arm.effects) == effects
    assert [call.status for call in arm.calls] == [429, 503, None, None]


ITEM = f"{SUBSCRIPTION}{COLLECTION}/{NAME}"


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", f"{PROVIDER}/roleAssignments", {}),
        ("GET", f"{SUBSCRIPTION}{PROVIDER}/roleAssignmentRequests/{NAME}", {}),
        ("DELETE", ITEM, {}),
        ("PUT", ITEM, {}),
        ("GET", f"{ITEM}/cancel", {}),
        ("POST", ITEM, {}),
        ("POST", f"{SUBSCRIPTION}{COLLECTION}/cancel", {}),
        ("POST", f"{ITEM}/validate", {}),
        ("POST", f"{ITEM}/cancel/", {}),
        ("POST", f"{ITEM}/cancel", {"json": {}}),
        ("POST", f"{ITEM}/cancel", {"query": {**VERSION, "$filter": "atScope()"}}),
        ("GET", ITEM, {"query": {**VERSION, "$expand": "scope"}}),
        ("GET", ITEM, {"headers": {"x-ms-client-request-id": "7"}}),
        ("GET", f"/{SUBSCRIPTION}{COLLECTION}/{NAME}", {}),
        ("GET", f"/subscriptions/production{COLLECTION}/{NAME}", {}),
        ("GET", f"{SUBSCRIPTION}/resourceGroups{COLLECTION}/{NAME}", {}),
        ("GET", f"{SUBSCRIPTION}/resourceGroups/a b{COLLECTION}/{NAME}", {}),
        ("GET", f"{SUBSCRIPTION}%2FresourceGroups/rg{COLLECTION}/{NAME}", {}),
        ("GET", f"{SUBSCRIPTION}/resourceGroups/%2e%2e{COLLECTION}/{NAME}", {}),
        ("GET", f"{SUBSCRIPTION}/providers/Microsoft.Web/sites{COLLECTION}/{NAME}", {}),
        ("GET", f"/providers/Microsoft.Management/managementGroups{COLLECTION}/{NAME}", {}),
        ("GET", f"/tenants/{NAME}{COLLECTION}/{NAME}", {}),
        ("GET", f"{SUBSCRIPTION}{COLLECTION}/mine", {}),
        ("GET", COLLECTION, {"query": {**VERSION, "$filter": "asOwner()"}}),
        ("GET", COLLECTION, {"query": {**VERSION, "$filter": "createdOn gt '2026'"}}),
        ("GET", COLLECTION, {"query": {**VERSION, "$top": "5"}}),
        ("GET", COLLECTION, {"query": {**VERSION, "$skiptoken": "guessed"}}),
    ],
)
async def test_what_the_specification_does_not_know(
    arm: ArmStandIn, act: As, method: str, path: str, options: dict[str, Any]
) -> None:
    arm.add(ASSIGNMENT, owner=CAROL.oid, id=NAME)
    assert code_of(await (await act(CAROL))(method, path, **options)) == (400, "BadRequest")
    assert (len(arm.violations), arm.effects) == (1, [])
