"""Messages of people and other apps in the Slack stand-in, shortcuts on them, and deleting."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.people import PEOPLE
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.slack_view import CannotDo
from tests.sandbox.slack_app import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, App, listening, plain, refusal

pytestmark = pytest.mark.asyncio

ALICE, BOB, BOTTY, IT, SECRET = "U0ALICE", "U0BOB", "U0BOT", "C0IT", "C0SECRET"
URL = "https://graph.example.test/1"
BLOCKS = [
    {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "link", "url": URL, "text": "here"}]}],
    }
]
Json = dict[str, Any]


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn(PEOPLE, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET)
    slack.add_channel(IT, "it", members={ALICE})
    slack.add_channel(SECRET, "secret", members={ALICE}, private=True, bot_is_member=False)
    await slack.start()
    yield slack
    await slack.stop()


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    # By default slack_sdk sends a request again whose answer was lost.
    return AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])


@pytest_asyncio.fixture
async def app(slack: SlackStandIn) -> AsyncIterator[App]:
    async with listening(slack) as app:
        yield app


async def test_a_shortcut_is_delivered_as_documented(slack: SlackStandIn, app: App) -> None:
    said = slack.say(BOB, IT, f"look: <{URL}>", blocks=BLOCKS, attachments=[{"title": "T", "title_link": URL}])
    await slack.shortcut(ALICE, IT, said.ts, "cancel_from_message")
    payload, message = app.payload, app.payload["message"]
    assert (payload["type"], payload["callback_id"]) == ("message_action", "cancel_from_message")
    assert payload["message_ts"] == message["ts"] == said.ts
    assert payload["channel"] == {"id": IT, "name": "it"}
    assert (payload["user"]["id"], payload["user"]["team_id"]) == (ALICE, "T0SANDBOX")
    assert (message["user"], message["text"]) == (BOB, f"look: <{URL}>")
    assert message["blocks"][0]["elements"] == BLOCKS[0]["elements"]
    assert message["attachments"] == [{"title": "T", "title_link": URL}]
    assert not {"bot_id", "app_id"} & set(message)
    assert {"trigger_id", "response_url", "action_ts", "api_app_id", "token"} <= set(payload)
    assert not {"actions", "container"} & set(payload)


async def test_its_trigger_and_its_response_url_work(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    said = slack.say(BOB, IT, "look")
    await slack.shortcut(ALICE, IT, said.ts, "x")
    modal = {"type": "modal", "title": plain("x"), "blocks": [{"type": "section", "text": plain("x")}]}
    await client.views_open(trigger_id=app.payload["trigger_id"], view=modal)
    assert slack.open_view(ALICE)
    body = {"text": "only you", "replace_original": True}
    async with aiohttp.ClientSession() as session, session.post(app.payload["response_url"], json=body) as answer:
        assert answer.status == 200
    assert [one.text for one in slack.ephemerals(ALICE)] == ["only you"]
    assert said.text == "look"


async def test_messages_tell_whose_they_are(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    mine = (await client.chat_postMessage(channel=IT, text="mine"))["ts"]
    other = slack.say(BOTTY, IT, "another app's")
    reply = slack.say(BOB, IT, "a reply", thread_ts=mine)
    shown = {}
    for ts in (mine, other.ts, reply.ts):
        await slack.shortcut(ALICE, IT, ts, "x")
        shown[ts] = app.payload["message"]
    assert shown[mine]["app_id"] == "A0CANCEL"
    assert (shown[other.ts]["app_id"], shown[other.ts]["bot_id"]) == ("A0OTHER", "B0BOT")
    assert shown[reply.ts]["thread_ts"] == mine
    assert "app_id" not in shown[reply.ts]
    assert await refusal(client, "chat.update", channel=IT, ts=other.ts, text="x") == "cant_update_message"
    assert [one.text for one in slack.thread(IT, mine)] == ["mine", "a reply"]


async def test_there_is_no_shortcut_where_the_client_has_none(
    slack: SlackStandIn, client: AsyncWebClient, app: App
) -> None:
    await client.chat_postEphemeral(channel=IT, user=ALICE, text="only Alice")
    (ephemeral,) = slack.ephemerals(ALICE)
    secret = slack.say(ALICE, SECRET, "secret")
    for user, channel, ts in ((ALICE, IT, ephemeral.ts), (BOB, SECRET, secret.ts), (ALICE, IT, "1.000001")):
        with pytest.raises(CannotDo):
            await slack.shortcut(user, channel, ts, "x")
    assert app.requests == []
    await slack.shortcut(ALICE, SECRET, secret.ts, "x")
    assert app.payload["channel"] == {"id": SECRET, "name": "privategroup"}


async def test_what_a_person_cannot_say(slack: SlackStandIn) -> None:
    for wrong in ({"blocks": [{"type": "section"}]}, {"thread_ts": "1.000001"}):
        with pytest.raises(CannotDo):
            slack.say(ALICE, IT, "x", **wrong)
    with pytest.raises(CannotDo):
        slack.say(BOB, SECRET, "x")
    assert slack.messages(IT) == []
    assert slack.violations == []


async def test_a_deleted_message_is_gone(slack: SlackStandIn, client: AsyncWebClient) -> None:
    ts = str((await client.chat_postMessage(channel=IT, text="card"))["ts"])
    slack.delete(IT, ts)
    assert slack.messages(IT) == []
    assert await refusal(client, "chat.update", channel=IT, ts=ts, text="x") == "message_not_found"
    assert await refusal(client, "chat.delete", channel=IT, ts=ts) == "message_not_found"
    with pytest.raises(CannotDo):
        slack.delete(IT, ts)


async def test_nobody_listens_to_a_shortcut(slack: SlackStandIn) -> None:
    said = slack.say(BOB, IT, "look")
    await slack.shortcut(ALICE, IT, said.ts, "x")
    assert "dispatch_failed" in slack.ephemerals(ALICE)[0].text
