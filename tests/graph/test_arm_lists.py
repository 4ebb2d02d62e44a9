"""Lists of Azure Resource Manager: page by page, and never away from its own host."""

from collections.abc import Mapping

import pytest

from bot.errors import AnswerLost
from bot.graph.wire import Caller
from bot.resources import Resource, Service
from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB
from tests.graph.world import APPLICATION, ARM, REGISTRY, World

KINDS = [resource for resource in REGISTRY if resource.service is Service.ARM]
EACH = pytest.mark.parametrize("resource", KINDS, ids=lambda resource: resource.kind)
AZURE = KINDS[0]
OPERATION = REGISTRY["operation-approval"]
VERSION = {"api-version": "2020-10-01"}


async def pages(world: World, resource: Resource, caller: Caller) -> list[list[Mapping[str, object]]]:
    [call] = resource.lists_for(application=False)
    return [page async for page in world.client.pages(resource, call, caller)]


@EACH
async def test_list_goes_on_without_odata(world: World, resource: Resource) -> None:
    """`nextLink`, and not `@odata.nextLink`."""
    mine = [world.target(resource.kind, ALICE).id for _ in range(5)]
    world.target(resource.kind, BOB)
    world.arm.page_size = 2
    found = await pages(world, resource, await world.caller(ALICE, resource))
    assert [len(page) for page in found] == [2, 2, 1]
    assert [entity["id"] for page in found for entity in page] == mine
    first, *others = world.arm.calls
    assert (first.path, dict(first.query)) == (resource.lists[0].path, {**VERSION, "$filter": "asRequestor()"})
    assert {call.query["api-version"] for call in others} == {"2020-10-01"}
    assert world.arm.violations == []


async def test_next_link_of_the_public_host(world: World) -> None:
    """A service behind a proxy names itself. The call goes where all calls go."""
    world.target(AZURE.kind, ALICE)
    path = f"{AZURE.lists[0].path}?api-version=2020-10-01&$filter=asRequestor()"
    world.arm.faults.add(Fault("GET", body={"value": [], "nextLink": f"{ARM}{path}"}))
    found = await pages(world, AZURE, await world.caller(ALICE, AZURE))
    assert [len(page) for page in found] == [0, 1]
    assert len(world.arm.calls) == 2


LINKS = [
    "{graph}{path}",
    "{elsewhere}{path}",
    "https://graph.microsoft.com{path}",
    "https://management.azure.com.example.test{path}",
    "https://management.azure.com@example.test{path}",
    "https://management.azure.com:8443{path}",
    "http://management.azure.com{path}",
    "//management.azure.com{path}",
    "{path}",
    "https://management.azure.com/v1.0/me",
    "https://management.azure.com/beta{path}",
    "https://management.azure.com/subscriptions/../tenants",
    "https://management.azure.com/tenants",
    "https://management.azure.com{path}\u0001",
    {"href": "{path}"},
    ["{path}"],
    True,
]


@pytest.mark.parametrize("link", LINKS, ids=str)
async def test_next_link_elsewhere_is_refused(world: World, elsewhere: GraphStandIn, link: object) -> None:
    """Above all Graph's host is another one. Fails when the services share their hosts, or without the comparison."""
    caller = await world.caller(ALICE, AZURE)
    if isinstance(link, str):
        path = f"{AZURE.lists[0].path}?api-version=2020-10-01"
        link = link.replace("{path}", path)
        link = link.replace("{graph}", world.graph.url).replace("{elsewhere}", elsewhere.url)
    world.arm.faults.add(Fault("GET", body={"value": [], "nextLink": link}))
    with pytest.raises(AnswerLost):
        await pages(world, AZURE, caller)
    assert (len(world.arm.calls), len(world.graph.calls)) == (1, 0)


async def test_next_link_that_leads_round_and_round(world: World) -> None:
    world.arm.next_link_override = "{page}"
    with pytest.raises(AnswerLost):
        await pages(world, AZURE, await world.caller(ALICE, AZURE))
    assert len(world.arm.calls) == 2


async def test_graph_does_not_follow_to_azure(world: World) -> None:
    """The other way round: a token of Graph's is worth nothing there, and must not be shown."""
    [call] = OPERATION.lists_for(application=True)
    world.graph.faults.add(Fault("GET", body={"value": [], "@odata.nextLink": f"{world.arm.url}/v1.0/x"}))
    with pytest.raises(AnswerLost):
        [page async for page in world.client.pages(OPERATION, call, APPLICATION)]
    assert world.arm.calls == []
