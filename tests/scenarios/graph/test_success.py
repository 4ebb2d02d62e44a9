"""Each kind is cancelled in each of the documented success variants, by the call that its documents show."""

import pytest

from tests.scenarios.graph.cases import CASES, Case
from tests.scenarios.graph.scene import Scene

TIME_SCALE = "0.05"  # leaves an operation 3 s

VARIANTS = [(case, variant) for case in CASES for variant in case.facts.success]


@pytest.mark.parametrize(("case", "variant"), VARIANTS, ids=lambda value: getattr(value, "kind", value))
async def test_cancelled(scene: Scene, case: Case, variant: str) -> None:
    target = scene.add(case)
    scene.service(case).variant[case.graph_type] = variant
    story = await scene.cancel(case, target)
    story.ended("cancelled", posts=1, effects=1)
    assert f"HTTP {case.facts.success[variant].status}" in story.told
    assert story.request_id
    [call] = story.posts
    declared = case.resource.call_for(own=case.person is case.owner)
    assert call.version == declared.version
    assert call.path.endswith(declared.path.rpartition("/")[2])
    assert (call.body or {}).keys() == (declared.body or {}).keys()
    assert call.oid == (None if case.row.as_application else case.person.oid)
    assert case.row.as_application or case.permission in call.scopes
    state = case.facts.state(scene.service(case).get(case.graph_type, target))
    assert state == case.cancelled
