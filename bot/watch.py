"""The watch: pending lists become notifications in channels, and notifications stay true. One process does it."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from bot.errors import BotError
from bot.lists import Listing, Lists
from bot.metrics import Polled
from bot.notifier import Notifier, Tools
from bot.notify_rules import Watched
from bot.store import now

log = structlog.get_logger(__name__)

_JITTER: Final = 0.1
_OLD: Final = timedelta(days=30)


class Watch:
    """Polls each kind for itself: one that cannot be read keeps no other from being told of."""

    def __init__(self, watched: Sequence[Watched], lists: Lists, tools: Tools) -> None:
        self._watched = watched
        self._lists = lists
        self._tools = tools
        self._notifiers: dict[str, Notifier] = {}
        self._failing: set[str] = set()

    async def run(self) -> None:
        """Runs until it is cancelled; does nothing where nothing is to be watched."""
        if self._watched:
            await self._tools.lease.lead(self._lead)

    async def leave(self) -> None:
        """Lets another process go on at once; raises `NoDatabase`."""
        await self._tools.lease.release()

    async def _lead(self) -> None:
        self._notifiers.clear()
        async with asyncio.TaskGroup() as group:
            for channel in {channel for one in self._watched for channel in one.channels}:
                self._notifier(channel, group)
            for one in self._watched:
                group.create_task(self._poll_on(one, group))

    async def _poll_on(self, watched: Watched, group: asyncio.TaskGroup) -> None:
        while True:
            asked = await self._poll(watched, group)
            jittered = watched.seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret
            await asyncio.sleep(max(jittered * self._tools.timings.poll, asked))

    async def _poll(self, watched: Watched, group: asyncio.TaskGroup) -> float:
        """Reads the list once, and has told what is new; the seconds that the service asked to wait.

        A list that was not read whole tells nothing.
        """
        kind, asked = watched.resource.kind, 0.0
        try:
            listing = await self._lists.read(watched.resource)
            await self._compare(watched, listing, group)
        except BotError as error:  # it is logged where it was read
            asked = min(getattr(error, "retry_after", None) or 0.0, self._tools.timings.throttled_longest)
            self._tools.metrics.polled(kind, Polled.FAILED)
        except Exception:
            if kind not in self._failing:
                log.exception("poll_failed", kind=kind)
            self._failing.add(kind)
            self._tools.metrics.polled(kind, Polled.FAILED)
        else:
            self._failing.discard(kind)
            self._tools.metrics.polled(kind, Polled.READ)
        return asked

    async def _compare(self, watched: Watched, listing: Listing, group: asyncio.TaskGroup) -> None:
        kind, notices, moment = watched.resource.kind, self._tools.notices, now()
        for channel in watched.channels:
            if await notices.seen(kind, channel, listing.items, moment, more=listing.more):
                self._notifier(channel, group).call()
        doubtful = await notices.doubtful(kind, listing.items.keys(), moment - _OLD)
        for channel in doubtful.keys() | self._notifiers.keys():
            self._notifier(channel, group).look_at(kind, doubtful.get(channel, ()))

    def _notifier(self, channel: str, group: asyncio.TaskGroup) -> Notifier:
        """The channel's; also of one that hears of nothing new, and has notifications that were posted by hand."""
        if channel not in self._notifiers:
            kinds = [one.resource.kind for one in self._watched if channel in one.channels]
            self._notifiers[channel] = Notifier(channel, kinds, self._tools)
            group.create_task(self._notifiers[channel].run())
        return self._notifiers[channel]
