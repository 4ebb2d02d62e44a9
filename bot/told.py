"""Telling people as part of a workflow: again and again while the other side is away, and recorded once it is done."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from typing import Final, Protocol

import structlog
from pydantic import TypeAdapter

from bot.audit import Event
from bot.cancellation import Answer, Cancellation
from bot.durable import Engine
from bot.errors import BotError, Later, NoDatabase
from bot.outcome import Outcome
from bot.timings import Timings
from bot.verdict import Wait

log = structlog.get_logger(__name__)

Tell = Callable[[], Awaitable[bool]]


class Teller(Protocol):
    """Tells people, and may be asked to tell the same again: what was told already is not told twice.

    Each method returns whether somebody was reached, and raises `Later` when that may succeed at another time.
    """

    async def begun(self, cancellation: Cancellation) -> bool:
        """The thread's beginning, where there is none yet."""

    async def waiting(self, cancellation: Cancellation, wait: Wait) -> bool:
        """In the thread: the next round is after so long."""

    async def asked(
        self, cancellation: Cancellation, approval_id: str, second_person: Sequence[str], until: datetime
    ) -> bool:
        """In the thread: one of these has to approve it until then."""

    async def answered(self, cancellation: Cancellation, answer: Answer, user: str) -> bool:
        """In the place of that question: what became of it."""

    async def accepted(self, cancellation: Cancellation) -> bool:
        """In the thread: the service has accepted the call and is still finishing it."""

    async def alone(self, cancellation: Cancellation, outcome: Outcome) -> bool:
        """To the person: the end that is not for all."""

    async def ended(self, cancellation: Cancellation, outcome: Outcome, *, alone: bool = False) -> bool:
        """In the thread: the end. `alone`: the person has heard it already."""

    async def cards(self, cancellation: Cancellation, outcome: Outcome) -> bool:
        """The end, on every card of the target."""

    async def audited(self, cancellation: Cancellation, outcome: Outcome, event: Event) -> bool:
        """The end, in the audit channel."""

    async def joined_ended(self, cancellation: Cancellation, outcome: Outcome) -> bool:
        """To the person whose cancellation had joined another: that one's end."""

    async def settled(self, cancellation: Cancellation, outcome: Outcome) -> bool:
        """To the person: what was not known when it ended."""

    async def requestor(self, cancellation: Cancellation) -> bool:
        """To whoever had made the request: it was cancelled, by whom and why. Nobody, where that was themselves."""

    async def batch(self, cancellation: Cancellation) -> bool:
        """In the message under which it is told with others: how far all of them are now."""

    def changed(self, cancellation: Cancellation) -> None:
        """What its person is shown of their cancellations is out of date."""

    async def linked(self, link_id: str, user: str, account_name: str, begun: int) -> bool:
        """To the person: their accounts were linked, and so many cancellations go on."""

    async def not_resumed(self, cancellation: Cancellation, error: BotError) -> bool:
        """To the person: why what they had begun does not go on."""


def question_id(cancellation_id: str) -> str:
    """The id of the message that asks a second person."""
    return f"{cancellation_id}:ask"


@dataclass(frozen=True)
class _Told:
    """Whether somebody was reached; `later`: not now, but perhaps after so many seconds."""

    reached: bool
    later: float | None = None


_TOLD: Final = TypeAdapter(_Told)


class Telling:
    """Makes a recorded step of each attempt to tell, and a durable wait of each pause between them."""

    def __init__(self, engine: Engine, timings: Timings) -> None:
        self._engine = engine
        self._timings = timings

    async def until_told(self, name: str, tell: Tell) -> bool:
        """Tells, for up to a day while nobody can be told; whether somebody was reached."""
        waited, pauses = 0.0, self._timings.tell_again
        for attempt in count():
            told = await self._step(name, tell)
            if told.later is None:
                return told.reached
            pause = max(told.later, pauses[min(attempt, len(pauses) - 1)])
            waited += pause
            if waited > self._timings.tell_longest:
                break
            await self._engine.sleep(pause)
        log.error("never_told", step=name)
        return False

    async def of_batch(self, teller: Teller, cancellation: Cancellation) -> None:
        """Tells how far those are that were entered together with this one, which has just ended."""
        if cancellation.batch:
            await self.until_told("batch", partial(teller.batch, cancellation))

    async def once(self, name: str, tell: Tell) -> bool:
        """Tells what nobody need wait for; whether another attempt would change nothing."""
        return (await self._step(name, tell)).later is None

    async def _step(self, name: str, tell: Tell) -> _Told:
        return await self._engine.step(name, partial(_attempt, name, tell), _TOLD)


async def _attempt(name: str, tell: Tell) -> _Told:
    try:
        return _Told(await tell())
    except Later as later:
        return _Told(False, later.seconds)
    except NoDatabase:
        raise
    except Exception:
        log.exception("telling_failed", step=name)
        return _Told(False)
