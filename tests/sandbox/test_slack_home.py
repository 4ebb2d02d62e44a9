"""The Home tab in the Slack stand-in: the event, views.publish, its buttons, and the check of the request URL."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.people import PEOPLE
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.slack_view import CannotDo
from tests.sandbox.slack_app import (
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    App,
    choice,
    listening,
    plain,
    refusal,
)

pytestmark = pytest.mark.asyncio

ALICE, BOB, IT = "U0ALICE", "U0BOB", "C0IT"
Json = dict[str, Any]


def row(value: str) -> Json:
    button = {"type": "button", "action_id": "cancel", "text": plain("Cancel"), "value": value}
    return {"type": "section", "text": plain(value), "accessory": button}


def home(*blocks: Json, **more: Any) -> Json:
    return {"type": "home", "blocks": list(blocks or [row("one"), row("two")]), **more}


MODAL = {"type": "modal", "title": plain("Cancel"), "blocks": [row("one")]}


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn(PEOPLE, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET)
    slack.add_channel(IT, "it", members={ALICE})
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


async def test_the_event_is_delivered_as_documented(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    (ack,) = await slack.open_home(ALICE)
    assert ack.status == 200
    headers, body = app.requests[-1]
    payload, event = app.payload, app.payload["event"]
    assert headers["Content-Type"] == "application/json"
    signed = slack.sign(body, int(headers["X-Slack-Request-Timestamp"]))
    assert headers["X-Slack-Signature"] == signed["X-Slack-Signature"]
    assert "X-Slack-Retry-Num" not in headers
    assert (payload["type"], payload["team_id"]) == ("event_callback", "T0SANDBOX")
    assert payload["authorizations"][0]["user_id"] == "U0CANCELBOT"
    assert payload["event_id"].startswith("Ev")
    assert isinstance(payload["event_time"], int)
    assert {name: event[name] for name in ("type", "user", "channel", "tab")} == {
        "type": "app_home_opened",
        "user": ALICE,
        "channel": "DU0ALICE",
        "tab": "home",
    }
    assert "view" not in event
    await client.views_publish(user_id=ALICE, view=home(private_metadata="p"))
    await slack.open_home(ALICE)
    assert app.payload["event"]["view"]["private_metadata"] == "p"
    await slack.open_home(ALICE, tab="messages")
    assert app.payload["event"]["tab"] == "messages"
    assert "view" not in app.payload["event"]


async def test_slack_sends_the_same_event_again(slack: SlackStandIn, app: App) -> None:
    acks = await slack.open_home(ALICE, retries=2)
    assert [one.status for one in acks] == [200, 200, 200]
    sent = [headers.get("X-Slack-Retry-Num") for headers, _ in app.requests]
    assert sent == [None, "1", "2"]
    assert len({body for _, body in app.requests}) == 1


async def test_a_home_tab_is_published_for_one_person(slack: SlackStandIn, client: AsyncWebClient) -> None:
    answer = await client.views_publish(user_id=ALICE, view=home())
    view = answer["view"]
    assert (view["type"], view["previous_view_id"], view["submit"]) == ("home", None, None)
    assert slack.home(BOB) is None
    shown = slack.home(ALICE)
    assert shown
    assert (shown.id, shown.hash) == (view["id"], view["hash"])
    again = (await client.views_publish(user_id=ALICE, hash=view["hash"], view=home(row("three"))))["view"]
    assert again["id"] == shown.id
    assert [one["text"]["text"] for one in shown.blocks] == ["three"]
    late = {"user_id": ALICE, "hash": view["hash"], "view": home()}
    assert await refusal(client, "views.publish", **late) == "hash_conflict"
    assert await refusal(client, "views.update", view_id=shown.id, view=MODAL) == "not_found"
    assert slack.open_view(ALICE) is None
    assert slack.violations == []


REFUSED: list[tuple[Json, str]] = [
    ({"view": home()}, "invalid_arguments"),
    ({"user_id": ALICE}, "invalid_arguments"),
    ({"user_id": "U0NONE", "view": home()}, "invalid_arguments"),
    (
        {"user_id": ALICE, "view": home(*[{"type": "section", "text": plain("x" * 3000)} for _ in range(90)])},
        "view_too_large",
    ),
]


@pytest.mark.parametrize(("args", "error"), REFUSED)
async def test_refusals(slack: SlackStandIn, client: AsyncWebClient, args: Json, error: str) -> None:
    assert await refusal(client, "views.publish", **args) == error
    assert slack.violations == []


async def test_a_view_on_the_wrong_surface_is_a_violation(slack: SlackStandIn, client: AsyncWebClient) -> None:
    wrong = [
        ("views.publish", {"user_id": ALICE, "view": MODAL}),
        ("views.publish", {"user_id": ALICE, "view": home(*[row(str(n)) for n in range(101)])}),
        ("views.open", {"trigger_id": "1.2.x", "view": home()}),
    ]
    for method, args in wrong:
        assert await refusal(client, method, **args) == "invalid_arguments"
    assert len(slack.violations) == len(wrong)
    assert slack.home(ALICE) is None


async def test_an_app_without_a_home_tab(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.manifest.home_tab = False
    assert await refusal(client, "views.publish", user_id=ALICE, view=home()) == "not_enabled"
    with pytest.raises(CannotDo):
        await slack.open_home(ALICE)


async def test_a_button_is_delivered_as_documented(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    with pytest.raises(CannotDo):
        await slack.click_home(ALICE, "cancel")
    view = (await client.views_publish(user_id=ALICE, view=home()))["view"]
    await slack.click_home(ALICE, "cancel", value="two")
    payload, (action,) = app.payload, app.payload["actions"]
    assert payload["container"] == {"type": "view", "view_id": view["id"]}
    assert not {"channel", "message", "response_url"} & set(payload)
    assert payload["view"]["type"] == "home"
    assert (action["value"], action["block_id"]) == ("two", payload["view"]["blocks"][1]["block_id"])
    await client.views_open(trigger_id=payload["trigger_id"], view=MODAL)
    assert slack.open_view(ALICE)
    await slack.click_home(ALICE, "cancel", value="forged")
    assert app.payload["actions"][0]["value"] == "forged"


async def test_a_menu_in_the_home_tab(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    menu = {"type": "external_select", "action_id": "pick", "min_query_length": 0}
    await client.views_publish(user_id=ALICE, view=home({"type": "actions", "elements": [menu]}))
    view = slack.home(ALICE)
    assert view
    app.answer = {"options": [choice("1")]}
    await slack.suggest(ALICE, view.id, "pick")
    app.answer = ""
    await slack.choose(ALICE, view.id, "pick", "1")
    assert app.payload["actions"][0]["selected_option"] == choice("1")


async def test_the_request_url_is_verified(slack: SlackStandIn, app: App) -> None:
    app.answer = "repeated"
    challenge, ack = await slack.verify_url()
    assert app.payload == {
        "token": "sandbox-verification-token",
        "challenge": challenge,
        "type": "url_verification",
    }
    assert ack.body == "repeated"
