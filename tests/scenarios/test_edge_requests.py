"""The HTTP edge: what is not Slack's is turned away, what is Slack's takes effect once, and nothing is ever a 500."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Final
from urllib.parse import urlencode

import pytest

from bot.app import Bot
from bot.sandbox.people import ALICE, TEAM_ID
from bot.sandbox.tenant import PUBLIC_HOST, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import Play
from tests.web.edge import FORM, ask, talk

HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "server": "cancel-approval",
    "x-content-type-options": "nosniff",
}
JSON: Final = {"Content-Type": "application/json"}
GZIP: Final = {"Content-Encoding": "gzip"}
SECRET_URL: Final = "https://hooks.slack.com/commands/T0/canary-of-a-response-url"
COMMAND: Final = {
    "command": "/cancel-approval",
    "text": "canary-of-a-text",
    "team_id": TEAM_ID,
    "user_id": ALICE.slack_id,
    "response_url": SECRET_URL,
    "trigger_id": "canary.of.a.trigger",
    "token": "canary-of-a-token",
}
BODY: Final = urlencode(COMMAND).encode()


@pytest.fixture
async def edge(start: Start) -> AsyncIterator[Bot]:
    """The bot in HTTP mode."""
    async with start("http") as bot:
        yield bot


async def _status(edge: Bot, body: bytes, headers: Mapping[str, str]) -> int:
    return (await ask(edge.port, body=body, headers=headers)).status


async def test_what_slack_signed_is_taken(tenant: Tenant, edge: Bot, alice: Play) -> None:
    reply = await ask(edge.port, body=BODY, headers=tenant.slack.sign(BODY) | FORM)
    assert (reply.status, reply.body) == (200, b"")
    assert "“canary-of-a-text” is not a kind that I know." in await alice.told()


async def test_bad_signatures(tenant: Tenant, edge: Bot, alice: Play) -> None:
    """Fails without the verifier in front of Bolt, which answers several of these with a 500."""
    good = tenant.slack.sign(BODY)
    at, signature = good["X-Slack-Request-Timestamp"], good["X-Slack-Signature"]
    unsigned: list[dict[str, str]] = [{}, {"X-Slack-Request-Timestamp": at}, {"X-Slack-Signature": signature}]
    badly = [
        (at, "v0="),
        (at, signature[3:]),
        (at, f"v1{signature[2:]}"),
        (at, signature.upper()),
        (at, f"{signature}0"),
        (at, f"v0={'0' * 64}"),
        (at, f"v0={'é' * 64}"),
        (at, f"v0={chr(0xDCFF) * 64}"),
        (at, tenant.slack.sign(BODY + b"&")["X-Slack-Signature"]),
        ("abc", signature),
        ("", signature),
        ("9" * 5000, signature),
        (f"{at[:4]}_{at[4:]}", signature),
        (f"{at}.0", signature),
        (str(int(at) - 1), signature),
    ]
    unsigned += [{"X-Slack-Request-Timestamp": when, "X-Slack-Signature": what} for when, what in badly]
    assert [await _status(edge, BODY, headers | FORM) for headers in unsigned] == [401] * len(unsigned)
    assert alice.private() == []


async def test_old_and_future_requests(tenant: Tenant, edge: Bot) -> None:
    """Fails without the window of five minutes. A second of room, since time goes on between signing and checking."""
    for seconds, expected in ((-302, 401), (-298, 200), (298, 200), (302, 401), (-86400, 401), (10**9, 401)):
        headers = tenant.slack.sign(BODY, int(time.time()) + seconds) | FORM
        assert await _status(edge, BODY, headers) == expected


async def test_a_replayed_request_has_one_effect(tenant: Tenant, edge: Bot, alice: Play) -> None:
    """Fails without `Verifier.first`: Bolt runs it again."""
    headers = tenant.slack.sign(BODY) | FORM
    assert await asyncio.gather(*(_status(edge, BODY, headers) for _ in range(5))) == [200] * 5
    again = BODY.replace(b"canary-of-a-text", b"help")
    assert await _status(edge, again, tenant.slack.sign(again) | FORM) == 200
    await tenant.slack.until(lambda: any("Kinds here" in told for told in alice.private()))
    assert len(alice.private()) == 2


async def test_a_replayed_question_for_options_is_answered_while_slack_waits(tenant: Tenant, edge: Bot) -> None:
    """The same may be typed twice in a second. Fails when it is answered later, too: whoever copied it would learn."""
    asked = {"type": "block_suggestion", "action_id": "pick_target", "value": "", "user": {"id": "U0ALICE"}}
    body = urlencode({"payload": json.dumps(asked | {"team": {"id": "T0SANDBOX"}})}).encode()
    for age, answered in ((3, True), (-10, False)):
        headers = tenant.slack.sign(body, int(time.time()) + age) | FORM
        first, again = [await ask(edge.port, headers=headers, body=body) for _ in range(2)]
        assert b"options" in first.body
        assert (b"options" in again.body) is answered


async def test_bodies_that_are_too_large(tenant: Tenant, edge: Bot) -> None:
    """Fails without the look at how much has come (chunked), and at how much is declared."""
    assert await _status(edge, b"", {"Content-Length": "1048577"}) == 413
    head = f"POST /slack/events HTTP/1.1\r\nHost: {PUBLIC_HOST}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    reply = await asyncio.to_thread(talk, edge.port, [head, *[chunk] * 17, b"0\r\n\r\n"])
    assert reply.status == 413
    largest = urlencode(COMMAND | {"text": "help", "padding": ""}).encode()
    largest += b"a" * (1024 * 1024 - len(largest))
    assert await _status(edge, largest, tenant.slack.sign(largest) | FORM) == 200


async def test_a_body_that_does_not_come(edge: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails without the time limit: the connection would be kept for ever."""
    monkeypatch.setattr("bot.web.bodies._SECONDS", 0.2)
    reply = await ask(edge.port, headers={"Content-Length": "10"}, body=b"abc")
    assert reply.status == 408


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", JSON),
        (b"[1]", JSON),
        (b"null", JSON),
        (b'"text"', JSON),
        (b"[" * 100_000, JSON),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, JSON),
        (b"payload={", FORM),
        (b"payload=[1]", FORM),
        (b"payload=null", FORM),
        (b"payload=" + b"[" * 100_000, FORM),
        (b"payload=%7B%22type%22%3A%22block_actions%22%7D", FORM),
        (b"payload=%7B%22type%22%3A%22view_submission%22%7D", FORM),
        (b"%%%&==&\x00", FORM),
        (b"ssl_check=1", FORM),
        (b"\xff\xfe\xfd", FORM),
        (b"", FORM),
        (b"x", {"Content-Type": "application/xml; charset=utf-7"}),
        (b"no gzip at all", GZIP),
    ],
)
async def test_bodies_that_cannot_be_read(
    tenant: Tenant, edge: Bot, body: bytes, kind: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Unsigned ones fail where anything is parsed before the signature is checked, as Bolt does."""
    assert await _status(edge, body, kind) == 401
    assert "request_failed" not in caplog.text
    assert await _status(edge, body, tenant.slack.sign(body) | kind) < 500


async def test_hosts_paths_and_methods(tenant: Tenant, edge: Bot) -> None:
    """The wrong host fails without the comparison with PUBLIC_URL."""
    signed = tenant.slack.sign(BODY) | FORM
    for host in ("evil.example.test", f"{PUBLIC_HOST}:8443", f"{PUBLIC_HOST}.evil.example.test", "127.0.0.1"):
        assert (await ask(edge.port, headers=signed, body=BODY, host=host)).status == 421
        assert (await ask(edge.port, "GET", "/healthz", host=host)).status == 200
        assert (await ask(edge.port, "GET", "/readyz", host=host)).status == 200
    for path in ("/", "/slack/events/", "/slack", "/metrics", "/%ff%00", "/../etc", "/healthz/x", "//healthz"):
        assert (await ask(edge.port, path=path, headers=signed, body=BODY)).status == 404
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        reply = await ask(edge.port, method)
        assert (method, reply.status, reply.headers.get("allow")) == (method, 405, "POST")
    assert (await ask(edge.port, "POST", "/healthz")).status == 405


async def test_headers_on_everything(tenant: Tenant, edge: Bot) -> None:
    """Fails without `_protect`; and where aiohttp names itself, Python, and their versions."""
    replies = [
        await ask(edge.port, "GET", "/healthz"),
        await ask(edge.port, "GET", "/readyz"),
        await ask(edge.port, "GET", "/nowhere"),
        await ask(edge.port, "GET"),
        await ask(edge.port, host="evil.example.test"),
        await ask(edge.port, body=BODY),
        await ask(edge.port, headers={"Content-Length": "9999999"}),
        await ask(edge.port, headers={"Expect": "nonsense"}),
        await ask(edge.port, headers={"Expect": "\udc80"}),
        await ask(edge.port, path="/nowhere", headers={"Expect": "\udc80"}),
        await ask(edge.port, headers=tenant.slack.sign(BODY) | FORM, body=BODY),
    ]
    assert [reply.status for reply in replies] == [200, 200, 404, 405, 421, 401, 413, 417, 400, 400, 200]
    assert all(HEADERS.items() <= reply.headers.items() for reply in replies)


async def test_nothing_that_was_sent_is_logged(tenant: Tenant, start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    """Bolt logs whole bodies of badly signed requests. Fails without the verifier in front of it."""
    form = json.dumps(
        {"type": "block_actions", "user": {"id": "canary"}, "actions": [{"action_id": "other", "value": "canary"}]}
    )
    interaction = urlencode({"payload": form}).encode()
    async with start("http", LOG_LEVEL="DEBUG") as bot:
        for body in (BODY, b"{" + BODY, interaction):
            for signed in ({}, tenant.slack.sign(b"another"), tenant.slack.sign(body)):
                await ask(bot.port, body=body, headers=signed | FORM)
                await ask(bot.port, body=body, headers=signed | JSON)
        await tenant.slack.until(lambda: tenant.slack.dms(ALICE.slack_id))
    printed = "".join(capfd.readouterr())
    assert "declined" in printed
    for secret in ("canary", tenant.signing_secret, tenant.bot_token, tenant.secret, "v0="):
        assert secret not in printed
