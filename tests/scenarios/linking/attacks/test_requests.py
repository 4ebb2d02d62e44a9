"""Whatever bytes come: what is no request of these pages is refused with its own status, and never with a 500."""

import asyncio
import gzip
from typing import Any, Final

import pytest

from bot.app import Bot
from bot.sandbox.browser import Browser
from bot.sandbox.people import DAVE
from bot.sandbox.tenant import Tenant
from tests.scenarios.linking.attacks.steps import FOREIGN, FORM, OVER, leaving, links, stages, to_slack
from tests.scenarios.linking.walk import to_confirm, to_microsoft
from tests.web.edge import Reply, ask, talk

PATHS: Final = {
    "/auth/start": "GET,POST",
    "/auth/slack/callback": "GET",
    "/auth/callback": "GET",
    "/auth/confirm": "GET,POST",
}
CALLBACKS: Final = ("/auth/slack/callback", "/auth/callback")
UNREADABLE: Final = "That request cannot be read"


def _host(tenant: Tenant) -> str:
    return tenant.front.url.removeprefix("https://")


async def _ask(tenant: Tenant, bot: Bot, method: str, path: str, **what: Any) -> Reply:
    return await ask(bot.port, method, path, **{"host": _host(tenant), **what})


async def _to_callback(tenant: Tenant, browser: Browser, path: str) -> tuple[str, str]:
    """A browser that is about to come back with its answer: its cookie, and the answer's query."""
    if path == "/auth/callback":
        await to_microsoft(tenant, browser, DAVE)
        answer = await leaving(browser, DAVE.email)
    else:
        await to_slack(tenant, browser)
        answer = await leaving(browser, DAVE.name)
    return f"__Host-link={browser.client.cookies['__Host-link']}", answer.partition("?")[2]


@pytest.mark.parametrize("path", PATHS)
async def test_hosts(tenant: Tenant, linking: Bot, path: str) -> None:
    """Fails without the comparison with PUBLIC_URL, in Socket Mode as well."""
    for host in ("evil.example.test", "127.0.0.1", f"{_host(tenant)}0", f"{_host(tenant)}.evil.example.test", "x@y"):
        for method in ("GET", "POST"):
            reply = await _ask(tenant, linking, method, path, host=host)
            assert (reply.status, "set-cookie" in reply.headers) == (421, False)
    assert stages(tenant) == []


