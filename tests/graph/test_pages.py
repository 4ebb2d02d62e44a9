"""Lists as Microsoft documents them: page by page, and nothing that is no whole list passes for one."""

import re
from collections.abc import Mapping

import pytest

from bot.errors import AnswerLost, ServiceError
from bot.graph.wire import Caller
from bot.resources import ListCall, Resource
from bot.sandbox.faults import Fault
from bot.sandbox.graph import LISTS, GraphStandIn
from bot.sandbox.people import ALICE, BOB
from tests.graph.world import APPLICATION, REGISTRY, World
from tests.kinds import facts_of, pending_of

EVERY_LIST = [
    pytest.param(kind, call, who, id=f"{kind.kind} {number} {who}")
    for kind in REGISTRY
    for number, call in enumerate(kind.lists)
    for who in ("application", "delegated")
    if getattr(call.permissions, who)
]
PACKAGE = REGISTRY["access-package"]
PACKAGES = PACKAGE.lists[0]
STATE = re.compile(r"\b(?:status|state) eq '(\w+)'")


async def read(
    world: World, resource: Resource = PACKAGE, call: ListCall = PACKAGES, caller: Caller = APPLICATION
) -> list[Mapping[str, object]]:
    return [entity async for page in world.client.pages(resource, call, caller) for entity in page]


@pytest.mark.parametrize(("resource", "call", "who"), EVERY_LIST)
async def test_a_list_is_read_to_its_end(world: World, resource: Resource, call: ListCall, who: str) -> None:
    service, listed = world.service(resource), STATE.search(call.query.get("$filter", ""))
    state = listed[1] if listed else pending_of(resource, facts_of(resource))
    mine = service.add_many(resource.graph_type, 5, owner=ALICE.oid, state=state)
    service.add(resource.graph_type, owner=BOB.oid, state=state)
    service.page_size = 2
    caller = APPLICATION if who == "application" else await world.caller(ALICE, resource)
    found = {str(entity["id"]) for entity in await read(world, resource, call, caller)}
    assert found >= set(mine)
    assert (len(found) == 5) == (call.own or resource.kind == "approval-item")
    first, *others = service.calls
    assert (first.path.removeprefix(f"/{call.version}"), first.version) == (call.path, call.version)
    assert call.query.items() <= first.query.items()
    assert {one.app_only for one in service.calls} == {who == "application"}
    assert len(others) == 2
    assert service.violations == []


async def test_next_link_elsewhere_is_not_followed(world: World, elsewhere: GraphStandIn) -> None:
    """Fails without the comparison of the host: the token would go there."""
    world.graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    world.graph.next_link_override = f"{elsewhere.url}/v1.0{PACKAGES.path}"
    with pytest.raises(AnswerLost):
        await read(world)
    assert len(world.graph.calls) == 1


async def test_a_list_without_end_is_no_list(world: World) -> None:
    """Fails without the limit of pages."""
    world.graph.add_many("accessPackageAssignmentRequest", 201, owner=ALICE.oid)
    world.graph.page_size = 1
    with pytest.raises(AnswerLost):
        await read(world)
    assert len(world.graph.calls) == 200


async def test_a_list_that_leads_round_and_round_is_no_list(world: World) -> None:
    """Fails when it is followed as far as a long one."""
    world.graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    world.graph.next_link_override = "{page}"
    with pytest.raises(AnswerLost):
        await read(world)
    assert len(world.graph.calls) == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"value": None},
        {"value": "text"},
        {"value": {"id": "x"}},
        {"error": {"code": "None", "message": "Not really a success."}},
        b"",
        b"[]",
        b"null",
        b'{"value": [',
        b"<html>Back soon</html>",
    ],
    ids=str,
)
async def test_a_page_that_is_none(world: World, body: dict[str, object] | bytes) -> None:
    """Fails when whatever lacks a list counts as an empty one: everything pending would seem to be over."""
    world.graph.faults.add(Fault(LISTS, status=200, body=body))
    with pytest.raises(AnswerLost):
        await read(world)


@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("page", [1, 2])
async def test_half_a_page(world: World, share: float, chunked: bool, page: int) -> None:
    """Also where what arrived is whole JSON. Fails when an answer counts before its end has come."""
    world.graph.add_many("accessPackageAssignmentRequest", 4, owner=ALICE.oid)
    world.graph.page_size = 2
    pages = world.client.pages(PACKAGE, PACKAGES, APPLICATION)
    if page == 2:
        await anext(pages)
    world.graph.faults.add(Fault(LISTS, cut=share, chunked=chunked))
    with pytest.raises(AnswerLost):
        await anext(pages)


async def test_what_is_no_entity_is_left_out(world: World) -> None:
    """Fails when items are taken as they come."""
    world.graph.faults.add(Fault(LISTS, status=200, body={"value": [None, 5, "text", ["id"], {"id": "x"}]}))
    assert await read(world) == [{"id": "x"}]


async def test_throttled(world: World) -> None:
    world.graph.faults.add(Fault(LISTS, status=429, headers={"Retry-After": "17"}))
    with pytest.raises(ServiceError) as caught:
        await read(world)
    assert (caught.value.status, caught.value.retry_after) == (429, 17)
