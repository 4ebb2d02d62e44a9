"""A process is killed at a point and started again: what was begun ends once, as if nothing had happened."""

from typing import Final

import pytest

from tests.conftest import KILLED
from tests.kill import points
from tests.kill.conftest import AUDIT_KEY, SetStage
from tests.kill.ends import Ending
from tests.kill.scenarios import (
    ACCEPTED,
    APPROVED,
    CARD,
    COMMAND,
    FOR_ANOTHER,
    HANDED_ON,
    JOINED,
    LAPSED,
    LOST,
    REFUSED,
    REPEATED,
    SETTLED,
    THROTTLED,
    Scenario,
)
from tests.kill.stage import ON_THE_WIRE

OTHERS: Final = (CARD, LOST, REPEATED, THROTTLED, REFUSED, JOINED, HANDED_ON, FOR_ANOTHER, SETTLED, APPROVED, LAPSED)
ROWS: Final = [
    *(("sqlite", scenario, point) for scenario in (COMMAND, ACCEPTED) for point in points.every(scenario)),
    *(("sqlite", scenario, point) for scenario in OTHERS for point in points.own(scenario)),
    *(("postgresql", COMMAND, point) for point in points.every(COMMAND)),
    *(("postgresql", scenario, point) for scenario in OTHERS for point in points.own(scenario)),
]


def killed(*moments: str) -> pytest.MarkDecorator:
    """The rows of these moments."""
    return pytest.mark.parametrize(
        ("database", "scenario", "point"),
        [row for row in ROWS if row[2].startswith(moments)],
        indirect=["database"],
        ids=lambda one: getattr(one, "name", one),
    )


async def survive(set_stage: SetStage, request: pytest.FixtureRequest, scenario: Scenario, point: str) -> None:
    """Plays the scenario, with a process that dies at the point; leaves a row for the table."""
    async with set_stage(scenario) as stage:
        await stage.play(point)
        ending = await Ending.of(stage.tenant, stage.target, stage.records, AUDIT_KEY)
    problems = ending.problems(scenario.end, *scenario.extra.get(point, (0, 0)))
    row = f"{stage.records.dialect:11} {scenario.name:14} {point:25} {ending}  {'; '.join(problems) or 'ok'}"
    request.node.user_properties.append((KILLED, row))
    assert not problems


# Classes, so that several workers share the table.


class TestBefore:
    @killed("before")
    async def test_it(
        self, scenario: Scenario, point: str, set_stage: SetStage, request: pytest.FixtureRequest
    ) -> None:
        await survive(set_stage, request, scenario, point)


class TestInside:
    @killed("inside")
    async def test_it(
        self, scenario: Scenario, point: str, set_stage: SetStage, request: pytest.FixtureRequest
    ) -> None:
        await survive(set_stage, request, scenario, point)


class TestAfter:
    @killed("after")
    async def test_it(
        self, scenario: Scenario, point: str, set_stage: SetStage, request: pytest.FixtureRequest
    ) -> None:
        await survive(set_stage, request, scenario, point)


class TestOnTheWire:
    @killed(*ON_THE_WIRE)
    async def test_it(
        self, scenario: Scenario, point: str, set_stage: SetStage, request: pytest.FixtureRequest
    ) -> None:
        await survive(set_stage, request, scenario, point)

    @pytest.mark.parametrize("scenario", [COMMAND, ACCEPTED, *OTHERS], ids=lambda one: one.name)
    async def test_every_point_is_known(self, scenario: Scenario, set_stage: SetStage) -> None:
        """Fails when a step is added, or renamed, at which nobody is killed here."""
        async with set_stage(scenario) as stage:
            await stage.play()
            assert sorted(stage.passed()) == sorted(points.passed(scenario))
