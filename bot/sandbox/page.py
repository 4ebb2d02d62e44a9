"""A page in the browser to play with the bot: Slack as a person sees it, and what happens at Microsoft."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from bot.sandbox.page_actions import ACTION, Hands
from bot.sandbox.page_faults import Switches
from bot.sandbox.page_state import Eyes
from bot.sandbox.service import Service
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.slack_view import CannotDo

STATIC = Path(__file__).parent / "static"
LOOK_SECONDS = 0.1
"""How often the stand-ins are looked at for changes; those of Microsoft do not announce themselves."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Page:
    """Serves the page on 127.0.0.1; port 0 takes a free one. Only the page itself can drive it."""

    def __init__(self, slack: SlackStandIn, microsoft: Sequence[Service], *, port: int = 0) -> None:
        switches = Switches([one.faults for one in microsoft], slack.faults)
        self._eyes = Eyes(slack, microsoft, switches)
        self._hands = Hands(slack, switches)
        self._port = port
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The page's origin, "http://127.0.0.1:PORT"; the port is known after the start."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        app = web.Application(middlewares=[self._guard])
        app.on_response_prepare.append(_add_headers)
        app.router.add_get("/", _index)
        app.router.add_get("/events", self._events)
        app.router.add_post("/actions", self._act)
        app.router.add_static("/static", STATIC)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._runner = runner
        self._stopping.clear()
        await web.TCPSite(runner, "127.0.0.1", self._port).start()
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        self._stopping.set()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse other names for this address (DNS rebinding) and what other pages send."""
        if f"http://{request.host}" != self.url:
            raise web.HTTPMisdirectedRequest(text=f"This page is at {self.url}\n")
        if request.method == "POST" and request.headers.get("Origin") != self.url:
            raise web.HTTPForbidden(text="Only the page itself may do this.\n")
        return await handler(request)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Send the state as server-sent events: at once, and whenever it has changed."""
        seats = [one.slack_id for one in self._eyes.people]
        asked = request.query.get("as")
        user_id = asked if asked in seats else seats[0]
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        sent = ""
        while request.transport is not None and not self._stopping.is_set():
            state = json.dumps(self._eyes.look(user_id))
            if state != sent:
                await response.write(f"data: {state}\n\n".encode())
                sent = state
            await asyncio.sleep(LOOK_SECONDS)
        return response

    async def _act(self, request: web.Request) -> web.Response:
        try:
            answer = await self._hands.do(ACTION.validate_json(await request.read()))
        except (ValidationError, KeyError) as error:
            return web.json_response({"error": str(error)}, status=400)
        except CannotDo as refusal:
            return web.json_response({"error": str(refusal)}, status=409)
        return web.json_response(answer)


async def _index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "index.html")


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
