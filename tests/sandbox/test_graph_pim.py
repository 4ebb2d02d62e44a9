"""PIM's third iteration, and the withdrawal of a request for an Intune approval, at the Graph stand-in."""

import json
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import pytest

from bot.sandbox.entra import EntraStandIn
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB, CAROL, DAVE
from tests.sandbox.graph_clients import As, code_of

OPERATIONS = "/beta/deviceManagement/operationApprovalRequests"
WITHDRAWAL = f"{OPERATIONS}/cancelMyRequest"
OPERATION = "operationApprovalRequest"
INTUNE = "DeviceManagementConfiguration.Read.All"
OWN = "filterByCurrentUser(on='principal')"


@dataclass(frozen=True)
class Kind:
    """One type of the third iteration, and what its documents say."""

    name: str
    path: str
    read: str
    write: str
    ended: str
    expands: str


KINDS = (
    Kind(
        "unifiedRoleAssignmentScheduleRequest",
        "/v1.0/roleManagement/directory/roleAssignmentScheduleRequests",
        "RoleAssignmentSchedule.ReadWrite.Directory",
        "RoleAssignmentSchedule.ReadWrite.Directory",
        "Canceled",
        "roleDefinition,principal",
    ),
    Kind(
        "unifiedRoleEligibilityScheduleRequest",
        "/v1.0/roleManagement/directory/roleEligibilityScheduleRequests",
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "Revoked",
        "roleDefinition,principal",
    ),
    Kind(
        "privilegedAccessGroupAssignmentScheduleRequest",
        "/v1.0/identityGovernance/privilegedAccess/group/assignmentScheduleRequests",
        "PrivilegedAssignmentSchedule.Read.AzureADGroup",
        "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
        "Canceled",
        "group,principal",
    ),
    Kind(
        "privilegedAccessGroupEligibilityScheduleRequest",
        "/v1.0/identityGovernance/privilegedAccess/group/eligibilityScheduleRequests",
        "PrivilegedEligibilitySchedule.Read.AzureADGroup",
        "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
        "Revoked",
        "group,principal",
    ),
)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=attrgetter("name"))
each_group = pytest.mark.parametrize("kind", KINDS[2:], ids=attrgetter("name"))


@each_kind
async def test_granted_request_is_cancelled(graph: GraphStandIn, as_person: As, kind: Kind) -> None:
    item = graph.add(kind.name, owner=ALICE.oid)
    alice = await as_person(ALICE, kind.write)
    answer = await alice.post(f"{kind.path}/{item}/cancel")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await alice.get(f"{kind.path}/{item}")).json()["status"] == kind.ended
    assert [(one.type_name, one.id, one.oid) for one in graph.effects] == [(kind.name, item, ALICE.oid)]
    assert graph.violations == []


@each_kind
async def test_states_that_no_document_names(graph: GraphStandIn, as_person: As, kind: Kind) -> None:
    item = graph.add(kind.name, owner=ALICE.oid, state="PendingApproval")
    alice = await as_person(ALICE, kind.write)
    graph.cancels_uncertain = False
    assert code_of(await alice.post(f"{kind.path}/{item}/cancel")) == (400, "RequestCannotBeCancelled")
    graph.cancels_uncertain = True
    assert (await alice.post(f"{kind.path}/{item}/cancel")).status_code == 204
    for state in ("Provisioned", "Failed", kind.ended):
        graph.set_state(kind.name, item, state)
        assert code_of(await alice.post(f"{kind.path}/{item}/cancel")) == (400, "RequestCannotBeCancelled")
    assert len(graph.effects) == 1


@each_kind
async def test_unknown_id(graph: GraphStandIn, as_person: As, kind: Kind) -> None:
    alice = await as_person(ALICE, kind.write)
    path = f"{kind.path}/{DAVE.oid}"
    assert code_of(await alice.post(f"{path}/cancel")) == (400, "RoleAssignmentRequestNotFound")
    graph.unknown_id_as_seen = True
    assert code_of(await alice.post(f"{path}/cancel")) == (404, "RoleAssignmentRequestNotFound")
    assert code_of(await alice.get(path)) == (404, "ResourceNotFound")


