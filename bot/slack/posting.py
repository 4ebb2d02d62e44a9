"""Posting: into a channel, or privately to one person. The one way a message leaves the bot."""

import asyncio
import time
from typing import Final
from urllib.parse import urlsplit

import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.api import FAULTS, error_of
from bot.slack.blocks import Blocks, note
from bot.slack.inbox import Click
from bot.slack.text import escape

log = structlog.get_logger(__name__)

GONE: Final = ("message_not_found", "cant_update_message", "thread_not_found")
"""Slack's words for a message that cannot be changed any more, because somebody deleted it."""

_RESPONSE_SECONDS: Final = 30 * 60.0
_RESPONSE_USES: Final = 5
_MOST_KEPT: Final = 5000


class Poster:
    """Posts, updates, and answers privately. Slack's refusals are logged and returned, never raised."""

    def __init__(self, client: AsyncWebClient, api_url: str, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self._response_hosts = {"https://hooks.slack.com", _origin(api_url)}
        self._responses: dict[str, tuple[str, float, int]] = {}

    async def post(self, channel: str, words: str, blocks: Blocks, thread_ts: str = "") -> str:
        """The timestamp of the new message; empty when Slack did not take it."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._client.chat_postMessage(
                    channel=channel,
                    text=escape(words),
                    blocks=blocks,
                    thread_ts=thread_ts or None,
                    unfurl_links=False,
                    unfurl_media=False,
                )
        except FAULTS as error:
            log.warning("post_failed", channel=channel, error=error_of(error))
            return ""
        return str(answer["ts"])

    async def update(self, channel: str, ts: str, words: str, blocks: Blocks) -> str:
        """Replaces a message's content; empty, or Slack's word for why it did not take it."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._client.chat_update(channel=channel, ts=ts, text=escape(words), blocks=blocks)
        except FAULTS as error:
            log.warning("update_failed", channel=channel, error=error_of(error))
            return error_of(error)
        return ""

    def remember(self, place: str, click: Click) -> None:
        """Keeps how to answer somebody privately about this place, as long as Slack allows it."""
        if not click.response_url:
            return
        if _origin(click.response_url) not in self._response_hosts:
            log.warning("response_url_of_another_host")
            return
        if len(self._responses) >= _MOST_KEPT:
            self._responses.pop(next(iter(self._responses)))
        self._responses[place] = (click.response_url, time.monotonic() + _RESPONSE_SECONDS, _RESPONSE_USES)

    async def tell(self, user: str, place: str, words: str, blocks: Blocks | None = None) -> bool:
        """Tells one person alone, where they clicked or else by direct message; whether they were told."""
        blocks = blocks or note(words)
        return await self._respond(place, words, blocks) or bool(await self.post(user, words, blocks))

    async def _respond(self, place: str, words: str, blocks: Blocks) -> bool:
        url, until, uses = self._responses.get(place, ("", 0.0, 0))
        if not uses or until < time.monotonic():
            self._responses.pop(place, None)
            return False
        self._responses[place] = (url, until, uses - 1)
        # Without Slack's own retry: it tells twice what arrived and was not confirmed.
        webhook = AsyncWebhookClient(url, session=self._client.session, timeout=self._client.timeout, retry_handlers=[])
        try:
            answer = await webhook.send(
                text=escape(words), blocks=blocks, response_type="ephemeral", replace_original=False
            )
        except FAULTS as error:
            log.warning("response_failed", error=error_of(error))
            return False
        # Slack refuses with a 200, too.
        return answer.status_code == 200 and '"ok":false' not in "".join(answer.body.split())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
