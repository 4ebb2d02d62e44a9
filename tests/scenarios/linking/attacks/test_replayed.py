"""The same thing a second time, or too late: each stage is left once, and within ten minutes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urljoin

import pytest

from bot.sandbox.browser import Browser, Page
from bot.sandbox.people import DAVE
from bot.sandbox.tenant import Tenant
from tests.scenarios.linking.attacks.steps import (
    FOREIGN,
    FORM,
    OVER,
    end_as_dave,
    leaving,
    linked_as,
    links,
    refused,
    rows,
    stages,
    to_slack,
)
from tests.scenarios.linking.walk import link, to_confirm, to_microsoft
from tests.scenarios.play import Play, tampered

To = Callable[[Tenant, Browser], Awaitable[Page]]
CALLBACKS = [(to_slack, DAVE.name), (lambda tenant, browser: to_microsoft(tenant, browser, DAVE), DAVE.email)]
each_callback = pytest.mark.parametrize(("to", "label"), CALLBACKS, ids=["slack", "microsoft"])


@each_callback
async def test_a_callback_again(tenant: Tenant, browser: Browser, to: To, label: str) -> None:
    """The first one's page goes on. Fails when a session's stage does not count."""
    await to(tenant, browser)
    answer = await leaving(browser, label)
    page = await browser.open(answer)
    again = await browser.client.get(answer)
    assert (again.status_code, OVER in again.text) == (403, True)
    browser.page = page
    await end_as_dave(tenant, browser)


@each_callback
async def test_a_callback_twice_at_once(tenant: Tenant, browser: Browser, to: To, label: str) -> None:
    """One goes on. Codes serve once, too; fails when neither they nor the stage does."""
    await to(tenant, browser)
    answer = await leaving(browser, label)
    answers = await asyncio.gather(*(browser.client.get(answer) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [303, 403, 403]
    onward = next(one.headers["Location"] for one in answers if one.is_redirect)
    await browser.open(urljoin(answer, onward))
    await end_as_dave(tenant, browser)


async def test_an_old_callback_after_the_link(tenant: Tenant, browser: Browser) -> None:
    await link(tenant, browser, DAVE)
    for visited in [one for one in browser.visited if "callback?" in one]:
        refused(await browser.open(visited), OVER)
    assert (links(tenant), stages(tenant)) == (linked_as(DAVE), [])


@pytest.mark.parametrize("first", ["link", "no"])
@pytest.mark.parametrize("second", ["link", "no"])
async def test_a_second_answer(tenant: Tenant, browser: Browser, dave: Play, first: str, second: str) -> None:
    """Only the first counts. Fails when the session outlives its last page."""
    told = len(dave.private())
    page = await to_confirm(tenant, browser, DAVE)
    cookie = f"__Host-link={browser.client.cookies['__Host-link']}"
    headers = {**FORM, "Origin": tenant.front.url, "Cookie": cookie}
    csrf = page.forms[0].hidden["csrf"]
    statuses = []
    for answer in (first, second):
        browser.client.cookies.clear()
        sent = await browser.client.post(page.url, content=f"csrf={csrf}&answer={answer}", headers=headers)
        statuses.append(sent.status_code)
    assert statuses == [200, 403]
    assert links(tenant) == (linked_as(DAVE) if first == "link" else set())
    if first == "link":
        await tenant.slack.until(lambda: len(dave.private()) > told)
    assert len(dave.private()) - told == (1 if first == "link" else 0)


async def test_confirmed_three_times_at_once(tenant: Tenant, browser: Browser) -> None:
    """Fails when whoever comes second does not find the stage gone."""
    page = await to_confirm(tenant, browser, DAVE)
    csrf = page.forms[0].hidden["csrf"]
    headers = FORM | {"Origin": tenant.front.url}
    posts = [browser.client.post(page.url, content=f"csrf={csrf}&answer=link", headers=headers) for _ in range(3)]
    assert sorted(one.status_code for one in await asyncio.gather(*posts)) == [200, 403, 403]
    assert links(tenant) == linked_as(DAVE)


YOUNG: Final = "UPDATE browser_sessions SET created_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-560 seconds')"
OLD: Final = "UPDATE browser_sessions SET created_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-601 seconds')"
ANCIENT: Final = "UPDATE browser_sessions SET created_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-1 year')"


@pytest.mark.parametrize("stage", ["slack", "microsoft", "confirm"])
@pytest.mark.parametrize(("aged", "over"), [(YOUNG, False), (OLD, True), (ANCIENT, True)])
async def test_after_ten_minutes(tenant: Tenant, browser: Browser, stage: str, aged: str, over: bool) -> None:
    """Fails without the session's lifetime, at each stage."""
    to: dict[str, Callable[[], Awaitable[Page]]] = {
        "slack": lambda: to_slack(tenant, browser),
        "microsoft": lambda: to_microsoft(tenant, browser, DAVE),
        "confirm": lambda: to_confirm(tenant, browser, DAVE),
    }
    await to[stage]()
    await tampered(tenant, aged)
    page = await browser.press({"slack": DAVE.name, "microsoft": DAVE.email, "confirm": "Yes, link them"}[stage])
    if not over:
        assert page.status == 200
        return
    refused(page, OVER)
    assert (links(tenant), stages(tenant)) == (set(), [stage])


async def test_the_time_does_not_begin_anew(tenant: Tenant, browser: Browser) -> None:
    """Fails when each stage has ten minutes of its own."""
    await to_microsoft(tenant, browser, DAVE)
    [(begun,)] = rows(tenant, "SELECT created_at FROM browser_sessions")
    await browser.press(DAVE.email)
    assert rows(tenant, "SELECT stage, created_at FROM browser_sessions") == [("confirm", begun)]


@each_callback
@pytest.mark.parametrize("state", ["", "x", "é", "%ff", "%00", "%F0%9F%98%80", "{}", "null"])
async def test_states_of_nobody(tenant: Tenant, browser: Browser, to: To, label: str, state: str) -> None:
    await to(tenant, browser)
    address, _, query = (await leaving(browser, label)).partition("?")
    code = next(part for part in query.split("&") if part.startswith("code="))
    for wrong in (f"{code}&state={state}", f"state={state}&{code}", code):
        refused(await browser.open(f"{address}?{wrong}"), FOREIGN)
    assert stages(tenant) == ["slack" if to is to_slack else "microsoft"]