@each_kind
async def test_who_cancels(
    entra: EntraStandIn, graph: GraphStandIn, as_person: As, as_application: As, kind: Kind
) -> None:
    graph.admins = {CAROL.oid}
    path = f"{kind.path}/{graph.add(kind.name, owner=ALICE.oid, principalId=BOB.oid)}"
    for person, permission, code in ((BOB, kind.write, "Forbidden"), (ALICE, INTUNE, "Authorization_RequestDenied")):
        assert code_of(await (await as_person(person, permission)).post(f"{path}/cancel")) == (403, code)
    assert graph.effects == []
    assert (await (await as_person(CAROL, kind.write)).post(f"{path}/cancel")).status_code == 204
    graph.set_state(kind.name, path.rpartition("/")[2], "Granted")
    entra.app_roles = {kind.write}
    assert (await (await as_application()).post(f"{path}/cancel")).status_code == 204
    assert [effect.oid for effect in graph.effects] == [CAROL.oid, None]


@each_kind
async def test_what_reads(graph: GraphStandIn, as_person: As, as_application: As, kind: Kind) -> None:
    """As the application of the sandbox, too, which may cancel none of the groups' requests."""
    path = f"{kind.path}/{graph.add(kind.name, owner=ALICE.oid)}"
    options = {"$expand": kind.expands}
    for client in (await as_person(ALICE, kind.read), await as_application()):
        entity = (await client.get(path, **options)).json()
        assert entity["createdBy"]["user"] == {"displayName": None, "id": ALICE.oid}
        assert entity["principal"]["displayName"] == ALICE.name
        assert entity[kind.expands.partition(",")[0]]["displayName"]
        # Microsoft's sample of a pending one has it, too.
        assert entity["completedDateTime"] > entity["createdDateTime"]
        assert not {"principal", "group", "roleDefinition"} & (await client.get(path)).json().keys()
    if kind.read != kind.write:
        assert code_of(await (await as_application()).post(f"{path}/cancel")) == (403, "Authorization_RequestDenied")
    assert graph.violations == []


@pytest.mark.parametrize("kind", KINDS[:2], ids=attrgetter("name"))
async def test_a_smaller_permission_reads_no_request_for_a_role(as_person: As, kind: Kind) -> None:
    """Though it reads the schedules: the permissions of *-list-role*schedulerequests, and docs issue 22292."""
    alice = await as_person(ALICE, kind.write.replace("ReadWrite", "Read"))
    assert code_of(await alice.get(kind.path)) == (403, "Authorization_RequestDenied")


@each_kind
async def test_own_list_is_the_principals(graph: GraphStandIn, as_person: As, as_application: As, kind: Kind) -> None:
    """And not of those who made it."""
    mine = graph.add(kind.name, owner=ALICE.oid)
    assigned = graph.add(kind.name, owner=CAROL.oid, principalId=ALICE.oid, state="PendingApproval")
    graph.add(kind.name, owner=ALICE.oid, principalId=BOB.oid)
    alice = await as_person(ALICE, kind.read)
    path = f"{kind.path}/{OWN}"
    assert [one["id"] for one in (await alice.get(path)).json()["value"]] == [mine, assigned]
    options = {"$filter": "status eq 'PendingApproval'", "$expand": kind.expands}
    assert [one["id"] for one in (await alice.get(path, **options)).json()["value"]] == [assigned]
    assert code_of(await (await as_application()).get(path)) == (403, "Authorization_RequestDenied")
    assert graph.violations == []


async def test_roles_are_listed_by_state(graph: GraphStandIn, as_application: As) -> None:
    waiting = graph.add(KINDS[0].name, owner=ALICE.oid, state="PendingApproval")
    graph.add(KINDS[0].name, owner=BOB.oid, state="Provisioned")
    application = await as_application()
    found = await application.get(KINDS[0].path, **{"$filter": "status eq 'PendingApproval'"})
    assert [one["id"] for one in found.json()["value"]] == [waiting]
    assert graph.violations == []


