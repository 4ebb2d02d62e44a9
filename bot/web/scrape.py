"""Where Prometheus asks: a listener of its own, for this machine alone. The edge's port answers no such path."""

from typing import Final

from aiohttp import web

from bot.metrics import Metrics

_HOST: Final = "127.0.0.1"
_TEXT_FORMAT: Final = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store"}


class MetricsListener:
    """`GET /metrics` on 127.0.0.1."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> None:
        """Begins to listen; raises `OSError` when the port is taken."""
        app = web.Application()
        app.router.add_get("/metrics", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, _HOST, port).start()

    async def stop(self) -> None:
        """Ends it."""
        if self._runner:
            await self._runner.cleanup()

    async def _answer(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), headers=_TEXT_FORMAT)
