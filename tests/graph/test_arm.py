"""Azure Resource Manager on the wire: its own host, audience, version and errors, apart from Graph's."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest

from bot.errors import AnswerLost, ConsentNeeded, NotSent, ServiceError, ServiceFailure
from bot.graph.client import Answer, GraphClient
from bot.graph.wire import Caller
from bot.resources import Resource, Service, Target, snapshot
from bot.sandbox.arm import SUBSCRIPTION, ArmStandIn
from bot.sandbox.entra import EntraStandIn
from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB
from bot.sandbox.tls import ThrowAwayAuthority
from tests.graph.world import APPLICATION, ARM, GRAPH, REGISTRY, World

KINDS = [resource for resource in REGISTRY if resource.service is Service.ARM]
EACH = pytest.mark.parametrize("resource", KINDS, ids=lambda resource: resource.kind)
AZURE = KINDS[0]
OPERATION = REGISTRY["operation-approval"]
CANCEL = r"POST .*/cancel$"
VERSION = {"api-version": "2020-10-01"}
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-print.(old)_1"
SCOPES = (
    "",
    "/providers/Microsoft.Management/managementGroups/Contoso",
    SUBSCRIPTION,
    GROUP,
    f"{GROUP}/providers/Microsoft.Web/sites/intranet/slots/next",
)


async def cancel(world: World, target: Target, caller: Caller, client: GraphClient | None = None) -> Answer:
    resource = REGISTRY[target.kind]
    return await (client or world.client).cancel(resource, resource.cancel[0], target, "Why not", caller)


async def failing(world: World, fault: Fault) -> tuple[ServiceFailure, bool]:
    """How a cancellation fails with that fault, and whether it took effect."""
    target = world.target(AZURE.kind, ALICE)
    caller = await world.caller(ALICE, AZURE)
    world.arm.faults.add(fault)
    with pytest.raises(ServiceFailure) as caught:
        await cancel(world, target, caller)
    assert len(world.arm.calls) == 1, "a cancel call is never repeated blindly"
    assert caught.value.client_request_id == world.arm.calls[0].client_request_id
    return caught.value, bool(world.arm.effects)


async def test_no_token_goes_to_the_other_service(world: World) -> None:
    """As a person and as the application. Fails when one wire serves both, or both ask for tokens of one audience."""
    ports = {httpx.URL(one.url).port: audience for one, audience in ((world.arm, ARM), (world.graph, GRAPH))}
    audiences = defaultdict(set)

    async def seen(request: httpx.Request) -> None:
        if request.url.port in ports:
            token = request.headers["Authorization"].removeprefix("Bearer ")
            audiences[request.url.port].add(jwt.decode(token, options={"verify_signature": False})["aud"])

    world.http.event_hooks["request"].append(seen)
    azure, graph = await world.caller(ALICE, AZURE), await world.caller(ALICE, OPERATION)
    for resource, caller in ((AZURE, azure), (OPERATION, graph)):
        target = world.target(resource.kind, ALICE)
        for reader in (caller, APPLICATION):
            await world.client.read(resource, target, reader)
        await cancel(world, target, caller)
    assert audiences == {port: {audience} for port, audience in ports.items()}
    assert [call.status for call in world.arm.calls + world.graph.calls] == [200] * 6


async def test_consent_to_graph_is_none_to_azure(world: World) -> None:
    """Nothing is asked of Azure Resource Manager then."""
    caller = await world.caller(ALICE, OPERATION)
    with pytest.raises(ConsentNeeded) as caught:
        await cancel(world, world.target(AZURE.kind, ALICE), caller)
    assert caught.value.permission == "user_impersonation"
    assert world.arm.calls == []


@EACH
@pytest.mark.parametrize("scope", SCOPES)
async def test_version_scope_and_form_of_every_call(world: World, resource: Resource, scope: str) -> None:
    """A POST without a body and without any other option; the path is the id, letter for letter."""
    item = world.arm.add(resource.graph_type, owner=ALICE.oid, scope=scope)
    for spelling in (item, item.upper()):
        caller, target = await world.caller(ALICE, resource), Target(resource.kind, spelling)
        assert snapshot(resource, await world.client.read(resource, target, caller)).requestor_oid == ALICE.oid
    await cancel(world, target, caller)
    assert [(call.method, call.path, call.query) for call in world.arm.calls] == [
        ("GET", item, VERSION),
        ("GET", item.upper(), VERSION),
        ("POST", f"{item.upper()}/cancel", VERSION),
    ]
    assert world.arm.calls[-1].body is None
    assert [effect.id for effect in world.arm.effects] == [item]
    assert world.arm.violations == []
    assert snapshot(resource, await world.client.read(resource, target, caller)).cancelled


async def test_ids_of_both_sides(world: World) -> None:
    target = world.target(AZURE.kind, ALICE)
    answer = await cancel(world, target, await world.caller(ALICE, AZURE))
    assert answer.client_request_id == world.arm.calls[0].client_request_id
    assert answer.request_id


ERRORS = [
    (400, "RoleAssignmentRequestNotFound"),
    (404, "RoleAssignmentRequestNotFound"),
    (400, "RequestCannotBeCancelled"),
    (400, "InvalidApiVersionParameter"),
    (403, "AuthorizationFailed"),
    (409, "Conflict"),
]


@pytest.mark.parametrize(("status", "code"), ERRORS)
async def test_cloud_error(world: World, status: int, code: str) -> None:
    """`{"error": {"code", "message"}}`, and the service's id of the request in a header of its own name."""
    body = {"error": {"code": code, "message": "In words."}}
    failure, effect = await failing(world, Fault(CANCEL, status=status, body=body))
    assert isinstance(failure, ServiceError)
    assert (failure.status, failure.codes, failure.message, effect) == (status, (code,), "In words.", False)
    assert failure.request_id


