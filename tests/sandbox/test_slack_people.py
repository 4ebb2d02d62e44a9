"""People in the Slack stand-in: what reaches the app of what they do, and what its answers change."""

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
from bot.sandbox.slack_view import CannotDo, View
from tests.sandbox.slack_app import App, listening

pytestmark = pytest.mark.asyncio

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-sandbox", "xapp-sandbox", "not-a-secret"
ALICE, BOB, STRANGER, IT, SECRET = "U0ALICE", "U0BOB", "U0STRANGER", "C0IT", "C0SECRET"
BUTTONS = [
    {"type": "button", "action_id": "cancel", "text": {"type": "plain_text", "text": "Cancel"}, "value": one}
    for one in ("one", "two")
]
CARD = [{"type": "section", "text": {"type": "plain_text", "text": "x"}, "accessory": one} for one in BUTTONS]
Json = dict[str, Any]


def field(block_id: str = "why", **element: Any) -> Json:
    label = {"type": "plain_text", "text": "Why?"}
    typed = {"type": "plain_text_input", "action_id": block_id, **element}
    return {"type": "input", "block_id": block_id, "label": label, "element": typed}


def modal(*blocks: Json, **more: Any) -> Json:
    title = {"type": "plain_text", "text": "Cancel"}
    return {"type": "modal", "title": title, "submit": title, "blocks": list(blocks or [field()]), **more}


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn(PEOPLE, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET)
    slack.add_channel(IT, "it", members={ALICE, STRANGER}, ext_shared=True)
    slack.add_channel(SECRET, "secret", members={ALICE}, private=True)
    await slack.start()
    yield slack
    await slack.stop()


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    return AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)


async def refusal(client: AsyncWebClient, method: str, **args: Any) -> str:
    """Return the error of a call that Slack refuses."""
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=args)
    return str(caught.value.response["error"])


@pytest_asyncio.fixture
async def app(slack: SlackStandIn) -> AsyncIterator[App]:
    async with listening(slack) as app:
        yield app


async def opened(slack: SlackStandIn, client: AsyncWebClient, app: App, **view: Any) -> View:
    """Return a dialog that Alice has open."""
    await slack.command(ALICE, IT, "")
    await client.views_open(trigger_id=app.payload["trigger_id"], view=modal(**view))
    return await slack.until(lambda: slack.open_view(ALICE))


async def respond(app: App, **body: Any) -> tuple[int, Json]:
    """Post to the response_url of the last payload."""
    url = app.payload["response_url"]
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
        return answer.status, await answer.json()


async def test_a_command_is_delivered_as_documented(slack: SlackStandIn, app: App) -> None:
    app.answer = {"response_type": "in_channel", "text": "for all"}
    await slack.command(ALICE, IT, "<1> & 2")
    headers, body = app.requests[0]
    assert app.payload["text"] == "&lt;1&gt; &amp; 2"
    assert app.payload["channel_id"] == IT
    assert headers["Host"] == "bot.example.test"
    signed = slack.sign(body, int(headers["X-Slack-Request-Timestamp"]))
    assert headers["X-Slack-Signature"] == signed["X-Slack-Signature"]
    assert [one.text for one in slack.messages(IT)] == ["for all"]


