"""The HTTP server: Slack's endpoint behind its verifier, pages, and health. It answers no bytes with a 500."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.web.verifier import Verifier

log = structlog.get_logger(__name__)

_LARGEST: Final = 1024 * 1024  # bytes; a message shortcut carries the whole message
_BODY_SECONDS: Final = 10.0
_HEALTH: Final = frozenset({"/healthz", "/readyz"})
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Ready = Callable[[], Awaitable[bool]]


class Edge:
    """One listener. Slack's endpoint is there only in HTTP mode, when `verifier` is given; `pages` are more routes."""

    def __init__(
        self,
        bolt: AsyncApp,
        verifier: Verifier | None,
        public_host: str,
        ready: Ready,
        pages: Iterable[web.RouteDef] = (),
    ) -> None:
        self._pages = pages
        self._bolt = bolt
        self._verifier = verifier
        self._public_host = public_host
        self._ready = ready
        self._runner: web.AppRunner | None = None
        self._turn = asyncio.Lock()
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Begins to listen; `port` 0 takes a free one, which `self.port` then tells."""
        app = web.Application(client_max_size=_LARGEST, middlewares=[self._guard])
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        if self._verifier:
            app.router.add_post("/slack/events", self._slack)
        app.router.add_routes(self._pages)
        app.on_response_prepare.append(_protect)
        self._runner = web.AppRunner(app, access_log=None, keepalive_timeout=75, shutdown_timeout=5)
        await self._runner.setup()
        _catch_all(self._runner)
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Ends the listener; requests under way are answered first."""
        if self._runner:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._public_host and request.path not in _HEALTH and request.host != self._public_host:
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
        if (request.content_length or 0) > _LARGEST:
            return web.Response(status=413, text="too large")
        timestamp, signature = (_header(request, f"X-Slack-{name}") for name in ("Request-Timestamp", "Signature"))
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408, text="too slow")
        except (web.RequestPayloadError, ConnectionError):
            return web.Response(status=400, text="not readable")
        if not self._verifier.genuine(timestamp, signature, body):
            return web.Response(status=401, text="not signed by Slack")
        if not self._verifier.first(signature):
            return web.Response(status=200)
        return await self._dispatch(request, body)

    async def _dispatch(self, request: web.Request, body: bytes) -> web.StreamResponse:
        headers: dict[str, str | Sequence[str]] = {name: [value] for name, value in request.headers.items()}
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return web.Response(status=400, text="not UTF-8")
        async with self._turn:  # many clicks at one instant must not keep the event loop from everything else
            await asyncio.sleep(0)
        response = await self._bolt.async_dispatch(AsyncBoltRequest(body=text, headers=headers))
        return web.Response(status=200) if response.status >= 500 else await to_aiohttp_response(response)

    async def _healthz(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok")

    async def _readyz(self, _request: web.Request) -> web.StreamResponse:
        ready = await self._ready()
        return web.Response(status=200 if ready else 503, text="ready" if ready else "not ready")


def _catch_all(runner: web.AppRunner) -> None:
    """Around aiohttp's own work before the middleware: it fails where it quotes a header that is no text."""
    server = runner.server
    assert server is not None  # noqa: S101 (there is one after `setup`)
    handle = server.request_handler

    async def caught(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handle(request)
        except UnicodeEncodeError:
            return web.Response(status=400, text="not readable")

    server.request_handler = caught


async def _protect(_request: web.Request, response: web.StreamResponse) -> None:
    """Puts the headers on everything that is answered, aiohttp's own 404 and 405 too."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


def _header(request: web.Request, name: str) -> bytes:
    return request.headers.get(name, "").encode("utf-8", "surrogateescape")
