"""One round of a cancellation: look, decide, call, settle; and whether another round may follow."""

from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import structlog

from bot.audit import Audit, Event
from bot.cancellation import Cancellation
from bot.errors import AnswerLost, BotError, ServiceError, ServiceFailure
from bot.following import Follower, answered
from bot.gate import Gate, Seen
from bot.graph.client import Answer, GraphClient, scoped
from bot.graph.wire import Caller
from bot.outcome import Look, Outcome, Reason, after, before_call, rejected
from bot.policy import Identity, Ownership
from bot.resources import CancelCall, Meaning, Resource, Target, snapshot
from bot.timings import Timings

log = structlog.get_logger(__name__)

_MOST_LOST: Final = 3  # a call and two repeats
_MOST_UNREACHED: Final = 3
_MOST_THROTTLED: Final = 5
_SAYS_ALL: Final = (401, 403, 404)  # reading again after these would tell nothing new


@dataclass
class Progress:
    """What one cancellation has been through: lost answers, rounds that reached nothing, 429s, and what was seen last.

    `calling` is true while a call is out whose fate nobody has told yet; `failure` is what last went wrong; `unread`:
    the call was made without reading first.
    """

    lost: int = 0
    unreached: int = 0
    throttled: int = 0
    calling: bool = False
    unread: bool = False
    failure: ServiceFailure | None = None
    look: Look = field(default_factory=Look)

    @property
    def uncertain(self) -> bool:
        """Whether the service may have carried out a call that nobody has confirmed."""
        return self.calling or self.lost > 0


@dataclass(frozen=True)
class Wait:
    """Seconds to wait before the next round; `asked`: the service asked for it."""

    seconds: float
    asked: bool = False


class AcceptedTeller(Protocol):
    """Whoever must hear that the service is still finishing a call."""

    async def accepted(self, cancellation: Cancellation) -> None:
        """Tells it."""


