"""The page's server: what it tells, what it does, and whom it refuses."""

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.arm import ArmStandIn
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.page import Page
from bot.sandbox.people import ALICE, BOB, GUEST, PEOPLE, STRANGER
from bot.sandbox.slack import SlackStandIn
from tests.sandbox import arm_clients
from tests.sandbox.graph_clients import As
from tests.sandbox.page_clients import BOT_TOKEN, Events, Json, act, look, post

IT, SECRET = "C0IT", "C0SECRET"
ITEMS = "/beta/solutions/approval/approvalItems"
CANCEL = f"POST {ITEMS}/1/cancel"
AZURE_CANCEL = f"POST {arm_clients.COLLECTION}/{arm_clients.NAME}/cancel"
TYPES = (
    "accessPackageAssignmentRequest",
    "unifiedRoleEligibilityScheduleRequest",
    "privilegedAccessGroupAssignmentScheduleRequest",
)


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn(PEOPLE, bot_token=BOT_TOKEN, app_token="xapp-sandbox", signing_secret="not-a-secret")
    slack.add_channel(IT, "it", members={ALICE.slack_id, STRANGER.slack_id}, ext_shared=True)
    slack.add_channel(SECRET, "secret", members={ALICE.slack_id}, private=True)
    await slack.start()
    yield slack
    await slack.stop()


@pytest.fixture
async def page(slack: SlackStandIn, graph: GraphStandIn, arm: ArmStandIn) -> AsyncIterator[Page]:
    page = Page(slack, (graph, arm))
    await page.start()
    yield page
    await page.stop()


@pytest.fixture
async def browser(page: Page) -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(page.url, headers={"Origin": page.url}, timeout=timeout) as session:
        yield session


async def test_the_state_is_sent_at_once_and_when_it_changes(
    slack: SlackStandIn, graph: GraphStandIn, browser: aiohttp.ClientSession
) -> None:
    item = graph.add("approvalItem", owner=BOB.oid, displayName="A <b>laptop</b>")
    async with browser.get("/events", params={"as": ALICE.slack_id}) as response:
        events = Events(response)
        state = await events.next()
        assert [one["id"] for one in state["channels"]] == [IT, SECRET, "DU0ALICE"]
        assert state["requests"] == [
            {
                "type": "approvalItem",
                "id": item,
                "title": "A <b>laptop</b>",
                "owner": "Bob Example",
                "state": "pending",
                "open": True,
                "effects": [],
            }
        ]
        ts = await post(slack, channel=IT, text="hello")
        changed = await events.next()
        assert [one["ts"] for one in changed["channels"][0]["messages"]] == [ts]
        found = graph.find("approvalItem", item, None)
        assert found is not None
        graph.cancel(found, BOB.oid, "a mistake")
        (request,) = (await events.next())["requests"]
        assert (request["state"], request["open"]) == ("canceled", False)
        assert request["effects"] == [{"by": "Bob Example", "why": "a mistake"}]


async def test_what_both_services_hold(graph: GraphStandIn, arm: ArmStandIn, browser: aiohttp.ClientSession) -> None:
    """Fails when one of the services is not looked at, or when a request has only the words of its reason."""
    ids = [graph.add(one, owner=BOB.oid) for one in TYPES]
    ids.append(graph.add("operationApprovalRequest", owner=BOB.oid, state="needsApproval"))
    ids.append(arm.add("roleEligibilityScheduleRequest", owner=BOB.oid))
    item = arm.find("roleEligibilityScheduleRequest", ids[-1], None)
    assert item is not None
    arm.cancel(item, None)
    requests = {one["id"]: one for one in (await look(browser, ALICE.slack_id))["requests"]}
    assert [(requests[one]["title"], requests[one]["state"], requests[one]["open"]) for one in ids] == [
        ("Sales tools", "pendingApproval", True),
        ("User Administrator", "Granted", True),
        ("Production operators", "Granted", True),
        ("Remove the old kiosk policy.", "needsApproval", True),
        ("Reader", "Revoked", False),
    ]
    assert [requests[one]["effects"] for one in ids] == [[]] * 4 + [[{"by": "the application", "why": None}]]


async def test_calls_of_both_services_in_the_order_in_which_they_came(
    as_person: As, act: arm_clients.As, browser: aiohttp.ClientSession
) -> None:
    """Fails when they come one service after the other, or when what no document knows of Azure is not told."""
    graph = await as_person(ALICE, "ApprovalSolution.ReadWrite")
    azure = await act(ALICE)
    await azure("GET", "/subscriptions/1")
    await graph("GET", ITEMS)
    await azure("GET", arm_clients.COLLECTION)
    state = await look(browser, ALICE.slack_id)
    assert [(one["number"], one["service"], one["path"]) for one in state["calls"]] == [
        (3, "Azure", arm_clients.COLLECTION),
        (2, "Graph", ITEMS),
        (1, "Azure", "/subscriptions/1"),
    ]
    [violation] = state["violations"]
    assert violation.startswith("GET /subscriptions/1?api-version=")


async def test_everybody_sees_their_own_slack(slack: SlackStandIn, browser: aiohttp.ClientSession) -> None:
    await post(slack, channel=BOB.slack_id, text="only for Bob")
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    await client.chat_postEphemeral(channel=IT, user=ALICE.slack_id, text="only for Alice")

    alice, bob = await look(browser, ALICE.slack_id), await look(browser, BOB.slack_id)
    assert [one["private"] for one in alice["channels"][0]["messages"]] == [True]
    assert bob["channels"][0]["messages"] == []
    assert [one["text"] for one in bob["channels"][-1]["messages"]] == ["only for Bob"]
    assert "only for Bob" not in json.dumps(alice)


