"""What a browser asks of the page, for its tests, and what the app posts."""

import json
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import SlackStandIn

BOT_TOKEN = "xoxb-sandbox"
Json = dict[str, Any]


class Events:
    """The stream of states, as the page gets it."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> Json:
        line = await self._response.content.readline()
        assert (await self._response.content.readline()) == b"\n"
        state: Json = json.loads(line.removeprefix(b"data: "))
        return state


async def look(browser: aiohttp.ClientSession, who: str) -> Json:
    async with browser.get("/events", params={"as": who}) as response:
        return await Events(response).next()


async def act(browser: aiohttp.ClientSession, **action: Any) -> tuple[int, str]:
    async with browser.post("/actions", json=action) as response:
        return response.status, (await response.json()).get("error", "")


async def post(slack: SlackStandIn, **message: Any) -> str:
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    return str((await client.chat_postMessage(**message))["ts"])
