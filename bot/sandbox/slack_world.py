"""The state of the stand-in's Slack, and waiting for it to change."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from secrets import token_hex
from typing import TypeVar

from bot.sandbox.faults import Faults
from bot.sandbox.people import Person
from bot.sandbox.slack_pace import Pace
from bot.sandbox.slack_records import (
    ApiCall,
    Channel,
    Json,
    Limits,
    Manifest,
    Message,
    ResponseUrl,
    SlackError,
    Trigger,
)
from bot.sandbox.slack_view import View

T = TypeVar("T")

POLL_SECONDS = 0.05


class World:
    """The state of the stand-in; `changed()` wakes everybody who waits in `until`."""

    def __init__(self, people: Sequence[Person], team_id: str, app_id: str, bot_user_id: str) -> None:
        self.people = {one.slack_id: one for one in people}
        self.team_id, self.app_id, self.bot_user_id = team_id, app_id, bot_user_id
        self.scopes: set[str] = set()
        self.limits, self.manifest, self.pace = Limits(), Manifest(), Pace()
        self.origin = ""
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, set[str]] = {}
        self.posted: list[Message] = []
        self.views: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.calls: list[ApiCall] = []
        self.faults = Faults()
        self.violations: list[str] = []
        self._changed = asyncio.Event()
        self._numbers = itertools.count(1)
        self._last_ts = 0

    def changed(self) -> None:
        self._changed.set()

    def violation(self, text: str) -> None:
        self.violations.append(text)
        self.changed()

    async def until(self, check: Callable[[], T | bool | None], timeout: float) -> T:
        """Wait until `check()` is truthy and return it.

        Raises:
            AssertionError: it did not happen in `timeout` seconds; the text shows what is there instead.
        """
        end = time.monotonic() + timeout
        while True:
            self._changed.clear()
            found = check()
            if found:
                return found  # type: ignore[return-value]  # a check answers a T, or True where nobody looks at it
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"not within {timeout} s; Slack has:\n{self.dump()}")
            # What a check looks at may also live in another stand-in, which does not wake us.
            await _wait(self._changed, min(left, POLL_SECONDS))

    def dump(self) -> str:
        return "\n".join(self._lines()) or "nothing"

    def _lines(self) -> Iterator[str]:
        for one in self.posted:
            to = f" only to {one.ephemeral_to}" if one.ephemeral_to else ""
            thread = f" in {one.thread_ts}" if one.thread_ts else ""
            flags = " deleted" * one.deleted + " edited" * one.edited
            yield f"{one.channel} {one.ts}{thread}{to}{flags}: {one.text!r} {len(one.blocks)} blocks"
        for user_id, stack in self.views.items():
            for view in stack:
                yield f"dialog of {user_id}: {view.id} {view.title!r} {view.errors or ''}"
        for call in self.calls[-20:]:
            yield f"call {call.method}: {call.error or 'ok'}"
        yield from (f"violation: {one}" for one in self.violations)

    def new_ts(self) -> str:
        """Return a message timestamp: seconds and microseconds, never the same twice."""
        self._last_ts = max(self._last_ts + 100, int(time.time() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_id(self, letter: str) -> str:
        return f"{letter}0{next(self._numbers):06d}"

    def new_trigger(self, user_id: str) -> str:
        key = f"{next(self._numbers)}.{next(self._numbers)}.{token_hex(16)}"
        self.triggers[key] = Trigger(user_id, time.monotonic())
        return key

    def new_response_url(self, kind: str, user_id: str, channel_id: str, message: Message | None = None) -> str:
        """Return a URL for answers to this person; with `message` they can replace or delete it."""
        key = token_hex(12)
        self.response_urls[key] = ResponseUrl(user_id, channel_id, message, time.monotonic())
        return f"{self.origin}/{kind}/{self.team_id}/{key}"

    def use_trigger(self, key: str) -> str:
        """Exchange a trigger_id for its person; errors as documented at `views.open`."""
        trigger = self.triggers.get(key)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - trigger.born > self.limits.trigger:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.user_id

    def dm(self, user_id: str) -> Channel:
        """Return the direct message channel of the bot with this person; it is made when first asked for."""
        if user_id not in self.people:
            raise SlackError("user_not_found")
        channel_id = "D" + user_id
        if channel_id not in self.channels:
            self.channels[channel_id] = Channel(channel_id, "directmessage", {user_id}, True, True, False)
        return self.channels[channel_id]

    def post(self, message: Message) -> Message:
        self.posted.append(message)
        self.changed()
        return message

    def whisper(self, user_id: str, channel_id: str, content: Json) -> Message:
        """Post what only one person sees."""
        return self.post(
            Message(
                channel_id,
                self.new_ts(),
                self.bot_user_id,
                text=content.get("text") or "",
                blocks=content.get("blocks") or [],
                attachments=content.get("attachments") or [],
                thread_ts=content.get("thread_ts"),
                ephemeral_to=user_id,
            )
        )

    def visible(self, channel_id: str) -> list[Message]:
        """Return the messages of a channel that are neither deleted nor ephemeral, in order."""
        return [m for m in self.posted if m.channel == channel_id and not (m.deleted or m.ephemeral_to)]

    def find(self, channel_id: str, ts: str) -> Message | None:
        return next((m for m in self.visible(channel_id) if m.ts == ts), None)

    def thread(self, channel_id: str, ts: str) -> list[Message]:
        return [m for m in self.visible(channel_id) if ts in (m.ts, m.thread_ts)]


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