class Attempts:
    """Makes rounds. No round calls without a fresh look, the person as they are now, and a durable row."""

    def __init__(self, gate: Gate, graph: GraphClient, audit: Audit, teller: AcceptedTeller, timings: Timings) -> None:
        self._gate = gate
        self._graph = graph
        self._follower = Follower(graph, timings)
        self._audit = audit
        self._teller = teller
        self._timings = timings

    async def round(self, cancellation: Cancellation, progress: Progress) -> Outcome | Wait:
        """The end, or how long to wait for another round; raises a `BotError` for what prevented the call."""
        step = await self._round(cancellation, progress)
        return replace(step, unread=progress.unread) if isinstance(step, Outcome) else step

    async def _round(self, cancellation: Cancellation, progress: Progress) -> Outcome | Wait:
        resource = self._gate.registry[cancellation.target.kind]
        try:
            seen = await self._gate.see(cancellation.actor, cancellation.target)
        except ServiceFailure as failure:
            progress.failure = failure
            return self._unread(resource, failure, progress)
        progress.look = seen.look
        settled = before_call(resource, seen.look, seen.decision, progress.lost, _MOST_LOST)
        if settled:
            return after(progress.failure, settled) if progress.lost else settled
        cancellation = replace(cancellation, actor=seen.actor)
        try:
            return await self._call(cancellation, resource, seen, progress)
        except BotError as failure:
            progress.calling = False
            if not isinstance(failure, ServiceFailure):
                raise
            progress.failure = failure
            return await self._uncalled(cancellation, resource, seen, failure, progress)

    async def _call(self, cancellation: Cancellation, resource: Resource, seen: Seen, progress: Progress) -> Outcome:
        call = _call_for(resource, seen)
        caller = Caller(seen.actor.account if seen.decision.identity is Identity.DELEGATED else None)
        await self._audit.record(Event.CALLED, cancellation, _row(call, seen))
        progress.unread = call.only_own and seen.look.snapshot is None
        progress.calling = True
        answer = await self._graph.cancel(resource, call, cancellation.target, cancellation.justification, caller)
        progress.calling = False
        try:
            return await self._succeeded(cancellation, resource, call, answer, caller)
        except Exception:
            # The service has taken the call, whatever goes wrong here while it is followed.
            log.exception("not_followed", cancellation=cancellation.id)
            return answered(Reason.IN_PROGRESS, answer)

    async def _succeeded(
        self, cancellation: Cancellation, resource: Resource, call: CancelCall, answer: Answer, caller: Caller
    ) -> Outcome:
        shown = snapshot(resource, answer.entity)
        if answer.meaning is Meaning.DONE and not shown.cancelling:
            return answered(Reason.DONE, answer, shown.state)
        await self._teller.accepted(cancellation)

        async def look() -> Look:
            return (await self._gate.see(cancellation.actor, cancellation.target)).look

        return await self._follower.follow(resource, call, answer, caller, look)

    def _unread(self, resource: Resource, failure: ServiceFailure, progress: Progress) -> Outcome | Wait:
        """The fresh look failed: nothing was sent in this round."""
        if not isinstance(failure, ServiceError):
            return self._unreached(failure, progress)
        if failure.status == 429:
            return self._throttled(resource, failure, progress)
        return rejected(resource, failure, Look(), progress.lost)

    async def _uncalled(
        self,
        cancellation: Cancellation,
        resource: Resource,
        seen: Seen,
        failure: ServiceFailure,
        progress: Progress,
    ) -> Outcome | Wait:
        """The call brought no success."""
        if isinstance(failure, AnswerLost):
            progress.lost += 1
            return Wait(self._pause(progress.lost, failure))
        if not isinstance(failure, ServiceError):
            return self._unreached(failure, progress)
        if failure.status == 429:
            return self._throttled(resource, failure, progress)
        progress.look = await self._look_after(cancellation, failure, progress)
        outcome = rejected(resource, failure, progress.look, progress.lost)
        if outcome.reason is Reason.SIGN_IN and seen.decision.identity is Identity.APPLICATION:
            outcome = replace(outcome, reason=Reason.SERVICE_ERROR)  # the bot itself cannot sign in again
        return replace(outcome, permission=_permission(resource, seen, cancellation.target))

    async def _look_after(self, cancellation: Cancellation, error: ServiceError, progress: Progress) -> Look:
        """The target once more, where that can tell what the error means."""
        if error.status in _SAYS_ALL and not progress.lost:
            return progress.look
        try:
            return (await self._gate.see(cancellation.actor, cancellation.target)).look
        except BotError:
            return Look()

    def _unreached(self, failure: ServiceFailure, progress: Progress) -> Outcome | Wait:
        progress.unreached += 1
        if progress.unreached < _MOST_UNREACHED:
            return Wait(self._pause(progress.unreached, failure))
        reason = Reason.LOST if progress.lost else Reason.UNREACHABLE
        return after(failure, Outcome(reason))

    def _throttled(self, resource: Resource, error: ServiceError, progress: Progress) -> Outcome | Wait:
        """A 429: the service did not process the request, and says when to come again."""
        progress.throttled += 1
        backoff = self._timings.throttled * 2 ** (progress.throttled - 1)
        wait = backoff if error.retry_after is None else error.retry_after
        if progress.throttled <= _MOST_THROTTLED and wait <= self._timings.throttled_longest:
            return Wait(wait, asked=True)
        return rejected(resource, error, Look(), progress.lost)

    def _pause(self, times: int, failure: ServiceFailure) -> float:
        """Reads lag behind writes, so the first pause is short and the next one long; the service may ask for more."""
        own = self._timings.repeat_first if times == 1 else self._timings.repeat_second
        asked = failure.retry_after if isinstance(failure, AnswerLost) else None
        return max(own, min(asked or 0.0, self._timings.throttled_longest))


def _call_for(resource: Resource, seen: Seen) -> CancelCall:
    return resource.call_for({Ownership.OWN: True, Ownership.OTHER: False}.get(seen.ownership))


def _permission(resource: Resource, seen: Seen, target: Target) -> str:
    """The least permission that the call needs."""
    permissions = scoped(_call_for(resource, seen).permissions, resource, target)
    as_person = seen.decision.identity is Identity.DELEGATED
    return next(iter(permissions.delegated if as_person else permissions.application), "")


def _row(call: CancelCall, seen: Seen) -> dict[str, object]:
    decision = seen.decision
    return {
        "rule": decision.rule,
        "identity": decision.identity,
        "version": call.version,
        "path": call.path,
        "state": seen.look.state,
    }
