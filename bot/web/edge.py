"""The HTTP server: Slack's endpoint behind its verifier, pages, and health. It answers no bytes with a 500."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final
from urllib.parse import parse_qs

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.metrics import Became, Metrics
from bot.web.bodies import Bodies, NotRead
from bot.web.connections import HEADERS, Connection, Listener
from bot.web.verifier import Verifier

log = structlog.get_logger(__name__)

_LARGEST: Final = 1024 * 1024  # bytes; a message shortcut carries the whole message
_HEALTH: Final = frozenset({"/healthz", "/readyz"})
_NOT_READ: Final = {
    Became.TOO_LARGE: (413, "too large"),
    Became.TOO_SLOW: (408, "too slow"),
    Became.UNREADABLE: (400, "not readable"),
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Ready = Callable[[], Awaitable[bool]]


class Edge:
    """One listener. Slack's endpoint is there only in HTTP mode, when `verifier` is given; `pages` are more routes."""

    def __init__(
        self,
        *,
        bolt: AsyncApp,
        verifier: Verifier | None,
        public_host: str,
        ready: Ready,
        metrics: Metrics,
        pages: Iterable[web.RouteDef] = (),
    ) -> None:
        self._pages = pages
        self._bolt = bolt
        self._verifier = verifier
        self._public_host = public_host
        self._ready = ready
        self._metrics = metrics
        self._bodies = Bodies()
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None
        self._turn = asyncio.Lock()
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Begins to listen; `port` 0 takes a free one, which `self.port` then tells."""
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        if self._verifier:
            app.router.add_post("/slack/events", self._slack)
        app.router.add_routes(self._pages)
        app.on_response_prepare.append(_protect)
        self._runner = web.AppRunner(app, shutdown_timeout=5)
        await self._runner.setup()
        server = self._runner.server
        assert server is not None  # noqa: S101 (there is one after `setup`)
        _tell_connections(server)
        listener = Listener(server, self._metrics)
        self._listening = await asyncio.get_running_loop().create_server(listener, host, port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends the listener; requests under way are answered first."""
        if self._listening:
            self._listening.close()
        if self._runner:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._public_host and request.path not in _HEALTH and request.host != self._public_host:
            self._metrics.edge(Became.WRONG_HOST)
            return web.Response(status=421, text="wrong host")
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception:
            log.exception("request_failed", path=request.path)
            # Whatever it was, Slack need not deliver it again: the person was told or will press again.
            return web.Response(status=200)

    async def _slack(self, request: web.Request) -> web.StreamResponse:
        assert self._verifier is not None  # noqa: S101 (the route exists only with a verifier)
        timestamp, signature = (_header(request, f"X-Slack-{name}") for name in ("Request-Timestamp", "Signature"))
        try:
            body = await self._bodies.read(request, _LARGEST)
        except NotRead as error:
            status, words = _NOT_READ[error.became]
            return self._turned_away(error.became, status, words)
        if not self._verifier.genuine(timestamp, signature, body):
            became = Became.STALE if self._verifier.stale(timestamp) else Became.UNSIGNED
            return self._turned_away(became, 401, "not signed by Slack")
        # A menu that is searched for the same twice in a second asks in the same bytes; answering has no effect.
        if not self._verifier.first(signature) and not (self._verifier.recent(timestamp) and _asks_for_options(body)):
            return self._turned_away(Became.REPLAYED, 200, "")
        return await self._dispatch(request, body)

    def _turned_away(self, became: Became, status: int, words: str) -> web.Response:
        self._metrics.edge(became)
        return web.Response(status=status, text=words)

    async def _dispatch(self, request: web.Request, body: bytes) -> web.StreamResponse:
        headers: dict[str, str | Sequence[str]] = {name: [value] for name, value in request.headers.items()}
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return self._turned_away(Became.UNREADABLE, 400, "not UTF-8")
        self._metrics.edge(Became.DISPATCHED)
        async with self._turn:  # many clicks at one instant must not keep the event loop from everything else
            await asyncio.sleep(0)
        response = await self._bolt.async_dispatch(AsyncBoltRequest(body=text, headers=headers))
        return web.Response(status=200) if response.status >= 500 else await to_aiohttp_response(response)

    async def _healthz(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok")

    async def _readyz(self, _request: web.Request) -> web.StreamResponse:
        ready = await self._ready()
        return web.Response(status=200 if ready else 503, text="ready" if ready else "not ready")


def _asks_for_options(body: bytes) -> bool:
    """Whether this genuine request asks for the options of a menu."""
    try:
        payload = json.loads(parse_qs(body.decode())["payload"][0])
    except (ValueError, KeyError, RecursionError):
        return False
    return isinstance(payload, dict) and payload.get("type") == "block_suggestion"


def _tell_connections(server: web.Server) -> None:
    """Tells a connection what of its life is the handling of a request."""
    handle = server.request_handler

    async def handled(request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        assert isinstance(connection, Connection)  # noqa: S101 (the listener makes no others)
        with connection.answering(request.content):
            return await handle(request)

    server.request_handler = handled


async def _protect(_request: web.Request, response: web.StreamResponse) -> None:
    """Puts the headers on everything that is answered, aiohttp's own 404 and 405 too."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = HEADERS["Server"]


def _header(request: web.Request, name: str) -> bytes:
    return request.headers.get(name, "").encode("utf-8", "surrogateescape")
