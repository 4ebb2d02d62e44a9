"""What the sandbox plays and shows: every kind that there is."""

import pytest

from bot.resources import load
from bot.sandbox.scenes import SAMPLES, SCENES, Kind

SHOWN = {kind for kind, *_ in SAMPLES}
PLAYED = {scene.offered or scene.kind for scene in SCENES}


def test_every_kind_is_played() -> None:
    """As the README says. Fails when a kind has no scene in the demo."""
    assert {kind.name for kind in PLAYED} == {one.kind for one in load()}


@pytest.mark.parametrize("kind", sorted(SHOWN | PLAYED), ids=lambda one: one.name)
def test_kind_and_type_belong_together(kind: Kind) -> None:
    """Fails when a request is made of another type than its scene or sample says."""
    assert {one.kind: one.graph_type for one in load()}[kind.name] == kind.type_name
