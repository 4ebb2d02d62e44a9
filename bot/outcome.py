"""What became of a cancellation, derived from the service's answers alone. Everything here is pure."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from bot.errors import AnswerLost, BotError, ConsentNeeded, Refused, ServiceError, ServiceFailure, SignInNeeded
from bot.policy import Decision, Identity
from bot.policy import Reason as PolicyReason
from bot.resources import DocumentedError, ErrorMeaning, Resource, Snapshot, Standing


class Result(StrEnum):
    """The six ends of a cancellation."""

    CANCELLED = "cancelled"
    ACCEPTED = "accepted"
    ALREADY_FINAL = "already_final"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """How that end came about; each has its sentence where the bot's words are kept."""

    DONE = "done"
    CONFIRMED = "confirmed"
    UNPROVEN = "unproven"
    IN_PROGRESS = "in_progress"
    FOUND_FINAL = "found_final"
    TOO_LATE = "too_late"
    POLICY = "policy"
    NOT_YOURS = "not_yours"
    UNREADABLE = "unreadable"
    PERSON = "person"
    NOBODY_ASKED = "nobody_asked"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    SIGN_IN = "sign_in"
    CONSENT = "consent"
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    RETIRED = "retired"
    NOT_CANCELLABLE = "not_cancellable"
    CONFLICT = "conflict"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    OPERATION_FAILED = "operation_failed"
    SERVICE_ERROR = "service_error"
    NOT_READY = "not_ready"
    LOST = "lost"
    STILL_OPEN = "still_open"


_RESULTS = {
    Reason.DONE: Result.CANCELLED,
    Reason.CONFIRMED: Result.CANCELLED,
    Reason.UNPROVEN: Result.CANCELLED,
    Reason.IN_PROGRESS: Result.ACCEPTED,
    Reason.FOUND_FINAL: Result.ALREADY_FINAL,
    Reason.TOO_LATE: Result.ALREADY_FINAL,
    Reason.POLICY: Result.REFUSED,
    Reason.NOT_YOURS: Result.REFUSED,
    Reason.UNREADABLE: Result.REFUSED,
    Reason.PERSON: Result.REFUSED,
    Reason.NOBODY_ASKED: Result.REFUSED,
    Reason.DECLINED: Result.REFUSED,
    Reason.WITHDRAWN: Result.REFUSED,
    Reason.LAPSED: Result.REFUSED,
    Reason.SIGN_IN: Result.REFUSED,
    Reason.LOST: Result.UNKNOWN,
}


@dataclass(frozen=True)
class Outcome:
    """The end, and what the service said. `sentence` and `next_step` are documented words, where there are some.

    `detail` is for the audit trail; the person is not told it. `permission`: the least that the refused call needs.
    `unread`: the call was made without reading first. `active`: it is over, and what was asked for may be there.
    """

    reason: Reason
    state: str = ""
    status: int = 0
    service_code: str = ""
    request_id: str = ""
    client_request_id: str = ""
    sentence: str = ""
    next_step: str = ""
    detail: str = ""
    permission: str = ""
    unread: bool = False
    active: bool = False

    @property
    def result(self) -> Result:
        """Which of the six ends this is."""
        return _RESULTS.get(self.reason, Result.FAILED)

    @property
    def concerns_person(self) -> bool:
        """Whether somebody else might succeed: nothing was sent, for reasons of the person who asked."""
        return self.result is Result.REFUSED or self.reason is Reason.CONSENT


def as_detail(outcome: Outcome) -> dict[str, object]:
    """What the audit trail keeps of the end: the result, and whatever else is known."""
    return {"result": outcome.result, **{name: value for name, value in asdict(outcome).items() if value}}


@dataclass(frozen=True)
class Look:
    """What reading the target showed: a snapshot, that there is none such (`missing`), or (neither) nothing at all.

    `refusal` is why there is no snapshot, where somebody said so.
    """

    snapshot: Snapshot | None = None
    missing: bool = False
    refusal: BotError | None = None

    @property
    def conclusive(self) -> bool:
        """Whether the service showed it, or said that there is none."""
        return self.snapshot is not None or self.missing

    @property
    def state(self) -> str:
        """The state that was read; empty when nothing was."""
        return self.snapshot.state if self.snapshot else ""


def before_call(resource: Resource, look: Look, decision: Decision, lost: int, most_lost: int) -> Outcome | None:
    """The end that makes the next call needless or forbidden; None when the call is to be made.

    `lost` counts the calls whose answers were lost: after one, only what is read back may be claimed.
    """
    if lost:
        return _read_back(resource, look, decision, lost, most_lost)
    if refusal := forbidden(resource, look, decision):
        return refusal
    if look.missing:
        return after(look.refusal, Outcome(Reason.NOT_FOUND))
    if look.snapshot and look.snapshot.standing is Standing.FINAL:
        return _over(Reason.FOUND_FINAL, resource, look.snapshot)
    return None


def forbidden(resource: Resource, look: Look, decision: Decision) -> Outcome | None:
    """The end for somebody who may not cancel it, by what was read; None for whoever may."""
    if decision.allowed or may_go_unread(resource, look, decision):
        return None
    return _refused(decision, look)


