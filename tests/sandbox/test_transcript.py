"""The transcript prints what was called at Microsoft, and by whom."""

import pytest

from bot.sandbox.arm import ArmStandIn
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, CAROL
from bot.sandbox.transcript import Transcript
from tests.sandbox import arm_clients
from tests.sandbox.graph_clients import As

ITEMS = "/beta/solutions/approval/approvalItems"


async def test_calls_of_both_services_since_the_scene_began(
    graph: GraphStandIn,
    arm: ArmStandIn,
    as_person: As,
    act: arm_clients.As,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Fails when one service is not followed, when they come one after the other, or when a call is told twice."""
    azure, application, of_graph = await act(ALICE), await act(None), await as_person(CAROL, "ApprovalSolution.Read")
    transcript = Transcript((graph, arm))
    await azure("GET", arm_clients.COLLECTION)
    transcript.title(1, "One")
    target = arm.add(arm_clients.ASSIGNMENT, owner=ALICE.oid)
    await azure("POST", f"{target}/cancel")
    await of_graph("GET", ITEMS)
    await application("GET", target)
    await application.listed("", "principalId eq 'x'")
    transcript.calls()
    await of_graph("GET", f"{ITEMS}/1")
    transcript.calls()
    printed = " ".join(capsys.readouterr().out.split()).replace("- ", "-")
    assert printed == (
        f"1. One → Azure POST {target}/cancel as Alice → 200 → Graph GET {ITEMS} as Carol → 200"
        f" → Azure GET {target} as the application → 200 → Graph GET {ITEMS}/1 as Carol → 404"
    )
