"""The real bot on a site of its own, `localhost`; Slack, Microsoft, and whoever means harm are on other sites."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from playwright.async_api import Browser, ConsoleMessage, Request, expect
from playwright.async_api import Page as Tab

from bot.app import Bot
from bot.sandbox.front import FrontDoor
from bot.sandbox.https import HttpsServer
from bot.sandbox.people import DAVE, TEAM_ID
from bot.sandbox.slack_oidc import AUTHORIZE
from bot.sandbox.tenant import Tenant
from bot.sandbox.tls import ThrowAwayAuthority
from tests.browser.conftest import TIMEOUT_MS
from tests.scenarios.conftest import running
from tests.scenarios.graph.cases import APPROVAL_ITEM
from tests.scenarios.play import WHY, Play

COOKIE = "__Host-link"
CONFIRM = "/auth/confirm"
# A style, image or script that the policy forbids is an error in the console too; this tells of those that are not.
_TELL = "document.addEventListener('securitypolicyviolation', event => console.error('CSP', event.violatedDirective))"


class Home:
    """The bot in its tenant, and the browsers of people who link their accounts."""

    def __init__(self, tenant: Tenant, bot: Bot, browser: Browser, stack: AsyncExitStack, origin: str) -> None:
        self.tenant = tenant
        self.url = origin
        self.errors: list[str] = []
        self.requests: list[Request] = []
        self.wishes: list[str] = []
        self._accounts = bot._services.accounts
        self._browser = browser
        self._stack = stack

    async def tab(self, **options: Any) -> Tab:
        """A browser of somebody's own, in which every request and every error is noted."""
        context = await self._browser.new_context(ignore_https_errors=True, **options)
        self._stack.push_async_callback(context.close)
        context.set_default_timeout(TIMEOUT_MS)

        def asked(request: Request) -> None:
            self.requests.append(request)

        def said(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.errors.append(message.text)

        context.on("request", asked)
        context.on("console", said)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        await context.add_init_script(_TELL)
        return await context.new_page()

    async def wish(self) -> None:
        """Dave wants to cancel a request of his: Microsoft will ask him whether the bot may."""
        self.tenant.graph.variant[APPROVAL_ITEM.graph_type] = "204"
        self.wishes.append(self.tenant.graph.add(APPROVAL_ITEM.graph_type, owner=DAVE.oid))
        dave = Play(self.tenant, DAVE)
        await dave.dialog(f"{APPROVAL_ITEM.kind} {self.wishes[-1]}")
        await dave.submit(await dave.loaded(), justification=WHY)

    async def linked(self) -> str:
        """The Microsoft account that Dave's Slack account is linked to."""
        found = await self._accounts.linked(TEAM_ID, DAVE.slack_id)
        return found.account.oid if found else ""

    async def unlink(self) -> None:
        """Ends Dave's link."""
        assert await self._accounts.unlink(TEAM_ID, DAVE.slack_id)

    def noted(self, *expected: str) -> None:
        """Takes note of the errors in the console, which are these and no others."""
        assert [one for one in self.errors if not any(part in one for part in expected)] == []
        self.errors.clear()

    async def cookie(self, tab: Tab) -> bool:
        """Whether the browser has the session's cookie."""
        return COOKIE in [one["name"] for one in await tab.context.cookies(self.url)]

    async def referrers(self) -> list[tuple[str, str]]:
        """Who was told what of the page that somebody came from, other origins alone."""
        found = [(one.url, (await one.all_headers()).get("referer", "")) for one in self.requests]
        return [(url, said) for url, said in found if said and _origin(url) != _origin(said)]


Press = Callable[[Tab, str], Awaitable[None]]


async def click(tab: Tab, label: str) -> None:
    """As most people do it."""
    await tab.get_by_role("button", name=label).click()


async def to_confirm(home: Home, tab: Tab, press: Press = click) -> None:
    """From the link in Slack to the page that names both identities."""
    await tab.goto(f"{home.url}/auth/start")
    await press(tab, "Continue with Slack")
    await expect(tab).to_have_title("Sign in with Slack")
    await press(tab, DAVE.name)
    await expect(tab).to_have_title("Pick an account")
    await press(tab, DAVE.email)
    if home.wishes:
        await expect(tab).to_have_title("Permissions requested")
        await press(tab, "Accept")
    await expect(tab.get_by_role("heading", name="Are both of these you?")).to_be_visible()


class Evil:
    """Somebody's pages: /frame shows the bot's page, any other sends its query to that path of the bot."""

    def __init__(self, bot: str) -> None:
        self.url = ""
        self._bot = bot

    async def serve(self, request: web.Request) -> web.Response:
        """A page of theirs; with `policy` in its query browsers tell so much of where they come from."""
        fields = dict(request.query)
        policy = fields.pop("policy", "unsafe-url")
        if request.path == "/frame":
            return _html(f'<iframe src="{self._bot}{CONFIRM}"></iframe>', policy)
        hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(fields[name])}">' for name in fields)
        form = f'<form method="post" action="{self._bot}{request.path}">{hidden}<button>Win a prize</button></form>'
        return _html(form, policy)


@pytest.fixture(name="home")
async def own_site(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Home]:
    """Nothing but localhost is the bot's site, and all speak TLS: cookies, origins and referrers are as in earnest."""
    async with Tenant(tmp_path) as tenant, AsyncExitStack() as stack:
        slack = FrontDoor(ThrowAwayAuthority(tmp_path / "slack.pem"))
        await slack.start()
        stack.push_async_callback(slack.stop)
        slack.forward_to(urlsplit(tenant.slack.login_url).port or 0)
        origin = tenant.front.url.replace("127.0.0.1", "localhost")
        tenant.slack.redirect_uris.add(f"{origin}/auth/slack/callback")
        tenant.entra.redirect_uris.add(f"{origin}/auth/callback")
        environment = tenant.environment(linking=True) | {
            "PUBLIC_URL": origin,
            "SLACK_LOGIN_URL": f"{slack.url}{AUTHORIZE}",
        }
        bot = await stack.enter_async_context(running(tenant, "socket", monkeypatch, **environment))
        tenant.front.forward_to(bot.port)
        home = Home(tenant, bot, browser, stack, origin)
        yield home
        assert home.errors == []
        assert tenant.slack.violations == []
        assert tenant.graph.violations == []
        assert tenant.arm.violations == []


@pytest.fixture(name="evil", params=["localhost", "127.0.0.1"], ids=["same-site", "other-site"])
async def evil_site(request: pytest.FixtureRequest, home: Home, tmp_path: Path) -> AsyncIterator[Evil]:
    """On the bot's own site, where browsers send its cookie along, and on another one."""
    evil = Evil(home.url)
    server = HttpsServer(ThrowAwayAuthority(tmp_path / "evil.pem").context(), evil.serve)
    await server.start()
    evil.url = server.url.replace("127.0.0.1", request.param)
    yield evil
    await server.stop()


def _html(body: str, policy: str) -> web.Response:
    page = f'<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Prize</title>{body}</html>'
    return web.Response(text=page, content_type="text/html", headers={"Referrer-Policy": policy})


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
