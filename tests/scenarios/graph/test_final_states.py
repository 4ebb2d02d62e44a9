"""What has ended already: told as it is, and nothing is sent. States count in any case and in both spellings."""

from collections.abc import Iterator

import pytest

from tests.scenarios.graph.cases import CASES, Case
from tests.scenarios.graph.scene import Scene

ACTIVE = "The access that was asked for may be active."


def _spelled(case: Case) -> Iterator[str]:
    """Every final state as the documents have it; what was cancelled with the other number of l, and swapped."""
    states = case.resource.states
    yield from sorted(states.final)
    for state in sorted(states.cancelled):
        yield state.swapcase()
        if "cance" in state.lower():
            yield state.replace("cell", "cel") if "cell" in state else state.replace("cel", "cell")


@pytest.mark.parametrize(
    ("case", "state"),
    [(case, state) for case in CASES for state in _spelled(case)],
    ids=lambda value: getattr(value, "kind", value),
)
async def test_nothing_is_sent(scene: Scene, case: Case, state: str) -> None:
    """The state is told, whether access may be active, and where to go.

    Fails without the first look, and for the other spelling when states are compared as they are written.
    """
    target = scene.add(case, state=state)
    story = await scene.cancel(case, target)
    story.ended("already_final")
    assert f"It already ended as “{state}”, so nothing was sent." in story.told
    assert story.end["reason"] == "found_final"
    states = case.resource.states
    assert (ACTIVE in story.told) is (state in states.active)
    assert (case.resource.too_late in story.told) is (state in states.final - states.cancelled)
