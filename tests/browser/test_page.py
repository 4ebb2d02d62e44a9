"""A person at the page: command, dialog, card, thread, and the panel beside it."""

import re

import pytest
from playwright.async_api import BrowserContext, Locator, expect
from playwright.async_api import Page as Tab
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.arm import ArmStandIn
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.graph_types import Call
from bot.sandbox.people import ALICE, BOB, CAROL
from bot.sandbox.slack import SlackStandIn
from tests.browser.conftest import BOT_TOKEN, IT
from tests.browser.small_app import MARKUP, plain, rich, words

pytestmark = pytest.mark.usefixtures("app")

expect.set_options(timeout=30000)


async def type_command(tab: Tab, text: str) -> None:
    command = tab.get_by_label("Command or message to send")
    await command.fill(text)
    await command.press("Enter")


async def open_dialog(tab: Tab) -> Locator:
    await type_command(tab, "/cancel-approval")
    dialog = tab.get_by_role("dialog", name="Cancel a request")
    await expect(dialog).to_be_visible()
    return dialog


async def post_card(tab: Tab, why: str) -> Locator:
    dialog = await open_dialog(tab)
    await dialog.get_by_label("Why?").fill(why)
    await dialog.get_by_role("button", name="Cancel the request").click()
    await expect(dialog).to_be_hidden()
    return tab.get_by_role("listitem").filter(has=tab.get_by_role("heading", name="Approval"))


async def test_from_the_command_to_the_reply_in_the_thread(tab: Tab) -> None:
    card = await post_card(tab, MARKUP)
    await expect(card.get_by_role("blockquote")).to_have_text(MARKUP)
    await expect(card.get_by_text("@Alice Example")).to_be_visible()

    await card.get_by_role("button", name="Cancel").click()
    await expect(card.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
    await card.get_by_role("button", name="1 reply").click()
    thread = tab.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_role("strong").filter(has_text="Cancelled")).to_be_visible()
    await expect(thread.get_by_role("img", name="white check mark")).to_have_text("✅")
    await tab.keyboard.press("Escape")
    await expect(thread).to_be_hidden()


async def test_markup_in_text_is_shown_as_text(tab: Tab, slack: SlackStandIn) -> None:
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    blocks = [{"type": "section", "text": plain(MARKUP)}, rich(words(MARKUP))]
    await client.chat_postMessage(channel=IT, text="x", blocks=blocks)
    await client.chat_postMessage(channel=IT, text="&lt;img src=x onerror=alert(2)&gt; <javascript:alert(3)|press>")
    messages = tab.get_by_role("log").get_by_role("listitem")
    await expect(messages).to_have_count(2)
    await expect(messages.first.locator("p").filter(has_text=MARKUP)).to_have_count(2)
    await expect(messages.last).to_contain_text("<img src=x onerror=alert(2)> press")
    assert await tab.locator(".message :is(img, a)").count() == 0


async def test_mrkdwn_has_its_styles(tab: Tab) -> None:
    card = await post_card(tab, "why")
    for selector, text in {"strong": "bold", "em": "italic", "code": "code"}.items():
        await expect(card.locator(f".section {selector}")).to_have_text(text)
    await expect(card.locator(".section")).to_have_text("bold italic code <b> link")
    await expect(card.get_by_role("link", name="link")).to_have_attribute("href", "https://example.test")


async def test_what_is_typed_survives_an_update_of_the_dialog(tab: Tab) -> None:
    dialog = await open_dialog(tab)
    why = dialog.get_by_label("Why?")
    await why.fill("a <mistake>")
    await dialog.get_by_label("What is it?").select_option("Access package")
    await expect(dialog.get_by_text("It is: Access package")).to_be_visible()
    await expect(why).to_have_value("a <mistake>")
    await expect(dialog.get_by_label("What is it?")).to_have_value("Access package")


