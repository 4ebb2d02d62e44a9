"""The pages and the cookie: what browsers are told, what nobody may see, and what comes from outside is only text."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

import pytest

from bot.app import Bot
from bot.sandbox.browser import Browser, Page
from bot.sandbox.people import DAVE
from bot.sandbox.tenant import Tenant
from tests.scenarios.linking.attacks.steps import FORM, linked_as, links, stages
from tests.scenarios.linking.walk import to_confirm, to_microsoft, url
from tests.scenarios.play import Play, words

MARKUP: Final = "<script>alert(1)</script>\"'&amp;<img src=x onerror=alert(2)>"
MENTION: Final = "<!channel> <@U0ALICE> <https://evil.example.test|click> *bold* `code`"
HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "content-type": "text/html; charset=utf-8",
}
FOREIGN_TAGS: Final = {"script", "img", "iframe", "link", "object", "embed", "svg", "base", "audio", "video"}
DIRECTIVES: Final = {"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"}


async def test_whoever_only_looks(tenant: Tenant, browser: Browser) -> None:
    """Slack's unfurler and mail scanners open every link. Fails when opening the page begins something."""
    for _ in range(3):
        page = await browser.open(url(tenant))
        assert (page.status, "set-cookie" in page.headers) == (200, False)
    assert (stages(tenant), list(browser.client.cookies)) == ([], [])


async def test_the_cookie(tenant: Tenant, browser: Browser) -> None:
    """Each attribute is one defence; without `Secure`, `Path=/` and no `Domain` browsers do not take this name."""
    answer = await browser.client.post(url(tenant), headers=FORM | {"Origin": tenant.front.url})
    [cookie] = answer.headers.get_list("set-cookie")
    pair, *attributes = (part.strip() for part in cookie.split(";"))
    name, _, value = pair.partition("=")
    assert {one.casefold() for one in attributes} == {"secure", "httponly", "samesite=lax", "path=/", "max-age=600"}
    assert (name, len(value) >= 43) == ("__Host-link", True)
    second = await browser.client.post(url(tenant), headers=FORM | {"Origin": tenant.front.url})
    assert value not in second.headers["set-cookie"]


@pytest.mark.parametrize("answer", ["Yes, link them", "No, do not link"])
async def test_the_cookie_ends_with_the_answer(tenant: Tenant, browser: Browser, answer: str) -> None:
    await to_confirm(tenant, browser, DAVE)
    page = await browser.press(answer)
    attributes = {part.strip().casefold() for part in page.headers["set-cookie"].split(";")}
    assert {"max-age=0", "secure", "path=/", '__host-link=""'} <= attributes
    assert list(browser.client.cookies) == []


async def _secrets(tenant: Tenant, browser: Browser) -> AsyncIterator[str]:
    """What passes through a browser and the bot on the way to the last page."""
    await to_confirm(tenant, browser, DAVE)
    yield browser.client.cookies["__Host-link"]
    yield browser.page.forms[0].hidden["csrf"]
    for address in browser.visited:
        for part in address.partition("?")[2].split("&"):
            name, _, value = part.partition("=")
            if name in ("code", "state", "nonce", "code_challenge"):
                yield value
    calls = [call for call in tenant.entra.calls if call.path.endswith("/token")]
    yield calls[-1].parameters["code_verifier"]


async def test_no_secret_in_the_database(tenant: Tenant, browser: Browser) -> None:
    """At no stage and nowhere. Fails when a session is not sealed, or its cookie not hashed."""
    secrets = [one async for one in _secrets(tenant, browser)]
    assert len(secrets) >= 10
    await browser.press("Yes, link them")
    kept = b"".join(path.read_bytes() for path in tenant.directory.glob("*.db*"))
    assert DAVE.slack_id.encode() in kept
    assert [one for one in secrets if one.encode() in kept] == []


