"""Socket Mode: the WebSockets of the app, and deliveries over one of them."""

import asyncio
import itertools
import json
import time
from secrets import token_urlsafe
from uuid import uuid4

from aiohttp import WSMsgType, web

from bot.sandbox.slack_records import RETRY_REASON, Ack, Json
from bot.sandbox.slack_world import World

SOCKET_LIMIT = 10
PING_SECONDS = 5.0


class SocketMode:
    """The open sockets; each delivery goes to one of them, in turn."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tickets: set[str] = set()
        self._sockets: dict[web.WebSocketResponse, web.Request] = {}
        self._acks: dict[str, asyncio.Future[Json | None]] = {}
        self._sent: set[str] = set()
        self._turn = itertools.count()

    @property
    def connections(self) -> int:
        return len(self._sockets)

    def new_ticket(self) -> str:
        ticket = token_urlsafe(12)
        self._tickets.add(ticket)
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it closes; its ticket is good once."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="invalid ticket")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(heartbeat=PING_SECONDS)
        await socket.prepare(request)
        if self.connections >= SOCKET_LIMIT:
            await socket.send_json(_farewell("too_many_websockets"))
            await socket.close()
            return socket
        try:
            await self._welcome(socket, request)
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledged(message.data)
        finally:
            self._sockets.pop(socket, None)
            self._world.changed()
        return socket

    async def _welcome(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        hello = {
            "type": "hello",
            "num_connections": self.connections + 1,
            "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._world.app_id},
        }
        await socket.send_json(hello)
        self._sockets[socket] = request
        self._world.changed()

    def _acknowledged(self, text: str) -> None:
        try:
            message = json.loads(text)
            envelope_id = message["envelope_id"]
        except (ValueError, KeyError, TypeError):
            self._world.violation(f"not an acknowledgement: {text[:200]}")
            return
        if envelope_id not in self._sent:
            self._world.violation(f"acknowledges an unknown envelope: {envelope_id}")
        waiting = self._acks.get(envelope_id)
        if waiting and not waiting.done():
            waiting.set_result(message.get("payload") or None)

    async def deliver(self, kind: str, payload: Json, retry: int) -> Ack:
        """Send one envelope and wait for its acknowledgement."""
        if not self._sockets:
            return Ack(503, "no socket is open")
        socket = list(self._sockets)[next(self._turn) % self.connections]
        envelope_id = str(uuid4())
        self._sent.add(envelope_id)
        waiting = self._acks[envelope_id] = asyncio.get_running_loop().create_future()
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": RETRY_REASON if retry else ""}
        begin = time.monotonic()
        try:
            async with asyncio.timeout(self._world.limits.ack):
                await socket.send_json(envelope)
                body = await waiting
        except (TimeoutError, ConnectionError):
            return Ack(0, seconds=time.monotonic() - begin, timed_out=True)
        finally:
            del self._acks[envelope_id]
        return Ack(200, body, time.monotonic() - begin)

    async def disconnect(self, *, abrupt: bool) -> None:
        """Drop all sockets, in Slack's manner or as a broken line does."""
        for socket, request in list(self._sockets.items()):
            del self._sockets[socket]
            if abrupt and request.transport is not None:
                request.transport.abort()
                continue
            await socket.send_json(_farewell("refresh_requested"))
            await socket.close()
        self._world.changed()


def _farewell(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
