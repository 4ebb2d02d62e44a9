"""A person at the page: the menu of a message, the picker that its shortcut opens, and the Home tab."""

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

from bot.sandbox.people import ALICE, BOB
from bot.sandbox.slack import SlackStandIn
from tests.browser.conftest import IT

pytestmark = pytest.mark.usefixtures("app")

expect.set_options(timeout=30000)


async def open_picker(tab: Tab, slack: SlackStandIn) -> Locator:
    slack.say(BOB.slack_id, IT, "Please cancel *mine* &lt;soon&gt;")
    message = tab.get_by_role("listitem").filter(has_text="Please cancel mine <soon>")
    await expect(message.get_by_text("Bob Example")).to_be_visible()
    await expect(message.get_by_text("APP")).to_have_count(0)
    await message.hover()
    await message.locator("summary").click()
    await message.get_by_role("button", name="Cancel this request").click()
    dialog = tab.get_by_role("dialog", name="Choose a request")
    await expect(dialog).to_contain_text("Please cancel *mine* &lt;soon&gt;")
    return dialog


async def test_from_the_menu_of_a_message_to_the_picked_one(tab: Tab, slack: SlackStandIn) -> None:
    dialog = await open_picker(tab, slack)
    await expect(tab.locator("details[open]")).to_have_count(0)
    which, search = dialog.get_by_label("Which?"), dialog.get_by_label("Search")
    await expect(search).to_have_attribute("placeholder", "Type a name")
    await expect(which.locator("optgroup")).to_have_attribute("label", "The newest 100 of 130")
    await expect(which.get_by_role("option")).to_have_count(100)
    await search.press_sequentially("quest 12")
    await expect(which.get_by_role("option")).to_have_count(11)
    await which.select_option("Request 120")
    await expect(dialog.get_by_text("It is: Request 120")).to_be_visible()
    await expect(which).to_have_value("Request 120")
    await expect(which.get_by_role("option")).to_have_count(11)

    await search.fill("no such thing")
    await expect(dialog.get_by_text("Nothing found.")).to_be_visible()
    await expect(which).to_have_value("Request 120")
    await dialog.get_by_label("Why?").fill("a mistake")
    await dialog.get_by_role("button", name="Cancel the request").click()
    await expect(dialog).to_be_hidden()
    (told,) = await slack.until(lambda: slack.dms(ALICE.slack_id))
    assert told.text == "Request 120 is cancelled: a mistake"


async def test_the_home_tab_and_its_buttons(tab: Tab, slack: SlackStandIn) -> None:
    await expect(tab.get_by_role("button", name="Home", exact=True)).to_be_hidden()
    await tab.get_by_role("button", name="cancel-approval").click()
    await tab.get_by_role("button", name="Home", exact=True).click()
    home = tab.get_by_role("region", name="Home")
    await expect(home.get_by_role("heading", name="What you can cancel")).to_be_visible()
    await expect(tab.get_by_label("Command or message to send")).to_be_hidden()
    await home.get_by_role("button", name="Cancel Request 2").click()
    await expect(home.get_by_role("button")).to_have_count(1)
    await expect(home.get_by_role("button", name="Cancel Request 1")).to_be_visible()
    await tab.get_by_role("button", name="Messages", exact=True).click()
    await expect(home).to_be_hidden()
    await expect(tab.get_by_label("Command or message to send")).to_be_focused()
    assert slack.home(BOB.slack_id) is None
