"""accessPackageAssignmentRequest at the Graph stand-in."""

import pytest

from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB, CAROL
from tests.sandbox.graph_clients import As, code_of

PACKAGES = "/identityGovernance/entitlementManagement/assignmentRequests"
OLD_PACKAGES = "/beta/identityGovernance/entitlementManagement/accessPackageAssignmentRequests"
SMALL = "EntitlementMgmt-SubjectAccess.ReadWrite"
LARGE = "EntitlementManagement.ReadWrite.All"


def own_body(item: str) -> dict[str, str]:
    return {"id": item, "requestStatus": "cancelled"}


@pytest.mark.parametrize("path", [f"/beta{PACKAGES}", OLD_PACKAGES])
async def test_small_permission_cancels_the_own_request(graph: GraphStandIn, as_person: As, path: str) -> None:
    item = graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    alice = await as_person(ALICE, SMALL)
    assert code_of(await alice.get(f"{path}/{item}")) == (403, "Authorization_RequestDenied")
    answer = await alice.post(f"{path}/{item}/cancel", own_body(item))
    assert (answer.status_code, answer.content) == (200, b"")
    assert graph.get("accessPackageAssignmentRequest", item)["status"] == "canceled"
    assert graph.violations == []


async def test_what_the_small_permission_cannot(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    alice, bob = await as_person(ALICE, SMALL), await as_person(BOB, SMALL)
    beta, v1 = f"/beta{PACKAGES}/{item}/cancel", f"/v1.0{PACKAGES}/{item}/cancel"
    assert code_of(await alice.post(beta)) == (403, "Forbidden")
    assert code_of(await bob.post(beta, own_body(item))) == (403, "Forbidden")
    assert code_of(await alice.post(v1)) == (403, "Authorization_RequestDenied")
    assert graph.violations == []
    for body in ({"id": item}, own_body("another"), {"id": item, "requestStatus": "canceled"}):
        assert code_of(await alice.post(beta, body)) == (400, "BadRequest")
    assert len(graph.violations) == 3
    assert graph.effects == []


async def test_large_permission(graph: GraphStandIn, as_person: As, as_application: As) -> None:
    graph.variant["accessPackageAssignmentRequest"] = "204"
    graph.admins = {CAROL.oid}
    items = [graph.add("accessPackageAssignmentRequest", owner=ALICE.oid) for _ in range(3)]
    first, second, third = [f"/v1.0{PACKAGES}/{item}/cancel" for item in items]
    assert (await (await as_person(ALICE, LARGE)).post(first)).status_code == 204
    assert (await (await as_person(CAROL, LARGE)).post(second)).status_code == 204
    assert code_of(await (await as_person(BOB, LARGE)).post(third)) == (403, "Forbidden")
    assert code_of(await (await as_application()).post(third)) == (403, "Authorization_RequestDenied")
    assert [effect.oid for effect in graph.effects] == [ALICE.oid, CAROL.oid]
    assert code_of(await (await as_person(ALICE, LARGE)).post(first)) == (400, "BadRequest")


async def test_v1_takes_no_body(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    alice = await as_person(ALICE, LARGE)
    assert (await alice.post(f"/v1.0{PACKAGES}/{item}/cancel", own_body(item))).status_code == 400
    assert "takes no body" in graph.violations[0]


@pytest.mark.parametrize("state", ["accepted", "pendingApproval", "PendingNotBefore", "pendingApprovalEscalated"])
async def test_cancellable_statuses(graph: GraphStandIn, as_person: As, state: str) -> None:
    item = graph.add("accessPackageAssignmentRequest", owner=ALICE.oid, state=state)
    alice = await as_person(ALICE, LARGE)
    assert (await alice.post(f"/v1.0{PACKAGES}/{item}/cancel")).status_code == 200


async def test_each_version_has_its_names(graph: GraphStandIn, as_application: As) -> None:
    item = graph.add("accessPackageAssignmentRequest", owner=ALICE.oid, state="pendingNotBefore")
    application = await as_application()
    v1 = (await application.get(f"/v1.0{PACKAGES}/{item}")).json()
    assert (v1["state"], v1["status"]) == ("scheduled", "pendingNotBefore")
    beta = (await application.get(f"/beta{PACKAGES}/{item}")).json()
    assert (beta["requestState"], beta["requestStatus"]) == ("Scheduled", "PendingNotBefore")
    assert not {"state", "status", "requestor", "accessPackage"} & beta.keys()
    assert not {"requestState", "requestStatus", "requestor", "accessPackage"} & v1.keys()


async def test_expanded_requestor(graph: GraphStandIn, as_application: As) -> None:
    item = graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    application = await as_application()
    entity = (await application.get(f"/v1.0{PACKAGES}/{item}", **{"$expand": "requestor"})).json()
    assert entity["requestor"]["objectId"] == ALICE.oid != entity["requestor"]["id"]
    assert "accessPackage" not in entity
    entity = (await application.get(f"/v1.0{PACKAGES}/{item}", **{"$expand": "requestor,accessPackage"})).json()
    assert entity["accessPackage"]["displayName"]
