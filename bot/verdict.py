"""What follows from one round's failures: the end, or how long to wait for another. Everything here is pure."""

from dataclasses import dataclass, replace
from typing import Final

from bot.errors import AnswerLost, BotError, ServiceError, ServiceFailure
from bot.outcome import Look, Outcome, Reason, after, before_call, prevented, rejected
from bot.policy import Identity
from bot.recorded import Sight
from bot.resources import Resource
from bot.timings import Timings

_MOST_LOST: Final = 3  # a call and two repeats
_MOST_UNREACHED: Final = 3
_MOST_THROTTLED: Final = 5
_MOST_OUTDATED: Final = 10
_SAYS_ALL: Final = (401, 403, 404)  # reading again after these would tell nothing new


@dataclass
class Progress:
    """What one cancellation has been through: calls made, lost answers, rounds that reached nothing, 429s.

    `failure` is what last went wrong; `unread`: the call was made without reading first; `own`: whoever asked for
    the cancellation had made the request; `approved`: a second person approved it.
    """

    calls: int = 0
    lost: int = 0
    unreached: int = 0
    throttled: int = 0
    outdated: int = 0
    unread: bool = False
    own: bool = False
    approved: bool = False
    failure: ServiceFailure | None = None


@dataclass(frozen=True)
class Wait:
    """Seconds to wait before the next round; `asked`: the service asked for it."""

    seconds: float
    asked: bool = False


class Verdicts:
    """Judges rounds, and keeps their count in the `Progress`."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings

    def seen(self, resource: Resource, sight: Sight, progress: Progress) -> Outcome | None:
        """The end that makes a call needless or forbidden; None when it is to be made."""
        settled = before_call(resource, sight.look, sight.decision, progress.lost, _MOST_LOST)
        return after(progress.failure, settled) if settled and progress.lost else settled

    def unseen(self, resource: Resource, error: BotError, progress: Progress) -> Outcome | Wait:
        """The fresh look failed: nothing was sent in this round."""
        if not isinstance(error, ServiceFailure):
            return self.stopped(error, progress)
        progress.failure = error
        if not isinstance(error, ServiceError):
            return self._unreached(error, progress)
        if error.status == 429:
            return self._throttled(resource, error, progress)
        return rejected(resource, error, Look(), progress.lost)

    def uncalled(self, resource: Resource, error: BotError, progress: Progress) -> Outcome | Wait | None:
        """The call brought no success; None when `refused` has to settle what the service's error means."""
        if not isinstance(error, ServiceFailure):
            return self.stopped(error, progress)
        progress.failure = error
        if isinstance(error, AnswerLost):
            progress.lost += 1
            return Wait(self._pause(progress.lost, error))
        if not isinstance(error, ServiceError):
            return self._unreached(error, progress)
        return self._throttled(resource, error, progress) if error.status == 429 else None

    def outdated(self, progress: Progress) -> Outcome | Wait:
        """A restart, or a clock that jumps, lay between the look and the call: nothing was sent, so look again."""
        progress.outdated += 1
        if progress.outdated < _MOST_OUTDATED:
            return Wait(0.0)
        return Outcome(Reason.LOST if progress.lost else Reason.NOT_READY, detail="outdated")

    def tells_all(self, error: ServiceError, progress: Progress) -> bool:
        """Whether another look would tell nothing new about this error."""
        return error.status in _SAYS_ALL and not progress.lost

    def refused(self, resource: Resource, error: ServiceError, look: Look, sight: Sight, progress: Progress) -> Outcome:
        """The end that the service's error means, with what a second `look` showed."""
        outcome = rejected(resource, error, look, progress.lost)
        if outcome.reason is Reason.SIGN_IN and sight.decision.identity is Identity.APPLICATION:
            return replace(outcome, reason=Reason.SERVICE_ERROR)  # the bot itself cannot sign in again
        return outcome

    def stopped(self, error: BotError, progress: Progress) -> Outcome:
        """Something that must come before the call failed."""
        if not progress.lost:
            return prevented(error)
        return after(progress.failure, Outcome(Reason.LOST, detail=error.code))

    def _unreached(self, failure: ServiceFailure, progress: Progress) -> Outcome | Wait:
        progress.unreached += 1
        if progress.unreached < _MOST_UNREACHED:
            return Wait(self._pause(progress.unreached, failure))
        return after(failure, Outcome(Reason.LOST if progress.lost else Reason.UNREACHABLE))

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
