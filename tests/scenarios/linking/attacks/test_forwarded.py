"""Mallory sends Dave a link: of whichever step it is, nothing of Mallory's is linked to anything of Dave's."""

import pytest

from bot.sandbox.browser import Browser
from bot.sandbox.people import DAVE
from bot.sandbox.tenant import Tenant
from tests.scenarios.linking.attacks.steps import (
    FOREIGN,
    MALLORY,
    OVER,
    end_as_dave,
    leaving,
    linked_as,
    links,
    refused,
    stages,
    to_slack,
)
from tests.scenarios.linking.conftest import Open
from tests.scenarios.linking.walk import link, to_confirm, to_microsoft, url
from tests.scenarios.play import Play


@pytest.fixture
def mallory(browsers: Open) -> Browser:
    """Mallory's."""
    return browsers()


async def test_the_link_in_slack(tenant: Tenant, browser: Browser, mallory: Browser, dave: Play) -> None:
    """Dave links what is his. Fails when the link says whom it was made for."""
    told = [len(tenant.slack.ephemerals(DAVE.slack_id)), len(tenant.slack.ephemerals(MALLORY.slack_id))]
    for play in (dave, Play(tenant, MALLORY)):
        await play.command("signin")
    await tenant.slack.until(lambda: len(tenant.slack.ephemerals(DAVE.slack_id)) > told[0])
    await tenant.slack.until(lambda: len(tenant.slack.ephemerals(MALLORY.slack_id)) > told[1])
    words = [tenant.slack.ephemerals(one.slack_id)[-1].blocks[0]["elements"] for one in (DAVE, MALLORY)]
    assert words[0] == words[1]
    await to_microsoft(tenant, mallory, MALLORY)
    await link(tenant, browser, DAVE)
    assert links(tenant) == linked_as(DAVE)


async def test_the_page_of_slack(tenant: Tenant, browser: Browser, mallory: Browser) -> None:
    """Dave says at Slack who he is, for Mallory's session. Fails without the cookie."""
    page = await to_slack(tenant, mallory)
    await browser.open(page.url)
    refused(await browser.press(DAVE.name), OVER)
    assert (links(tenant), stages(tenant)) == (set(), ["slack"])


async def test_the_page_of_microsoft(tenant: Tenant, browser: Browser, mallory: Browser) -> None:
    """Dave signs in at Microsoft, for Mallory's session. Fails without the cookie."""
    page = await to_microsoft(tenant, mallory, MALLORY)
    await browser.open(page.url)
    refused(await browser.press(DAVE.email), OVER)
    assert (links(tenant), stages(tenant)) == (set(), ["microsoft"])
    refused(await mallory.open(f"{tenant.front.url}/auth/confirm"), OVER)


async def test_the_last_page(tenant: Tenant, browser: Browser, mallory: Browser) -> None:
    """Fails without the cookie."""
    page = await to_confirm(tenant, mallory, MALLORY)
    refused(await browser.open(page.url), OVER)
    await to_microsoft(tenant, browser, DAVE)
    refused(await browser.open(page.url), OVER)
    assert links(tenant) == set()


async def test_mallorys_word_of_slack_in_daves_browser(tenant: Tenant, browser: Browser, mallory: Browser) -> None:
    """Fails without the state; the nonce would refuse it too, in other words."""
    await to_slack(tenant, mallory)
    forwarded = await leaving(mallory, MALLORY.name)
    slack = await to_slack(tenant, browser)
    refused(await browser.open(forwarded), FOREIGN)
    assert (links(tenant), stages(tenant)) == (set(), ["slack", "slack"])
    await browser.open(slack.url)
    await browser.press(DAVE.name)
    await end_as_dave(tenant, browser)


async def test_mallorys_account_in_daves_browser(tenant: Tenant, browser: Browser, mallory: Browser) -> None:
    """Fails without the state; PKCE would refuse it too, in other words."""
    await to_microsoft(tenant, mallory, MALLORY)
    forwarded = await leaving(mallory, MALLORY.email)
    microsoft = await to_microsoft(tenant, browser, DAVE)
    refused(await browser.open(forwarded), FOREIGN)
    assert (links(tenant), stages(tenant)) == (set(), ["microsoft", "microsoft"])
    await browser.open(microsoft.url)
    await end_as_dave(tenant, browser)


@pytest.mark.parametrize("path", ["/auth/slack/callback", "/auth/callback"])
async def test_the_answer_of_the_other_service(tenant: Tenant, browser: Browser, path: str) -> None:
    """What Slack gave out is none of Microsoft's, and the other way. Fails when stages are not told apart."""
    if path == "/auth/callback":
        await to_slack(tenant, browser)
        answer = await leaving(browser, DAVE.name)
    else:
        await to_microsoft(tenant, browser, DAVE)
        answer = await leaving(browser, DAVE.email)
    refused(await browser.open(f"{tenant.front.url}{path}?{answer.partition('?')[2]}"), OVER)
    assert links(tenant) == set()


async def test_microsofts_word_before_slacks(tenant: Tenant, browser: Browser, mallory: Browser) -> None:
    """Fails when a session can go on to a later stage without the one between."""
    await to_microsoft(tenant, mallory, MALLORY)
    forwarded = await leaving(mallory, MALLORY.email)
    await to_slack(tenant, browser)
    refused(await browser.open(forwarded), OVER)
    refused(await browser.open(f"{tenant.front.url}/auth/confirm"), OVER)
    assert links(tenant) == set()


async def test_a_link_that_says_where_to_go_next(tenant: Tenant, browser: Browser) -> None:
    """Fails when a parameter says where the browser goes in the end."""
    page = await browser.open(f"{url(tenant)}?next=//evil.example.test&team=T0EVIL&user=U0EVIL&state=evil")
    assert (page.status, "evil" in page.html) == (200, False)
    await browser.press("Continue with Slack")
    await browser.press(DAVE.name)
    page = await browser.press(DAVE.email)
    assert page.url == f"{tenant.front.url}/auth/confirm"
    assert not any("evil" in one for one in browser.visited[1:])