async def test_nested_details_tell_no_other_code(world: World) -> None:
    """CloudErrorBody has neither innerError nor anything else that a code could be taken from."""
    details = [{"code": "Another", "message": "Not this."}]
    body = {"error": {"code": "AuthorizationFailed", "message": "No.", "details": details, "additionalInfo": []}}
    failure, _ = await failing(world, Fault(CANCEL, status=403, body=body))
    assert isinstance(failure, ServiceError)
    assert failure.codes == ("AuthorizationFailed",)


@EACH
async def test_what_the_service_itself_answers(world: World, resource: Resource) -> None:
    caller = await world.caller(ALICE, resource)
    gone = world.target(resource.kind, ALICE, state="Provisioned")
    unknown = Target(resource.kind, gone.id[:-4] + "dead")
    theirs = world.target(resource.kind, BOB)
    found = []
    for target, seen in ((gone, False), (unknown, False), (unknown, True), (theirs, False)):
        world.arm.unknown_id_as_seen = seen
        with pytest.raises(ServiceError) as caught:
            await cancel(world, target, caller)
        found.append((caught.value.status, caught.value.service_code))
    not_found = "RoleAssignmentRequestNotFound"
    assert found == [
        (400, "RequestCannotBeCancelled"),
        (400, not_found),
        (404, not_found),
        (403, "AuthorizationFailed"),
    ]
    assert world.arm.effects == []


async def test_throttled(world: World) -> None:
    failure, _ = await failing(world, Fault(CANCEL, status=429, headers={"Retry-After": "11"}))
    assert isinstance(failure, ServiceError)
    assert (failure.status, failure.retry_after) == (429, 11.0)


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("what", [{"drop": True}, {"status": 503}, {"status": 200, "body": b"<html>"}], ids=str)
async def test_lost_answer(world: World, what: dict[str, Any], after_effect: bool) -> None:
    failure, effect = await failing(world, Fault(CANCEL, after_effect=after_effect, **what))
    assert isinstance(failure, AnswerLost)
    assert effect is after_effect
    assert bool(failure.request_id) is ("status" in what)


class Dripping(httpx.AsyncByteStream):
    """A body of which a byte comes every tenth of a second, without an end."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.1)


async def test_answer_that_drips(world: World) -> None:
    """No single read is slow. Fails without the limit of the whole: this test would never end."""
    target = world.target(AZURE.kind, ALICE)
    caller = await world.caller(ALICE, AZURE)
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, stream=Dripping()))
    async with httpx.AsyncClient(transport=transport, timeout=30) as http:
        with pytest.raises(AnswerLost):
            await cancel(world, target, caller, GraphClient(world.arm_wire(http, seconds=1)))


async def test_out_of_reach(world: World) -> None:
    target, caller = world.target(AZURE.kind, ALICE), await world.caller(ALICE, AZURE)
    await world.client.read(AZURE, target, caller)
    await world.arm.stop()
    with pytest.raises(NotSent):
        await cancel(world, target, caller)
    await world.arm.start()
    await cancel(world, target, caller)
    assert len(world.arm.effects) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirect_is_not_followed(world: World, elsewhere: GraphStandIn, status: int) -> None:
    """Graph's host, either."""
    for host in (elsewhere.url, world.graph.url):
        fault = Fault(CANCEL, status=status, body=b"", headers={"Location": f"{host}/beta/x"})
        world.arm.calls.clear()
        failure, effect = await failing(world, fault)
        assert isinstance(failure, ServiceError)
        assert (failure.status, effect) == (status, False)
    assert world.graph.calls == []


async def test_challenge_is_answered_once(world: World) -> None:
    """With a fresh token of the same audience: the stand-in would take no other."""
    target, caller = world.target(AZURE.kind, ALICE), await world.caller(ALICE, AZURE)
    world.arm.challenge_next()
    await cancel(world, target, caller)
    assert [call.status for call in world.arm.calls] == [401, 200]


@pytest.fixture
async def fake(entra: EntraStandIn, authority: ThrowAwayAuthority) -> AsyncIterator[ArmStandIn]:
    """Where only the first host of a redirect or a link could have sent the bot."""
    stand_in = ArmStandIn(entra, authority)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()
    assert stand_in.calls == []


async def test_location_is_nothing_here(world: World, fake: ArmStandIn) -> None:
    """No call of Azure Resource Manager's is documented to go on in the background."""
    target = world.target(AZURE.kind, ALICE)
    caller = await world.caller(ALICE, AZURE)
    location = f"{fake.url}{SUBSCRIPTION}/operationresults/1"
    failure, _ = await failing(world, Fault(CANCEL, status=202, body=b"", headers={"Location": location}))
    assert isinstance(failure, ServiceError | AnswerLost)
    assert await world.client.operation(AZURE, AZURE.cancel[0], location, caller) is None
    assert await world.client.read(AZURE, target, caller)
