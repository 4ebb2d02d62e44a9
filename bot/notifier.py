"""What one channel hears by itself: a notification for each new request, kept true for as long as it has a button.

Slack takes about one message a second in a channel (docs.slack.dev, rate limits): here everything comes one by one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import cycle
from typing import Final, TypeVar

import structlog

from bot.errors import BotError, Later, Unavailable
from bot.lease import Lease
from bot.metrics import Metrics, Noticed
from bot.notices import Notice, Notices, Status
from bot.outcome import Look
from bot.pace import Pace
from bot.reading import Reader
from bot.resources import Registry, Standing, Target
from bot.second import claim_key
from bot.slack import blocks, list_text
from bot.slack.cards import Cards
from bot.slack.posting import Place, Poster
from bot.store import now
from bot.timings import Timings

log = structlog.get_logger(__name__)
T = TypeVar("T")

_TRIED: Final = timedelta(days=1)
_IN_A_ROW: Final = 2
"""After so many failures it is the channel that refuses, and not one message."""


@dataclass(frozen=True)
class Tools:
    """What the notifiers of all channels share."""

    notices: Notices
    cards: Cards
    poster: Poster
    reader: Reader
    registry: Registry
    lease: Lease
    updates: Pace
    metrics: Metrics
    timings: Timings


@dataclass(frozen=True)
class _Turn:
    """When something is tried next, by the monotonic clock, and the pause after that, in seconds."""

    at: float
    pause: float


class Notifier:
    """Tells one channel of requests of these kinds, and looks after the notifications there."""

    def __init__(self, channel: str, kinds: Collection[str], tools: Tools) -> None:
        self._channel = channel
        self._kinds = kinds
        self._tools = tools
        self._put_off: dict[str, _Turn] = {}
        self._looks: dict[str, dict[str, _Turn]] = {}
        self._rested = 0.0
        self._next_message = 0.0
        self._missing: set[str] = set()
        self._failures = 0
        self._called = asyncio.Event()

    def call(self) -> None:
        """There may be something to tell."""
        self._called.set()

    def look_at(self, kind: str, card_ids: Collection[str]) -> None:
        """These notifications of that kind, and no others, may be untrue: they are looked at from time to time."""
        before, first = self._looks.get(kind, {}), _Turn(time.monotonic(), self._tools.timings.truth_first)
        self._looks[kind] = {one: before.get(one, first) for one in card_ids}
        if not self._looks[kind].keys() <= before.keys():
            self.call()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        works = (self._say_older, self._post_next, self._look_at_next)
        idle, since = 0, 0.0
        for work in cycle(works):
            await asyncio.sleep(self._rested - time.monotonic())
            since = since if idle else time.monotonic()
            idle = 0 if await self._worked(work) else idle + 1
            if idle == len(works):
                await self._wait(since)
                idle = 0

    async def _worked(self, work: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await work()
        except BotError:  # the database is away, and has said so
            self._rest(self._tools.timings.channel_rest)
        except Exception:
            log.exception("notifying_failed", channel=self._channel)
            self._rest(self._tools.timings.channel_rest)
        return True

    async def _turn(self) -> None:
        """Waits until another message may go, and until nobody else can be sending any."""
        await asyncio.sleep(self._next_message - time.monotonic())
        await self._tools.lease.assure()
        self._next_message = time.monotonic() + self._tools.timings.message_pause

    async def _wait(self, since: float) -> None:
        """Until something is to be told, or its turn comes that was not yet there at that moment."""
        self._put_off = {
            one: turn for one, turn in self._put_off.items() if turn.at + self._tools.timings.truth_longest > since
        }
        turns = [*self._put_off.values(), *(turn for looks in self._looks.values() for turn in looks.values())]
        next_one = min((turn.at for turn in turns if turn.at > since), default=None)
        try:
            async with asyncio.timeout(None if next_one is None else next_one - time.monotonic()):
                await self._called.wait()
        except TimeoutError:
            return
        self._called.clear()

    async def _say_older(self) -> bool:
        """The one line for what was pending before."""
        notices = self._tools.notices
        summaries = await notices.summaries(self._channel, self._kinds) if self._kinds else []
        summary = next((one for one in summaries if self._ready(one.id)), None)
        if summary is None:
            return False
        words = list_text.pending_before(self._tools.registry[summary.kind].label, summary.older)
        try:
            place = Place(summary.id, self._channel)
            await self._fenced(self._posted(lambda: self._tools.poster.put(place, words, blocks.note(words))))
        except BotError as error:
            self._put_back(summary.id, error)
            return True
        await notices.told(summary)
        return True

    async def _post_next(self) -> bool:
        """A notification, or the discovery that there is nothing to notify of any more."""
        notice = await self._next()
        if notice is None:
            return False
        try:
            status = await self._fenced(self._notified(notice))
        except BotError as error:
            self._put_back(notice.id, error)
            failing = now() - await self._tools.notices.failing(notice.id)
            status = Status.DUE if failing < _TRIED else Status.REFUSED
        if status is Status.DUE:
            self._tools.metrics.noticed(Noticed.PUT_OFF)
            return True
        await self._tools.notices.settle(notice.id, status)
        self._tools.metrics.noticed(Noticed(status))
        if status is Status.REFUSED:
            log.error("never_notified", channel=self._channel, kind=notice.target.kind)
        return True

    async def _next(self) -> Notice | None:
        if not self._kinds:
            return None
        due = await self._tools.notices.due(self._channel, self._kinds, len(self._put_off) + 1)
        return next((one for one in due if self._ready(one.id)), None)

    async def _notified(self, notice: Notice) -> Status:
        """Posts it, if that is what a fresh look says; raises what keeps it from being told."""
        look = await self._look(notice.target)
        if _is_over(look):
            self._postpone(notice.id)  # where the list still shows it, it is not asked for again and again
            # A process may have died when it had just posted it.
            return Status.POSTED if await self._tools.cards.find(notice.id) else Status.OVER
        await self._posted(lambda: self._tools.cards.notify(self._channel, notice.target, look, notice.id))
        self._put_off.pop(notice.id, None)
        return Status.POSTED

    async def _look(self, target: Target) -> Look:
        look = await self._tools.reader.as_application(self._tools.registry[target.kind], target)
        if not look.conclusive:
            raise look.refusal or Unavailable("Microsoft does not show it.")
        return look

    async def _posted(self, post: Callable[[], Awaitable[str]]) -> None:
        await self._turn()
        if not await post():
            raise Later
        if self._failures >= _IN_A_ROW:
            self._put_off.clear()  # it was the channel, which takes messages again
        self._failures = 0

    async def _look_at_next(self) -> bool:
        """A notification whose target is pending no more: it shows what became of it, or is looked at again later."""
        moment = time.monotonic()
        ready = ((kind, one) for kind, looks in self._looks.items() for one, turn in looks.items() if turn.at <= moment)
        kind, card_id = next(ready, ("", ""))
        if not card_id:
            return False
        self._looks[kind][card_id] = self._after(self._looks[kind][card_id])
        try:
            over = await self._kept_true(card_id)
        except BotError as error:
            self._rest(_asked(error))
            return True
        if over:
            self._looks[kind].pop(card_id, None)
        return True

    async def _kept_true(self, card_id: str) -> bool:
        target = await self._tools.cards.target(card_id)
        if target is None:
            return True
        look = await self._look(target)
        if look.missing and card_id not in self._missing:
            self._missing.add(card_id)  # reads lag: once is no proof
            return False
        self._missing.discard(card_id)

        async def turn() -> bool:
            await self._tools.updates.turn()
            await self._turn()
            # Whoever cancels it here shows the end.
            return not await self._tools.notices.claimed(claim_key(self._tools.registry[target.kind], target))

        return await self._tools.cards.keep_true(card_id, look, turn)

    async def _fenced(self, work: Awaitable[T]) -> T:
        """What one notification cannot do keeps no other waiting: it is put off like what Slack refuses."""
        try:
            return await work
        except BotError:
            raise
        except Exception as error:
            log.exception("notifying_failed", channel=self._channel)
            raise Later from error

    def _put_back(self, one: str, error: BotError) -> None:
        """Puts off what has failed; where others have failed too, the channel rests."""
        self._failures += 1
        rest = self._tools.timings.channel_rest if self._failures >= _IN_A_ROW else 0.0
        self._rest(max(rest, _asked(error)))
        self._postpone(one)

    def _postpone(self, one: str) -> None:
        self._put_off[one] = self._after(self._put_off.get(one) or _Turn(0.0, self._tools.timings.channel_rest))

    def _ready(self, one: str) -> bool:
        turn = self._put_off.get(one)
        return turn is None or turn.at <= time.monotonic()

    def _after(self, turn: _Turn) -> _Turn:
        longest = self._tools.timings.truth_longest
        return replace(turn, at=time.monotonic() + turn.pause, pause=min(turn.pause * 2, longest))

    def _rest(self, seconds: float) -> None:
        """Nothing is tried in this channel for so long."""
        self._rested = max(self._rested, time.monotonic() + seconds)


def _is_over(look: Look) -> bool:
    seen = look.snapshot
    return look.missing or (seen is not None and (seen.standing is Standing.FINAL or seen.cancelling))


def _asked(error: BotError) -> float:
    """The seconds that Slack or Microsoft asked to wait."""
    return float(getattr(error, "seconds", 0.0) or getattr(error, "retry_after", 0.0) or 0.0)
