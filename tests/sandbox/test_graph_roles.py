"""The retired privilegedRoleAssignmentRequest and governanceRoleAssignmentRequest at the Graph stand-in."""

import httpx
import pytest

from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB, DAVE
from tests.sandbox.graph_clients import As, GraphClient, code_of

ROLES = "/beta/privilegedRoleAssignmentRequests"
OLD_PIM = "PrivilegedAccess.ReadWrite.AzureAD"
PROVIDERS = {"azureResources": "AzureResources", "aadRoles": "AzureAD", "aadGroups": "AzureADGroup"}


@pytest.mark.parametrize("variant", ["entity", "wrapped"])
async def test_privileged_role_is_cancelled_in_two_steps(graph: GraphStandIn, as_person: As, variant: str) -> None:
    graph.variant["privilegedRoleAssignmentRequest"] = variant
    item = graph.add("privilegedRoleAssignmentRequest", owner=ALICE.oid, state="Scheduled")
    alice = await as_person(ALICE, OLD_PIM)
    answer = await alice.post(f"{ROLES}/{item}/cancel")
    entity = answer.json()["value"] if variant == "wrapped" else answer.json()
    assert (answer.status_code, entity["id"], entity["status"]) == (200, item, "Cancelling")
    graph.finishes_on_read = False
    assert (await alice.get(f"{ROLES}/my")).json()["value"][0]["status"] == "Cancelling"
    graph.finishes_on_read = True
    assert (await alice.get(ROLES)).json()["value"][0]["status"] == "Cancelled"


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


async def test_documented_errors_of_privileged_roles(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("privilegedRoleAssignmentRequest", owner=ALICE.oid, state="Completed")
    alice, bob = await as_person(ALICE, OLD_PIM), await as_person(BOB, OLD_PIM)
    unknown = f"{ROLES}/{DAVE.oid}/cancel"
    assert error_of(await alice.post(f"{ROLES}//cancel")) == (400, "RequestId cannot be Null.")
    assert error_of(await alice.post(unknown)) == (400, "Request with request ID not found.")
    assert error_of(await alice.post(f"{ROLES}/{item}/cancel")) == (
        400,
        "Cancellation can be done only on status Scheduled and PendingApproval.",
    )
    assert error_of(await bob.post(f"{ROLES}/{item}/cancel")) == (
        403,
        "Requester not allowed to make Cancel call or request not found.",
    )
    assert (graph.violations, graph.effects) == ([], [])
    assert (await alice.get(f"{ROLES}/{item}")).status_code == 400  # no document reads a single one
    assert len(graph.violations) == 1


async def test_retired_privileged_roles(graph: GraphStandIn, as_person: As) -> None:
    graph.retired = True
    item = graph.add("privilegedRoleAssignmentRequest", owner=ALICE.oid)
    alice = await as_person(ALICE, OLD_PIM)
    for answer in (await alice.get(ROLES), await alice.post(f"{ROLES}/{item}/cancel")):
        assert code_of(answer) == (400, "TenantEnabledInAadRoleMigration")


def governance(provider: str) -> str:
    return f"/beta/privilegedAccess/{provider}/roleAssignmentRequests"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_each_provider_has_its_permission(
    graph: GraphStandIn, as_person: As, as_application: As, provider: str
) -> None:
    item = graph.add("governanceRoleAssignmentRequest", owner=ALICE.oid, provider=provider)
    path = f"{governance(provider)}/{item}"
    others = " ".join(f"PrivilegedAccess.ReadWrite.{name}" for key, name in PROVIDERS.items() if key != provider)
    other = await as_person(BOB, others)
    assert code_of(await other.post(f"{path}/cancel")) == (403, "Authorization_RequestDenied")
    application = await as_application()
    assert (await application.get(path)).json()["status"]["subStatus"] == "PendingApproval"
    assert code_of(await application.post(f"{path}/cancel")) == (403, "Authorization_RequestDenied")
    alice = await as_person(ALICE, f"PrivilegedAccess.ReadWrite.{PROVIDERS[provider]}")
    assert (await alice.post(f"{path}/cancel")).status_code == 204
    assert (await alice.get(path)).json()["status"]["subStatus"] == "Canceled"


async def test_providers_are_apart(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("governanceRoleAssignmentRequest", owner=ALICE.oid)
    alice = await as_person(ALICE, "PrivilegedAccess.ReadWrite.AzureAD")
    answer = await alice.post(f"{governance('aadRoles')}/{item}/cancel")
    assert code_of(answer) == (400, "RoleAssignmentRequestNotFound")
    assert (await alice.get(governance("aadRoles"))).json()["value"] == []


async def test_documented_errors_of_governance_roles(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("governanceRoleAssignmentRequest", owner=ALICE.oid, state="Provisioned")
    alice = await as_person(ALICE, "PrivilegedAccess.ReadWrite.AzureResources")
    final = f"{governance('azureResources')}/{item}/cancel"
    unknown = f"{governance('azureResources')}/{DAVE.oid}/cancel"
    assert code_of(await alice.post(final)) == (400, "RequestCannotBeCancelled")
    assert code_of(await alice.post(unknown)) == (400, "RoleAssignmentRequestNotFound")
    graph.generic_codes.add("governanceRoleAssignmentRequest")
    for path, name in ((final, "RequestCannotBeCancelled"), (unknown, "RoleAssignmentRequestNotFound")):
        answer = await alice.post(path)
        assert code_of(answer) == (400, "BadRequest")
        assert answer.json()["error"]["message"] == name


async def retired_answers(client: GraphClient, item: str) -> list[int]:
    path = governance("azureResources")
    answers = [
        await client.get(path),
        await client.get(f"{path}/{item}"),
        await client.post(f"{path}/{item}/cancel"),
    ]
    return [answer.status_code for answer in answers]


async def test_retired_governance_roles(graph: GraphStandIn, as_person: As) -> None:
    graph.retired = True
    item = graph.add("governanceRoleAssignmentRequest", owner=ALICE.oid)
    alice = await as_person(ALICE, "PrivilegedAccess.ReadWrite.AzureResources")
    assert await retired_answers(alice, item) == [404, 404, 404]
    graph.retired_variant["governanceRoleAssignmentRequest"] = "410"
    assert await retired_answers(alice, item) == [410, 410, 410]
    graph.retired_variant["governanceRoleAssignmentRequest"] = "empty"
    assert await retired_answers(alice, item) == [200, 404, 400]
    assert (await alice.get(governance("azureResources"))).json()["value"] == []