async def test_an_update_leaves_the_cursor_where_it_is(tab: Tab, slack: SlackStandIn) -> None:
    dialog = await open_dialog(tab)
    why = dialog.get_by_label("Why?")
    await why.press_sequentially("mistake")
    await why.press("Home")
    view = slack.open_view(ALICE.slack_id)
    assert view
    changed = {**view.definition, "blocks": [{"type": "section", "text": plain("Fresh")}, *view.blocks[1:]]}
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    await client.views_update(view_id=view.id, view=changed)
    await expect(dialog.get_by_text("Fresh")).to_be_visible()
    await tab.keyboard.type("my ")
    await expect(why).to_have_value("my mistake")


async def test_errors_stand_at_their_field(tab: Tab) -> None:
    dialog = await open_dialog(tab)
    why, send = dialog.get_by_label("Why?"), dialog.get_by_role("button", name="Cancel the request")
    await send.click()
    await expect(why).to_have_accessible_description(re.compile("Please complete this field"))
    await why.fill("no")
    await send.click()
    await expect(why).to_have_accessible_description(re.compile("Please give a reason"))
    await expect(why).to_be_focused()
    await expect(why).to_have_value("no")
    await why.fill("")
    await send.click()
    await expect(why).to_have_accessible_description(re.compile("Please complete this field"))
    await why.fill("no")
    await send.click()
    await expect(why).to_have_accessible_description(re.compile("Please give a reason"))
    await why.fill("because")
    await send.click()
    await expect(dialog).to_be_hidden()


@pytest.mark.parametrize("way", ["Escape", "Close"])
async def test_closing_the_dialog(tab: Tab, slack: SlackStandIn, way: str) -> None:
    dialog = await open_dialog(tab)
    if way == "Escape":
        await tab.keyboard.press("Escape")
    else:
        await dialog.get_by_role("button", name="Close").last.click()
    await expect(dialog).to_be_hidden()
    await slack.until(lambda: slack.open_view(ALICE.slack_id) is None)
    await expect(tab.get_by_label("Command or message to send")).to_be_focused()


async def test_an_answer_that_only_one_person_sees(tab: Tab, context: BrowserContext) -> None:
    await type_command(tab, "/cancel-approval help")
    await expect(tab.get_by_text("Only visible to you")).to_be_visible()
    bob = await context.new_page()
    await bob.goto(f"/#{BOB.slack_id}")
    await expect(bob.get_by_label("You are")).to_have_value(BOB.slack_id)
    await expect(bob.get_by_role("button", name="# it-requests")).to_be_visible()
    await expect(bob.get_by_text("Only visible to you")).to_have_count(0)


async def test_a_direct_message_counts_as_new_until_it_is_read(tab: Tab) -> None:
    card = await post_card(tab, "why")
    await card.get_by_role("button", name="Cancel").click()
    await expect(tab.get_by_label("1 new")).to_be_visible()
    await tab.get_by_role("button", name="cancel-approval").click()
    await expect(tab.get_by_text("Your request is cancelled.")).to_be_visible()
    await expect(tab.get_by_label("1 new")).to_have_count(0)


async def test_becoming_somebody_else(tab: Tab) -> None:
    await expect(tab.get_by_role("button", name="audit")).to_have_count(0)
    await tab.get_by_label("You are").select_option("Carol Helpdesk")
    await expect(tab.get_by_role("button", name="audit")).to_be_visible()
    await tab.reload()
    await expect(tab.get_by_label("You are")).to_have_value(CAROL.slack_id)


async def test_another_command_is_not_sent_and_what_is_none_is_said(tab: Tab, slack: SlackStandIn) -> None:
    await type_command(tab, "/hello")
    await expect(tab.get_by_role("status")).to_have_text("The only command here is /cancel-approval.")
    await type_command(tab, f"{MARKUP} https://example.test/?a=1&b=2")
    message = tab.get_by_role("log").get_by_role("listitem")
    await expect(message).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(message.get_by_role("strong").first).to_have_text("Alice Example")
    await expect(message.get_by_role("link")).to_have_attribute("href", "https://example.test/?a=1&b=2")
    (said,) = slack.messages(IT)
    assert said.user == ALICE.slack_id


