"""Every kind is read and cancelled as its document says, in each of the documented success variants."""

import pytest

from bot.errors import AnswerLost, ServiceError
from bot.graph.client import Operation
from bot.resources import Meaning, Slot, Target, snapshot
from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB, CAROL
from tests.graph.world import APPLICATION, REGISTRY, World
from tests.kinds import facts_of

EVERY_VARIANT = [
    (kind.kind, scope, variant)
    for kind in REGISTRY
    for scope in kind.scopes or [""]
    for variant in facts_of(kind).success
]


@pytest.mark.parametrize(("kind", "scope", "variant"), EVERY_VARIANT)
async def test_own_request_is_read_and_cancelled(world: World, kind: str, scope: str, variant: str) -> None:
    resource = REGISTRY[kind]
    service = world.service(resource)
    service.variant[resource.graph_type] = variant
    target = world.target(kind, ALICE, scope)
    caller = await world.caller(ALICE, resource)
    before = snapshot(resource, await world.client.read(resource, target, caller))
    assert before.requestor_oid == ALICE.oid
    call = resource.call_for(own=True)
    answer = await world.client.cancel(resource, call, target, "Asked for by mistake", caller)
    assert answer.status in call.success
    if answer.meaning is Meaning.ACCEPTED:
        assert service.effects == []
        states = [await world.client.operation(resource, call, answer.location, caller) for _ in range(3)]
        assert states == [Operation(state, "") for state in ("scheduled", "inProgress", "succeeded")]
    assert snapshot(resource, await world.client.read(resource, target, caller)).cancelled
    [effect] = service.effects
    assert (effect.id, effect.oid) == (target.id, ALICE.oid)
    told = Slot.JUSTIFICATION in (call.body or {}).values()
    assert effect.justification == ("Asked for by mistake" if told else None)
    assert world.graph.violations == world.arm.violations == []


async def test_access_package_of_somebody_else(world: World) -> None:
    resource = REGISTRY["access-package"]
    target = world.target("access-package", ALICE)
    world.graph.admins = {CAROL.oid}
    caller = await world.caller(CAROL, resource)
    await world.client.cancel(resource, resource.call_for(own=False), target, "Left the team", caller)
    [post] = [call for call in world.graph.calls if call.method == "POST"]
    assert (post.version, post.body) == ("v1.0", None)
    assert [effect.oid for effect in world.graph.effects] == [CAROL.oid]


@pytest.mark.parametrize("kind", [kind.kind for kind in REGISTRY if kind.read.permissions.application])
async def test_application_reads(world: World, kind: str) -> None:
    resource = REGISTRY[kind]
    scope = resource.default_scope
    target = world.target(kind, BOB, scope)
    entity = await world.client.read(resource, target, APPLICATION)
    assert snapshot(resource, entity).requestor_oid == BOB.oid
    assert world.service(resource).calls[-1].app_only


async def test_application_cancels_an_operation_approval(world: World) -> None:
    resource = REGISTRY["operation-approval"]
    target = world.target("operation-approval", BOB)
    answer = await world.client.cancel(resource, resource.cancel[0], target, "", APPLICATION)
    assert answer.meaning is Meaning.DONE
    assert [(effect.oid, effect.justification) for effect in world.graph.effects] == [(None, "")]


async def test_failed_operation_names_its_code(world: World) -> None:
    resource = REGISTRY["approval-item"]
    target = world.target("approval-item", ALICE)
    caller = await world.caller(ALICE, resource)
    world.graph.operation_script = ["failed"]
    answer = await world.client.cancel(resource, resource.cancel[0], target, "", caller)
    operation = await world.client.operation(resource, resource.cancel[0], answer.location, caller)
    assert operation == Operation("failed", "CancelFailed")


async def test_foreign_location_is_not_followed(world: World, elsewhere: GraphStandIn) -> None:
    resource = REGISTRY["approval-item"]
    target = world.target("approval-item", ALICE)
    caller = await world.caller(ALICE, resource)
    world.graph.location_override = f"{elsewhere.url}/beta/solutions/approval/operations/{target.id}"
    answer = await world.client.cancel(resource, resource.cancel[0], target, "", caller)
    before = len(world.graph.calls)
    assert await world.client.operation(resource, resource.cancel[0], answer.location, caller) is None
    assert len(world.graph.calls) == before


