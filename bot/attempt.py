"""The effects of one round of a cancellation: look, call, look again, follow. Each may run anew after a crash."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol, TypeVar

import structlog

from bot.audit import Audit, Event
from bot.cancellation import Cancellation
from bot.errors import AnswerLost, BotError, NoDatabase
from bot.following import Follower, answered
from bot.gate import Gate
from bot.graph.client import GraphClient, scoped
from bot.graph.wire import Caller
from bot.outcome import Look, Outcome, Reason
from bot.policy import Identity, Ownership
from bot.recorded import Failed, Outdated, Sight, Taken
from bot.resources import CancelCall, Meaning, Registry, Resource, Target, snapshot
from bot.timings import Timings

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Fence(Protocol):
    """Knows whether this process may still act."""

    async def assure(self) -> None:
        """Returns only while no other process has taken over."""


class Attempts:
    """Looks and calls. Nothing is called without a look just before, and a durable row that says so."""

    def __init__(
        self, *, gate: Gate, everything: Registry, graph: GraphClient, audit: Audit, fence: Fence, timings: Timings
    ) -> None:
        self._gate = gate
        self._everything = everything
        self._graph = graph
        self._follower = Follower(graph, timings)
        self._audit = audit
        self._fence = fence

    def resource(self, cancellation: Cancellation) -> Resource:
        """The kind of what is to be cancelled, also when it was switched off since."""
        return self._everything[cancellation.target.kind]

    async def look(self, cancellation: Cancellation) -> Sight | Failed:
        """The person as they are now, the target as it is now, and the decision on both."""
        resource = self.resource(cancellation)

        async def looked() -> Sight:
            return Sight.of(await self._gate.see(cancellation.actor, cancellation.target), resource)

        return await _told(resource, looked)

    async def call(self, cancellation: Cancellation, sight: Sight, part: int) -> Taken | Failed | Outdated:
        """The one call of this round. `part` numbers the cancellation's calls.

        When its row is there already, a process has died between writing it and recording the answer: the call may have
        been made, so it counts as one whose answer was lost.
        """
        resource = self.resource(cancellation)
        call = _call_for(resource, sight)
        caller = Caller(sight.account if sight.decision.identity is Identity.DELEGATED else None)
        cancellation = replace(cancellation, actor=replace(cancellation.actor, account=sight.account))

        async def called() -> Taken | Failed | Outdated:
            await self._fence.assure()
            lost = Failed.of(AnswerLost("The process ended before the answer was recorded."), resource)
            if await self._audit.has(Event.CALLED, cancellation, part):
                return lost
            if not sight.fresh:
                return Outdated()
            if not await self._audit.record(Event.CALLED, cancellation, _row(call, sight), part):
                return lost
            return await self._sent(resource, call, cancellation, caller)

        return await _told(resource, called)

    async def _sent(
        self, resource: Resource, call: CancelCall, cancellation: Cancellation, caller: Caller
    ) -> Taken | Outdated:
        try:
            answer = await self._graph.cancel(resource, call, cancellation.target, cancellation.justification, caller)
        except NoDatabase:
            return Outdated()  # it was needed for the token, so nothing was sent
        shown = snapshot(resource, answer.entity)
        finished = answer.meaning is Meaning.DONE and not shown.cancelling
        return Taken(replace(answer, entity={}), shown.state, finished)

    async def follow(self, cancellation: Cancellation, sight: Sight, taken: Taken) -> Outcome:
        """How a call that the service has accepted ended, or that it is still being finished."""
        resource = self.resource(cancellation)
        caller = Caller(sight.account if sight.decision.identity is Identity.DELEGATED else None)

        async def look() -> Look:
            return (await self._gate.see(cancellation.actor, cancellation.target)).look

        try:
            return await self._follower.follow(resource, _call_for(resource, sight), taken.answer, caller, look)
        except NoDatabase:
            raise
        except Exception:
            # The service has taken the call, whatever goes wrong here while it is followed.
            log.exception("not_followed", cancellation=cancellation.id)
            return answered(Reason.IN_PROGRESS, taken.answer)

    def unread(self, cancellation: Cancellation, sight: Sight) -> bool:
        """Whether the call is made without having read first."""
        return _call_for(self.resource(cancellation), sight).only_own and sight.snapshot is None

    def permission(self, cancellation: Cancellation, sight: Sight) -> str:
        """The least permission that the call needs."""
        return _permission(self.resource(cancellation), sight, cancellation.target)


async def _told(resource: Resource, work: Callable[[], Awaitable[T]]) -> T | Failed:
    try:
        return await work()
    except NoDatabase:
        raise
    except BotError as error:
        return Failed.of(error, resource)
    except Exception as error:
        log.exception("round_failed")
        return Failed.of(error, resource)


def _call_for(resource: Resource, sight: Sight) -> CancelCall:
    return resource.call_for({Ownership.OWN: True, Ownership.OTHER: False}.get(sight.ownership))


def _permission(resource: Resource, sight: Sight, target: Target) -> str:
    permissions = scoped(_call_for(resource, sight).permissions, resource, target)
    as_person = sight.decision.identity is Identity.DELEGATED
    return next(iter(permissions.delegated if as_person else permissions.application), "")


def _row(call: CancelCall, sight: Sight) -> dict[str, object]:
    decision = sight.decision
    return {
        "rule": decision.rule,
        "identity": decision.identity,
        "version": call.version,
        "path": call.path,
        "state": sight.look.state,
    }
