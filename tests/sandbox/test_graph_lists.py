"""Lists of the Graph stand-in: pages, filters, and the caller's own."""

import itertools
from datetime import UTC, datetime

import httpx
import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.graph import LISTS, GraphStandIn
from bot.sandbox.people import ALICE, BOB, CAROL
from tests.sandbox.graph_clients import As, code_of

ITEMS = "/beta/solutions/approval/approvalItems"
PACKAGES = "/v1.0/identityGovernance/entitlementManagement/assignmentRequests"
OPERATIONS = "/beta/deviceManagement/operationApprovalRequests"
MINE = f"{PACKAGES}/filterByCurrentUser(on='createdBy')"
APPROVALS = "ApprovalSolution.ReadWrite"
READERS = ("EntitlementManagement.Read.All", "DeviceManagementRBAC.Read.All")
PENDING = {
    "$filter": "state eq 'pendingApproval'",
    "$expand": "requestor,accessPackage",
    "$select": "id,state,status,createdDateTime,justification",
}
APPROVED = {
    "$filter": "status eq 'approved'",
    "$select": "id,status,requestor,approver,requestJustification,requestDateTime,expirationDateTime",
}


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


async def test_select_and_expand_together(graph: GraphStandIn, as_application: As) -> None:
    graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    [entity] = (await (await as_application()).get(PACKAGES, **PENDING)).json()["value"]
    selected = {"id", "state", "status", "createdDateTime", "justification"}
    assert entity.keys() == selected | {"requestor", "accessPackage"}
    assert entity["requestor"]["email"] == ALICE.email
    assert graph.violations == []


async def test_approved_operations(graph: GraphStandIn, as_application: As) -> None:
    approved = graph.add("operationApprovalRequest", owner=ALICE.oid)
    graph.add("operationApprovalRequest", owner=ALICE.oid, state="needsApproval")
    [entity] = (await (await as_application()).get(OPERATIONS, **APPROVED)).json()["value"]
    assert (entity["id"], entity["approver"]["user"]["id"]) == (approved, CAROL.oid)
    assert entity["expirationDateTime"] > entity["requestDateTime"]
    assert graph.violations == []


@pytest.mark.parametrize(
    ("path", "options"),
    [
        (OPERATIONS, {"$select": "id,colour"}),
        (OPERATIONS, {"$filter": "requestor eq 'x'"}),
        (OPERATIONS, {"$orderby": "requestDateTime"}),
        (ITEMS, {"$filter": "state eq 'pending'"}),
        (ITEMS, {"$orderby": "displayName"}),
        (ITEMS, {"$orderby": "createdDateTime down"}),
        (PACKAGES, {"$select": "requestor"}),
        (PACKAGES, {"$expand": "requestor($select=id)"}),
        (PACKAGES, {"$orderby": "createdDateTime desc"}),
        (MINE, {"$search": "x"}),
        (f"{PACKAGES}/filterByCurrentUser(on='everybody')", {}),
    ],
    ids=str,
)
async def test_what_no_document_allows_in_a_list(
    graph: GraphStandIn, as_person: As, path: str, options: dict[str, str]
) -> None:
    """Also where the list is empty."""
    alice = await as_person(ALICE, APPROVALS, *READERS)
    assert (await alice.get(path, **options)).status_code == 400
    assert len(graph.violations) == 1


async def test_pages_show_the_list_as_it_was(graph: GraphStandIn, as_application: As) -> None:
    """One that leaves the list while it is read neither hides another nor ends the reading."""
    graph.page_size = 2
    ids = graph.add_many("accessPackageAssignmentRequest", 5, owner=ALICE.oid, age=3600)
    application = await as_application()
    page = (await application.get(PACKAGES, **PENDING)).json()
    seen = [one["id"] for one in page["value"]]
    graph.decide("accessPackageAssignmentRequest", ids[0], "denied", by=CAROL)
    while link := page.get("@odata.nextLink"):
        page = (await application.get(link)).json()
        seen += [one["id"] for one in page["value"]]
    assert seen == ids
    assert len((await application.get(PACKAGES, **PENDING)).json()["value"]) == 2


