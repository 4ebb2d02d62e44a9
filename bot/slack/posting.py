"""Posting: into a channel, or privately to one person. The one way a message leaves the bot."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.errors import Later
from bot.posts import Post, Posts
from bot.slack.api import FAULTS, Fate, error_of, fate_of, retry_after
from bot.slack.blocks import Blocks, note
from bot.slack.text import escape
from bot.store import now

log = structlog.get_logger(__name__)

GONE: Final = ("message_not_found", "cant_update_message", "thread_not_found")
"""Slack's words for a message that cannot be changed any more, because somebody deleted it."""

_EVENT: Final = "cancel_approval_post"
_RESPONSE_AGE: Final = timedelta(minutes=30)
_EARLIER: Final = timedelta(days=1)  # our clock may differ from Slack's
_PAGE: Final = 200
_PAGES: Final = 20


@dataclass(frozen=True)
class Place:
    """Where a message goes. `id` is ours: the same id is never posted twice."""

    id: str
    channel: str
    thread_ts: str = ""


@dataclass(frozen=True)
class Alone:
    """One person who is told something that is not for all; `response_url` answers a click made at `since`."""

    id: str
    user: str
    response_url: str = field(repr=False)
    since: datetime


class Poster:
    """Posts, updates, and answers privately. What Slack refuses is logged; `Later` is raised for what may pass."""

    def __init__(self, client: AsyncWebClient, posts: Posts, api_url: str, seconds: float) -> None:
        self._client = client
        self._posts = posts
        self._seconds = seconds
        self._response_hosts = {"https://hooks.slack.com", _origin(api_url)}

    async def put(self, place: Place, words: str, blocks: Blocks) -> str:
        """Posts the message or, where it was posted before, gives it this content.

        Returns its timestamp, empty when Slack refuses it; raises `Later`, also when its fate is not known: the next
        call looks for it first.
        """
        known = await self._posts.begin(place.id, place.channel, place.thread_ts)
        ts = known.ts or await self._find(known) if known else ""
        if ts:
            error = await self.update(place, ts, words, blocks)
            # Posted anew only where the old one is certainly gone: there is one of each.
            if error not in GONE:
                return "" if error else await self._posts.made(place.id, ts)
            await self._posts.forget(place.id)
            await self._posts.begin(place.id, place.channel, place.thread_ts)
        return await self._post(place, words, blocks)

    async def find(self, post_id: str) -> str:
        """Where a message is whose posting had begun; its timestamp, empty when there is none; raises `Later`."""
        known = await self._posts.of(post_id)
        if known and known.ts:
            return known.ts
        ts = await self._find(known) if known else ""
        return await self._posts.made(post_id, ts) if ts else ""

    async def update(self, place: Place, ts: str, words: str, blocks: Blocks) -> str:
        """Replaces a message's content; empty, or Slack's word for why it refuses. Raises `Later`."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._client.chat_update(
                    channel=place.channel, ts=ts, text=escape(words), blocks=blocks, metadata=_metadata(place.id)
                )
        except FAULTS as error:
            say = log.info if error_of(error) in GONE else log.warning  # people may delete messages
            say("update_failed", channel=place.channel, error=error_of(error))
            if fate_of(error) is not Fate.REFUSED:
                raise Later(retry_after(error)) from error
            return error_of(error)
        return ""

    async def alone(self, one: Alone, words: str, blocks: Blocks) -> bool:
        """Tells one person alone: where they clicked while that is possible, or else by direct message.

        Whether Slack took it; raises `Later`. Only the direct message is recognised when it is told again.
        """
        if now() - one.since < _RESPONSE_AGE and await self._respond(one.response_url, words, blocks):
            return True
        return bool(await self.put(Place(one.id, await self._direct(one.user)), words, blocks))

    async def answer(self, user: str, response_url: str, words: str, blocks: Blocks | None = None) -> bool:
        """Answers a click at once, as far as Slack takes it; whether the person was told."""
        blocks = blocks or note(words)
        if await self._respond(response_url, words, blocks):
            return True
        try:
            async with asyncio.timeout(self._seconds):
                await self._client.chat_postMessage(channel=user, text=escape(words), blocks=blocks)
        except FAULTS as error:
            log.warning("answer_failed", error=error_of(error))
            return False
        return True

    async def _post(self, place: Place, words: str, blocks: Blocks) -> str:
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._client.chat_postMessage(
                    channel=place.channel,
                    text=escape(words),
                    blocks=blocks,
                    thread_ts=place.thread_ts or None,
                    metadata=_metadata(place.id),
                    unfurl_links=False,
                    unfurl_media=False,
                )
        except FAULTS as error:
            log.warning("post_failed", channel=place.channel, error=error_of(error))
            fate = fate_of(error)
            if fate is not Fate.UNSURE:
                await self._posts.forget(place.id)
            if fate is not Fate.REFUSED:
                raise Later(retry_after(error)) from error
            return ""
        ts = str(answer["ts"])
        counts = await self._posts.made(place.id, ts)
        if counts != ts:
            await self._delete(place.channel, ts)
        return counts

    async def _find(self, post: Post) -> str:
        """The message whose posting has no known end, looked for in Slack; empty when it is not there.

        A later copy, of a process that was frozen while it posted, is deleted.
        """
        try:
            async with asyncio.timeout(self._seconds):
                found = sorted(await self._copies(post), key=float)
        except FAULTS as error:
            log.warning("look_up_failed", channel=post.channel, error=error_of(error))
            if fate_of(error) is not Fate.REFUSED:
                raise Later(retry_after(error)) from error
            return ""  # it cannot be looked up here, and twice is better than never
        for copy in found[1:]:
            await self._delete(post.channel, copy)
        return found[0] if found else ""

    async def _copies(self, post: Post) -> list[str]:
        found, cursor = [], ""
        for _ in range(_PAGES):
            page = await self._page(post, cursor)
            found += [one["ts"] for one in page["messages"] if one.get("metadata") == _metadata(post.id)]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return found

    async def _page(self, post: Post, cursor: str) -> Any:
        if post.thread_ts:
            return await self._client.conversations_replies(
                channel=post.channel,
                ts=post.thread_ts,
                cursor=cursor or None,
                limit=_PAGE,
                include_all_metadata=True,
            )
        return await self._client.conversations_history(
            channel=post.channel,
            oldest=f"{(post.at - _EARLIER).timestamp():.6f}",
            cursor=cursor or None,
            limit=_PAGE,
            include_all_metadata=True,
        )

    async def _delete(self, channel: str, ts: str) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._client.chat_delete(channel=channel, ts=ts)
        except FAULTS as error:
            log.warning("copy_not_deleted", channel=channel, ts=ts, error=error_of(error))

    async def _direct(self, user: str) -> str:
        """The channel of direct messages with this person."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._client.conversations_open(users=user)
        except FAULTS as error:
            if fate_of(error) is not Fate.REFUSED:
                raise Later(retry_after(error)) from error
            return user
        return str(answer["channel"]["id"])

    async def _respond(self, url: str, words: str, blocks: Blocks) -> bool:
        if not url:
            return False
        if _origin(url) not in self._response_hosts:
            log.warning("response_url_of_another_host")
            return False
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


def _metadata(post_id: str) -> dict[str, Any]:
    return {"event_type": _EVENT, "event_payload": {"id": post_id}}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