@pytest.mark.parametrize("scheme", ["absolute", "relative", "lower case"])
async def test_location_of_our_own(world: World, scheme: str) -> None:
    resource = REGISTRY["approval-item"]
    target = world.target("approval-item", ALICE)
    caller = await world.caller(ALICE, resource)
    answer = await world.client.cancel(resource, resource.cancel[0], target, "", caller)
    location = answer.location
    if scheme == "relative":
        location = location.removeprefix(world.graph.url)
    if scheme == "lower case":
        location = location.lower()
    operation = await world.client.operation(resource, resource.cancel[0], location, caller)
    assert operation == Operation("scheduled", "")


async def test_listed_kind_is_found_on_a_later_page(world: World) -> None:
    resource = REGISTRY["privileged-role"]
    targets = [world.target("privileged-role", ALICE) for _ in range(5)]
    caller = await world.caller(ALICE, resource)
    world.graph.page_size = 2
    wanted = Target("privileged-role", targets[-1].id.upper())
    entity = await world.client.read(resource, wanted, caller)
    assert entity["id"] == targets[-1].id
    assert [call.status for call in world.graph.calls] == [200, 200, 200]
    assert world.graph.violations == []


async def test_listed_kind_that_is_missing(world: World) -> None:
    resource = REGISTRY["privileged-role"]
    world.target("privileged-role", ALICE)
    caller = await world.caller(ALICE, resource)
    missing = Target("privileged-role", "00000000-0000-4000-8000-00000000dead")
    with pytest.raises(ServiceError) as caught:
        await world.client.read(resource, missing, caller)
    assert (caught.value.status, caught.value.codes) == (404, ())


async def test_endless_pages_end_without_a_verdict(world: World) -> None:
    """Twenty pages are read; that the request is not on them does not prove that it is nowhere."""
    resource = REGISTRY["privileged-role"]
    targets = [world.target("privileged-role", ALICE) for _ in range(22)]
    caller = await world.caller(ALICE, resource)
    world.graph.page_size = 1
    with pytest.raises(AnswerLost):
        await world.client.read(resource, targets[-1], caller)
    assert len(world.graph.calls) == 20


@pytest.mark.parametrize(
    "link",
    [
        "{elsewhere}/beta/privilegedRoleAssignmentRequests?$skiptoken=1",
        "{graph}@evil.example.test/beta/x",
        "{graph}/beta/x?\u0001",
        {"a": 1},
    ],
    ids=["another port", "another host", "unprintable", "no text"],
)
async def test_next_link_elsewhere_is_refused(world: World, elsewhere: GraphStandIn, link: object) -> None:
    """Fails without the comparison of the host."""
    resource = REGISTRY["privileged-role"]
    target = world.target("privileged-role", ALICE)
    caller = await world.caller(ALICE, resource)
    if isinstance(link, str):
        link = link.replace("{elsewhere}", elsewhere.url).replace("{graph}", world.graph.url)
    world.graph.faults.add(Fault("GET", status=200, body={"value": [], "@odata.nextLink": link}))
    with pytest.raises(AnswerLost):
        await world.client.read(resource, target, caller)
    assert len(world.graph.calls) == 1


@pytest.mark.parametrize("value", [None, 5, "text", {"id": "x"}])
async def test_list_of_an_unknown_form(world: World, value: object) -> None:
    """What is no list does not tell that the request is nowhere."""
    resource = REGISTRY["privileged-role"]
    target = world.target("privileged-role", ALICE)
    caller = await world.caller(ALICE, resource)
    world.graph.faults.add(Fault("GET", status=200, body={"value": value}))
    with pytest.raises(AnswerLost):
        await world.client.read(resource, target, caller)


async def test_list_of_unknown_things(world: World) -> None:
    resource = REGISTRY["privileged-role"]
    target = world.target("privileged-role", ALICE)
    caller = await world.caller(ALICE, resource)
    world.graph.faults.add(Fault("GET", status=200, body={"value": [None, 5, "text", {"id": 5}]}))
    with pytest.raises(ServiceError):
        await world.client.read(resource, target, caller)
