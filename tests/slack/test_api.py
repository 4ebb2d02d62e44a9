"""Slack's Web API: what its client waits for by itself, and what it leaves to whoever calls."""

import time

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.faults import Fault
from bot.sandbox.people import PEOPLE
from bot.sandbox.slack import SlackStandIn
from bot.slack.api import Fate, fate_of, retry_after, web_client


async def test_a_long_wait_is_left_to_the_caller() -> None:
    """Fails when Slack's client sleeps for as long as Slack asks, and the caller's patience ends in its sleep."""
    slack = SlackStandIn(PEOPLE, bot_token="xoxb-1", app_token="xapp-1", signing_secret="s" * 32)
    await slack.start()
    try:
        slack.faults.add(Fault("chat.postMessage", status=429, headers={"Retry-After": "60"}, times=-1))
        slack.faults.add(Fault("auth.test", status=429, headers={"Retry-After": "1"}))
        async with aiohttp.ClientSession() as session:
            client = web_client("xoxb-1", slack.api_url, session, 10.0)
            began = time.monotonic()
            with pytest.raises(SlackApiError) as caught:
                await client.chat_postMessage(channel="C1", text="?")
            assert time.monotonic() - began < 30
            assert (fate_of(caught.value), retry_after(caught.value)) == (Fate.NOT_DONE, 60.0)
            assert (await client.auth_test())["ok"]
    finally:
        await slack.stop()
