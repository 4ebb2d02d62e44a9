"""Connections that take their time, or are too many: dropped, while whoever has something to say is answered."""

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator
from typing import Final

import pytest

from bot.app import Bot
from bot.sandbox.tenant import PUBLIC_HOST, Tenant
from bot.web import connections
from tests.scenarios.conftest import Start
from tests.web.edge import FORM, ask

GET: Final = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
POST: Final = f"POST /slack/events HTTP/1.1\r\nHost: {PUBLIC_HOST}\r\n".encode()
SHORT: Final = 1.0  # seconds, instead of ten
LONG: Final = 20.0  # seconds, in which even a busy machine does what is to be done in a short time

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def edge(start: Start, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """The bot in HTTP mode, which waits a short time for a head."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", SHORT)
    async with start("http") as bot:
        yield bot


@contextlib.asynccontextmanager
async def _wire(edge: Bot) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _ended(reader: asyncio.StreamReader) -> bytes:
    """What came before the other end closed the connection."""
    received = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(LONG):
            while part := await reader.read(65536):
                received += part
    return received


async def _answered(wire: Wire) -> bool:
    reader, writer = wire
    writer.write(GET)
    async with asyncio.timeout(LONG):
        return (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("sent", [b"", b"P", POST, POST + b"X-Slow: ", POST + b"Content-Length: 10\r\n"])
async def test_a_head_that_does_not_come(edge: Bot, sent: bytes) -> None:
    """Fails without the limit of a connection: aiohttp keeps this one for 75 seconds."""
    async with _wire(edge) as (reader, writer):
        writer.write(sent)
        assert await _ended(reader) == b""


async def test_a_head_that_comes_drop_by_drop(edge: Bot) -> None:
    """Fails when each byte begins the time anew."""
    async with _wire(edge) as (reader, writer):
        writer.write(POST)

        async def drip() -> None:
            while True:
                writer.write(b"X-Slow: 1\r\n")
                await asyncio.sleep(SHORT / 10)

        dripping = asyncio.create_task(drip())
        try:
            # Long before the headers are too many: they are as many as come in the time.
            assert await _ended(reader) == b""
        finally:
            dripping.cancel()


async def test_a_head_that_does_not_come_after_an_answer(edge: Bot) -> None:
    """Fails when only a new connection has a limit."""
    async with _wire(edge) as wire:
        assert await _answered(wire)
        wire[1].write(POST)
        assert await _ended(wire[0]) == b""


async def test_between_requests_a_connection_may_idle(tenant: Tenant, edge: Bot) -> None:
    """Proxies keep theirs. Fails when the limit goes on after an answer, or begins with it."""
    async with _wire(edge) as wire:
        for _ in range(2):
            assert await _answered(wire)
            await asyncio.sleep(1.5 * SHORT)
        body = b"command=%2Fx"
        lines = "".join(f"{name}: {value}\r\n" for name, value in (tenant.slack.sign(body) | FORM).items())
        wire[1].write(POST + lines.encode() + b"Content-Length: %d\r\n\r\n" % len(body))
        await asyncio.sleep(1.5 * SHORT)
        wire[1].write(body)
        async with asyncio.timeout(LONG):
            assert (await wire[0].readuntil(b"\r\n")).startswith(b"HTTP/1.1 ")
            await wire[0].readuntil(b"\r\n\r\n")
        assert not wire[0].at_eof()


async def test_answers_that_nobody_reads(edge: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails without the limit of writing: the connection would be kept for ever."""
    monkeypatch.setattr(connections, "_WRITE_SECONDS", SHORT)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, ("127.0.0.1", edge.port))
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(loop.sock_sendall(deaf, GET * 1_000_000), LONG)
    assert (await ask(edge.port, "GET", "/healthz")).status == 200