def rejected(resource: Resource, error: ServiceError, look: Look, lost: int) -> Outcome:
    """The end that the service's error means. `look` was read after the error where that could settle more."""
    known = documented(resource, error)
    snapshot = look.snapshot
    if lost and snapshot and snapshot.cancelled:
        return after(error, Outcome(Reason.UNPROVEN, look.state))
    if snapshot and snapshot.standing is Standing.FINAL:
        return after(error, _over(Reason.TOO_LATE, resource, snapshot))
    if lost:
        # This error is about the repeated call; what became of the first, nobody has said.
        return after(error, Outcome(_unsettled(snapshot), look.state))
    reason = _reason(known, error)
    if reason is Reason.TOO_LATE and snapshot:
        # It is not over, so "too late" would be wrong: its state just is none that can be cancelled.
        reason = Reason.NOT_CANCELLABLE
    sentence, next_step = (known.sentence, known.next_step) if known else ("", "")
    if reason is Reason.NOT_ALLOWED and not known:
        next_step = resource.who
    if reason is Reason.SERVICE_ERROR and error.status == 400 and snapshot and snapshot.standing is Standing.UNKNOWN:
        next_step = resource.too_late
    return after(error, Outcome(reason, look.state, sentence=sentence, next_step=next_step))


def documented(resource: Resource, error: ServiceError) -> DocumentedError | None:
    """The documented error that this one is, by its status and a code or, where no code is documented, its message."""
    codes = {code.casefold() for code in error.codes}
    for known in resource.errors:
        token = known.token.casefold()
        if known.status == error.status and (token in codes or token in error.message.casefold()):
            return known
    return None


def after(failure: BotError | None, outcome: Outcome) -> Outcome:
    """The outcome with what the service said when it failed: status, code, and the ids of the request."""
    if not isinstance(failure, ServiceFailure):
        return outcome
    outcome = replace(outcome, client_request_id=failure.client_request_id)
    if not isinstance(failure, AnswerLost | ServiceError):
        return outcome
    code = failure.service_code if isinstance(failure, ServiceError) else ""
    return replace(outcome, status=failure.status, service_code=code, request_id=failure.request_id)


def prevented(error: BotError) -> Outcome:
    """The end when something that must come before the call failed: nothing was sent."""
    if isinstance(error, Refused):
        return Outcome(Reason.PERSON, sentence=error.sentence, next_step=error.next_step, detail=error.reason)
    reasons = {SignInNeeded: Reason.SIGN_IN, ConsentNeeded: Reason.CONSENT}
    reason = reasons.get(type(error), Reason.NOT_READY)
    permission = error.permission if isinstance(error, ConsentNeeded) else ""
    return Outcome(reason, sentence=error.sentence, next_step=error.next_step, permission=permission, detail=error.code)


def settled_later(resource: Resource, look: Look, *, patient: bool) -> Outcome | None:
    """What became of a call whose end was not known; None while it still is not. `patient`: reads lag no more."""
    seen = look.snapshot
    if seen and seen.cancelled:
        return Outcome(Reason.CONFIRMED, look.state)
    if seen and seen.standing is Standing.FINAL:
        return _over(Reason.TOO_LATE, resource, seen)
    if seen and patient and seen.standing is Standing.YES:
        return Outcome(Reason.STILL_OPEN, look.state)
    return None


def _read_back(resource: Resource, look: Look, decision: Decision, lost: int, most_lost: int) -> Outcome | None:
    if look.snapshot and look.snapshot.cancelled:
        return Outcome(Reason.CONFIRMED, look.state)
    if look.snapshot and look.snapshot.standing is Standing.FINAL:
        return _over(Reason.TOO_LATE, resource, look.snapshot)
    unsettled = not look.snapshot or look.snapshot.cancelling or not decision.allowed or lost >= most_lost
    return Outcome(_unsettled(look.snapshot), look.state) if unsettled else None


def _unsettled(snapshot: Snapshot | None) -> Reason:
    return Reason.IN_PROGRESS if snapshot and snapshot.cancelling else Reason.LOST


def _refused(decision: Decision, look: Look) -> Outcome:
    if decision.reason is PolicyReason.NOT_OWN:
        return Outcome(Reason.NOT_YOURS, detail="not_own")
    if decision.reason is PolicyReason.OWNERSHIP_UNKNOWN:
        if look.missing:
            return Outcome(Reason.NOT_YOURS, detail="not_found")
        if isinstance(look.refusal, ConsentNeeded):
            return prevented(look.refusal)
        return after(look.refusal, Outcome(Reason.UNREADABLE, detail="ownership_unknown"))
    return Outcome(Reason.POLICY, detail=decision.reason)


def may_go_unread(resource: Resource, look: Look, decision: Decision) -> bool:
    """Whether nobody could read it, but the call as the person is one that the service limits to their own requests."""
    as_person = decision.reason is PolicyReason.OWNERSHIP_UNKNOWN and decision.identity is Identity.DELEGATED
    return as_person and not look.snapshot and not look.missing and resource.call_for(None).only_own


def _over(reason: Reason, resource: Resource, snapshot: Snapshot) -> Outcome:
    """It cannot be cancelled any more; what was not cancelled needs something else, which the bot does not do."""
    next_step = "" if snapshot.cancelled else resource.too_late
    return Outcome(reason, snapshot.state, next_step=next_step, active=snapshot.active)


def _reason(known: DocumentedError | None, error: ServiceError) -> Reason:
    meanings = {
        ErrorMeaning.NOT_FOUND: Reason.NOT_FOUND,
        ErrorMeaning.NOT_CANCELLABLE: Reason.TOO_LATE,
        ErrorMeaning.NOT_ALLOWED: Reason.NOT_ALLOWED,
        ErrorMeaning.RETIRED: Reason.RETIRED,
    }
    statuses = {
        401: Reason.SIGN_IN,
        403: Reason.NOT_ALLOWED,
        404: Reason.NOT_FOUND,
        409: Reason.CONFLICT,
        429: Reason.THROTTLED,
    }
    return (
        meanings.get(known.meaning, Reason.SERVICE_ERROR) if known else statuses.get(error.status, Reason.SERVICE_ERROR)
    )
