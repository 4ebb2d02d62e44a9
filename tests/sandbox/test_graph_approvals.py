"""approvalItem and operationApprovalRequest at the Graph stand-in."""

import json
from typing import Any

import pytest

from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB, CAROL
from tests.sandbox.graph_clients import As, code_of

ITEMS = "/beta/solutions/approval/approvalItems"
OPERATIONS = "/beta/deviceManagement/operationApprovalRequests"
APPROVALS = "ApprovalSolution.ReadWrite"
INTUNE = "DeviceManagementRBAC.Read.All"
REASON = {"justification": "Change 23423 is off.", "approvalSource": "adminConsole"}


async def test_owner_cancels_an_approval_item_by_an_operation(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("approvalItem", owner=ALICE.oid)
    alice = await as_person(ALICE, APPROVALS)
    accepted = await alice.post(f"{ITEMS}/{item.upper()}/cancel")
    location = accepted.headers["Location"]
    assert (accepted.status_code, accepted.content) == (202, b"")
    assert location.startswith(f"{graph.url}/beta/solutions/approval/operations/")

    statuses = [(await alice.get(location)).json()["status"] for _ in range(2)]
    assert (statuses, graph.get("approvalItem", item)["state"]) == (["scheduled", "inProgress"], "pending")
    for _ in range(2):
        assert (await alice.get(location)).json()["status"] == "succeeded"
    assert (await alice.get(f"{ITEMS}/{item}")).json()["state"] == "canceled"
    [effect] = graph.effects
    assert (effect.type_name, effect.id, effect.oid) == ("approvalItem", item, ALICE.oid)
    assert graph.violations == []


async def test_approval_item_cancelled_at_once(graph: GraphStandIn, as_person: As) -> None:
    graph.variant["approvalItem"] = "204"
    item = graph.add("approvalItem", owner=ALICE.oid)
    alice = await as_person(ALICE, APPROVALS)
    assert (await alice.post(f"{ITEMS}/{item}/cancel")).status_code == 204
    assert graph.get("approvalItem", item)["state"] == "canceled"
    assert code_of(await alice.post(f"{ITEMS}/{item}/cancel")) == (400, "BadRequest")
    assert len(graph.effects) == 1


async def test_failed_operation(graph: GraphStandIn, as_person: As) -> None:
    graph.operation_script = ["failed"]
    item = graph.add("approvalItem", owner=ALICE.oid)
    alice = await as_person(ALICE, APPROVALS)
    location = (await alice.post(f"{ITEMS}/{item}/cancel")).headers["Location"]
    operation = (await alice.get(location)).json()
    assert (operation["status"], bool(operation["error"]["code"])) == ("failed", True)
    assert graph.get("approvalItem", item)["state"] == "pending"
    assert graph.effects == []


async def test_two_operations_have_one_effect(graph: GraphStandIn, as_person: As) -> None:
    graph.operation_script = ["succeeded"]
    item = graph.add("approvalItem", owner=ALICE.oid)
    alice = await as_person(ALICE, APPROVALS)
    locations = [(await alice.post(f"{ITEMS}/{item}/cancel")).headers["Location"] for _ in range(2)]
    assert [(await alice.get(one)).json()["status"] for one in locations] == ["succeeded", "failed"]
    assert len(graph.effects) == 1


async def test_foreign_location(graph: GraphStandIn, as_person: As) -> None:
    graph.location_override = "https://evil.example.test/operations/1"
    item = graph.add("approvalItem", owner=ALICE.oid)
    answer = await (await as_person(ALICE, APPROVALS)).post(f"{ITEMS}/{item}/cancel")
    assert answer.headers["Location"] == "https://evil.example.test/operations/1"


async def test_others_neither_see_nor_cancel_an_approval_item(
    graph: GraphStandIn, as_person: As, as_application: As
) -> None:
    graph.variant["approvalItem"] = "202"
    item = graph.add("approvalItem", owner=ALICE.oid)  # Carol is its approver
    alice, bob, carol = [await as_person(one, APPROVALS) for one in (ALICE, BOB, CAROL)]
    location = (await alice.post(f"{ITEMS}/{item}/cancel")).headers["Location"]
    assert (await carol.get(f"{ITEMS}/{item}")).json()["id"] == item
    assert code_of(await bob.get(f"{ITEMS}/{item}")) == (404, "ResourceNotFound")
    assert code_of(await bob.get(location)) == (404, "ResourceNotFound")
    assert (await bob.get(ITEMS)).json()["value"] == []
    for other in (bob, carol):
        assert code_of(await other.post(f"{ITEMS}/{item}/cancel")) == (403, "Forbidden")
    application = await as_application()
    assert code_of(await application.get(f"{ITEMS}/{item}")) == (403, "Authorization_RequestDenied")
    assert code_of(await application.post(f"{ITEMS}/{item}/cancel")) == (403, "Authorization_RequestDenied")
    assert graph.effects == []


async def test_item_that_does_not_allow_cancelling(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("approvalItem", owner=ALICE.oid, allowCancel=False)
    answer = await (await as_person(ALICE, APPROVALS)).post(f"{ITEMS}/{item}/cancel")
    assert code_of(answer) == (400, "BadRequest")


async def test_read_permission_is_not_enough_to_cancel(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("approvalItem", owner=ALICE.oid)
    alice = await as_person(ALICE, "ApprovalSolution.Read")
    assert (await alice.get(f"{ITEMS}/{item}")).status_code == 200
    assert code_of(await alice.post(f"{ITEMS}/{item}/cancel")) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize("app_only", [True, False])
async def test_approved_operation_is_cancelled_with_a_reason(
    graph: GraphStandIn, as_person: As, as_application: As, app_only: bool
) -> None:
    item = graph.add("operationApprovalRequest", owner=ALICE.oid)
    caller = await (as_application() if app_only else as_person(CAROL, INTUNE))
    answer = await caller.post(f"{OPERATIONS}/{item}/cancelApproval", REASON)
    assert (answer.status_code, list(answer.json())) == (200, ["value"])
    assert (await caller.get(f"{OPERATIONS}/{item}")).json()["status"] == "cancelled"
    [effect] = graph.effects
    assert effect.oid == (None if app_only else CAROL.oid)
    assert effect.justification == REASON["justification"]
    assert graph.calls[-2].app_only == app_only


async def test_only_an_approved_operation_is_cancelled(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("operationApprovalRequest", owner=ALICE.oid, state="needsApproval")
    answer = await (await as_person(CAROL, INTUNE)).post(f"{OPERATIONS}/{item}/cancelApproval", REASON)
    assert answer.status_code == 400
    nested = json.loads(answer.json()["error"]["message"])
    assert nested["_version"] == 3
    assert nested["Message"]
    assert graph.effects == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"justification": "why"},
        REASON | {"more": 1},
        REASON | {"approvalSource": "slack"},
        REASON | {"justification": 7},
        REASON | {"justification": "x" * 1025},
        REASON | {"justification": "\U0001f600" * 513},
    ],
)
async def test_body_of_an_operation_approval(graph: GraphStandIn, as_person: As, body: Any) -> None:
    item = graph.add("operationApprovalRequest", owner=ALICE.oid)
    answer = await (await as_person(CAROL, INTUNE)).post(f"{OPERATIONS}/{item}/cancelApproval", body)
    assert answer.status_code == 400
    assert len(graph.violations) == 1
    assert graph.effects == []


async def test_longest_justification(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("operationApprovalRequest", owner=ALICE.oid)
    body = REASON | {"justification": "\U0001f600" * 512}
    answer = await (await as_person(CAROL, INTUNE)).post(f"{OPERATIONS}/{item}/cancelApproval", body)
    assert answer.status_code == 200
