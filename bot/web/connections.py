"""The connections of the edge: how many, and how long each may take to say what it wants.

aiohttp closes a connection only once it was idle for its keep-alive time, and then whether a head has begun to come or
not. That time is longer than proxies keep a connection open, so it is no limit for a head.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import structlog
from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.metrics import Became, Metrics

log = structlog.get_logger(__name__)

MOST: Final = 500
"""Open at once: fewer than the 1,024 files that a process may have open by default, the database's among them."""
HEAD_SECONDS: Final = 10.0
"""From the connection, or from the first byte after a request, to the end of a head."""
_WRITE_SECONDS: Final = 10.0
_IDLE_SECONDS: Final = 75.0  # longer than proxies keep a connection (60 s at AWS and nginx), or theirs meets its end

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Server": "cancel-approval",  # without one of ours, aiohttp names itself, Python, and the version of each
}
"""On everything that the edge answers."""


class Listener:
    """Makes a protocol for each connection, and drops the one that has waited the longest when there are too many."""

    def __init__(self, server: web.Server, metrics: Metrics) -> None:
        self.metrics = metrics
        self._server = server
        self._open = 0
        # In the order in which they began to wait. Whoever has said all and is being answered is not among them.
        self._waiting: dict[Connection, None] = {}

    def __call__(self) -> "Connection":
        """As asyncio wants it of a server."""
        loop = asyncio.get_running_loop()
        return Connection(
            self,
            self._server,
            loop=loop,
            keepalive_timeout=_IDLE_SECONDS,
            access_log=None,
            # 30 KB can become 30 MB; and what is signed are the bytes that came.
            auto_decompress=False,
        )

    def opened(self, connection: "Connection") -> None:
        """One more."""
        self._open += 1
        self._waiting[connection] = None
        if self._open > MOST:
            next(iter(self._waiting)).drop(Became.CROWDED_OUT)  # the new one itself, if all others are being answered

    def closed(self, connection: "Connection") -> None:
        """One less."""
        self._open -= 1
        self.waits_no_more(connection)

    def waits_no_more(self, connection: "Connection") -> None:
        """It has said what it wants, or it ends."""
        self._waiting.pop(connection, None)

    def waits(self, connection: "Connection") -> None:
        """It may ask for something else."""
        self._waiting[connection] = None


class Connection(web.RequestHandler):
    """One connection; it is dropped when a head does not come in time, or an answer is not read."""

    def __init__(self, listener: Listener, server: web.Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._listener = listener
        self._limit: asyncio.TimerHandle | None = None
        self._wire: asyncio.Transport | None = None  # aiohttp forgets its own before all is written
        self._answering = False
        self._body: StreamReader | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._wire = self.transport
        self._limit_to(HEAD_SECONDS)
        self._listener.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._unlimit()
        self._listener.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        head = not self._answering and (self._body is None or self._body.is_eof())
        if data and head and self._limit is None:
            self._limit_to(HEAD_SECONDS)
        super().data_received(data)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._limit_to(_WRITE_SECONDS)

    def resume_writing(self) -> None:
        self._unlimit()
        super().resume_writing()

    @contextmanager
    def answering(self, body: StreamReader) -> Iterator[None]:
        """While a request is handled, which has time limits of its own."""
        self._unlimit()
        self._answering, self._body = True, body
        # Not before it has said all: 500 slow bodies must not be safe from whoever comes next.
        body.on_eof(partial(self._listener.waits_no_more, self))
        try:
            yield
        finally:
            self._answering = False
            if self.transport:
                self._listener.waits(self)

    def drop(self, became: Became) -> None:
        """Ends it without an answer."""
        self._unlimit()
        self._listener.waits_no_more(self)
        self._listener.metrics.edge(became)
        if self._wire:
            self._wire.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,  # noqa: ARG002  # aiohttp's interface
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """What came is no HTTP, or aiohttp fails where it quotes it; what was sent is not told to anybody."""
        if request.writer.output_size > 0:
            raise ConnectionError
        if not isinstance(exc, HttpProcessingError | UnicodeEncodeError):
            log.error("request_failed", error=type(exc).__name__)
        self._listener.metrics.edge(Became.UNREADABLE)
        response = web.Response(status=400, text="not readable", headers=HEADERS)
        response.force_close()
        return response

    def _limit_to(self, seconds: float) -> None:
        self._unlimit()
        self._limit = asyncio.get_running_loop().call_later(seconds, self.drop, Became.TOO_SLOW)

    def _unlimit(self) -> None:
        if self._limit:
            self._limit.cancel()
            self._limit = None