async def test_too_many_connections(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that has waited the longest goes, and new ones are answered. Fails without the cap."""
    monkeypatch.setattr(connections, "MOST", 10)
    async with start("http") as bot, contextlib.AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(_wire(bot)) for _ in range(10)]
        assert await _answered(wires[0])  # which makes the second the one that has waited the longest
        more = [await stack.enter_async_context(_wire(bot)) for _ in range(3)]
        assert [await _answered(wire) for wire in more] == [True] * 3
        assert [await _ended(wire[0]) for wire in wires[1:4]] == [b""] * 3
        assert [await _answered(wire) for wire in (wires[0], *wires[4:])] == [True] * 7


async def test_whoever_is_being_answered_is_not_crowded_out(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the oldest connection goes, whatever it does: a slow answer would be lost in any flood."""
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slowly(_bot: Bot) -> bool:
        asked.set()
        await answer.wait()
        return True

    monkeypatch.setattr(connections, "MOST", 3)
    monkeypatch.setattr(Bot, "_ready", slowly)
    async with start("http") as bot, contextlib.AsyncExitStack() as stack:
        busy = await stack.enter_async_context(_wire(bot))
        busy[1].write(GET.replace(b"/healthz", b"/readyz"))
        await asked.wait()
        for _ in range(20):
            assert await _answered(await stack.enter_async_context(_wire(bot)))
        answer.set()
        async with asyncio.timeout(LONG):
            assert (await busy[0].readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")


async def test_slow_bodies_crowd_nobody_out(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a connection counts as answered before its body is there: whoever comes next would be dropped."""
    monkeypatch.setattr(connections, "MOST", 3)
    async with start("http") as bot, contextlib.AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(_wire(bot)) for _ in range(3)]
        for _, writer in slow:
            writer.write(POST + b"Content-Length: 1000\r\n\r\n" + b"a")
        await asyncio.sleep(SHORT)
        assert await _answered(await stack.enter_async_context(_wire(bot)))
        assert await _ended(slow[0][0]) == b""


async def test_compressed_bodies_stay_as_they_are(tenant: Tenant, edge: Bot) -> None:
    """What was signed are these bytes. Fails when aiohttp unpacks them first: 30 KB can become 30 MB."""
    body = gzip.compress(bytes(30 * 1024 * 1024), mtime=0)
    packed = FORM | {"Content-Encoding": "gzip"}
    assert (await ask(edge.port, headers=packed, body=body)).status == 401
    signed = await ask(edge.port, headers=tenant.slack.sign(body) | packed, body=body)
    assert (signed.status, signed.body) == (400, b"not UTF-8")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(200)) + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nX-Long: " + b"a" * 10_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"X" * 10_000 + b": 1\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX-Echo: <script>\x00</script>\r\n\r\n",
    ],
    ids=["many", "value", "name", "path", "lengths", "coding", "tls", "nul"],
)
async def test_heads_that_are_none(edge: Bot, head: bytes) -> None:
    """Refused with 400, our headers, and nothing of what was sent. Fails with aiohttp's own answer."""
    async with _wire(edge) as (reader, writer):
        writer.write(head)
        received = await _ended(reader)
    answer = received.decode().splitlines()
    assert answer[0] == "HTTP/1.0 400 Bad Request"
    assert {f"{name}: {value}" for name, value in connections.HEADERS.items()} <= set(answer)
    assert answer[-1] == "not readable"


async def test_large_bodies_at_once(tenant: Tenant, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many are held in memory, the others wait, and small ones need not. Fails without the semaphore."""
    monkeypatch.setattr("bot.web.bodies._LARGE_AT_ONCE", 1)
    body = b"command=%2Fx&padding=" + b"a" * 200_000
    signed = tenant.slack.sign(body) | FORM
    async with start("http") as bot, _wire(bot) as (reader, writer):
        writer.write(POST + b"Content-Length: 200000\r\n\r\n" + b"a" * 150_000)
        await asyncio.sleep(SHORT)
        waiting = asyncio.create_task(ask(bot.port, headers=signed, body=body))
        assert (await ask(bot.port, headers=FORM, body=b"small")).status == 401
        await asyncio.sleep(SHORT)
        assert not waiting.done()
        writer.write(b"a" * 50_000)
        async with asyncio.timeout(LONG):
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 401 ")
            assert (await waiting).status in (200, 404)


@pytest.mark.parametrize(
    "begun", [b"GET /healthz HTTP/1.1\r\nX-Endless: ", b"", b"GET /"], ids=["value", "word", "path"]
)
async def test_heads_without_an_end(edge: Bot, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused while they come; the refusal may be lost, where more is sent than is read.

    Fails without aiohttp's limits of a line: it would be kept in memory, as long as it is, until its time is over.
    """
    monkeypatch.setattr(connections, "HEAD_SECONDS", 10 * LONG)
    async with _wire(edge) as (reader, writer):
        writer.write(begun + b"a" * 5_000_000)
        assert (await _ended(reader))[:12] in (b"HTTP/1.0 400", b"")
    assert (await ask(edge.port, "GET", "/healthz")).status == 200
