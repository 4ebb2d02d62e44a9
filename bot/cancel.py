"""The use case: one wish, carried out once, recorded and told. It knows neither Slack nor the web."""

import asyncio
from typing import Protocol

import structlog

from bot.attempt import Attempts, Progress, Wait
from bot.audit import Audit, Event
from bot.cancellation import Cancellation
from bot.errors import BotError
from bot.gate import Gate
from bot.outcome import Outcome, Reason, after, prevented
from bot.tasks import Tasks
from bot.timings import Timings

log = structlog.get_logger(__name__)


class Teller(Protocol):
    """Tells people. It never raises: whatever goes wrong in telling changes no outcome."""

    async def begun(self, cancellation: Cancellation) -> None:
        """The thread's beginning, where there is none yet."""

    async def waiting(self, cancellation: Cancellation, wait: Wait) -> None:
        """The next round is after so long."""

    async def accepted(self, cancellation: Cancellation) -> None:
        """The service has accepted the call and is still finishing it."""

    async def ended(self, cancellation: Cancellation, outcome: Outcome) -> None:
        """The end: thread, cards, audit channel, and privately what is not for all."""

    async def joined_ended(self, cancellation: Cancellation, outcome: Outcome) -> None:
        """The end of the cancellation that this one had joined, for its person alone."""


class Canceller:
    """Runs cancellations. A target has one at a time; whoever comes second joins it."""

    def __init__(self, gate: Gate, attempts: Attempts, audit: Audit, teller: Teller, timings: Timings) -> None:
        self._gate = gate
        self._attempts = attempts
        self._audit = audit
        self._teller = teller
        self._timings = timings
        self._tasks = Tasks()
        self._running: dict[str, Cancellation] = {}
        self._joined: dict[str, list[Cancellation]] = {}

    async def submit(self, cancellation: Cancellation) -> Cancellation | None:
        """Records the wish and begins; returns the running cancellation of the same target, if there is one, instead.

        Raises `Refused` or `SignInNeeded`. When it returns, the row that says so is durable.
        """
        resource = self._gate.registry[cancellation.target.kind]
        try:
            decision = self._gate.admit(cancellation.actor, resource)
        except BotError as error:
            await self.refused(cancellation, error)
            raise
        key = cancellation.target.key
        running = self._running.setdefault(key, cancellation)
        if running is not cancellation:
            self._joined.setdefault(key, []).append(cancellation)
            await self._audit.record(Event.JOINED, cancellation, {"joined": running.id})
            return running
        try:
            await self._audit.record(Event.REQUESTED, cancellation, {"rule": decision.rule})
        except BaseException:
            del self._running[key]
            raise
        self._tasks.spawn(self._run(cancellation))
        return None

    async def refused(self, cancellation: Cancellation, error: BotError) -> None:
        """Records a wish that ended before it began."""
        await self._audit.ended(cancellation, prevented(error))

    async def drain(self, seconds: float) -> bool:
        """Waits for running cancellations; whether all have ended."""
        return await self._tasks.drain(seconds)

    async def _run(self, first: Cancellation) -> None:
        """Carries it out; the target is free again however that ends, and whoever is still waiting hears the end."""
        try:
            joined, outcome = await self._in_turn(first)
        finally:
            del self._running[first.target.key]
            self._joined.pop(first.target.key, None)
        for one in joined:
            await self._teller.joined_ended(one, outcome)

    async def _in_turn(self, first: Cancellation) -> tuple[list[Cancellation], Outcome]:
        """Whoever joined one that was refused for its person's sake comes next; who is left, and the last end."""
        key, running = first.target.key, first
        while True:
            outcome = await self._one(running)
            joined = self._joined.pop(key, [])
            if not joined or not outcome.concerns_person:
                return joined, outcome
            running, *self._joined[key] = joined
            self._running[key] = running

    async def _one(self, cancellation: Cancellation) -> Outcome:
        await self._teller.begun(cancellation)
        outcome = await self._carry_out(cancellation, Progress())
        try:
            await self._audit.ended(cancellation, outcome)
        except Exception:
            log.exception("outcome_not_recorded", cancellation=cancellation.id, result=outcome.result)
        await self._teller.ended(cancellation, outcome)
        return outcome

    async def _carry_out(self, cancellation: Cancellation, progress: Progress) -> Outcome:
        while True:
            step = await self._round(cancellation, progress)
            if isinstance(step, Outcome):
                return step
            if step.seconds > self._timings.tell_wait:
                await self._teller.waiting(cancellation, step)
            await asyncio.sleep(step.seconds)

    async def _round(self, cancellation: Cancellation, progress: Progress) -> Outcome | Wait:
        try:
            return await self._attempts.round(cancellation, progress)
        except BotError as error:
            if not progress.uncertain:
                return prevented(error)
            return after(progress.failure, Outcome(Reason.LOST, detail=error.code))
        except Exception:
            log.exception("round_failed", cancellation=cancellation.id)
            return Outcome(Reason.LOST if progress.uncertain else Reason.NOT_READY, detail="internal")
