"""Small apps behind the Slack stand-in: one that keeps what it gets, and real Bolt over a socket or by HTTP."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import SlackStandIn

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-sandbox", "xapp-sandbox", "not-a-secret"
PATH = "/slack/events"
Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def choice(value: str, text: str = "") -> Json:
    return {"text": plain(text or value), "value": value}


async def refusal(client: AsyncWebClient, method: str, **args: Any) -> str:
    """Return the error of a call that Slack refuses."""
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=args)
    return str(caught.value.response["error"])


class App:
    """An app that keeps what Slack delivers to it and answers `answer`."""

    def __init__(self) -> None:
        self.answer: Json | str = ""
        self.requests: list[tuple[dict[str, str], bytes]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.read()))
        if isinstance(self.answer, str):
            return web.Response(text=self.answer)
        return web.json_response(self.answer)

    @property
    def payload(self) -> Json:
        """What came last: an event, what a person did, or the fields of a command."""
        headers, body = self.requests[-1]
        if headers["Content-Type"] == "application/json":
            return dict(json.loads(body))
        fields: Json = dict(parse_qsl(body.decode()))
        return dict(json.loads(fields["payload"])) if "payload" in fields else fields


async def _serve(slack: SlackStandIn, server: web.Application) -> web.AppRunner:
    runner = web.AppRunner(server, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}", host="bot.example.test")
    return runner


@asynccontextmanager
async def listening(slack: SlackStandIn) -> AsyncIterator[App]:
    """An `App` to which Slack delivers by HTTP."""
    app, server = App(), web.Application()
    server.router.add_post(PATH, app.handle)
    runner = await _serve(slack, server)
    yield app
    await runner.cleanup()


@asynccontextmanager
async def bolt(slack: SlackStandIn, listen: Callable[[AsyncApp], None], *, http: bool) -> AsyncIterator[None]:
    """A Bolt app with these listeners; what configures Bolt must not be in the environment."""
    app = AsyncApp(client=AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url), signing_secret=SIGNING_SECRET)
    listen(app)
    if http:
        runner = await _serve(slack, app.web_app(path=PATH))
        yield
        await runner.cleanup()
        return
    handler: Any = AsyncSocketModeHandler(app, APP_TOKEN)
    await handler.connect_async()
    await slack.until(lambda: slack.connections == 1)
    yield
    await handler.close_async()
