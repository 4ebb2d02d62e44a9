"""An external select for several in the Slack stand-in: what can be chosen, and what its app is told."""

from typing import Any, Final

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.blockkit import check
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.slack_view import CannotDo, Entry, View
from tests.sandbox.slack_app import App, choice, plain
from tests.sandbox.test_slack_picker import ALICE, app, client, modal, opened, picker, slack

__all__ = ("app", "client", "slack")  # fixtures

pytestmark = pytest.mark.asyncio

Json = dict[str, Any]
ONE, TWO, THREE = (choice(value, f"Request {value}") for value in "123")
TYPE: Final = "multi_external_select"


def several(*, dispatch: bool = False, **element: Any) -> Json:
    return picker(dispatch=dispatch, type=TYPE, **element)


async def chosen(view: View) -> Json:
    found: Json = view.state["values"]["what"]["pick"]
    return found


async def test_its_app_gets_all_that_is_chosen(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    """Asked as for one; what was chosen of an earlier answer stays a choice. Nothing chosen is an empty list."""
    view = await opened(slack, client, app, several(max_selected_items=2))
    assert await chosen(view) == {"type": TYPE, "selected_options": []}
    app.answer = {"options": [ONE, TWO]}
    assert (await slack.suggest(ALICE, view.id, "pick", "req")).values == ["1", "2"]
    asked = app.payload
    assert (asked["type"], asked["action_id"], asked["block_id"]) == ("block_suggestion", "pick", "what")
    assert asked["value"] == "req"
    slack.type_in_view(view.id, "pick", ["2"])
    app.answer = {"option_groups": [{"label": plain("More"), "options": [THREE]}]}
    await slack.suggest(ALICE, view.id, "pick")
    app.answer = ""
    await slack.submit(ALICE, view.id, {"pick": ["3", "2"]})
    assert app.payload["type"] == "view_submission"
    assert app.payload["view"]["state"]["values"]["what"]["pick"] == {"type": TYPE, "selected_options": [THREE, TWO]}


async def test_with_dispatch_action_each_change_is_told(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app, several(dispatch=True))
    app.answer = {"options": [ONE, TWO]}
    await slack.suggest(ALICE, view.id, "pick")
    app.answer = ""
    await slack.choose(ALICE, view.id, "pick", ["1", "2"])
    (action,) = app.payload["actions"]
    assert (action["type"], action["selected_options"]) == (TYPE, [ONE, TWO])
    await slack.choose(ALICE, view.id, "pick", None)
    assert app.payload["actions"][0]["selected_options"] == []


@pytest.mark.parametrize(
    "wrong", [["1", "2", "3"], ["1", "1"], ["9"], "1"], ids=["too many", "twice", "unknown", "text"]
)
async def test_what_a_client_does_not_let_people_choose(
    slack: SlackStandIn, client: AsyncWebClient, app: App, wrong: Entry
) -> None:
    view = await opened(slack, client, app, several(max_selected_items=2))
    app.answer = {"options": [ONE, TWO, THREE]}
    await slack.suggest(ALICE, view.id, "pick")
    before = len(app.requests)
    for attempt in (slack.choose(ALICE, view.id, "pick", wrong), slack.submit(ALICE, view.id, {"pick": wrong})):
        with pytest.raises(CannotDo):
            await attempt
    assert len(app.requests) == before


async def test_a_required_one_is_not_sent_empty(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app, several())
    with pytest.raises(CannotDo):
        await slack.submit(ALICE, view.id, {})
    app.answer = {"options": [ONE]}
    await slack.suggest(ALICE, view.id, "pick")
    with pytest.raises(CannotDo):
        await slack.submit(ALICE, view.id, {"pick": []})


async def test_a_menu_for_one_takes_no_list(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    view = await opened(slack, client, app, picker())
    app.answer = {"options": [ONE]}
    await slack.suggest(ALICE, view.id, "pick")
    with pytest.raises(CannotDo):
        view.enter("pick", ["1"])


async def test_enough_has_to_be_typed(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    """Fails when the stand-in asks its app at once although Slack's default is three characters."""
    block = several()
    del block["element"]["min_query_length"]
    view = await opened(slack, client, app, block)
    with pytest.raises(CannotDo):
        await slack.suggest(ALICE, view.id, "pick", "ab")


async def test_it_survives_an_update(slack: SlackStandIn, client: AsyncWebClient, app: App) -> None:
    """A menu for one in its place is another menu, even of the same name."""
    view = await opened(slack, client, app, several())
    app.answer = {"options": [ONE, TWO]}
    await slack.suggest(ALICE, view.id, "pick")
    slack.type_in_view(view.id, "pick", ["1", "2"])
    await client.views_update(view_id=view.id, view=modal({"type": "divider"}, several()))
    assert await chosen(view) == {"type": TYPE, "selected_options": [ONE, TWO]}
    await client.views_update(view_id=view.id, view=modal(picker()))
    assert await chosen(view) == {"type": "external_select", "selected_option": None}


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (several(max_selected_items=25, placeholder=plain("p")), ""),
        (several(max_selected_items=0), "must be a number from 1"),
        (several(max_selected_items=True), "must be a number from 1"),
        (several(min_query_length=256), "must be a number from 0 to 255"),
        (several(initial_option=ONE), "additional property: initial_option"),
        (several(options=[ONE]), "additional property: options"),
        ({"type": "actions", "elements": [several()["element"]]}, f"unsupported type: {TYPE}"),
    ],
)
async def test_what_slack_refuses(block: Json, problem: str) -> None:
    """Menus for several stand in inputs and sections, says Slack's reference; here in inputs alone."""
    found = check([block], "modal")
    assert bool(found) == bool(problem)
    assert problem in "\n".join(found)
