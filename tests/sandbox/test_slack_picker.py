"""An external select in the Slack stand-in: what the app is asked, what it may answer, and what can be chosen."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.people import PEOPLE
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.slack_view import CannotDo, View
from tests.sandbox.slack_app import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, App, choice, listening, plain

pytestmark = pytest.mark.asyncio

ALICE, BOB, IT = "U0ALICE", "U0BOB", "C0IT"
Json = dict[str, Any]


def picker(block_id: str = "what", *, dispatch: bool = True, **element: Any) -> Json:
    menu = {"type": "external_select", "action_id": "pick", "min_query_length": 0, **element}
    asked = {"type": "input", "block_id": block_id, "label": plain("What?"), "element": menu}
    return {**asked, "dispatch_action": True} if dispatch else asked


def modal(*blocks: Json, **more: Any) -> Json:
    title = plain("Cancel")
    return {"type": "modal", "title": title, "submit": title, "blocks": list(blocks or [picker()]), **more}


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn(PEOPLE, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET)
    slack.add_channel(IT, "it", members={ALICE})
    await slack.start()
    yield slack
    await slack.stop()


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    return AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)


@pytest_asyncio.fixture
async def app(slack: SlackStandIn) -> AsyncIterator[App]:
    async with listening(slack) as app:
        yield app


async def opened(slack: SlackStandIn, client: AsyncWebClient, app: App, *blocks: Json) -> View:
    """Return a dialog that Alice has open."""
    await slack.command(ALICE, IT, "")
    await client.views_open(trigger_id=app.payload["trigger_id"], view=modal(*blocks))
    return await slack.until(lambda: slack.open_view(ALICE))


async def test_the_app_is_asked_as_documented(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app)
    app.answer = {"options": [choice("1", "Laptop"), choice("2", "Guest access")]}
    found = await slack.suggest(ALICE, view.id, "pick", "lap <top>")
    assert (found.texts, found.values, found.groups) == (["Laptop", "Guest access"], ["1", "2"], [])
    payload = app.payload
    assert (payload["type"], payload["action_id"], payload["block_id"]) == ("block_suggestion", "pick", "what")
    assert payload["value"] == "lap <top>"
    assert payload["container"] == {"type": "view", "view_id": view.id}
    assert (payload["view"]["id"], payload["user"]["id"], payload["team"]["id"]) == (view.id, ALICE, "T0SANDBOX")
    assert {"api_app_id", "token"} <= set(payload)
    assert not {"trigger_id", "response_url", "channel"} & set(payload)


async def test_groups_are_shown_with_their_labels(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app)
    groups = [{"label": plain(f"Group {n}"), "options": [choice(f"{n}a"), choice(f"{n}b")]} for n in (1, 2)]
    app.answer = {"option_groups": groups}
    found = await slack.suggest(ALICE, view.id, "pick")
    assert (found.groups, found.values) == (["Group 1", "Group 2"], ["1a", "1b", "2a", "2b"])
    app.answer = {"options": []}
    assert (await slack.suggest(ALICE, view.id, "pick", "x")).options == []
    assert slack.violations == []


WRONG: list[Json | str] = [
    "",
    {},
    {"options": [choice("1")], "option_groups": []},
    {"options": [choice(str(n)) for n in range(101)]},
    {"option_groups": [{"label": plain("G"), "options": [choice("1")]}] * 101},
    {"option_groups": [{"label": plain("G"), "options": [choice(str(n)) for n in range(101)]}]},
    {"option_groups": [{"label": plain("G" * 76), "options": [choice("1")]}]},
    {"option_groups": [{"label": plain("G"), "options": []}]},
    {"options": [choice("1", "x" * 76)]},
    {"options": [choice("x" * 151, "x")]},
    {"options": [{"text": {"type": "mrkdwn", "text": "x"}, "value": "1"}]},
    {"options": [{"text": plain("x")}]},
]


@pytest.mark.parametrize("answer", WRONG, ids=range(len(WRONG)))
async def test_what_no_correct_app_offers(
    slack: SlackStandIn, client: AsyncWebClient, app: App, answer: Json | str
) -> None:
    view = await opened(slack, client, app)
    app.answer = answer
    with pytest.raises(CannotDo):
        await slack.suggest(ALICE, view.id, "pick")
    assert len(slack.violations) == 1


async def test_only_what_was_suggested_last_can_be_chosen(
    slack: SlackStandIn, client: AsyncWebClient, app: App
) -> None:
    """Fails when a select takes every value, as it did before it asked its app."""
    view = await opened(slack, client, app)
    with pytest.raises(CannotDo):
        await slack.choose(ALICE, view.id, "pick", "1")
    app.answer = {"options": [choice("1", "Laptop")]}
    await slack.suggest(ALICE, view.id, "pick")
    app.answer = {"options": [choice("2", "Guest access")]}
    await slack.suggest(ALICE, view.id, "pick", "guest")
    with pytest.raises(CannotDo):
        await slack.choose(ALICE, view.id, "pick", "1")
    app.answer = ""
    await slack.choose(ALICE, view.id, "pick", "2")
    (action,) = app.payload["actions"]
    assert (app.payload["type"], action["selected_option"]) == ("block_actions", choice("2", "Guest access"))
    assert app.payload["view"]["state"]["values"]["what"]["pick"] == {
        "type": "external_select",
        "selected_option": choice("2", "Guest access"),
    }


async def test_a_choice_without_dispatch_action_tells_the_app_nothing(
    slack: SlackStandIn, client: AsyncWebClient, app: App
) -> None:
    view = await opened(slack, client, app, picker(dispatch=False))
    app.answer = {"options": [choice("1")]}
    await slack.suggest(ALICE, view.id, "pick")
    before = len(app.requests)
    await slack.choose(ALICE, view.id, "pick", "1")
    assert len(app.requests) == before
    app.answer = ""
    await slack.submit(ALICE, view.id, {})
    assert app.payload["view"]["state"]["values"]["what"]["pick"]["selected_option"] == choice("1")


async def test_a_menu_in_a_section_tells_the_app_at_once(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    menu = picker()["element"]
    view = await opened(slack, client, app, {"type": "section", "block_id": "s", "text": plain("x"), "accessory": menu})
    app.answer = {"options": [choice("1")]}
    await slack.suggest(ALICE, view.id, "pick")
    app.answer = ""
    await slack.choose(ALICE, view.id, "pick", "1")
    assert app.payload["actions"][0]["selected_option"]["value"] == "1"


async def test_what_was_chosen_survives_an_update(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app)
    app.answer = {"options": [choice("1"), choice("2")]}
    await slack.suggest(ALICE, view.id, "pick")
    app.answer = ""
    await slack.choose(ALICE, view.id, "pick", "1")
    section = {"type": "section", "text": plain("Details")}
    await client.views_update(view_id=view.id, view=modal(section, picker()))
    assert view.state["values"]["what"]["pick"]["selected_option"] == choice("1")
    await slack.choose(ALICE, view.id, "pick", "2")
    await client.views_update(view_id=view.id, view=modal(picker("renamed")))
    assert view.state["values"] == {"renamed": {"pick": {"type": "external_select", "selected_option": None}}}


@pytest.mark.parametrize(("least", "typed"), [(None, "ab"), (2, "a"), (1, "")])
async def test_nothing_is_asked_before_enough_is_typed(
    slack: SlackStandIn, client: AsyncWebClient, app: App, least: int | None, typed: str
) -> None:
    block = picker()
    if least is None:
        del block["element"]["min_query_length"]
    else:
        block["element"]["min_query_length"] = least
    view = await opened(slack, client, app, block)
    before = len(app.requests)
    with pytest.raises(CannotDo):
        await slack.suggest(ALICE, view.id, "pick", typed)
    assert len(app.requests) == before
    app.answer = {"options": [choice("1")]}
    assert (await slack.suggest(ALICE, view.id, "pick", typed + "x")).values == ["1"]


async def test_people_cannot_ask_what_their_client_does_not_offer(
    slack: SlackStandIn, client: AsyncWebClient, app: App
) -> None:
    typed = {"type": "input", "label": plain("Why?"), "element": {"type": "plain_text_input", "action_id": "why"}}
    view = await opened(slack, client, app, picker(), typed)
    before = len(app.requests)
    for forbidden in (
        slack.suggest(BOB, view.id, "pick"),
        slack.suggest(ALICE, view.id, "why"),
        slack.suggest(ALICE, view.id, "nothing"),
        slack.choose(ALICE, view.id, "why", "1"),
    ):
        with pytest.raises(CannotDo):
            await forbidden
    assert len(app.requests) == before


async def test_an_app_that_does_not_answer(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app)
    slack.deliver_to("http://127.0.0.1:1/slack/events")
    with pytest.raises(CannotDo):
        await slack.suggest(ALICE, view.id, "pick")
    assert slack.violations == []
