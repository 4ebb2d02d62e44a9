"""The Web API of the Slack stand-in: what it answers, and one case for each thing that it refuses."""

import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.faults import Fault
from bot.sandbox.people import PEOPLE
from bot.sandbox.slack import SlackStandIn

pytestmark = pytest.mark.asyncio

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-sandbox", "xapp-sandbox", "not-a-secret"
ALICE, BOB, STRANGER, IT, SECRET, OPEN = "U0ALICE", "U0BOB", "U0STRANGER", "C0IT", "C0SECRET", "C0OPEN"
SECTION = {"type": "section", "text": {"type": "plain_text", "text": "x"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Cancel"}, "blocks": [SECTION]}
Json = dict[str, Any]


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn(PEOPLE, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET)
    slack.add_channel(IT, "it", members={ALICE, STRANGER}, ext_shared=True)
    slack.add_channel(SECRET, "secret", members={ALICE}, private=True, bot_is_member=False)
    slack.add_channel(OPEN, "open", members={ALICE}, bot_is_member=False)
    slack.add_usergroup("S0HELP", {BOB})
    await slack.start()
    yield slack
    await slack.stop()


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    # By default slack_sdk sends a request again whose answer was lost.
    return AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])


async def refusal(client: AsyncWebClient, method: str, **args: Any) -> str:
    """Return the error of a call that Slack refuses."""
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=args)
    return str(caught.value.response["error"])


REFUSED: list[tuple[str, Json, str]] = [
    ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
    ("chat.postMessage", {"channel": IT}, "no_text"),
    ("chat.postMessage", {"channel": IT, "text": "x" * 40_001}, "msg_too_long"),
    ("chat.postMessage", {"channel": "C0NONE", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": SECRET, "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": OPEN, "text": "x"}, "not_in_channel"),
    ("chat.postMessage", {"channel": IT, "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
    ("chat.postMessage", {"channel": IT, "text": "x", "metadata": {"a": 1}}, "invalid_metadata_format"),
    ("chat.postEphemeral", {"channel": IT, "text": "x", "user": BOB}, "user_not_in_channel"),
    ("chat.update", {"channel": IT, "text": "x", "ts": "1.000001"}, "message_not_found"),
    ("chat.update", {"channel": ALICE, "text": "x", "ts": "1.000001"}, "channel_not_found"),
    ("chat.delete", {"channel": IT, "ts": "1.000001"}, "message_not_found"),
    ("conversations.info", {"channel": SECRET}, "channel_not_found"),
    ("conversations.history", {"channel": OPEN}, "not_in_channel"),
    ("conversations.replies", {"channel": IT, "ts": "1.000001"}, "thread_not_found"),
    ("conversations.open", {"users": "U0NONE"}, "user_not_found"),
    ("conversations.open", {"users": f"{ALICE},{BOB}"}, "missing_scope"),
    ("users.info", {"user": "U0NONE"}, "user_not_found"),
    ("users.lookupByEmail", {"email": "nobody@example.test"}, "users_not_found"),
    ("users.lookupByEmail", {"email": "gone@example.test"}, "users_not_found"),
    ("users.lookupByEmail", {"email": "botty@example.test"}, "users_not_found"),
    ("users.lookupByEmail", {"email": "sam@other.test"}, "users_not_found"),
    ("users.lookupByEmail", {}, "invalid_arguments"),
    ("usergroups.users.list", {"usergroup": "S0NONE"}, "no_such_subteam"),
    ("views.open", {"trigger_id": "1.2.x", "view": MODAL}, "invalid_trigger_id"),
    ("views.update", {"view_id": "V0NONE", "view": MODAL}, "not_found"),
    ("apps.connections.open", {}, "not_allowed_token_type"),
]


@pytest.mark.parametrize(("method", "args", "error"), REFUSED)
async def test_refusals(slack: SlackStandIn, client: AsyncWebClient, method: str, args: Json, error: str) -> None:
    assert await refusal(client, method, **args) == error
    assert [(one.method, one.ok, one.error) for one in slack.calls] == [(method, False, error)]
    assert slack.violations == []


MISTAKES: list[tuple[str, Json, str]] = [
    ("chat.postMassage", {}, "unknown_method"),
    ("chat.postMessage", {"channel": IT, "blocks": [{"type": "section"}]}, "invalid_blocks"),
    ("chat.postMessage", {"channel": IT, "attachments": [{"blocks": [{"type": "x"}]}]}, "invalid_blocks"),
    ("views.open", {"trigger_id": "1.2.x", "view": {"type": "modal"}}, "invalid_arguments"),
]


@pytest.mark.parametrize(("method", "args", "error"), MISTAKES)
async def test_what_no_correct_app_does_is_a_violation_too(
    slack: SlackStandIn, client: AsyncWebClient, method: str, args: Json, error: str
) -> None:
    assert await refusal(client, method, **args) == error
    assert len(slack.violations) == 1


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-other", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")],
)
async def test_tokens(slack: SlackStandIn, token: str, error: str) -> None:
    client = AsyncWebClient(token=token, base_url=slack.api_url)
    assert await refusal(client, "chat.postMessage", channel=IT, text="x") == error


SCOPES: list[tuple[str, str, Json]] = [
    ("chat:write", "chat.postMessage", {"channel": IT, "text": "x"}),
    ("chat:write", "chat.delete", {"channel": IT, "ts": "1.000001"}),
    ("users:read", "users.info", {"user": ALICE}),
    ("users:read.email", "users.lookupByEmail", {"email": "alice@example.test"}),
    ("channels:read", "conversations.info", {"channel": IT}),
    ("channels:history", "conversations.history", {"channel": IT}),
    ("usergroups:read", "usergroups.users.list", {"usergroup": "S0HELP"}),
    ("im:write", "conversations.open", {"users": ALICE}),
]


@pytest.mark.parametrize(("scope", "method", "args"), SCOPES)
async def test_scopes(slack: SlackStandIn, client: AsyncWebClient, scope: str, method: str, args: Json) -> None:
    slack.scopes.remove(scope)
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=args)
    answer = caught.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", scope)
    assert scope not in answer["provided"].split(",")


