"""The use case: one wish, carried out once, recorded and told. It knows neither Slack nor the web.

A cancellation is a durable workflow: each step below is recorded when it is done, and whoever goes on after a crash, a
deploy or a take-over begins at the first one that is not.
"""

import asyncio
import time
from contextvars import Context
from dataclasses import replace
from functools import partial
from typing import Final

from pydantic import TypeAdapter

from bot.attempt import Attempts
from bot.audit import Event
from bot.cancellation import Answer, Cancellation
from bot.cancellations import Cancellations, Running
from bot.durable import Engine, patiently
from bot.errors import SIGN_IN, BotError, NoDatabase, ServiceError, SignInNeeded, Unavailable
from bot.following import answered
from bot.gate import Gate
from bot.metrics import Metrics
from bot.outcome import Look, Outcome, Reason, Result, forbidden, prevented
from bot.policy import Identity, Ownership
from bot.recorded import LOOKED, NOTHING, OUTCOME, Failed, Outdated, Sight, Taken
from bot.resources import Resource
from bot.runs import CANCEL, Begun, Run, Runs
from bot.second import SecondPerson, claim_key, unapproved
from bot.tasks import Tasks
from bot.timings import Timings
from bot.told import Tell, Teller, Telling
from bot.unsettled import WATCH
from bot.verdict import Progress, Verdicts, Wait
from bot.wishes import GOES_ON, Wishes, needed, next_attempt

_BEGUN: Final = TypeAdapter(Begun)
_CALLED: Final[TypeAdapter[Taken | Failed | Outdated]] = TypeAdapter(Taken | Failed | Outdated)
_ASSURED: Final[TypeAdapter[Failed | None]] = TypeAdapter(Failed | None)
_TEXT: Final = TypeAdapter(str)
_TEXTS: Final = TypeAdapter(list[str])

_RECORDING_FIRST: Final = 2.0  # seconds
_SIGN_IN: Final = (Reason.SIGN_IN, Reason.CONSENT)
_WATCHED: Final = (Result.UNKNOWN, Result.ACCEPTED)


