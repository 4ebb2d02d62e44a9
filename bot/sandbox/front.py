"""The reverse proxy that terminates TLS in front of the bot, on loopback."""

import io

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot.sandbox.tls import ThrowAwayAuthority

# RFC 9110, section 7.6.1, and those that were in use before it.
_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_OF_THE_SERVER = ("Content-Type", "Date", "Server")
_NO_DEFAULTS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_SHUTDOWN_SECONDS = 1.0

Headers = CIMultiDict[str] | CIMultiDictProxy[str]


class _Answer(web.Response):
    """What the bot answered."""

    def __init__(self, status: int, reason: str | None, body: bytes, received: Headers) -> None:
        super().__init__(status=status, reason=reason, body=body, headers=received)
        self.received = received


class FrontDoor:
    """Forwards every request to the bot as it came, and the answer as it is; follows no redirect.

    The port stays the same when it is stopped and started again.
    """

    def __init__(self, authority: ThrowAwayAuthority) -> None:
        self._context = authority.context()
        self._port = 0
        self._bot = ""
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """The origin, "https://127.0.0.1:PORT"; the port is known after the first start."""
        return f"https://127.0.0.1:{self._port}"

    def forward_to(self, port: int) -> None:
        """Forward to the bot at this port of 127.0.0.1; until then, and while it is not there, the answer is 502."""
        self._bot = f"http://127.0.0.1:{port}"

    async def start(self) -> None:
        # On a connection that is used again, aiohttp would send a request a second time when its answer is lost.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NO_DEFAULTS,
            auto_decompress=False,
        )
        app = web.Application()
        app.on_response_prepare.append(_remove_additions)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS, auto_decompress=False)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, "127.0.0.1", self._port, ssl_context=self._context).start()
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        # Read past aiohttp's limit: how large a body may be is the bot's to say.
        body = await request.content.read()
        try:
            return await self._forward(request, body)
        except aiohttp.ClientError:
            return web.Response(status=502, text="Bad gateway\n")

    async def _forward(self, request: web.Request, body: bytes) -> _Answer:
        if self._session is None or not self._bot:
            raise aiohttp.ClientConnectionError("nowhere to forward to")
        url = URL(self._bot + request.raw_path, encoded=True)
        data = io.BytesIO(body) if body else None
        async with self._session.request(
            request.method, url, data=data, headers=_end_to_end(request.headers), allow_redirects=False
        ) as answer:
            received = _end_to_end(answer.headers)
            return _Answer(answer.status, answer.reason, await answer.read(), received)


def _end_to_end(headers: Headers) -> CIMultiDict[str]:
    named = {name.strip().lower() for value in headers.getall("Connection", []) for name in value.split(",")}
    kept = ((name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP | named)
    return CIMultiDict(kept)


async def _remove_additions(_request: web.Request, response: web.StreamResponse) -> None:
    """Remove what this server would add to an answer of the bot."""
    if isinstance(response, _Answer):
        for name in _OF_THE_SERVER:
            if name not in response.received:
                response.headers.pop(name, None)
