"""What attackers do that no button does, and what is left of it in the bot's database."""

import sqlite3
from contextlib import closing
from typing import Any, Final
from urllib.parse import urlencode, urljoin

from bot.sandbox.browser import Browser, Page
from bot.sandbox.people import BOB, DAVE, Person
from bot.sandbox.tenant import Tenant
from tests.scenarios.linking.walk import url

MALLORY: Final = BOB
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
FOREIGN: Final = "belongs to another sign-in"
OVER: Final = "expired, was used already, or was begun in another browser"


def rows(tenant: Tenant, query: str) -> list[tuple[Any, ...]]:
    """What the bot's database answers."""
    with closing(sqlite3.connect(tenant.directory / "bot.db")) as connection:
        return connection.execute(query).fetchall()


def links(tenant: Tenant) -> set[tuple[str, str]]:
    """Who is linked to which account."""
    return set(rows(tenant, "SELECT user, oid FROM links"))


def stages(tenant: Tenant) -> list[str]:
    """Where the browsers' sessions are."""
    return sorted(stage for (stage,) in rows(tenant, "SELECT stage FROM browser_sessions"))


def linked_as(*people: Person) -> set[tuple[str, str]]:
    """Each of them to their own account."""
    return {(one.slack_id, one.oid) for one in people}


async def to_slack(tenant: Tenant, browser: Browser) -> Page:
    """To Slack's page."""
    await browser.open(url(tenant))
    return await browser.press("Continue with Slack")


async def leaving(browser: Browser, label: str) -> str:
    """Presses the button; the address to which the page would send the browser, which does not go there."""
    form = next(form for form in browser.page.forms if any(label in shown for shown in form.buttons))
    sent = next(sent for shown, sent in form.buttons.items() if label in shown)
    answer = await browser.client.post(
        urljoin(browser.page.url, form.action or browser.page.url),
        content=urlencode({**form.hidden, **sent}),
        headers=FORM,
    )
    return answer.headers["Location"]


def refused(page: Page, sentence: str) -> None:
    """The page says so, and that it did not work."""
    assert (page.status, page.title.partition(" ·")[0]) == (403, "That did not work")
    assert sentence in page.text
    assert "Start again" in page.links


async def end_as_dave(tenant: Tenant, browser: Browser) -> None:
    """From Microsoft's page or the last one to the end, which is Dave's own link."""
    if browser.page.url.startswith(tenant.entra.url):
        await browser.press(DAVE.email)
    page = await browser.press("Yes, link them")
    assert "Your accounts are linked" in page.title
    assert links(tenant) == linked_as(DAVE)
