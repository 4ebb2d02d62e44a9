"""The main job, kind by kind, in both modes: command or button, dialog, one call, the outcome told everywhere."""

import pytest

from bot.sandbox.people import ALICE, BOB
from bot.sandbox.tenant import AUDIT, CHANNEL, Tenant
from tests.scenarios.play import WHY, Play, words

# Kind, Graph's type, the state in which it can be cancelled, and each documented success.
OWN = [
    ("approval-item", "approvalItem", "202"),
    ("approval-item", "approvalItem", "204"),
    ("access-package", "accessPackageAssignmentRequest", "200"),
    ("access-package", "accessPackageAssignmentRequest", "204"),
    ("privileged-role", "privilegedRoleAssignmentRequest", "entity"),
    ("privileged-role", "privilegedRoleAssignmentRequest", "wrapped"),
    ("governance-role", "governanceRoleAssignmentRequest", "204"),
]


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(("kind", "graph_type", "variant"), OWN)
async def test_own_request(tenant: Tenant, alice: Play, kind: str, graph_type: str, variant: str) -> None:
    tenant.graph.variant[graph_type] = variant
    target = tenant.graph.add(graph_type, owner=ALICE.oid)
    reply = await alice.cancel(kind, target)
    assert words(reply.blocks).startswith(":white_check_mark:   Cancelled  ·  @U0ALICE")
    [effect] = tenant.graph.effects
    assert (effect.type_name, effect.id, effect.oid) == (graph_type, target, ALICE.oid)
    [root] = alice.roots()
    assert "Cancelled, " in words(root.blocks)
    assert WHY in words(root.blocks)
    [line] = tenant.slack.messages(AUDIT)
    assert all(part in words(line.blocks) for part in ("Cancelled", kind, target, "@U0ALICE", WHY))


@pytest.mark.usefixtures("bot")
async def test_operation_approval_as_the_application(tenant: Tenant, carol: Play) -> None:
    target = tenant.graph.add("operationApprovalRequest", owner=BOB.oid)
    reply = await carol.cancel("operation-approval", target, "Change 23423 is off")
    assert "Cancelled" in words(reply.blocks)
    [effect] = tenant.graph.effects
    assert (effect.oid, effect.justification) == (None, "Change 23423 is off")
    [call] = [call for call in tenant.graph.calls if call.method == "POST"]
    assert call.body == {"justification": "Change 23423 is off", "approvalSource": "unknown"}
    assert carol.channel == CHANNEL
