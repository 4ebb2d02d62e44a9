"""Deliveries as signed HTTP requests to the app's request URL."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack_records import RETRY_REASON, Ack, Json
from bot.sandbox.slack_world import World

_HEADERS = {
    "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    "Accept": "application/json,*/*",
}
_FORM, _JSON = {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "application/json"}
_NO_DEFAULTS = ("User-Agent", "Content-Type", "Accept", "Accept-Encoding")


class HttpDelivery:
    """Posts to `url` with the `Host` header `host`; signs with the app's signing secret."""

    def __init__(self, world: World, signing_secret: str) -> None:
        self._world = world
        self._secret = signing_secret.encode()
        self._session: aiohttp.ClientSession | None = None
        self.url: str | None = None
        self.host: str | None = None

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    def sign(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """Return both signature headers for a body (HMAC-SHA256 of `v0:timestamp:body`)."""
        at = str(int(time.time()) if timestamp is None else timestamp)
        digest = hmac.new(self._secret, b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}

    async def deliver(self, kind: str, payload: Json, retry: int) -> Ack:
        if kind == "events_api":
            body, headers = json.dumps(payload).encode(), {**_JSON, **_retried(retry)}
        else:
            fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body, headers = urlencode(fields).encode(), _FORM
        return await self.post(body, {**_HEADERS, **headers, **self.sign(body)})

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Ack:
        """Send these bytes with these headers, and `Host`, alone."""
        if self.url is None:
            raise RuntimeError("HTTP mode needs deliver_to(url)")
        if self._session is None:
            self._session = aiohttp.ClientSession(skip_auto_headers=_NO_DEFAULTS)
        sent = {"Host": self.host, **headers} if self.host else headers
        begin = time.monotonic()
        try:
            async with (
                asyncio.timeout(self._world.limits.ack),
                self._session.post(self.url, data=body, headers=sent, allow_redirects=False) as answer,
            ):
                return Ack(answer.status, await _body_of(answer), time.monotonic() - begin)
        except TimeoutError:
            return Ack(0, seconds=time.monotonic() - begin, timed_out=True)
        except aiohttp.ClientError as error:
            return Ack(0, type(error).__name__, time.monotonic() - begin)


def _retried(retry: int) -> dict[str, str]:
    return {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": RETRY_REASON} if retry else {}


async def _body_of(answer: aiohttp.ClientResponse) -> Json | str | None:
    text = await answer.text()
    if answer.content_type != "application/json":
        return text or None
    try:
        body = json.loads(text)
    except ValueError:
        return text or None
    return body if isinstance(body, dict) else text