async def test_no_secret_in_the_logs(
    tenant: Tenant, browser: Browser, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Fails with aiohttp's access log."""
    caplog.set_level("DEBUG")
    secrets = [one async for one in _secrets(tenant, browser)]
    await browser.press("Yes, link them")
    # The browser is in this process too, and httpx logs where it goes.
    logged = [one.getMessage() for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    printed = "".join([*capfd.readouterr(), *logged])
    assert "linked" in printed
    assert [line for line in printed.splitlines() for one in secrets if one in line] == []


def _plain(page: Page) -> None:
    """Headers as they should be, and nothing on it that runs or comes from elsewhere."""
    assert HEADERS.items() <= dict(page.headers).items()
    policy = {part.strip() for part in page.headers["content-security-policy"].split(";")}
    assert policy >= DIRECTIVES
    assert {one.split()[0] for one in policy - DIRECTIVES} == {"style-src"}
    assert "unsafe" not in page.headers["content-security-policy"]
    tags = re.findall(r"<([a-z]+)([^>]*)>", page.html, re.IGNORECASE)
    assert FOREIGN_TAGS.isdisjoint({tag.casefold() for tag, _ in tags})
    assert not any(re.search(r"\b(on\w+|src|style)=", attributes) for _, attributes in tags)


@pytest.mark.parametrize("answer", ["Yes, link them", "No, do not link"])
async def test_headers_of_every_page(tenant: Tenant, browser: Browser, answer: str) -> None:
    """Fails without each of them."""
    _plain(await browser.open(url(tenant)))
    sent = await browser.client.post(url(tenant), headers=FORM | {"Origin": tenant.front.url})
    _plain(Page(url(tenant), sent.status_code, sent.headers, sent.text))
    _plain(await to_confirm(tenant, browser, DAVE))
    _plain(await browser.press(answer))
    _plain(await browser.open(f"{tenant.front.url}/auth/confirm"))
    _plain(await browser.open(f"{tenant.front.url}/auth/callback?error=x&error_description={MARKUP}"))
    redirect = await browser.client.get(f"{tenant.front.url}/auth/slack/callback")
    assert redirect.headers["cache-control"] == "no-store"


async def test_headers_of_redirects(tenant: Tenant, browser: Browser) -> None:
    """They carry what must not be kept or passed on."""
    await to_microsoft(tenant, browser, DAVE)
    form = browser.page.forms[0]
    callback = await browser.client.post(browser.page.url, data=form.buttons[f"{DAVE.name} {DAVE.email}"])
    redirect = await browser.client.get(callback.headers["Location"])
    assert (redirect.status_code, redirect.headers["Location"]) == (303, "/auth/confirm")
    for name in ("cache-control", "referrer-policy", "x-content-type-options"):
        assert redirect.headers[name] == HEADERS[name]


async def test_names_with_markup(tenant: Tenant, browser: Browser) -> None:
    """Whoever chooses their own name at Slack or Microsoft. Fails without escaping."""
    people = tenant.slack._world.people
    people[DAVE.slack_id] = replace(DAVE, name=MARKUP)
    tenant.entra.id_token_claims["preferred_username"] = MARKUP[::-1] + MARKUP
    try:
        await browser.open(url(tenant))
        await browser.press("Continue with Slack")
        await browser.press(MARKUP)
        page = await browser.press(DAVE.email)
    finally:
        people[DAVE.slack_id] = DAVE
    _plain(page)
    assert MARKUP in page.text
    assert MARKUP[::-1] in page.text
    _plain(await browser.press("Yes, link them"))


async def test_a_name_that_mentions(tenant: Tenant, browser: Browser, dave: Play) -> None:
    """What is told in Slack shows it as it is. Fails where it is read as mrkdwn."""
    before = len(tenant.slack.dms(DAVE.slack_id))
    tenant.entra.id_token_claims["preferred_username"] = MENTION
    await to_confirm(tenant, browser, DAVE)
    await browser.press("Yes, link them")
    await tenant.slack.until(lambda: len(tenant.slack.dms(DAVE.slack_id)) > before)
    told = tenant.slack.dms(DAVE.slack_id)[-1]
    assert MENTION in words(told.blocks)
    assert "<" not in told.text
    assert '"mrkdwn"' not in str(told.blocks)
    seen = len(dave.private())
    await dave.command("whoami")
    await tenant.slack.until(lambda: len(dave.private()) > seen)
    assert any(MENTION in one for one in dave.private()[-2:])


async def _fails(*_: object) -> None:
    raise RuntimeError("canary")


async def test_the_bots_own_failure(
    tenant: Tenant, linking: Bot, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page says so, and holds nothing of it. Fails where the server answers by itself."""
    monkeypatch.setattr(linking._services.accounts, "link", _fails)
    await to_confirm(tenant, browser, DAVE)
    page = await browser.press("Yes, link them")
    _plain(page)
    assert (page.status, page.title.partition(" ·")[0], "canary" in page.html) == (503, "That did not work", False)
    assert links(tenant) == set()


async def test_a_failure_after_the_link(
    tenant: Tenant, linking: Bot, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where the page says that nothing was linked, because what follows the link could not be begun."""
    assert linking._parts._pages
    monkeypatch.setattr(linking._parts._pages._linking._resumption, "begin", _fails)
    await to_confirm(tenant, browser, DAVE)
    page = await browser.press("Yes, link them")
    assert (page.status, page.title.partition(" ·")[0]) == (200, "Your accounts are linked")
    assert links(tenant) == linked_as(DAVE)
