"""The calls that list what is pending, of every kind that has some, as the stand-ins' own tables know them."""

import pytest

from bot.resources import Resource, snapshot, target_of
from bot.sandbox.people import ALICE, BOB
from tests.graph.world import APPLICATION, REGISTRY, World

WHOSE = [
    (resource, application)
    for resource in REGISTRY
    for application in (True, False)
    if resource.lists_for(application=application)
]


def _name(value: object) -> str:
    return value.kind if isinstance(value, Resource) else "application" if value else "person"


@pytest.mark.parametrize(("resource", "application"), WHOSE, ids=_name)
async def test_what_is_pending_is_on_one_of_them(world: World, resource: Resource, application: bool) -> None:
    """Fails when a list asks for what no document has, or cannot be read with the least of its permissions."""
    mine, theirs = world.target(resource.kind, ALICE), world.target(resource.kind, BOB)
    caller = APPLICATION if application else await world.caller(ALICE, resource)
    calls = resource.lists_for(application=application)
    pages = [page for call in calls async for page in world.client.pages(resource, call, caller)]
    entities = {target_of(resource, str(entity["id"])).id: entity for page in pages for entity in page}
    assert mine.id in entities
    assert snapshot(resource, entities[mine.id]).requestor_oid == ALICE.oid
    assert not (any(call.own for call in calls) and theirs.id in entities)
    service = world.service(resource)
    assert service.violations == []
    assert {(call.status, call.app_only) for call in service.calls} == {(200, application)}