@pytest.mark.parametrize("path", PATHS)
async def test_methods(tenant: Tenant, linking: Bot, path: str) -> None:
    """A HEAD of a callback would use it up. Fails when aiohttp answers it by itself."""
    for method in ("HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "LINK"):
        reply = await _ask(tenant, linking, method, path, headers={"Connection": "close"})
        assert (method, reply.status, reply.headers["allow"]) == (method, 405, PATHS[path])
    if "POST" not in PATHS[path]:
        assert (await _ask(tenant, linking, "POST", path)).status == 405


async def test_paths(tenant: Tenant, linking: Bot) -> None:
    paths = ("/auth", "/auth/", "/auth/start/", "/auth/Start", "//auth/start", "/auth/%73tart/x", "/auth/../etc")
    for path in (*paths, "/auth/%00", "/auth/%ff", "/auth/start%2f", "/auth/confirm;x=1", "/slack/events"):
        assert (path, (await _ask(tenant, linking, "GET", path)).status) == (path, 404)


@pytest.mark.parametrize("path", ["/auth/start", "/auth/confirm"])
async def test_large_forms(tenant: Tenant, linking: Bot, path: str) -> None:
    """Fails without the limit, which also holds for what does not say how long it is."""
    headers = FORM | {"Origin": tenant.front.url}
    reply = await _ask(tenant, linking, "POST", path, headers=headers, body=b"a" * 9000)
    assert reply.status == 413
    lines = {"Host": _host(tenant), "Transfer-Encoding": "chunked", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    request = [f"POST {path} HTTP/1.1\r\n{head}\r\n".encode(), *[b"400\r\n" + b"a" * 1024 + b"\r\n"] * 9, b"0\r\n\r\n"]
    assert (await asyncio.to_thread(talk, linking.port, request)).status == 413
    small = await _ask(tenant, linking, "POST", path, headers=headers | {"Content-Encoding": "gzip"}, body=_bomb())
    assert small.status == 403  # nothing is unpacked, so it is no form
    assert stages(tenant) == []


def _bomb() -> bytes:
    return gzip.compress(b"a" * 5_000_000)


KINDS: Final = ["", "text/plain", "application/json", "multipart/form-data; boundary=x", "application/xml", "é", ";;;"]


@pytest.mark.parametrize("kind", KINDS)
async def test_forms_of_another_kind(tenant: Tenant, linking: Bot, browser: Browser, kind: str) -> None:
    """Browsers send some of them across sites without asking. Fails without the look at the content type."""
    page = await to_confirm(tenant, browser, DAVE)
    cookie = f"__Host-link={browser.client.cookies['__Host-link']}"
    headers = {"Origin": tenant.front.url, "Cookie": cookie, "Content-Type": kind}
    body = f"csrf={page.forms[0].hidden['csrf']}&answer=link".encode()
    reply = await _ask(tenant, linking, "POST", "/auth/confirm", headers=headers, body=body)
    assert (reply.status, UNREADABLE in reply.body.decode()) == (403, True)
    assert (links(tenant), stages(tenant)) == (set(), ["confirm"])


BODIES: Final = [
    ({}, b"csrf=\xff&answer=link"),
    ({}, "csrf=é".encode()),
    ({}, b"csrf=a&csrf=b&answer=link"),
    ({}, b"answer=no&answer=link"),
    ({"Content-Encoding": "gzip"}, b"no gzip at all"),
    ({"Content-Encoding": "deflate"}, b"no deflate at all"),
    ({"Content-Encoding": "gzip"}, gzip.compress(b"csrf=a&answer=link", mtime=0)[:-10]),
]


@pytest.mark.parametrize(("more", "body"), BODIES)
async def test_forms_that_cannot_be_read(
    tenant: Tenant, linking: Bot, browser: Browser, more: dict[str, str], body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await to_confirm(tenant, browser, DAVE)
    cookie = f"__Host-link={browser.client.cookies['__Host-link']}"
    headers = FORM | {"Origin": tenant.front.url, "Cookie": cookie} | more
    reply = await _ask(tenant, linking, "POST", "/auth/confirm", headers=headers, body=body)
    assert reply.status in (400, 403)
    assert (links(tenant), stages(tenant)) == (set(), ["confirm"])
    assert "failed" not in caplog.text


@pytest.mark.parametrize("path", CALLBACKS)
async def test_parameters_twice(tenant: Tenant, linking: Bot, browser: Browser, path: str) -> None:
    """Two readers could take different ones. Fails when the last one counts."""
    cookie, query = await _to_callback(tenant, browser, path)
    code, state = (next(part for part in query.split("&") if part.startswith(name)) for name in ("code=", "state="))
    for more in (code, state, "code=", "state=x", "x=1&x=1", "error=a&error=b"):
        reply = await _ask(tenant, linking, "GET", f"{path}?{query}&{more}", headers={"Cookie": cookie})
        assert (reply.status, UNREADABLE in reply.body.decode()) == (403, True)
    assert (await _ask(tenant, linking, "GET", f"{path}?{query}", headers={"Cookie": cookie})).status == 303


@pytest.mark.parametrize("path", CALLBACKS)
async def test_queries(tenant: Tenant, linking: Bot, browser: Browser, path: str) -> None:
    """Long ones (aiohttp refuses them before us) and such as are no text; the true answer still serves."""
    cookie, query = await _to_callback(tenant, browser, path)
    headers = {"Cookie": cookie}
    assert (await _ask(tenant, linking, "GET", f"{path}?{query}&x={'a' * 9000}", headers=headers)).status in (400, 414)
    for state in ("\udcff", "%ff", "%ed%b2%80", "é", "%00", "a%26code=x"):
        reply = await _ask(tenant, linking, "GET", f"{path}?code=1&state={state}", headers=headers)
        assert reply.status in (400, 403), state
    reply = await _ask(tenant, linking, "GET", path, headers=headers)
    assert (reply.status, FOREIGN in reply.body.decode()) == (403, True)
    assert (await _ask(tenant, linking, "GET", f"{path}?{query}", headers=headers)).status == 303


COOKIES: Final = [
    "",
    "__Host-link",
    "__Host-link=",
    "__Host-link=x",
    "link=x",
    f"__Host-link={'0' * 64}",
    "__Host-link=\udcff",
    "__Host-link=é",
    '__Host-link="\\303\\251"',
    '__Host-link="\\777"',
    "__Host-link=a; __Host-link=b",
    f"__Host-link={'x' * 7000}",
    "\udcff=\udcff",
    ";;;===",
]


@pytest.mark.parametrize("path", [*(f"{one}?code=1&state=" for one in CALLBACKS), "/auth/confirm"])
@pytest.mark.parametrize("cookie", COOKIES)
async def test_cookies_of_nobody(tenant: Tenant, linking: Bot, path: str, cookie: str) -> None:
    """Whatever a cookie holds: there is no such session. Fails where a cookie that is no text is hashed."""
    reply = await _ask(tenant, linking, "GET", path, headers={"Cookie": cookie})
    assert (reply.status, OVER in reply.body.decode()) == (403, True)
