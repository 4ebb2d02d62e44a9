"""What a workflow's steps leave behind: ids and codes. What people wrote stays in our own tables, encrypted."""

import time
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from bot.errors import (
    AnswerLost,
    BotError,
    ConsentNeeded,
    NotSent,
    Refused,
    ServiceError,
    ServiceFailure,
    SignInNeeded,
    Unavailable,
)
from bot.gate import Seen
from bot.graph.client import Answer
from bot.graph.tokens import Account
from bot.outcome import Look, Outcome, documented
from bot.policy import Decision, Ownership
from bot.resources import Resource, Snapshot

_FRESH_SECONDS: Final = 15.0


@dataclass(frozen=True)
class Failed:
    """An error of ours or of the service. `code` is the error's, or "internal" for one that nobody foresaw.

    `token`: what makes it a documented error of its kind, where it is one.
    """

    code: str
    sentence: str = ""
    next_step: str = ""
    reason: str = ""
    status: int = 0
    codes: tuple[str, ...] = ()
    token: str = ""
    request_id: str = ""
    client_request_id: str = ""
    retry_after: float | None = None

    @classmethod
    def of(cls, error: Exception, resource: Resource) -> "Failed":
        """The error without the service's own words."""
        if isinstance(error, ServiceError):
            known = documented(resource, error)
            return cls(
                error.code,
                status=error.status,
                codes=error.codes,
                token=known.token if known else "",
                request_id=error.request_id,
                client_request_id=error.client_request_id,
                retry_after=error.retry_after,
            )
        if isinstance(error, AnswerLost):
            return cls(
                error.code,
                status=error.status,
                request_id=error.request_id,
                client_request_id=error.client_request_id,
                retry_after=error.retry_after,
            )
        if isinstance(error, ServiceFailure):
            return cls(error.code, client_request_id=error.client_request_id)
        if isinstance(error, BotError):
            reason = getattr(error, "reason", "") or getattr(error, "permission", "")
            return cls(error.code, error.sentence, error.next_step, reason)
        return cls("internal")

    def error(self) -> BotError:
        """The error again."""
        failure = self._service_failure()
        if failure:
            failure.client_request_id = self.client_request_id
            return failure
        if self.code == ConsentNeeded.code:
            return ConsentNeeded(self.reason)
        if self.code == Refused.code:
            return Refused(self.reason, self.sentence, self.next_step)
        if self.code == SignInNeeded.code:
            return SignInNeeded(self.sentence, self.next_step)
        error = Unavailable(self.sentence, self.next_step)
        error.code = self.code
        return error

    def _service_failure(self) -> ServiceFailure | None:
        if self.code == ServiceError.code:
            return ServiceError(
                self.status, self.codes, self.token, request_id=self.request_id, retry_after=self.retry_after
            )
        if self.code == AnswerLost.code:
            return AnswerLost("", status=self.status, request_id=self.request_id, retry_after=self.retry_after)
        return NotSent("") if self.code == NotSent.code else None


@dataclass(frozen=True)
class Sight:
    """What one fresh look showed, and the decision on it. `at`: seconds since 1970."""

    account: Account | None
    ownership: Ownership
    decision: Decision
    snapshot: Snapshot | None
    missing: bool
    refusal: Failed | None
    at: float

    @classmethod
    def of(cls, seen: Seen, resource: Resource) -> "Sight":
        """The look without what people wrote."""
        shown = seen.look.snapshot
        return cls(
            account=seen.actor.account,
            ownership=seen.ownership,
            decision=seen.decision,
            snapshot=_without_words(shown) if shown else None,
            missing=seen.look.missing,
            refusal=Failed.of(seen.look.refusal, resource) if seen.look.refusal else None,
            at=time.time(),
        )

    @property
    def look(self) -> Look:
        """The same as the settling of outcomes takes it."""
        return Look(self.snapshot, self.missing, self.refusal.error() if self.refusal else None)

    @property
    def fresh(self) -> bool:
        """Whether a call may still rely on it: a restart may lie between the look and the call."""
        return 0 <= time.time() - self.at <= _FRESH_SECONDS


def _without_words(shown: Snapshot) -> Snapshot:
    return Snapshot(
        shown.state,
        shown.standing,
        shown.cancelled,
        shown.cancelling,
        requestor_oid=shown.requestor_oid,
        active=shown.active,
    )


@dataclass(frozen=True)
class Taken:
    """The service has taken the call. `finished`: it is done, by what the answer showed."""

    answer: Answer
    state: str
    finished: bool


@dataclass(frozen=True)
class Outdated:
    """Nothing was sent: too much time has passed since the look."""

    outdated: bool = True


OUTCOME: Final = TypeAdapter(Outcome)
LOOKED: Final[TypeAdapter[Sight | Failed]] = TypeAdapter(Sight | Failed)
NOTHING: Final[TypeAdapter[None]] = TypeAdapter(None)
"""How the results that several workflows know are written and read."""
