"""The page in a real Chromium, with a tiny Bolt app behind it."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Request, async_playwright
from playwright.async_api import Page as Tab
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.arm import ArmStandIn
from bot.sandbox.entra import EntraStandIn
from bot.sandbox.entra_client import Credentials
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.page import Page
from bot.sandbox.people import PEOPLE, TENANT_ID
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.tls import ThrowAwayAuthority
from tests.browser.small_app import listen

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-sandbox", "xapp-sandbox", "not-a-secret"
CLIENT_ID = "b0700000-0000-4000-8000-00000000c11e"
IT = "C0IT"
TIMEOUT_MS = 30000

# A browser that starts anywhere and asks nobody but the page.
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one these tests are skipped, but never in CI."""
    found = shutil.which("chromium")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("CI must have a Chromium: install Debian's package chromium")
    if found is None:
        pytest.skip("no chromium in PATH (Debian's package chromium)")
    return found


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        yield browser
        await browser.close()


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn(PEOPLE, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET)
    everybody = {one.slack_id for one in PEOPLE}
    slack.add_channel(IT, "it-requests", members=everybody)
    slack.add_channel("C0AUDIT", "audit", members={"U0CAROL"}, private=True)
    await slack.start()
    yield slack
    await slack.stop()
    assert slack.violations == []


@pytest.fixture
def authority(tmp_path: Path) -> ThrowAwayAuthority:
    return ThrowAwayAuthority(tmp_path / "ca.pem")


@pytest.fixture
def entra(authority: ThrowAwayAuthority) -> EntraStandIn:
    redirect_uri = "https://bot.example.test/auth/callback"
    credentials = Credentials(secret="not-a-secret")
    return EntraStandIn(
        PEOPLE, TENANT_ID, authority, client_id=CLIENT_ID, redirect_uris={redirect_uri}, credentials=credentials
    )


@pytest.fixture
async def graph(entra: EntraStandIn, authority: ThrowAwayAuthority) -> AsyncIterator[GraphStandIn]:
    graph = GraphStandIn(entra, authority)
    await graph.start()
    yield graph
    await graph.stop()


@pytest.fixture
async def arm(entra: EntraStandIn, authority: ThrowAwayAuthority) -> AsyncIterator[ArmStandIn]:
    arm = ArmStandIn(entra, authority)
    await arm.start()
    yield arm
    await arm.stop()


@pytest.fixture
async def app(slack: SlackStandIn, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    # With these in the environment Bolt takes its OAuth installation store instead.
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    bolt = AsyncApp(client=client, signing_secret=SIGNING_SECRET)
    listen(bolt)
    handler: Any = AsyncSocketModeHandler(bolt, APP_TOKEN)
    await handler.connect_async()
    await slack.until(lambda: slack.connections == 1)
    yield
    await handler.close_async()


@pytest.fixture
async def page(slack: SlackStandIn, graph: GraphStandIn, arm: ArmStandIn) -> AsyncIterator[Page]:
    page = Page(slack, (graph, arm))
    await page.start()
    yield page
    await page.stop()


@pytest.fixture
async def context(browser: Browser, page: Page) -> AsyncIterator[BrowserContext]:
    """A fresh profile; in the end nothing was asked of another server, and the console has no errors."""
    context = await browser.new_context(base_url=page.url)
    context.set_default_timeout(TIMEOUT_MS)
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=page.url)
    foreign: list[str] = []
    errors: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith(f"{page.url}/"):
            foreign.append(request.url)

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            errors.append(message.text)

    context.on("request", asked)
    context.on("console", said)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    await context.close()
    assert (foreign, errors) == ([], [])


@pytest.fixture
async def tab(context: BrowserContext) -> Tab:
    """The page, opened by Alice."""
    tab = await context.new_page()
    await tab.goto("/")
    return tab
