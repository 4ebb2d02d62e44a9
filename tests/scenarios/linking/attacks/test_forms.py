"""What another site makes a browser send: forms count only from the bot's own pages."""

import pytest

from bot.app import Bot
from bot.sandbox.browser import Browser, Page
from bot.sandbox.people import DAVE
from bot.sandbox.tenant import Tenant
from tests.scenarios.linking.attacks.steps import (
    FOREIGN,
    FORM,
    MALLORY,
    OVER,
    linked_as,
    links,
    stages,
)
from tests.scenarios.linking.conftest import Open
from tests.scenarios.linking.walk import to_confirm
from tests.scenarios.play import tampered
from tests.web.edge import Reply, ask

OTHER_SITE = "came from another site"
ORIGINS = [
    None,
    "",
    "null",
    "https://evil.example.test",
    "https://127.0.0.1",
    "https://127.0.0.1:1",
    "http://{host}",
    "https://{host}/",
    "https://{host}.evil.example.test",
    "https://{host}@evil.example.test",
    "https://{host}, https://{host}",
    "https://{host} https://evil.example.test",
    "\udcff",
]


async def _sent(bot: Bot, tenant: Tenant, path: str, body: str, headers: dict[str, str]) -> Reply:
    """A form, with these headers and no others."""
    host = tenant.front.url.removeprefix("https://")
    return await ask(bot.port, "POST", path, headers=FORM | headers, body=body.encode(), host=host)


@pytest.mark.parametrize("origin", ORIGINS)
async def test_confirm_from_another_origin(tenant: Tenant, linking: Bot, browser: Browser, origin: str | None) -> None:
    """With the right cookie and token, as after a leak. Fails without the origin's check."""
    page = await to_confirm(tenant, browser, DAVE)
    headers = {"Cookie": f"__Host-link={browser.client.cookies['__Host-link']}"}
    if origin is not None:
        headers["Origin"] = origin.format(host=tenant.front.url.removeprefix("https://"))
    reply = await _sent(linking, tenant, "/auth/confirm", f"csrf={_csrf(page)}&answer=link", headers)
    assert (reply.status, OTHER_SITE in reply.body.decode()) == (403, True)
    assert (links(tenant), stages(tenant)) == (set(), ["confirm"])


@pytest.mark.parametrize("origin", ORIGINS)
async def test_start_from_another_origin(tenant: Tenant, linking: Bot, origin: str | None) -> None:
    """No cookie is set, so nobody's session is replaced. Fails without the origin's check."""
    host = tenant.front.url.removeprefix("https://")
    headers = {} if origin is None else {"Origin": origin.format(host=host)}
    reply = await _sent(linking, tenant, "/auth/start", "", headers)
    assert (reply.status, "set-cookie" in reply.headers) == (403, False)
    assert stages(tenant) == []


@pytest.mark.parametrize("body", ["answer=link", "csrf=&answer=link", "csrf=x&answer=link", "csrf=%C3%A9&answer=link"])
async def test_confirm_without_the_token(tenant: Tenant, browser: Browser, body: str) -> None:
    """Fails without the token's check."""
    page = await to_confirm(tenant, browser, DAVE)
    headers = FORM | {"Origin": tenant.front.url}
    answer = await browser.client.post(page.url, content=body, headers=headers)
    assert (answer.status_code, FOREIGN in answer.text) == (403, True)
    assert (links(tenant), stages(tenant)) == (set(), ["confirm"])
    await browser.press("Yes, link them")
    assert links(tenant) == linked_as(DAVE)


async def test_confirm_with_the_token_of_another_session(tenant: Tenant, browser: Browser, browsers: Open) -> None:
    """Fails without the token's check."""
    foreign = await to_confirm(tenant, browsers(), MALLORY)
    page = await to_confirm(tenant, browser, DAVE)
    headers = FORM | {"Origin": tenant.front.url}
    for answer in ("link", "no"):
        body = f"csrf={_csrf(foreign)}&answer={answer}"
        sent = await browser.client.post(page.url, content=body, headers=headers)
        assert (sent.status_code, FOREIGN in sent.text) == (403, True)
    assert (links(tenant), stages(tenant)) == (set(), ["confirm", "confirm"])


async def test_confirm_with_a_link(tenant: Tenant, browser: Browser) -> None:
    """Opening the last page, with whatever in its address, is no answer. Fails when a GET confirms."""
    page = await to_confirm(tenant, browser, DAVE)
    again = await browser.open(f"{page.url}?csrf={_csrf(page)}&answer=link")
    assert (again.status, again.title) == (200, page.title)
    assert (links(tenant), stages(tenant)) == (set(), ["confirm"])


@pytest.mark.parametrize("answer", ["", "&answer=", "&answer=LINK", "&answer=link+", "&answer=yes", "&link=answer"])
async def test_what_is_no_answer(tenant: Tenant, browser: Browser, answer: str) -> None:
    """Only the one word links. Fails when it is enough not to say no."""
    page = await to_confirm(tenant, browser, DAVE)
    headers = FORM | {"Origin": tenant.front.url}
    await browser.client.post(page.url, content=f"csrf={_csrf(page)}{answer}", headers=headers)
    assert (links(tenant), stages(tenant)) == (set(), [])


async def test_a_session_of_another_row(tenant: Tenant, browser: Browser, browsers: Open) -> None:
    """Somebody who writes into the database puts their session in place of Dave's. Fails when rows are not bound."""
    mallory = browsers()
    await to_confirm(tenant, mallory, MALLORY)
    page = await to_confirm(tenant, browser, DAVE)
    await tampered(
        tenant,
        "UPDATE browser_sessions SET sealed = (SELECT sealed FROM browser_sessions ORDER BY created_at LIMIT 1)",
    )
    again = await browser.open(page.url)
    assert (again.status, OVER in again.text) == (403, True)
    await mallory.press("Yes, link them")
    assert links(tenant) == linked_as(MALLORY)


def _csrf(page: Page) -> str:
    return page.forms[0].hidden["csrf"]