async def test_a_click_is_delivered_as_documented(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    root = (await client.chat_postMessage(channel=IT, text="x", blocks=CARD))["ts"]
    await slack.click(STRANGER, IT, root, "cancel", value="two")
    payload = app.payload
    assert payload["actions"][0]["value"] == "two"
    assert payload["actions"][0]["block_id"] == payload["message"]["blocks"][1]["block_id"]
    assert payload["container"]["message_ts"] == payload["message"]["ts"] == root
    assert (payload["team"]["id"], payload["user"]["team_id"]) == ("T0SANDBOX", "T0OTHER")

    await client.chat_postEphemeral(channel=IT, user=ALICE, text="x", blocks=CARD)
    (ephemeral,) = slack.ephemerals(ALICE)
    await slack.click(ALICE, IT, ephemeral.ts, "cancel")
    assert app.payload["container"]["is_ephemeral"] is True
    assert "message" not in app.payload
    assert await respond(app, delete_original=True) == (200, {"ok": True})
    assert ephemeral.deleted


async def test_a_response_url_works_five_times(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    ts = (await client.chat_postMessage(channel=IT, text="x", blocks=CARD))["ts"]
    await slack.click(ALICE, IT, ts, "cancel")
    await respond(app, text="done", replace_original=True)
    assert (slack.messages(IT)[0].text, slack.messages(IT)[0].blocks) == ("done", [])
    slack.faults.add(Fault("response_url", status=500))
    assert (await respond(app, text="lost"))[0] == 500
    for number in range(4):
        assert (await respond(app, text=f"{number}"))[0] == 200
    assert await respond(app, text="six") == (404, {"ok": False, "error": "used_url"})
    assert [one.text for one in slack.ephemerals(ALICE)] == ["0", "1", "2", "3"]


async def test_a_response_url_expires(slack: SlackStandIn, app: App) -> None:
    await slack.command(ALICE, IT, "")
    slack.limits.response_url = 0
    assert await respond(app, text="late") == (404, {"ok": False, "error": "expired_url"})


async def test_a_trigger_works_once_and_expires(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app)
    used = app.payload["trigger_id"]
    assert await refusal(client, "views.open", trigger_id=used, view=modal()) == "exchanged_trigger_id"
    assert slack.open_view(ALICE) is view
    await slack.command(ALICE, IT, "")
    slack.limits.trigger = 0
    late = app.payload["trigger_id"]
    assert await refusal(client, "views.open", trigger_id=late, view=modal()) == "expired_trigger_id"


async def test_a_view_is_updated_by_hash_or_external_id(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app, external_id="mine")
    old = view.hash
    await client.views_update(view_id=view.id, hash=old, view=modal(external_id="mine"))
    again = {"view_id": view.id, "hash": old, "view": modal()}
    assert await refusal(client, "views.update", **again) == "hash_conflict"
    await client.views_update(external_id="mine", view=modal(private_metadata="by name"))
    assert view.private_metadata == "by name"
    await slack.close(ALICE, view.id)
    assert await refusal(client, "views.update", view_id=view.id, view=modal()) == "not_found"


async def test_typed_text_survives_where_the_ids_stay(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app)
    slack.type_in_view(view.id, "why", "typed")
    await client.views_update(view_id=view.id, view=modal(field(), field("more", initial_value="first")))
    values = view.state["values"]
    assert (values["why"]["why"]["value"], values["more"]["more"]["value"]) == ("typed", "first")
    renamed = {**field(), "block_id": "other"}
    await client.views_update(view_id=view.id, view=modal(renamed))
    assert view.state["values"] == {"other": {"why": {"type": "plain_text_input", "value": None}}}


async def test_answers_to_a_submission(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app)

    async def submit(**answer: Any) -> View | None:
        """Return the dialog that is in front after this answer."""
        app.answer = answer
        await slack.submit(ALICE, view.id, {"why": "because"})
        return slack.open_view(ALICE)

    assert await submit(response_action="errors", errors={"why": "No."}) is view
    assert view.errors == {"why": "No."}
    assert app.payload["view"]["state"]["values"]["why"]["why"]["value"] == "because"
    assert await submit(response_action="update", view=modal(callback_id="second")) is view
    assert (view.callback_id, view.errors) == ("second", {})
    top = await submit(response_action="push", view=modal())
    assert top
    assert top.previous_view_id == view.id
    await slack.close(ALICE, top.id)
    assert slack.open_view(ALICE) is view
    assert await submit(response_action="clear") is None


async def test_a_wrong_answer_to_a_submission_is_a_violation(
    slack: SlackStandIn, client: AsyncWebClient, app: App
) -> None:
    view = await opened(slack, client, app)
    for answer in ({"response_action": "errors", "errors": {"when": "No."}}, "thanks"):
        app.answer = answer
        await slack.submit(ALICE, view.id, {"why": "because"})
    assert len(slack.violations) == 2
    assert slack.open_view(ALICE) is view


async def test_a_closed_dialog_is_told_when_asked_for(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app, notify_on_close=True)
    await slack.close(ALICE, view.id)
    assert (app.payload["type"], app.payload["view"]["id"]) == ("view_closed", view.id)


async def test_people_cannot_do_what_their_client_does_not_offer(
    slack: SlackStandIn, client: AsyncWebClient, app: App
) -> None:
    view = await opened(slack, client, app)
    ts = (await client.chat_postMessage(channel=IT, text="x", blocks=CARD))["ts"]
    before = len(app.requests)
    for forbidden in (
        slack.submit(ALICE, view.id, {}),
        slack.submit(ALICE, view.id, {"when": "now"}),
        slack.submit(ALICE, view.id, {"why": "x" * 3001}),
        slack.submit(BOB, view.id, {"why": "x"}),
        slack.select_in_view(ALICE, view.id, "nothing", "x"),
        slack.command(STRANGER, IT, ""),
        slack.command(BOB, SECRET, ""),
        slack.click(ALICE, IT, "1.000001", "cancel"),
        slack.click(ALICE, IT, ts, "nothing"),
    ):
        with pytest.raises(CannotDo):
            await forbidden
    assert len(app.requests) == before


async def test_nobody_listens(slack: SlackStandIn) -> None:
    ack = await slack.command(ALICE, IT, "")
    assert ack.status == 503
    assert "dispatch_failed" in slack.ephemerals(ALICE)[0].text
