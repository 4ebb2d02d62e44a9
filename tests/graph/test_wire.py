"""What goes wrong on the way to Graph, and what that lets the bot say about the effect."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from bot.errors import AnswerLost, NotSent, ServiceError, ServiceFailure
from bot.graph.client import Answer, GraphClient
from bot.resources import Target
from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE
from tests.graph.world import APPLICATION, GRAPH, REGISTRY, World

OPERATION = REGISTRY["operation-approval"]
CANCEL = r"POST .*/cancelApproval$"
MIB = 1024 * 1024

NEVER_SENT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}
PERHAPS_SENT = {
    "CloseError",
    "DecodingError",
    "LocalProtocolError",
    "NetworkError",
    "ProtocolError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "RequestError",
    "TimeoutException",
    "TooManyRedirects",
    "TransportError",
    "WriteError",
    "WriteTimeout",
}


def family(error: type[httpx.RequestError]) -> Iterator[type[httpx.RequestError]]:
    """The class and all classes below it, as httpx has them."""
    yield error
    for child in error.__subclasses__():
        if child.__module__.startswith("httpx"):
            yield from family(child)


class Broken(httpx.AsyncBaseTransport):
    """A network that raises."""

    def __init__(self, error: type[httpx.RequestError]) -> None:
        self._error = error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise self._error("broken", request=request)


class Endless(httpx.AsyncByteStream):
    """A body without an end; `taken` is how much of it was read."""

    taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += MIB
            yield bytes(MIB)


class Answering(httpx.AsyncBaseTransport):
    """A network that answers with that body."""

    def __init__(self, body: httpx.AsyncByteStream) -> None:
        self._body = body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=self._body, request=request)


async def cancel(world: World, target: Target, client: GraphClient | None = None) -> Answer:
    """Cancels as the application."""
    used = client or world.client
    return await used.cancel(OPERATION, OPERATION.cancel[0], target, "Why not", APPLICATION)


async def failing(world: World, fault: Fault) -> tuple[ServiceFailure, bool]:
    """How a cancellation fails with that fault, and whether it took effect."""
    target = world.target("operation-approval", ALICE)
    world.graph.faults.add(fault)
    with pytest.raises(ServiceFailure) as caught:
        await cancel(world, target)
    assert len(world.graph.calls) == 1, "a cancel call is never repeated blindly"
    assert caught.value.client_request_id == world.graph.calls[0].client_request_id
    return caught.value, bool(world.graph.effects)


def test_every_class_of_httpx_is_judged() -> None:
    assert {error.__name__ for error in family(httpx.RequestError)} == NEVER_SENT | PERHAPS_SENT


@pytest.mark.parametrize("error", sorted(set(family(httpx.RequestError)), key=str))
async def test_broken_network(world: World, error: type[httpx.RequestError]) -> None:
    target = world.target("operation-approval", ALICE)
    async with httpx.AsyncClient(transport=Broken(error)) as http:
        client = GraphClient(world.wire(http))
        with pytest.raises(ServiceFailure) as caught:
            await cancel(world, target, client)
    assert type(caught.value) is (NotSent if error.__name__ in NEVER_SENT else AnswerLost)
    assert caught.value.client_request_id


@pytest.mark.parametrize("after_effect", [False, True])
async def test_dropped_connection(world: World, after_effect: bool) -> None:
    failure, effect = await failing(world, Fault(CANCEL, drop=True, after_effect=after_effect))
    assert isinstance(failure, AnswerLost)
    assert effect is after_effect


async def test_refused_connection(world: World) -> None:
    target = world.target("operation-approval", ALICE)
    await world.tokens.application(GRAPH)
    await world.graph.stop()
    with pytest.raises(NotSent) as caught:
        await cancel(world, target)
    assert caught.value.client_request_id
    await world.graph.start()
    await cancel(world, target)
    assert len(world.graph.effects) == 1


async def test_answer_slower_than_the_time_limit(world: World) -> None:
    target = world.target("operation-approval", ALICE)
    world.graph.faults.add(Fault(CANCEL, delay=0.3, after_effect=True))
    async with httpx.AsyncClient(verify=world.trust, trust_env=False, timeout=httpx.Timeout(5, read=0.1)) as http:
        with pytest.raises(AnswerLost):
            await cancel(world, target, GraphClient(world.wire(http)))
    assert len(world.graph.effects) == 1


async def test_certificate_of_an_unknown_authority(world: World) -> None:
    target = world.target("operation-approval", ALICE)
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(NotSent):
            await cancel(world, target, GraphClient(world.wire(http)))
    assert world.graph.calls == []


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 507, 509, 599])
async def test_status_that_does_not_tell(world: World, status: int) -> None:
    fault = Fault(CANCEL, status=status, body={}, headers={"Retry-After": "7"}, after_effect=True)
    failure, effect = await failing(world, fault)
    assert isinstance(failure, AnswerLost)
    assert (failure.status, failure.retry_after, effect) == (status, 7.0, True)
    assert failure.request_id


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>Sign in to the network</html>"), (200, b"[]"), (200, b"[" * 100_000), (200, b"\xff\xfe"), (201, {})],
    ids=["html", "list", "deep", "binary", "undocumented status"],
)
async def test_success_that_is_none_of_the_services(world: World, status: int, body: Any) -> None:
    failure, _ = await failing(world, Fault(CANCEL, status=status, body=body))
    assert isinstance(failure, AnswerLost)
    assert failure.status == status


async def test_answer_over_four_mebibytes(world: World) -> None:
    failure, _ = await failing(world, Fault(CANCEL, status=200, body=b" " * (4 * MIB + 1)))
    assert isinstance(failure, AnswerLost)


async def test_endless_answer_is_given_up(world: World) -> None:
    body = Endless()
    async with httpx.AsyncClient(transport=Answering(body)) as http:
        with pytest.raises(AnswerLost):
            await cancel(world, Target("operation-approval", ALICE.oid), GraphClient(world.wire(http)))
    assert body.taken == 5 * MIB


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(world: World, elsewhere: GraphStandIn, status: int) -> None:
    fault = Fault(CANCEL, status=status, body=b"", headers={"Location": f"{elsewhere.url}/beta/x"})
    failure, effect = await failing(world, fault)
    assert isinstance(failure, ServiceError)
    assert (failure.status, effect) == (status, False)


async def test_throttled(world: World) -> None:
    failure, _ = await failing(world, Fault(CANCEL, status=429, headers={"Retry-After": "11"}))
    assert isinstance(failure, ServiceError)
    assert (failure.status, failure.retry_after) == (429, 11.0)


async def test_service_error_as_graph_words_it(world: World) -> None:
    target = world.target("operation-approval", ALICE, status="rejected")
    with pytest.raises(ServiceError) as caught:
        await cancel(world, target)
    error = caught.value
    assert (error.status, error.service_code) == (400, "BadRequest")
    assert error.message == "The request is not approved and cannot be cancelled."
    assert error.request_id
    assert error.client_request_id == world.graph.calls[0].client_request_id


async def test_every_call_has_an_id_of_its_own(world: World) -> None:
    targets = [world.target("operation-approval", ALICE) for _ in range(3)]
    answers = await asyncio.gather(*(cancel(world, target) for target in targets))
    sent = [call.client_request_id for call in world.graph.calls]
    assert {answer.client_request_id for answer in answers} == set(sent)
    assert len(set(sent)) == 3
    assert all(answer.request_id for answer in answers)
