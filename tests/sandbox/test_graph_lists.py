"""Lists of the Graph stand-in: pages, filters, and the caller's own."""

from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB
from tests.sandbox.graph_clients import As, code_of

ITEMS = "/beta/solutions/approval/approvalItems"
PACKAGES = "/v1.0/identityGovernance/entitlementManagement/assignmentRequests"
APPROVALS = "ApprovalSolution.ReadWrite"


async def test_pages(graph: GraphStandIn, as_person: As) -> None:
    graph.page_size = 2
    ids = [graph.add("approvalItem", owner=ALICE.oid, createdDateTime=f"2026-01-0{day}") for day in (1, 2, 3)]
    graph.add("approvalItem", owner=BOB.oid)
    alice = await as_person(ALICE, APPROVALS)
    options = {"$orderby": "createdDateTime desc", "$count": "true", "$select": "id"}
    first = (await alice.get(ITEMS, **options)).json()
    second = (await alice.get(first["@odata.nextLink"])).json()
    assert first["@odata.count"] == 3
    assert first["value"] + second["value"] == [{"id": item} for item in reversed(ids)]
    assert "@odata.nextLink" not in second
    assert graph.violations == []


async def test_filters(graph: GraphStandIn, as_application: As) -> None:
    pending = graph.add("accessPackageAssignmentRequest", owner=ALICE.oid, createdDateTime="2026-11-02T00:00:00Z")
    graph.add("accessPackageAssignmentRequest", owner=ALICE.oid, state="delivered")
    graph.add("accessPackageAssignmentRequest", owner=ALICE.oid, createdDateTime="2026-11-01T00:00:00Z")
    application = await as_application()
    text = "state eq 'pendingApproval' and createdDateTime gt 2026-11-01T12:00:00Z"
    found = (await application.get(PACKAGES, **{"$filter": text, "$expand": "requestor"})).json()["value"]
    assert [(one["id"], one["requestor"]["objectId"]) for one in found] == [(pending, ALICE.oid)]
    for bad in ("status eq 'x'", "state", "state eq 'a' or state eq 'b'"):
        assert (await application.get(PACKAGES, **{"$filter": bad})).status_code == 400
    assert len(graph.violations) == 3


async def test_own_lists(graph: GraphStandIn, as_person: As, as_application: As) -> None:
    mine = graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    graph.add("accessPackageAssignmentRequest", owner=BOB.oid)
    path = f"{PACKAGES}/filterByCurrentUser(on='target')"
    alice = await as_person(ALICE, "EntitlementManagement.Read.All")
    assert [one["id"] for one in (await alice.get(path)).json()["value"]] == [mine]
    assert code_of(await (await as_application()).get(path)) == (403, "Authorization_RequestDenied")
