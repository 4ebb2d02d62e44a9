"""People link their accounts in Chromium, with scripts and without: the real bot, and other sites around it."""

from collections.abc import AsyncIterator
from typing import Literal
from urllib.parse import urlencode

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from bot.sandbox.people import DAVE
from bot.sandbox.slack_oidc import AUTHORIZE
from tests.browser.legible import faults, ring
from tests.browser.linking import CONFIRM, Evil, Home, click, evil_site, own_site, to_confirm

__all__ = ["evil_site", "own_site"]

DENIED = "status of 403"
PAGES = [
    "Are both of these you?",
    "Your accounts are linked",
    "That did not work",
    "Link your accounts",
    "To Slack",
    "Are both of these you? !",
    "Nothing was linked",
]
Scheme = Literal["light", "dark"]


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
async def tab(request: pytest.FixtureRequest, home: Home) -> Tab:
    """Dave's."""
    return await home.tab(java_script_enabled=request.param)


async def heading(tab: Tab, words: str) -> None:
    await expect(tab.get_by_role("heading", level=1)).to_have_text(words)


async def test_to_the_end(home: Home, tab: Tab) -> None:
    """Fails when a browser keeps no cookie, names no origin, or the policy stands in the page's own way."""
    await home.wish()
    await to_confirm(home, tab)
    for words in (DAVE.name, DAVE.email, DAVE.slack_id, DAVE.oid):
        await expect(tab.get_by_role("main")).to_contain_text(words)
    assert await home.linked() == ""
    await linked(home, tab)
    assert await home.linked() == DAVE.oid
    assert not await home.cookie(tab)
    await home.tenant.slack.until(lambda: [one.id for one in home.tenant.graph.effects] == home.wishes)


async def test_addresses_stay_here(home: Home, tab: Tab) -> None:
    """Fails when Slack, Microsoft or the address bar are left with the codes of a sign-in."""
    await to_confirm(home, tab)
    assert tab.url == f"{home.url}{CONFIRM}"
    await declined(home, tab)
    assert await home.linked() == ""
    assert not await home.cookie(tab)
    assert sum("code=" in one.url and "state=" in one.url for one in home.requests) == 2
    assert await home.referrers() == []


async def test_phone(home: Home) -> None:
    async def tap(tab: Tab, label: str) -> None:
        await tab.get_by_role("button", name=label).tap()

    tab = await home.tab(viewport={"width": 360, "height": 640}, is_mobile=True, has_touch=True, device_scale_factor=3)
    await to_confirm(home, tab, tap)
    wide = await tab.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide == [360, 360]
    for label in ("Yes, link them", "No, do not link"):
        box = await tab.get_by_role("button", name=label).bounding_box()
        assert box
        assert box["height"] >= 44
    await tap(tab, "Yes, link them")
    await heading(tab, "Your accounts are linked")
    assert await home.linked() == DAVE.oid


async def test_form_of_another_site(home: Home, evil: Evil, tab: Tab) -> None:
    """Fails when the cookie and the hidden field are believed without a look at who sends them."""
    await to_confirm(home, tab)
    csrf = await tab.locator("input[name=csrf]").input_value()
    theirs = await tab.context.new_page()
    for policy, origin in {"unsafe-url": evil.url, "no-referrer": "null"}.items():
        await theirs.goto(f"{evil.url}{CONFIRM}?{urlencode({'csrf': csrf, 'answer': 'link', 'policy': policy})}")
        async with theirs.expect_request(f"{home.url}{CONFIRM}") as sent:
            await click(theirs, "Win a prize")
        await expect(theirs.get_by_role("main")).to_contain_text("That request came from another site.")
        headers = await (await sent.value).all_headers()
        assert ("cookie" in headers, headers["origin"]) == ("localhost" in evil.url, origin)
    assert await home.linked() == ""
    home.noted(DENIED)
    await linked(home, tab)


async def test_begun_by_another_site(home: Home, evil: Evil) -> None:
    """Fails when others can begin a sign-in in somebody's browser."""
    tab = await home.tab()
    await tab.goto(f"{evil.url}/auth/start")
    await click(tab, "Win a prize")
    await expect(tab.get_by_role("main")).to_contain_text("That request came from another site.")
    assert not await home.cookie(tab)
    home.noted(DENIED)


