"""Adding a kind is adding one file: here one that no other file has heard of is cancelled through Slack."""

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import bot.resources
from bot.sandbox.graph_facts import APPROVAL_ITEM as TEAMS_APPROVAL
from bot.sandbox.graph_facts import FACTS
from bot.sandbox.graph_types import Entity
from bot.sandbox.tenant import Tenant
from tests.scenarios.conftest import running
from tests.scenarios.graph.cases import Case
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
        final=frozenset({"released"}),
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
CASE = Case("parking-space", "parkingSpaceRequest", "204", "ApprovalSolution.ReadWrite", "reserved", "released")


@pytest.fixture
def the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One more module of `bot.resources`."""
    folder = tmp_path / "resources"
    folder.mkdir()
    (folder / "parking_space.py").write_text(THE_FILE, encoding="utf-8")
    monkeypatch.setattr(bot.resources, "__path__", [*bot.resources.__path__, str(folder)])
    yield
    del sys.modules["bot.resources.parking_space"]
    del bot.resources.parking_space  # type: ignore[attr-defined]  # the import has put it there


@pytest.fixture(params=["socket", "http"])
async def parking(
    request: pytest.FixtureRequest, tmp_path: Path, the_file: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    assert the_file is None
    async with Tenant(tmp_path, facts=(*FACTS, PARKING)) as tenant, running(tenant, request.param, monkeypatch):
        yield Scene(tenant)
        assert tenant.graph.violations == tenant.slack.violations == []


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


async def test_its_errors_are_told(parking: Scene) -> None:
    (await parking.cancel(CASE, parking.add(CASE, state="released"))).ended("already_final")
