"""Every point at which a process is killed."""

from typing import Final

from tests.kill.scenarios import Scenario

_COMMAND: Final = (
    "record#1 row_requested#1 start#1 begin#1 thread#1 look#1 call#1 row_called#1 outcome#1 row_ended#1 "
    "reply#1 cards#1 audit_post#1 release#1 joined#1"
)
"""What a plain command passes."""

_STEP: Final = ("before", "inside", "after")
_MOMENTS: Final = {
    "record": ("before", "after"),
    "start": ("before", "after"),
    "row_called": ("inside", "after"),
    **dict.fromkeys(
        ("row_requested", "row_joined", "row_asked", "row_approved", "row_ended", "row_settled"), ("inside",)
    ),
}
"""What is no step of a workflow. Of a row written together with others, the transaction has its own name."""


def passed(scenario: Scenario) -> set[str]:
    """Every point that its processes pass."""
    return _points(({*_COMMAND.split()} - {*scenario.less.split()}) | {*scenario.more.split()})


def every(scenario: Scenario) -> list[str]:
    """All of them, and the requests at which a stand-in holds the process."""
    return sorted(passed(scenario)) + scenario.wire.split()


def own(scenario: Scenario) -> list[str]:
    """Those that tell something that no other scenario does."""
    return sorted(_points({*(scenario.at or scenario.more).split()})) + scenario.wire.split()


def _points(names: set[str]) -> set[str]:
    return {f"{moment}:{name}" for name in names for moment in _MOMENTS.get(name.partition("#")[0], _STEP)}