@each_group
async def test_list_of_all_groups_is_narrowed(graph: GraphStandIn, as_application: As, kind: Kind) -> None:
    """By a group or by a person: fails when the stand-in lists everything."""
    item = graph.add(kind.name, owner=ALICE.oid)
    group = graph.get(kind.name, item)["groupId"]
    graph.add(kind.name, owner=BOB.oid, groupId=DAVE.oid)
    application = await as_application()
    for query in ({}, {"$filter": "status eq 'Granted'"}, {"$filter": f"groupId ne '{DAVE.oid}'"}):
        assert code_of(await application.get(kind.path, **query)) == (400, "BadRequest")
    assert len(graph.violations) == 3
    for text in (f"principalId eq '{ALICE.oid}'", f"status eq 'Granted' and groupId eq '{group}'"):
        found = await application.get(kind.path, **{"$filter": text})
        assert [one["id"] for one in found.json()["value"]] == [item]
    assert len(graph.violations) == 3


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", f"{KINDS[0].path}/filterByCurrentUser(on='createdBy')", {}),
        ("GET", f"{KINDS[0].path}/{OWN}", {"params": {"$expand": "group"}}),
        ("GET", KINDS[0].path, {"params": {"$filter": "createdDateTime gt 2026-01-01"}}),
        ("GET", KINDS[1].path, {"params": {"$expand": "activatedUsing"}}),
        ("POST", f"{KINDS[0].path}/{ALICE.oid}/cancel", {"json": {}}),
        ("POST", f"/beta{KINDS[0].path.removeprefix('/v1.0')}/{ALICE.oid}/cancel", {}),
        ("POST", f"{OPERATIONS}/{ALICE.oid}/cancelMyRequest", {"json": {"id": ALICE.oid}}),
        ("DELETE", WITHDRAWAL, {}),
        ("POST", WITHDRAWAL, {}),
        ("POST", WITHDRAWAL, {"json": {"id": 7}}),
        ("POST", WITHDRAWAL, {"json": {"id": ALICE.oid, "justification": "why"}}),
    ],
)
async def test_what_no_document_knows(
    graph: GraphStandIn, as_person: As, method: str, path: str, options: dict[str, Any]
) -> None:
    graph.add(KINDS[0].name, owner=ALICE.oid, id=ALICE.oid)
    graph.add(OPERATION, owner=ALICE.oid, id=ALICE.oid, state="needsApproval")
    alice = await as_person(ALICE, f"{KINDS[0].write} {KINDS[1].write} {INTUNE}")
    assert code_of(await alice(method, path, **options)) == (400, "BadRequest")
    assert (len(graph.violations), graph.effects) == (1, [])


async def test_own_request_is_withdrawn(graph: GraphStandIn, as_person: As) -> None:
    graph.variant[OPERATION] = "200"  # of the other action: it has none of that name
    item = graph.add(OPERATION, owner=ALICE.oid, state="needsApproval")
    alice = await as_person(ALICE, INTUNE)
    answer = await alice.post(WITHDRAWAL, {"id": item.upper()})
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await alice.get(f"{OPERATIONS}/{item}")).json()["status"] == "cancelled"
    assert [(one.id, one.oid, one.justification) for one in graph.effects] == [(item, ALICE.oid, None)]
    assert graph.violations == []


async def test_nobody_elses_request_is_withdrawn(graph: GraphStandIn, as_person: As, as_application: As) -> None:
    item = graph.add(OPERATION, owner=ALICE.oid, state="needsApproval")
    for client in (await as_person(CAROL, INTUNE), await as_application()):
        assert code_of(await client.post(WITHDRAWAL, {"id": item})) == (403, "Forbidden")
    assert code_of(await (await as_person(ALICE, INTUNE)).post(WITHDRAWAL, {"id": BOB.oid})) == (
        404,
        "ResourceNotFound",
    )
    assert graph.effects == []


async def test_each_action_has_its_state(graph: GraphStandIn, as_person: As) -> None:
    """One type, two actions: what the one cancels the other refuses."""
    reason = {"justification": "It is off.", "approvalSource": "unknown"}
    item = graph.add(OPERATION, owner=ALICE.oid, state="needsApproval")
    alice = await as_person(ALICE, INTUNE)
    refused = await alice.post(f"{OPERATIONS}/{item}/cancelApproval", reason)
    graph.set_state(OPERATION, item, "approved")
    too_late = await alice.post(WITHDRAWAL, {"id": item})
    for answer in (refused, too_late):
        assert code_of(answer) == (400, "BadRequest")
        assert json.loads(answer.json()["error"]["message"])["_version"] == 3
    assert (graph.effects, graph.cancellable(graph.of_type(OPERATION, None)[0])) == ([], True)
    assert (await alice.post(f"{OPERATIONS}/{item}/cancelApproval", reason)).status_code == 200
    assert not graph.cancellable(graph.of_type(OPERATION, None)[0])
