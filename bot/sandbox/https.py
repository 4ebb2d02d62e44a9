"""What the Entra and Graph stand-ins share on the wire: TLS on loopback, and faults on demand."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.faults import Fault

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SHUTDOWN_SECONDS = 1.0


class HttpsServer:
    """One handler for every path, on a free port that stays the same when it is stopped and started again."""

    def __init__(self, context: ssl.SSLContext, handler: Handler) -> None:
        self._context = context
        self._handler = handler
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The origin, "https://127.0.0.1:PORT"; the port is known after the first start."""
        return f"https://127.0.0.1:{self._port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, "127.0.0.1", self._port, ssl_context=self._context).start()
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()


async def serve_with_fault(
    request: web.Request,
    fault: Fault | None,
    serve: Callable[[], web.Response],
    error_body: Callable[[int], dict[str, Any]],
) -> web.Response | None:
    """Answer `request` with what `serve` returns, changed as `fault` says.

    A fault with a status and no body gets the service's error form from `error_body`. Returns None when the
    connection was closed without an answer, or in the middle of one.
    """
    if fault is None:
        return serve()
    answer = serve() if fault.after_effect else None
    await asyncio.sleep(fault.delay)
    if fault.drop:
        if request.transport is not None:
            request.transport.abort()
        return None
    if fault.status is not None or fault.body is not None:
        answer = _fault_answer(fault, error_body)
    if answer is None:
        answer = serve()
    if fault.cut is None:
        return answer
    await _cut(request, answer, fault.cut, chunked=fault.chunked)
    return None


async def _cut(request: web.Request, answer: web.Response, share: float, *, chunked: bool) -> None:
    """Send this share of the answer's body, and close the connection."""
    body = bytes(answer.body) if isinstance(answer.body, bytes) else b""
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
    cut = web.StreamResponse(status=answer.status, headers=headers)
    if chunked:
        cut.enable_chunked_encoding()
    else:
        cut.content_length = len(body) + 1
    await cut.prepare(request)
    await cut.write(body[: int(len(body) * share)])
    if request.transport is not None:
        request.transport.close()


def _fault_answer(fault: Fault, error_body: Callable[[int], dict[str, Any]]) -> web.Response:
    status = fault.status or 200
    body = error_body(status) if fault.body is None else fault.body
    if isinstance(body, bytes):
        return web.Response(status=status, body=body, headers=fault.headers)
    return web.json_response(body, status=status, headers=fault.headers)