async def test_a_public_channel_can_be_written_with_its_own_scope(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.scopes.add("chat:write.public")
    await client.chat_postMessage(channel=OPEN, text="x")
    assert slack.messages(OPEN)


async def test_people_are_described_by_their_kind(slack: SlackStandIn, client: AsyncWebClient) -> None:
    users = {one.slack_id: (await client.users_info(user=one.slack_id))["user"] for one in PEOPLE}
    assert users[ALICE]["profile"]["email"] == "alice@example.test"
    assert {one for one in users if users[one].get("is_restricted")} == {"U0GUEST"}
    assert {one for one in users if users[one]["deleted"]} == {"U0GONE"}
    assert {one for one in users if users[one]["is_bot"]} == {"U0BOT"}
    assert {one for one in users if users[one].get("is_stranger")} == {STRANGER}
    assert (await client.users_lookupByEmail(email="Alice@Example.test"))["user"] == users[ALICE]
    assert (await client.users_lookupByEmail(email="gus@partner.test"))["user"]["is_restricted"]
    assert users[STRANGER]["team_id"] != users[ALICE]["team_id"] == "T0SANDBOX"
    slack.scopes.remove("users:read.email")
    assert "email" not in (await client.users_info(user=ALICE))["user"]["profile"]
    assert (await client.usergroups_users_list(usergroup="S0HELP"))["users"] == [BOB]
    assert (await client.usergroups_list())["usergroups"][0]["id"] == "S0HELP"


async def test_who_am_i(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"]) == ("T0SANDBOX", "U0CANCELBOT")
    assert "enterprise_id" not in answer.data
    assert "chat:write" in answer.headers["x-oauth-scopes"]


async def test_messages_threads_and_pages(slack: SlackStandIn, client: AsyncWebClient) -> None:
    metadata = {"event_type": "card", "event_payload": {"id": "1"}}
    roots = [(await client.chat_postMessage(channel=IT, text=f"{n}", metadata=metadata))["ts"] for n in "ab"]
    await client.chat_postMessage(channel=IT, thread_ts=roots[0], text="reply")
    page = await client.conversations_history(channel=IT, limit=1)
    assert [one["text"] for one in page["messages"]] == ["b"]
    assert "metadata" not in page["messages"][0]
    cursor = page["response_metadata"]["next_cursor"]
    page = await client.conversations_history(channel=IT, limit=1, cursor=cursor, include_all_metadata=True)
    assert (page["messages"][0]["metadata"], page["has_more"]) == (metadata, False)
    replies = await client.conversations_replies(channel=IT, ts=roots[0], oldest=roots[0])
    assert [one["text"] for one in replies["messages"]] == ["reply"]
    assert [one.text for one in slack.thread(IT, roots[0])] == ["a", "reply"]


async def test_updates_and_deletions(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """The reference of chat.update: text without blocks removes the blocks, blocks stay without text."""
    ts = (await client.chat_postMessage(channel=IT, text="x", blocks=[SECTION]))["ts"]
    (message,) = slack.messages(IT)
    await client.api_call("chat.update", json={"channel": IT, "ts": ts, "attachments": [{"text": "more"}]})
    assert message.blocks
    assert await refusal(client, "chat.update", channel=IT, ts=ts, text="x" * 4001) == "msg_too_long"
    await client.chat_update(channel=IT, ts=ts, text="y")
    assert (message.text, message.blocks, message.edited) == ("y", [], True)
    message.user = ALICE
    assert await refusal(client, "chat.update", channel=IT, ts=ts, text="z") == "cant_update_message"
    assert await refusal(client, "chat.delete", channel=IT, ts=ts) == "cant_delete_message"
    message.user = "U0CANCELBOT"
    await client.chat_delete(channel=IT, ts=ts)
    assert message.deleted
    assert slack.messages(IT) == []


async def test_too_many_characters_in_blocks(client: AsyncWebClient) -> None:
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": "x" * 3000}}] * 5
    assert await refusal(client, "chat.postMessage", channel=IT, blocks=blocks) == "msg_blocks_too_long"


async def test_direct_messages(slack: SlackStandIn, client: AsyncWebClient) -> None:
    channel = (await client.conversations_open(users=ALICE))["channel"]["id"]
    await client.chat_postMessage(channel=channel, text="one")
    assert (await client.chat_postMessage(channel=ALICE, text="two"))["channel"] == channel
    assert [one.text for one in slack.dms(ALICE)] == ["one", "two"]
    assert slack.dms(BOB) == []


async def test_faults(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.faults.add(Fault("chat.postMessage", error="fatal_error"))
    slack.faults.add(Fault("chat.postMessage", status=429, headers={"Retry-After": "7"}))
    assert await refusal(client, "chat.postMessage", channel=IT, text="x") == "fatal_error"
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=IT, text="x")
    assert caught.value.response.headers["Retry-After"] == "7"
    assert slack.messages(IT) == []
    slack.faults.add(Fault("chat.postMessage", drop=True))
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=IT, text="x")
    slack.faults.add(Fault("chat.postMessage", delay=0.05))
    begin = time.monotonic()
    await client.chat_postMessage(channel=IT, text="late")
    assert time.monotonic() - begin >= 0.05


async def test_a_socket_ticket_is_good_once(slack: SlackStandIn) -> None:
    url = (await AsyncWebClient(base_url=slack.api_url).apps_connections_open(app_token=APP_TOKEN))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            await socket.send_str("not json")
            await slack.until(lambda: slack.violations)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_waiting_in_vain_tells_what_is_there(slack: SlackStandIn, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=IT, text="a card")
    with pytest.raises(AssertionError, match=r"a card(.|\n)*chat.postMessage: ok"):
        await slack.until(lambda: len(slack.messages(IT)) == 2, timeout=0.01)
