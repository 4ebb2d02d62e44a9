"""A small real Bolt app on the Slack stand-in, over Socket Mode and over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.faults import Fault
from bot.sandbox.people import PEOPLE
from bot.sandbox.slack import SlackStandIn

pytestmark = pytest.mark.asyncio

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-sandbox", "xapp-sandbox", "not-a-secret"
ALICE, IT = "U0ALICE", "C0IT"
Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def dialog(**more: Any) -> Json:
    why = {"type": "plain_text_input", "action_id": "why", "max_length": 100}
    kinds = [{"text": plain(one), "value": one} for one in ("approval-item", "access-package")]
    kind = {"type": "static_select", "action_id": "kind", "options": kinds}
    return {
        "type": "modal",
        "callback_id": "cancel",
        "title": plain("Cancel"),
        "submit": plain("Cancel it"),
        "blocks": [
            {"type": "input", "block_id": "why", "label": plain("Why?"), "element": why},
            {"type": "actions", "block_id": "kind", "elements": [kind]},
        ],
        **more,
    }


def card(text: str) -> Json:
    button = {"type": "button", "action_id": "cancel", "text": plain("Cancel"), "value": "item-1"}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}, "accessory": button}
    return {"text": text, "blocks": [section]}


def listen(app: AsyncApp) -> None:
    @app.command("/cancel-approval")
    async def command(ack: Any, body: Json, client: AsyncWebClient, respond: Any) -> None:
        match body["text"]:
            case "help":
                await ack("Say what to cancel.")
            case "dialog":
                await ack()
                await client.views_open(trigger_id=body["trigger_id"], view=dialog())
            case "silence":
                return
            case text:
                await ack()
                await respond(text=f"got {text}")

    @app.action("kind")
    async def chosen(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        view, kind = body["view"], body["actions"][0]["selected_option"]["value"]
        fresh = dialog(private_metadata=kind)
        await client.views_update(view_id=view["id"], hash=view["hash"], view=fresh)

    @app.view("cancel")
    async def submitted(ack: Any, body: Json, client: AsyncWebClient) -> None:
        why = body["view"]["state"]["values"]["why"]["why"]["value"]
        if why == "no":
            await ack(response_action="errors", errors={"why": "Please give a reason."})
            return
        await ack()
        await client.chat_postMessage(channel=IT, **card(f"asked: {why}"))

    @app.action("cancel")
    async def clicked(ack: Any, body: Json, client: AsyncWebClient, respond: Any) -> None:
        await ack()
        at = body["message"]["ts"]
        await respond(text=f"cancelling {body['actions'][0]['value']}", replace_original=False)
        await client.chat_postMessage(channel=IT, thread_ts=at, text="cancelled")
        await client.chat_update(channel=IT, ts=at, text="done")


async def over_http(app: AsyncApp, slack: SlackStandIn) -> web.AppRunner:
    runner = web.AppRunner(app.web_app(path="/slack/events"), shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events", host="bot.example.test")
    return runner


@pytest_asyncio.fixture
async def empty_slack() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn(PEOPLE, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET)
    slack.add_channel(IT, "it", members={ALICE})
    slack.limits.trigger = 60  # a busy machine may take its time; that triggers expire has tests of its own
    await slack.start()
    yield slack
    await slack.stop()
    assert slack.violations == []


def bolt_app(slack: SlackStandIn, monkeypatch: pytest.MonkeyPatch) -> AsyncApp:
    # With these in the environment Bolt takes its OAuth installation store instead.
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=SIGNING_SECRET)
    listen(app)
    return app


@pytest_asyncio.fixture(params=["socket", "http"])
async def slack(
    request: pytest.FixtureRequest, empty_slack: SlackStandIn, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SlackStandIn]:
    """The stand-in with the app connected to it in one mode, then the other."""
    app = bolt_app(empty_slack, monkeypatch)
    if request.param == "http":
        runner = await over_http(app, empty_slack)
        yield empty_slack
        await runner.cleanup()
    else:
        handler: Any = AsyncSocketModeHandler(app, APP_TOKEN, ping_interval=1)
        await handler.connect_async()
        await empty_slack.until(lambda: empty_slack.connections == 1)
        yield empty_slack
        await handler.close_async()


async def test_an_ack_with_text_is_shown_to_the_person(slack: SlackStandIn) -> None:
    ack = await slack.command(ALICE, IT, "help")
    assert (ack.status, ack.timed_out) == (200, False)
    assert [one.text for one in slack.ephemerals(ALICE)] == ["Say what to cancel."]
    assert slack.messages(IT) == []


async def test_the_text_of_a_command_is_escaped_and_answered_by_response_url(slack: SlackStandIn) -> None:
    await slack.command(ALICE, IT, "a <b> & 'c'")
    answer = await slack.until(lambda: slack.ephemerals(ALICE))
    assert answer[0].text == "got a &lt;b&gt; &amp; 'c'"


async def test_a_dialog_from_command_to_card_to_click(slack: SlackStandIn) -> None:
    await slack.command(ALICE, IT, "dialog")
    view = await slack.until(lambda: slack.open_view(ALICE))
    slack.type_in_view(view.id, "why", "a <mistake>")
    await slack.select_in_view(ALICE, view.id, "kind", "access-package")
    await slack.until(lambda: view.private_metadata == "access-package")
    assert view.state["values"]["why"]["why"]["value"] == "a <mistake>"

    await slack.submit(ALICE, view.id, {"why": "no"})
    assert view.errors == {"why": "Please give a reason."}
    assert slack.open_view(ALICE) is view
    await slack.submit(ALICE, view.id, {"why": "a <mistake>"})
    assert slack.open_view(ALICE) is None

    (root,) = await slack.until(lambda: slack.messages(IT))
    assert root.text == "asked: a <mistake>"
    await slack.click(ALICE, IT, root.ts, "cancel", value="forged")
    await slack.until(lambda: root.edited)
    assert (root.text, root.blocks) == ("done", [])
    assert [one.text for one in slack.thread(IT, root.ts)] == ["done", "cancelled"]
    assert [one.text for one in slack.ephemerals(ALICE)] == ["cancelling forged"]


async def test_a_lost_answer_took_effect(slack: SlackStandIn) -> None:
    slack.faults.add(Fault("views.open", drop=True, after_effect=True))
    await slack.command(ALICE, IT, "dialog")
    call = await slack.until(lambda: [one for one in slack.calls if one.method == "views.open"])
    assert (call[0].ok, call[0].error) == (False, "dropped")
    assert slack.open_view(ALICE)


async def test_no_ack(slack: SlackStandIn) -> None:
    """Bolt answers 404 over HTTP and nothing on the socket when its handler does not ack."""
    slack.limits.ack = 0.2
    ack = await slack.command(ALICE, IT, "silence")
    assert ack.status == 0
    assert ack.timed_out
    assert "operation_timeout" in slack.ephemerals(ALICE)[0].text


@pytest.mark.parametrize("abrupt", [True, False])
async def test_a_dropped_socket_is_opened_again(
    empty_slack: SlackStandIn, monkeypatch: pytest.MonkeyPatch, abrupt: bool
) -> None:
    slack = empty_slack
    handler: Any = AsyncSocketModeHandler(bolt_app(slack, monkeypatch), APP_TOKEN, ping_interval=0.1)
    await handler.connect_async()
    await slack.disconnect(abrupt=abrupt)
    await slack.until(lambda: slack.connections == 1)
    assert (await slack.command(ALICE, IT, "help")).status == 200
    await handler.close_async()


async def test_each_delivery_goes_to_one_of_the_sockets(
    empty_slack: SlackStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = empty_slack
    handlers: list[Any] = [AsyncSocketModeHandler(bolt_app(slack, monkeypatch), APP_TOKEN) for _ in range(2)]
    await asyncio.gather(*(one.connect_async() for one in handlers))
    await slack.until(lambda: slack.connections == 2)
    for number in range(4):
        await slack.command(ALICE, IT, f"{number}")
    await slack.until(lambda: len(slack.ephemerals(ALICE)) == 4)
    await asyncio.gather(*(one.close_async() for one in handlers))


async def test_unsigned_and_stale_deliveries_reach_the_app_as_sent(
    empty_slack: SlackStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = empty_slack
    runner = await over_http(bolt_app(slack, monkeypatch), slack)
    body = b"command=%2Fcancel-approval&text=help"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await slack.deliver_raw(body, {**form, **slack.sign(body)})).body == "Say what to cancel."
    assert (await slack.deliver_raw(body, {**form, **slack.sign(body, 1)})).status == 401
    assert (await slack.deliver_raw(body, form)).status == 401
    await runner.cleanup()
