"""Adding a kind is adding one file: here one that no other file has heard of is played like every other."""

import inspect
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

import pytest

import bot.resources
from bot.resources import Resource
from bot.sandbox.graph_facts import APPROVAL_ITEM as TEAMS_APPROVAL
from bot.sandbox.graph_facts import FACTS
from bot.sandbox.graph_types import Entity
from bot.sandbox.tenant import Tenant
from bot.timings import Timings
from tests.scenarios.conftest import running
from tests.scenarios.graph import (
    test_errors,
    test_identity,
    test_justification,
    test_lost_answers,
    test_outages,
    test_ownership,
    test_throttling,
    test_together,
)
from tests.scenarios.graph.cases import CASES, OWN_ONLY, Case, Row, case_of
from tests.scenarios.graph.scene import Scene
from tests.scenarios.play import Play, words

THE_FILE = '''
"""parkingSpaceRequest: an invented kind."""

from bot.resources._spec import ALL_CLOUDS, CancelCall, Meaning, Permissions, ReadCall, Requestor, Resource, States

PERMISSIONS = Permissions(delegated=("ApprovalSolution.ReadWrite",))

RESOURCE = Resource(
    kind="parking-space",
    graph_type="parkingSpaceRequest",
    label="Parking space",
    cancel=(
        CancelCall("v1.0", "/parking/spaceRequests/{id}/giveBack", {204: Meaning.DONE}, PERMISSIONS),
    ),
    read=ReadCall("v1.0", "/parking/spaceRequests/{id}", PERMISSIONS),
    states=States(
        paths=("phase",),
        yes=frozenset({"reserved"}),
        final=frozenset({"released", "left"}),
        cancelled=frozenset({"released"}),
    ),
    requestor=Requestor(oid="driver.oid", names=("driver.name",)),
    titles=("place",),
    created="since",
    urls=("/parking/spaceRequests/{id}",),
    clouds=ALL_CLOUDS,
    who="Whoever reserved it.",
    too_late="Drive on.",
    sources=("invented",),
)
'''


def parking_space(item_id: str, owner: str, now: str) -> Entity:
    return {"id": item_id, "phase": "", "driver": {"oid": owner, "name": "Driver"}, "place": "Level 2", "since": now}


PARKING = replace(
    TEAMS_APPROVAL,
    type_name="parkingSpaceRequest",
    collections=(
        replace(TEAMS_APPROVAL.collections[0], version="v1.0", path="parking/spaceRequests", action="giveBack"),
    ),
    entity=parking_space,
    state_path=("phase",),
    initial="reserved",
    cancellable=frozenset({"reserved"}),
    cancelled="released",
    success={"204": TEAMS_APPROVAL.success["204"]},
    may_read=lambda caller, item: caller.oid == item.owner,
    may_cancel=lambda _cancel: None,
    operations=None,
)


def _declared() -> Resource:
    module: dict[str, Any] = {}
    exec(THE_FILE, module)  # noqa: S102 - the text stands above
    resource = module["RESOURCE"]
    assert isinstance(resource, Resource)
    return resource


# The sandbox's help desk has no rule for it.
CASE = replace(case_of(_declared(), (PARKING,)), row=Row(for_others=("refused", OWN_ONLY)))


@pytest.fixture(scope="module")
def the_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One more module of `bot.resources`."""
    folder = tmp_path_factory.mktemp("resources")
    (folder / "parking_space.py").write_text(THE_FILE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(bot.resources, "__path__", [*bot.resources.__path__, str(folder)])
        yield
    del sys.modules["bot.resources.parking_space"]
    del bot.resources.parking_space  # type: ignore[attr-defined]  # the import has put it there


@pytest.fixture(scope="module")
async def town(mode: str, the_file: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A tenant whose Graph knows the kind, with its bot."""
    assert the_file is None
    with pytest.MonkeyPatch.context() as monkeypatch:
        # Watching an end that is not known goes on into other tests.
        monkeypatch.setattr("bot.services.Timings", partial(Timings, watch=()))
        tenant = Tenant(tmp_path_factory.mktemp("town"), facts=(*FACTS, PARKING))
        async with tenant, running(tenant, mode, monkeypatch, TIME_SCALE="0.001"):
            yield Scene(tenant)


@pytest.fixture
async def parking(town: Scene) -> AsyncIterator[Scene]:
    """As good as new for each test."""
    town.begin()
    yield town
    await town.reset()


async def test_cancelled_through_slack(parking: Scene) -> None:
    target = parking.add(CASE)
    alice = Play(parking.tenant, CASE.person)
    await alice.command(f"Parking-Space {target}")
    view = await alice.loaded()
    assert all(part in words(view.blocks) for part in ("parking-space", target, "Level 2", "Driver", "reserved"))
    await alice.submit(view, justification="I come by bicycle")
    story = await parking.story(CASE, target)
    assert [row.event for row in story.rows] == ["requested", "called", "ended"]
    assert (len(story.posts), len(story.effects)) == (1, 1)
    assert "Cancelled" in story.told
    assert parking.graph.get(CASE.graph_type, target)["phase"] == "released"


Played = Callable[[Scene, Case], Awaitable[None]]
PLAIN = ["scene", "case"]


def _of_each_kind(*modules: ModuleType) -> Iterator[Played]:
    """The tests of these modules that are played with every kind, and need nothing else."""
    for module in modules:
        for test in vars(module).values():
            marks = getattr(test, "pytestmark", ())
            if any(mark.args[1:2] == (CASES,) for mark in marks) and [*inspect.signature(test).parameters] == PLAIN:
                yield test


MATRIX = list(
    _of_each_kind(
        test_errors,
        test_identity,
        test_justification,
        test_lost_answers,
        test_outages,
        test_ownership,
        test_throttling,
        test_together,
    )
)


@pytest.mark.parametrize("case", [CASE], ids=["parking-space"])
@pytest.mark.parametrize("played", MATRIX, ids=lambda test: test.__name__)
async def test_it_is_played_like_every_other(parking: Scene, case: Case, played: Played) -> None:
    """The matrix takes its rows from the registry: nothing in it names a kind that is played so."""
    await played(parking, case)


def test_much_is_played() -> None:
    assert len(MATRIX) > 15


def test_a_kind_that_no_stand_in_knows_is_noticed() -> None:
    """Declared, and not played: the tests do not even begin."""
    with pytest.raises(LookupError, match="no stand-in plays parking-space"):
        case_of(_declared())
