"""The two kinds that Microsoft ended: off unless switched on, and every error says when they ended and what follows."""

import pytest

from bot.sandbox.people import ALICE, CAROL
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import GOVERNANCE_ROLE, PRIVILEGED_ROLE, Case
from tests.scenarios.graph.scene import Scene
from tests.scenarios.play import Play

ENDED = {
    PRIVILEGED_ROLE: (
        "Microsoft retired this kind on 31 May 2021",
        "its successor is unifiedRoleAssignmentScheduleRequest.",
    ),
    GOVERNANCE_ROLE: (
        "Microsoft retired this kind on 28 October 2026",
        "its successor is Azure Resource Manager's roleAssignmentScheduleRequest.",
    ),
}
ANSWERS = [
    (PRIVILEGED_ROLE, "400", "failed"),
    (GOVERNANCE_ROLE, "404", "refused"),
    (GOVERNANCE_ROLE, "410", "failed"),
    (GOVERNANCE_ROLE, "empty", "refused"),
]


@pytest.mark.parametrize(("case", "variant", "result"), ANSWERS)
async def test_error_names_the_successor(scene: Scene, case: Case, variant: str, result: str) -> None:
    """Whatever the ended service answers. Fails when only some ends of a cancellation say it."""
    target = scene.add(case)
    scene.graph.retired = True
    scene.graph.retired_variant[case.graph_type] = variant
    story = await scene.cancel(case, target)
    story.ended(result)
    assert all(part in story.told for part in ENDED[case])
    assert (await scene.cancel(case, target.upper(), person=CAROL)).end["result"] == "failed"


@pytest.mark.parametrize("case", ENDED, ids=lambda case: case.kind)
async def test_success_says_nothing_of_it(scene: Scene, case: Case) -> None:
    story = await scene.cancel(case, scene.add(case))
    story.ended("cancelled", posts=1, effects=1)
    assert "retired" not in story.told


@pytest.mark.parametrize("case", ENDED, ids=lambda case: case.kind)
async def test_off_by_default(alone: Scene, start: Start, case: Case) -> None:
    alice = Play(alone.tenant, ALICE)
    async with start(KINDS=""):
        target = alone.add(case)
        await alice.command(f"{case.kind} {target}")
        told = await alice.told()
        assert f"{case.kind} is not switched on here" in told
        assert all(part in told for part in ENDED[case])
        assert alone.tenant.slack.open_view(ALICE.slack_id) is None
    assert [call for call in alone.graph.calls if target in call.path] == []