async def test_a_request_fills_the_command_and_tells_its_state(tab: Tab, graph: GraphStandIn) -> None:
    item = graph.add("approvalItem", owner=BOB.oid, displayName=MARKUP)
    request = tab.get_by_role("complementary", name="Microsoft").get_by_role("listitem").filter(has_text=item)
    await expect(request).to_contain_text(MARKUP)
    await request.get_by_role("button", name="Copy the id").click()
    assert await tab.evaluate("navigator.clipboard.readText()") == item
    await request.get_by_role("button", name="into the command").click()
    await expect(tab.get_by_label("Command or message to send")).to_have_value(f"/cancel-approval approvalItem {item}")

    found = graph.find("approvalItem", item, None)
    assert found
    graph.cancel(found, BOB.oid, MARKUP)
    await expect(request).to_contain_text("canceled")
    await expect(request).to_contain_text(f"Cancelled by Bob Example: “{MARKUP}”")


async def test_a_request_at_azure_is_named_by_its_whole_id(tab: Tab, arm: ArmStandIn) -> None:
    """Fails when Azure's requests are not shown, when their facts are not found, or when their scope is cut off."""
    item = arm.add("roleAssignmentScheduleRequest", owner=BOB.oid)
    request = tab.get_by_role("complementary", name="Microsoft").get_by_role("listitem").filter(has_text=item)
    await expect(request).to_contain_text("Contributor")
    await expect(request).to_contain_text("Granted")
    await request.get_by_role("button", name="Copy the id").click()
    assert await tab.evaluate("navigator.clipboard.readText()") == item
    await request.get_by_role("button", name="into the command").click()
    command = tab.get_by_label("Command or message to send")
    await expect(command).to_have_value(f"/cancel-approval roleAssignmentScheduleRequest {item}")


async def test_calls_to_both_services(tab: Tab, graph: GraphStandIn, arm: ArmStandIn) -> None:
    """Fails when they are not one list, the newest first, or when what the bot polls drives them out of it."""
    version = {"api-version": "2020-10-01"}
    arm.calls.append(Call("GET", "/a", version, "2020-10-01", None, ALICE.oid, False, frozenset(), None, 200))
    for _ in range(60):
        graph.calls.append(Call("GET", "/v1.0/b", {"$filter": "x"}, "v1.0", None, None, True, frozenset(), None, 200))
    graph.calls.append(Call("GET", "/v1.0/b", {"$top": "1"}, "v1.0", None, ALICE.oid, False, frozenset(), None, 200))
    calls = tab.get_by_role("complementary", name="Microsoft").locator(".calls summary")
    await expect(calls.locator("code")).to_have_text(["/v1.0/b?$top=1", "/a?api-version=2020-10-01"])
    await expect(calls.locator(".kind")).to_have_text(["Graph · as Alice Example", "Azure · as Alice Example"])


async def test_a_switch_shows_that_its_fault_was_used(tab: Tab, graph: GraphStandIn) -> None:
    lost = tab.get_by_role("switch", name="the answer is lost")
    await lost.click()
    await expect(lost).to_be_checked()
    fault = graph.faults.take("POST /beta/solutions/approval/approvalItems/1/cancel")
    assert fault
    assert fault.drop
    await expect(lost).not_to_be_checked()


async def test_a_narrow_window_has_one_view_at_a_time(tab: Tab, graph: GraphStandIn, arm: ArmStandIn) -> None:
    item = graph.add("approvalItem", owner=ALICE.oid)
    arm.add("roleAssignmentScheduleRequest", owner=ALICE.oid)
    await tab.set_viewport_size({"width": 360, "height": 640})
    microsoft = tab.get_by_role("complementary", name="Microsoft")
    await expect(microsoft).to_be_hidden()
    await tab.get_by_role("button", name="Microsoft").click()
    await expect(microsoft).to_be_visible()
    await tab.get_by_role("button", name=f"Put approvalItem {item}").click()
    await expect(tab.get_by_label("Command or message to send")).to_be_focused()
    assert await tab.evaluate("document.documentElement.scrollWidth") == 360