async def test_a_sidebar_has_the_channels_that_the_person_sees(slack: SlackStandIn) -> None:
    sidebars = {one.slack_id: [room.id for room in slack.channels(one.slack_id)] for one in PEOPLE[:6]}
    assert sidebars["U0ALICE"] == [IT, SECRET, "DU0ALICE"]
    assert sidebars["U0BOB"] == [IT, "DU0BOB"]
    assert sidebars[GUEST.slack_id] == ["DU0GUEST"]
    assert sidebars[STRANGER.slack_id] == [IT, "DU0STRANGER"]


async def test_bots_and_deactivated_people_do_not_sit_there(browser: aiohttp.ClientSession) -> None:
    state = await look(browser, "U0GONE")
    assert state["me"] == ALICE.slack_id
    assert {one["kind"] for one in state["people"]} == {"member", "guest", "stranger"}


async def test_what_slack_would_not_allow_is_said(browser: aiohttp.ClientSession) -> None:
    typed = {"do": "command", "user": STRANGER.slack_id, "channel": IT, "text": "help"}
    status, error = await act(browser, **typed)
    assert status == 409
    assert "no slash command" in error
    assert (await act(browser, do="close", user=ALICE.slack_id, view="V0"))[0] == 409


async def test_a_message_is_stored_as_slack_does(slack: SlackStandIn, browser: aiohttp.ClientSession) -> None:
    typed = "<b> & https://example.test/?a=1&b=2"
    assert (await act(browser, do="say", user=ALICE.slack_id, channel=IT, text=typed))[0] == 200
    (said,) = slack.messages(IT)
    assert said.text == "&lt;b&gt; &amp; <https://example.test/?a=1&amp;b=2>"
    await post(slack, channel=IT, text="from the app")
    messages = (await look(browser, ALICE.slack_id))["channels"][0]["messages"]
    assert [(one["by"], one["app"]) for one in messages] == [("Alice Example", False), ("cancel-approval", True)]


async def test_the_home_tab_is_its_owners(slack: SlackStandIn, browser: aiohttp.ClientSession) -> None:
    blocks = [{"type": "divider", "block_id": "d"}]
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    await client.views_publish(user_id=ALICE.slack_id, view={"type": "home", "blocks": blocks})
    assert (await look(browser, ALICE.slack_id))["home"]["blocks"] == blocks
    assert (await look(browser, BOB.slack_id))["home"] is None
    assert (await act(browser, do="home", user=BOB.slack_id))[0] == 200
    message = {"user": BOB.slack_id, "channel": IT, "ts": "1.000001"}
    assert (await act(browser, do="shortcut", **message))[0] == 409
    asked = {"user": BOB.slack_id, "view": "V0", "action_id": "pick", "typed": ""}
    assert (await act(browser, do="suggest", **asked))[0] == 409


@pytest.mark.parametrize("action", [{}, {"do": "nothing"}, {"do": "fault", "key": "x", "on": True}, {"do": "close"}])
async def test_an_unknown_action_is_refused(browser: aiohttp.ClientSession, action: Json) -> None:
    assert (await act(browser, **action))[0] == 400


async def test_only_the_page_itself_can_drive_it(slack: SlackStandIn, page: Page) -> None:
    action = json.dumps({"do": "command", "user": ALICE.slack_id, "channel": IT, "text": ""})
    async with aiohttp.ClientSession(page.url) as elsewhere:
        for origin in ({}, {"Origin": "http://evil.test"}, {"Origin": "null"}):
            async with elsewhere.post("/actions", data=action, headers=origin) as response:
                assert response.status == 403
        for path in ("/", "/events", "/static/page.js"):
            async with elsewhere.get(path, headers={"Host": "rebound.test"}) as response:
                assert response.status == 421
    assert slack.ephemerals(ALICE.slack_id) == []


@pytest.mark.parametrize("path", ["/", "/static/page.css", "/nothing"])
async def test_every_answer_forbids_what_is_not_its_own(browser: aiohttp.ClientSession, path: str) -> None:
    async with browser.get(path) as response:
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_switch_is_off_again_when_its_fault_was_used(
    graph: GraphStandIn, arm: ArmStandIn, browser: aiohttp.ClientSession
) -> None:
    async def on() -> set[str]:
        return {one["key"] for one in (await look(browser, ALICE.slack_id))["faults"] if one["on"]}

    assert await act(browser, do="fault", key="lost", on=True) == (200, "")
    assert await act(browser, do="fault", key="slow", on=True) == (200, "")
    assert await on() == {"lost", "slow"}
    fault = graph.faults.take(CANCEL)
    assert fault is not None
    assert fault.after_effect
    assert await on() == {"slow"}
    waiting = arm.faults.take(AZURE_CANCEL)
    assert waiting
    assert (waiting.drop, waiting.delay) == (False, 3.0)
    await act(browser, do="fault", key="slow", on=False)
    assert graph.faults.take(CANCEL) is None
    assert arm.faults.take(AZURE_CANCEL) is None


async def test_it_stops_while_somebody_looks_and_starts_again_at_the_same_address(
    page: Page, browser: aiohttp.ClientSession
) -> None:
    url = page.url
    async with browser.get("/events") as response:
        await Events(response).next()
        await page.stop()
        assert await response.content.read() == b""
    await page.start()
    assert page.url == url
    assert (await look(browser, ALICE.slack_id))["me"] == ALICE.slack_id
