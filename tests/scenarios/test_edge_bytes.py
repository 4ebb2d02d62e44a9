"""Arbitrary bytes against the running edge: whatever comes, no 500, and the bot lives on."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.app import Bot
from bot.sandbox.tenant import PUBLIC_HOST, Tenant
from tests.scenarios.conftest import Start
from tests.web.edge import ask, talk

# DBOS's threads draw from `random` in their own time, which Hypothesis takes for the strategies' doing.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module:FutureWarning")

SILENCE: Final = 0.5  # seconds after which an unfinished request counts as not answered
START: Final = f"POST /slack/events HTTP/1.1\r\nHost: {PUBLIC_HOST}\r\n".encode()

many = settings(max_examples=300, deadline=None)
tokens = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-", min_size=1, max_size=20).map(str.encode)
names = tokens | st.sampled_from(
    [
        b"X-Slack-Signature",
        b"X-Slack-Request-Timestamp",
        b"X-Slack-Retry-Num",
        b"Content-Type",
        b"Content-Encoding",
        b"Transfer-Encoding",
        b"Expect",
        b"Cookie",
        b"Range",
        b"Upgrade",
        b"X-Forwarded-Host",
    ]
)
values = st.binary(max_size=40) | st.sampled_from(
    [b"gzip", b"chunked", b"application/json", b"multipart/form-data; boundary=x", b"1800000000", b"v0=" + b"0" * 64]
)
kinds = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
bodies = (
    st.binary(max_size=300) | st.binary(max_size=200).map(b"payload=".__add__) | st.text(max_size=200).map(str.encode)
)


async def _holds(bot: Bot, check: Callable[[], None]) -> None:
    """Runs the check beside the bot's loop; afterwards the bot still answers."""
    await asyncio.to_thread(check)
    assert (await ask(bot.port, "GET", "/healthz")).status == 200


async def test_any_bytes(start: Start) -> None:
    async with start("http") as bot:

        @many
        @given(st.binary(max_size=500))
        def check(sent: bytes) -> None:
            assert talk(bot.port, [sent, b"\r\n\r\n"], SILENCE).status < 500

        await _holds(bot, check)


async def test_any_headers_without_a_signature(start: Start) -> None:
    async with start("http") as bot:

        @many
        @example([(b"Expect", b"\x80")], b"")  # aiohttp's own 500
        @given(st.lists(st.tuples(names, values), max_size=6), bodies)
        def check(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            request = START + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body
            assert talk(bot.port, [request], SILENCE).status in (0, 100, 400, 401, 408, 413, 417)

        await _holds(bot, check)


async def test_any_body_that_is_signed(tenant: Tenant, start: Start) -> None:
    async with start("http") as bot:

        @many
        @given(bodies, kinds, st.integers(-290, 290))
        def check(body: bytes, kind: str, seconds: int) -> None:
            signed = tenant.slack.sign(body, int(time.time()) + seconds)
            lines = "".join(f"{name}: {value}\r\n" for name, value in (signed | {"Content-Type": kind}).items())
            request = START + lines.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
            assert talk(bot.port, [request]).status in (200, 400, 404)

        await _holds(bot, check)