@pytest.mark.parametrize("change", ["another token", "another person", "another query"])
async def test_next_link_is_followed_as_it_is(graph: GraphStandIn, as_person: As, change: str) -> None:
    graph.page_size = 1
    graph.add_many("accessPackageAssignmentRequest", 2, owner=ALICE.oid)
    client = await as_person(ALICE, *READERS)
    link = (await client.get(PACKAGES)).json()["@odata.nextLink"]
    if change == "another token":
        link += "0"
    if change == "another query":
        link += "&%24expand=requestor"
    if change == "another person":
        client = await as_person(BOB, *READERS)
    assert (await client.get(link)).status_code == 400
    assert len(graph.violations) == 1


async def test_next_link_elsewhere_and_round_in_circles(graph: GraphStandIn, as_application: As) -> None:
    graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    application = await as_application()
    graph.next_link_override = "https://evil.example.test/next"
    assert (await application.get(PACKAGES)).json()["@odata.nextLink"] == "https://evil.example.test/next"
    graph.next_link_override = "{page}"
    first = (await application.get(PACKAGES, **PENDING)).json()
    again = (await application.get(first["@odata.nextLink"])).json()
    assert again == first
    assert graph.violations == []


async def test_ages(graph: GraphStandIn, as_application: As) -> None:
    graph.add_many("operationApprovalRequest", 3, owner=ALICE.oid, age=3600)
    entities = (await (await as_application()).get(OPERATIONS, **APPROVED)).json()["value"]
    ages = [(datetime.now(UTC) - datetime.fromisoformat(one["requestDateTime"])).total_seconds() for one in entities]
    assert 3602 <= ages[0] < 3662
    assert [round(older - younger) for older, younger in itertools.pairwise(ages)] == [1, 1]


async def test_decided_elsewhere(graph: GraphStandIn, as_application: As) -> None:
    """An approver is named from the approval on, and stays it; access packages name nobody."""
    approval = graph.add("operationApprovalRequest", owner=ALICE.oid, state="needsApproval")
    package = graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    application = await as_application()
    assert (await application.get(f"{OPERATIONS}/{approval}")).json()["approver"] is None
    graph.decide("operationApprovalRequest", approval, "approved", by=BOB)
    graph.decide("operationApprovalRequest", approval, "cancelled", by=CAROL)
    entity = (await application.get(f"{OPERATIONS}/{approval}")).json()
    assert (entity["status"], entity["approver"]["user"]["displayName"]) == ("cancelled", BOB.name)
    graph.decide("accessPackageAssignmentRequest", package, "denied")
    shown = (await application.get(f"{PACKAGES}/{package}")).json()
    assert (shown["state"], shown["completedDateTime"] is None) == ("denied", False)
    graph.remove("accessPackageAssignmentRequest", package)
    assert (await application.get(f"{PACKAGES}/{package}")).status_code == 404
    assert graph.effects == []


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("chunked", [False, True])
async def test_half_a_page(graph: GraphStandIn, as_application: As, share: float, chunked: bool) -> None:
    """The headers come and promise more than arrives, also where what arrives is whole JSON; the next one is whole."""
    graph.add_many("accessPackageAssignmentRequest", 10, owner=ALICE.oid)
    application = await as_application()
    graph.faults.add(Fault(LISTS, cut=share, chunked=chunked))
    with pytest.raises(httpx.RemoteProtocolError):
        await application.get(PACKAGES)
    assert len((await application.get(PACKAGES)).json()["value"]) == 10


async def test_faults_of_lists_alone(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    alice = await as_person(ALICE, APPROVALS, *READERS)
    graph.faults.add(Fault(LISTS, status=429, headers={"Retry-After": "7"}, times=-1))
    for path in (PACKAGES, MINE, OPERATIONS, ITEMS):
        answer = await alice.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert (await alice.get(f"{PACKAGES}/{item}")).status_code == 200
    graph.faults.clear()
    graph.faults.add(Fault(LISTS, body=b"<html>maintenance</html>", headers={"Content-Type": "text/html"}))
    answer = await alice.get(PACKAGES)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
