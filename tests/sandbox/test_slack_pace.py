"""How fast the Slack stand-in lets an app write, and how it refuses for a while."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.faults import Fault
from bot.sandbox.people import PEOPLE
from bot.sandbox.slack import SlackStandIn
from tests.sandbox.slack_app import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, refusal

pytestmark = pytest.mark.asyncio

ALICE, IT = "U0ALICE", "C0IT"
NEVER = 1e-6


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn(PEOPLE, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET)
    slack.add_channel(IT, "it", members={ALICE})
    await slack.start()
    yield slack
    await slack.stop()


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    return AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])


async def posts(client: AsyncWebClient, channel: str, times: int) -> int:
    """Post at once and return how many were taken."""
    answers = await asyncio.gather(
        *(client.chat_postMessage(channel=channel, text="x") for _ in range(times)), return_exceptions=True
    )
    for one in answers:
        if isinstance(one, SlackApiError):
            assert (one.response.status_code, one.response["error"]) == (429, "ratelimited")
            assert int(one.response.headers["Retry-After"]) >= 1
    return sum(not isinstance(one, BaseException) for one in answers)


async def test_more_than_a_burst_is_refused_for_each_channel(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Fails when the bucket is never empty, and when it is one for all channels."""
    slack.pace.on, slack.pace.per_second = True, NEVER
    assert await posts(client, IT, 20) == 3
    assert slack.pace.refused == 17
    assert len(slack.messages(IT)) == 3
    # A person's id and their direct message are one channel.
    assert await posts(client, ALICE, 2) == 2
    assert await posts(client, "DU0ALICE", 2) == 1


async def test_updates_count_too_and_time_brings_more(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.pace.on, slack.pace.per_second = True, NEVER
    ts = (await client.chat_postMessage(channel=IT, text="x"))["ts"]
    await posts(client, IT, 2)
    assert await refusal(client, "chat.update", channel=IT, ts=ts, text="y") == "ratelimited"
    await client.chat_postEphemeral(channel=IT, user=ALICE, text="not counted")
    slack.pace.per_second = 100
    await asyncio.sleep(0.02)
    await client.chat_update(channel=IT, ts=ts, text="y")
    assert slack.messages(IT)[0].text == "y"


async def test_by_default_it_is_about_a_message_a_second(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.pace.on = True
    calls = [client.chat_postMessage(channel=IT, text="x") for _ in range(50)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert {one.response.headers["Retry-After"] for one in answers if isinstance(one, SlackApiError)} == {"1"}


async def test_nothing_is_paced_unless_it_is_turned_on(slack: SlackStandIn, client: AsyncWebClient) -> None:
    assert await posts(client, IT, 20) == 20
    assert slack.pace.refused == 0


async def test_every_request_has_its_time(slack: SlackStandIn, client: AsyncWebClient) -> None:
    begin = time.monotonic()
    for _ in range(2):
        await client.chat_postMessage(channel=IT, text="x")
    times = [one.at for one in slack.calls]
    assert begin <= times[0] <= times[1] <= time.monotonic()


async def test_a_family_of_methods_is_refused_for_a_while(slack: SlackStandIn, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel=IT, text="x"))["ts"]
    fault = Fault("chat.*", error="service_unavailable", times=-1, lasts=3600)
    slack.faults.add(fault)
    assert await refusal(client, "chat.postMessage", channel=IT, text="x") == "service_unavailable"
    assert await refusal(client, "chat.update", channel=IT, ts=ts, text="y") == "service_unavailable"
    await client.users_info(user=ALICE)
    fault.over = time.monotonic()
    await client.chat_update(channel=IT, ts=ts, text="y")
    assert slack.messages(IT)[0].text == "y"


async def test_a_fault_is_over_after_its_time(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.faults.add(Fault("chat.*", status=503, times=-1, lasts=0.2))
    await asyncio.sleep(0.25)
    await client.chat_postMessage(channel=IT, text="x")