class Canceller:
    """Records cancellations and sees them through. A target has one at a time; whoever comes second joins it."""

    def __init__(
        self,
        *,
        gate: Gate,
        attempts: Attempts,
        cancellations: Cancellations,
        runs: Runs,
        engine: Engine,
        teller: Teller,
        timings: Timings,
        wishes: Wishes | None,
        second: SecondPerson,
        metrics: Metrics,
    ) -> None:
        """Without `wishes`, nobody can link their accounts, and what lacks a link ends."""
        self._wishes = wishes
        self._second = second
        self._metrics = metrics
        self._gate = gate
        self._attempts = attempts
        self._cancellations = cancellations
        self._runs = runs
        self._engine = engine
        self._teller = teller
        self._timings = timings
        self._telling = Telling(engine, timings)
        self._verdicts = Verdicts(timings)
        self._starting = Tasks()
        self._recording = 0
        self._line = asyncio.Lock()
        engine.register(CANCEL, self._run)

    async def submit(self, cancellation: Cancellation, deadline: float) -> Running | None:
        """Records the wish and begins; returns the running cancellation of the same target, if there is one, instead.

        Raises `Refused`, `SignInNeeded`, or `Unavailable` when it was not recorded before the `deadline` of the
        monotonic clock. When it returns, nothing is lost any more.
        """
        try:
            resource = self._gate.resource(cancellation.target.kind)
            decision = self._gate.admit(cancellation.actor, resource)
        except SignInNeeded as error:
            await self._wait(cancellation, error)
            raise
        except BotError as error:
            await self.refuse(cancellation, error)
            raise
        key = claim_key(resource, cancellation.target)
        self._recording += 1
        try:
            detail = {"rule": decision.rule} | ({"batch": cancellation.batch} if cancellation.batch else {})
            running = await self._cancellations.record(cancellation, key, detail, deadline)
        finally:
            self._recording -= 1
        if running is None:
            # Whatever happens to this task, the row is there, and the watchman begins what has no workflow.
            begin = self._begin(Run(cancellation.id, 0), time.monotonic() + _RECORDING_FIRST)
            # In a context of its own: a step of another workflow may submit it, and begins no workflow itself.
            self._starting.spawn(begin, Context())
        if running and not decision.allowed and running.user != cancellation.actor.user:
            return replace(running, shown=await self._may_know(cancellation, deadline))
        return running

    async def _may_know(self, joined: Cancellation, deadline: float) -> bool:
        """Whether somebody who has joined another cancellation may cancel this target, if reading shows it in time."""
        try:
            async with asyncio.timeout(max(deadline - time.monotonic(), 0)):
                sight = await self._attempts.look(joined)
        except (TimeoutError, NoDatabase):
            return False
        return isinstance(sight, Sight) and not forbidden(self._attempts.resource(joined), sight.look, sight.decision)

    async def refuse(self, cancellation: Cancellation, error: BotError) -> None:
        """Records that it ended before it began."""
        outcome = prevented(error)
        await self._cancellations.stopped(Event.REFUSED, cancellation, outcome)
        self._metrics.ended(cancellation.target.kind, outcome.result)

    async def _wait(self, cancellation: Cancellation, error: SignInNeeded) -> None:
        """Keeps it until its person has signed in, where they can."""
        if self._wishes is None:
            await self.refuse(cancellation, error)
            return
        await self._cancellations.stopped(Event.WAITING, cancellation, prevented(error))
        await self._wishes.keep(cancellation, self._needed(cancellation))

    def _needed(self, cancellation: Cancellation) -> tuple[str, ...]:
        """What they must grant: nothing where the call is not theirs, and only has to know who they are."""
        resource = self._attempts.resource(cancellation)
        as_person = self._gate.identity(cancellation.actor, resource) is Identity.DELEGATED
        return needed(resource, cancellation.target) if as_person else ()

    async def drain(self, seconds: float) -> bool:
        """Waits for what was recorded and is just being begun; whether all was."""
        return await self._starting.drain(seconds)

    async def _begin(self, run: Run, latest: float) -> None:
        """Begins in its turn, when nobody waits to be told that their click is recorded, or at the latest then."""
        async with self._line:
            while self._recording and time.monotonic() < latest:  # noqa: ASYNC110  # only the first in line looks
                await asyncio.sleep(0.01)
            await self._start(run)

    async def _start_heir(self, heir: str) -> None:
        await self._start(await patiently(lambda: self._runs.latest(heir)))

    async def _start(self, run: Run) -> None:
        await self._engine.start(CANCEL, run.workflow_id, run.id, run.number)

    async def _run(self, cancellation_id: str, number: int) -> None:
        """The workflow."""
        run = Run(cancellation_id, number)
        begun = await self._engine.step("begin", lambda: self._runs.begun(run), _BEGUN)
        cancellation = await patiently(lambda: self._cancellations.load(cancellation_id))
        if not begun.current or cancellation is None:
            return
        # Once: without Slack the thread begins with its reply, and nobody waits for it before the call.
        await self._telling.once("thread", lambda: self._teller.begun(cancellation))
        # A call of an earlier workflow has no recorded answer here.
        approved = begun.answer is Answer.APPROVED
        progress = Progress(calls=begun.calls, lost=min(begun.calls, 1), approved=approved)
        shown = begun.answer and await self._telling.once("answered", self._shown(cancellation, begun))
        ended = begun.outcome or unapproved(begun, cancellation) or await self._carry_out(run, cancellation, progress)
        if ended is None:
            return
        outcome = self._explained(ended)
        await self._engine.step("outcome", lambda: self._end(cancellation, outcome), NOTHING)
        if not shown and (begun.asked or outcome.reason is Reason.LAPSED):
            await self._telling.until_told("answered", self._shown(cancellation, begun))
        self._teller.changed(cancellation)
        await self._tell_end(cancellation, outcome)
        await self._hand_on(cancellation, outcome)
        await self._telling.of_batch(self._teller, cancellation)
        await self._follow_up(cancellation, outcome, progress)

    async def _follow_up(self, cancellation: Cancellation, outcome: Outcome, progress: Progress) -> None:
        """What nobody waits for."""
        own = progress.own or progress.unread  # unread, the service takes it only for one's own
        if outcome.result is Result.CANCELLED and not own:
            await self._telling.until_told("requestor", lambda: self._teller.requestor(cancellation))
        if outcome.result in _WATCHED:
            await self._engine.start(WATCH, f"{cancellation.id}-{WATCH}", cancellation.id)

    def _shown(self, cancellation: Cancellation, begun: Begun) -> Tell:
        """The end of the question to a second person, in its place."""
        answer = begun.answer or Answer.LAPSED
        return lambda: self._teller.answered(cancellation, answer, begun.answered_by)

    def _explained(self, outcome: Outcome) -> Outcome:
        """The end, with what the person can do about it."""
        if not self._wishes or outcome.reason not in _SIGN_IN:
            return outcome
        return replace(outcome, next_step=f"{outcome.next_step or SIGN_IN} {GOES_ON}")

    async def _end(self, cancellation: Cancellation, outcome: Outcome) -> None:
        await self._cancellations.settle(cancellation, outcome, Event.ENDED)
        self._metrics.ended(cancellation.target.kind, outcome.result)
        if self._wishes and outcome.reason in _SIGN_IN:
            permissions = {*self._needed(cancellation), outcome.permission} - {""}
            await self._wishes.keep(next_attempt(cancellation), tuple(sorted(permissions)))

    async def _tell_end(self, cancellation: Cancellation, outcome: Outcome) -> None:
        told = self._teller
        alone = outcome.result is Result.REFUSED and await self._telling.until_told(
            "alone", lambda: told.alone(cancellation, outcome)
        )
        await self._telling.until_told("reply", lambda: told.ended(cancellation, outcome, alone=alone))
        await self._telling.until_told("cards", lambda: told.cards(cancellation, outcome))
        await self._telling.until_told("audit_post", lambda: told.audited(cancellation, outcome, Event.ENDED))

    async def _hand_on(self, cancellation: Cancellation, outcome: Outcome) -> None:
        """The target is free again; whoever joined comes next, if this person was refused, or hears the end."""
        release = self._cancellations.release
        heir = await self._engine.step(
            "release", lambda: release(cancellation.id, hand_on=outcome.concerns_person), _TEXT
        )
        if heir:
            await self._start_heir(heir)
            return
        for joined in await self._engine.step("joined", lambda: self._cancellations.joined(cancellation.id), _TEXTS):
            waiting = await patiently(partial(self._cancellations.load, joined))
            if waiting:
                known = await self._known_to(waiting, outcome)
                await self._telling.until_told("joined_end", partial(self._teller.joined_ended, waiting, known))
                await self._engine.step("joined_told", partial(self._cancellations.told, joined), NOTHING)
                self._teller.changed(waiting)
                await self._telling.of_batch(self._teller, waiting)

    async def _known_to(self, joined: Cancellation, outcome: Outcome) -> Outcome:
        """What somebody who had joined may hear of the end: all of it, if they may cancel this target themselves."""
        sight = await self._engine.step("joined_look", lambda: self._attempts.look(joined), LOOKED)
        if isinstance(sight, Failed):
            return prevented(sight.error())
        return forbidden(self._attempts.resource(joined), sight.look, sight.decision) or outcome

    async def _carry_out(self, run: Run, cancellation: Cancellation, progress: Progress) -> Outcome | None:
        """The end; None where a later workflow brings it about."""
        if not cancellation.justification:
            # There always is one, unless another AUDIT_KEY sealed it.
            return self._verdicts.stopped(Unavailable("What was entered cannot be read any more."), progress)
        while True:
            step = await self._round(cancellation, progress)
            if isinstance(step, Outcome):
                return replace(step, unread=progress.unread)
            if isinstance(step, Sight):
                return await self._second.wait(run, cancellation, step, self._start_heir)
            if step.seconds > self._timings.tell_wait:
                await self._telling.once("waiting", partial(self._teller.waiting, cancellation, step))
            await self._engine.sleep(step.seconds)

    async def _round(self, cancellation: Cancellation, progress: Progress) -> Outcome | Wait | Sight:
        """The end, how long to wait before another round, or what was seen where a second person is to be asked."""
        resource = self._attempts.resource(cancellation)
        sight = await self._engine.step("look", lambda: self._attempts.look(cancellation), LOOKED)
        if isinstance(sight, Failed):
            return self._verdicts.unseen(resource, sight.error(), progress)
        progress.own = sight.ownership is Ownership.OWN
        halt = self._verdicts.seen(resource, sight, progress) or await self._unapproved(cancellation, sight, progress)
        return halt or await self._call(resource, cancellation, sight, progress)

    async def _unapproved(
        self, cancellation: Cancellation, sight: Sight, progress: Progress
    ) -> Outcome | Wait | Sight | None:
        """What keeps it from being called where a second person has to approve it."""
        if not sight.decision.second_person:
            return None
        if not progress.approved:
            return sight
        assured = partial(self._second.assured, cancellation, sight.ownership)
        objection = await self._engine.step("assured", assured, _ASSURED)
        return self._verdicts.stopped(objection.error(), progress) if objection else None

    async def _call(
        self, resource: Resource, cancellation: Cancellation, sight: Sight, progress: Progress
    ) -> Outcome | Wait:
        part = progress.calls
        progress.calls += 1
        taken = await self._engine.step("call", lambda: self._attempts.call(cancellation, sight, part), _CALLED)
        if isinstance(taken, Outdated):
            return self._verdicts.outdated(progress)
        progress.unread = self._attempts.unread(cancellation, sight)
        if isinstance(taken, Taken):
            return await self._taken(cancellation, sight, taken)
        error = taken.error()
        verdict = self._verdicts.uncalled(resource, error, progress)
        if verdict or not isinstance(error, ServiceError):
            return verdict or self._verdicts.stopped(error, progress)
        look = sight.look if self._verdicts.tells_all(error, progress) else await self._look_again(cancellation)
        refused = self._verdicts.refused(resource, error, look, sight, progress)
        return replace(refused, permission=self._attempts.permission(cancellation, sight))

    async def _taken(self, cancellation: Cancellation, sight: Sight, taken: Taken) -> Outcome:
        if taken.finished:
            return answered(Reason.DONE, taken.answer, taken.state)
        await self._telling.once("accepted", lambda: self._teller.accepted(cancellation))
        return await self._engine.step("follow", lambda: self._attempts.follow(cancellation, sight, taken), OUTCOME)

    async def _look_again(self, cancellation: Cancellation) -> Look:
        """The target once more, to tell what the service's error means."""
        sight = await self._engine.step("settle", lambda: self._attempts.look(cancellation), LOOKED)
        return sight.look if isinstance(sight, Sight) else Look()