async def test_frame_of_another_site(home: Home, evil: Evil) -> None:
    """Fails when somebody can lay the button under another page."""
    tab = await home.tab()
    await to_confirm(home, tab)
    theirs = await tab.context.new_page()
    async with theirs.expect_event("requestfailed"):
        await theirs.goto(f"{evil.url}/frame")
    shown = theirs.frame_locator("iframe")
    await expect(shown.get_by_role("button", name="Yes, link them")).to_have_count(0)
    assert theirs.frames[1].url != f"{home.url}{CONFIRM}"
    assert any("frame-ancestors" in one for one in home.errors)
    home.noted("frame-ancestors", DENIED)


async def test_back_and_again(home: Home, tab: Tab) -> None:
    """Fails when a page that was left links once more, even for whoever has kept the cookie."""
    await to_confirm(home, tab)
    cookies = await tab.context.cookies(home.url)
    await linked(home, tab)
    await home.unlink()
    await tab.reload()
    await heading(tab, "That did not work")
    await tab.context.add_cookies([{"name": one["name"], "value": one["value"], "url": home.url} for one in cookies])
    await tab.reload()
    await heading(tab, "That did not work")
    await tab.go_back()
    await heading(tab, "That did not work")
    assert await home.linked() == ""
    home.noted(DENIED)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_keyboard_alone(home: Home, scheme: Scheme) -> None:
    """Fails when something cannot be reached, or nobody sees where they are."""

    async def type_enter(tab: Tab, label: str) -> None:
        focused = ""
        while label not in focused:
            await tab.keyboard.press("Tab")
            focused = await tab.evaluate("document.activeElement.innerText")
            assert focused
            assert not tab.url.startswith(home.url) or await ring(tab) >= 3
        await tab.keyboard.press("Enter")

    tab = await home.tab(color_scheme=scheme)
    await to_confirm(home, tab, type_enter)
    await type_enter(tab, "Yes, link them")
    await heading(tab, "Your accounts are linked")
    assert await home.linked() == DAVE.oid


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_legible(home: Home, scheme: Scheme) -> None:
    """Fails when a page is hard to read in that scheme, does not fit a small screen, or has a nameless button."""
    tab = await home.tab(color_scheme=scheme)
    seen = {words: await faults(tab) async for words in every_page(home, tab)}
    assert seen == {words: [] for words in PAGES}
    home.noted(DENIED)


async def every_page(home: Home, tab: Tab) -> AsyncIterator[str]:
    """Shows one page after the other; yields their headings, and a mark for a warning."""
    for step in (to_confirm, linked, gone, begun, going, doubtful, declined):
        await step(home, tab)
        yield await tab.get_by_role("heading", level=1).inner_text() + " !" * await tab.locator(".warning").count()


async def linked(_home: Home, tab: Tab) -> None:
    await click(tab, "Yes, link them")
    await heading(tab, "Your accounts are linked")


async def gone(home: Home, tab: Tab) -> None:
    await tab.goto(f"{home.url}{CONFIRM}")


async def begun(_home: Home, tab: Tab) -> None:
    await tab.get_by_role("link", name="Start again").click()
    await heading(tab, "Link your accounts")


async def going(_home: Home, tab: Tab) -> None:
    await tab.route(f"**{AUTHORIZE}*", lambda route: route.fulfill(status=204))  # the page before stays
    await click(tab, "Continue with Slack")
    await heading(tab, "To Slack")


async def doubtful(home: Home, tab: Tab) -> None:
    """Both names as long as they come."""
    await tab.unroute_all()
    home.tenant.slack.id_token_claims["email"] = f"{'very' * 12}@{'long' * 12}.example.test"
    home.tenant.entra.id_token_claims["preferred_username"] = f"{'very' * 12}#EXT#@{'long' * 12}.example.test"
    await tab.get_by_role("link", name="Continue to Slack").click()
    await click(tab, DAVE.name)
    await click(tab, DAVE.email)
    await heading(tab, "Are both of these you?")


async def declined(_home: Home, tab: Tab) -> None:
    await click(tab, "No, do not link")
    await heading(tab, "Nothing was linked")
