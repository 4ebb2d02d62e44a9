"""A small real Bolt app with a picker, a Home tab and a shortcut on the Slack stand-in, over Socket Mode and HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.people import PEOPLE
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.slack_view import CannotDo
from tests.sandbox.slack_app import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, bolt, choice, plain

pytestmark = pytest.mark.asyncio

ALICE, BOB, IT = "U0ALICE", "U0BOB", "C0IT"
NAMES = ("Laptop", "Guest access", "Late answer")
Json = dict[str, Any]


def picker(details: str) -> Json:
    menu = {"type": "external_select", "action_id": "pick", "min_query_length": 0}
    asked = {"type": "input", "block_id": "what", "label": plain("What?"), "element": menu, "dispatch_action": True}
    section = {"type": "section", "text": plain(details)}
    title = plain("Cancel")
    return {"type": "modal", "callback_id": "pick", "title": title, "submit": title, "blocks": [section, asked]}


def home(user: str) -> Json:
    button = {"type": "button", "action_id": "cancel", "text": plain("Cancel"), "value": "1"}
    return {"type": "home", "blocks": [{"type": "section", "text": plain(user), "accessory": button}]}


def listen(app: AsyncApp) -> None:
    @app.shortcut("cancel_from_message")
    async def from_message(ack: Any, shortcut: Json, client: AsyncWebClient) -> None:
        await ack()
        view = picker(shortcut["message"]["text"])
        await client.views_open(trigger_id=shortcut["trigger_id"], view=view)

    @app.options("pick")
    async def offer(ack: Any, body: Json) -> None:
        if body["value"] == "late":
            return
        found = [choice(one) for one in NAMES if body["value"] in one]
        if body["value"]:
            await ack(options=found)
        else:
            await ack(option_groups=[{"label": plain("The newest 3"), "options": found}])

    @app.action("pick")
    async def picked(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        value = body["actions"][0]["selected_option"]["value"]
        await client.views_update(view_id=body["view"]["id"], view=picker(f"It is {value}"))

    @app.view("pick")
    async def submitted(ack: Any, view: Json, client: AsyncWebClient) -> None:
        await ack()
        value = view["state"]["values"]["what"]["pick"]["selected_option"]["value"]
        await client.chat_postMessage(channel=IT, text=f"cancelled {value}")

    @app.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=home(event["user"]))

    @app.action("cancel")
    async def pressed(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=picker("From home"))


@pytest_asyncio.fixture(params=["socket", "http"])
async def slack(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackStandIn]:
    """The stand-in with the app connected to it in one mode, then the other."""
    # With these in the environment Bolt takes its OAuth installation store instead.
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    slack = SlackStandIn(PEOPLE, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET)
    slack.add_channel(IT, "it", members={ALICE})
    slack.limits.trigger = 60  # a busy machine may take its time; that triggers expire has tests of its own
    await slack.start()
    async with bolt(slack, listen, http=request.param == "http"):
        yield slack
    await slack.stop()
    assert slack.violations == []


async def test_from_the_shortcut_to_the_picked_one(slack: SlackStandIn) -> None:
    said = slack.say(BOB, IT, "please cancel mine")
    await slack.shortcut(ALICE, IT, said.ts, "cancel_from_message")
    view = await slack.until(lambda: slack.open_view(ALICE))
    assert view.blocks[0]["text"]["text"] == "please cancel mine"

    shown = await slack.suggest(ALICE, view.id, "pick")
    assert (shown.groups, shown.texts) == (["The newest 3"], list(NAMES))
    assert (await slack.suggest(ALICE, view.id, "pick", "nothing such")).options == []
    assert (await slack.suggest(ALICE, view.id, "pick", "Guest")).values == ["Guest access"]
    await slack.choose(ALICE, view.id, "pick", "Guest access")
    await slack.until(lambda: view.blocks[0]["text"]["text"] == "It is Guest access")
    await slack.submit(ALICE, view.id, {})
    await slack.until(lambda: [one for one in slack.messages(IT) if one.text == "cancelled Guest access"])


async def test_options_that_come_too_late(slack: SlackStandIn) -> None:
    """Bolt answers 404 over HTTP and nothing on the socket when its handler does not ack."""
    said = slack.say(BOB, IT, "x")
    await slack.shortcut(ALICE, IT, said.ts, "cancel_from_message")
    view = await slack.until(lambda: slack.open_view(ALICE))
    slack.limits.ack = 0.2
    with pytest.raises(CannotDo, match="could not be loaded"):
        await slack.suggest(ALICE, view.id, "pick", "late")


async def test_from_the_home_tab_to_a_dialog(slack: SlackStandIn) -> None:
    acks = await slack.open_home(ALICE, retries=1)
    assert [one.status for one in acks] == [200, 200]
    home = await slack.until(lambda: slack.home(ALICE))
    await slack.until(lambda: len([one for one in slack.calls if one.method == "views.publish"]) == 2)
    assert home.blocks[0]["text"]["text"] == ALICE
    await slack.click_home(ALICE, "cancel")
    view = await slack.until(lambda: slack.open_view(ALICE))
    assert view.blocks[0]["text"]["text"] == "From home"
