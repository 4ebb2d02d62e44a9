"""What became of a cancellation: the whole table, from what was read, decided, lost and answered."""

from dataclasses import replace
from typing import Final

import pytest

from bot.errors import (
    BotError,
    ConsentNeeded,
    NotSent,
    Refused,
    ServiceError,
    SignInNeeded,
    Unavailable,
)
from bot.outcome import Look, Outcome, Reason, Result, before_call, documented, prevented, rejected
from bot.policy import Decision
from bot.policy import Reason as PolicyReason
from bot.resources import Resource, Snapshot, Standing, load
from bot.slack.outcome_text import told

KINDS: Final = load()
ITEM: Final = KINDS["approval-item"]
PACKAGE: Final = KINDS["access-package"]
GOVERNANCE: Final = KINDS["governance-role"]
PRIVILEGED: Final = KINDS["privileged-role"]

PENDING: Final = Look(Snapshot("pending", Standing.YES, cancelled=False, cancelling=False))
UNCLEAR: Final = Look(Snapshot("somethingNew", Standing.UNKNOWN, cancelled=False, cancelling=False))
COMPLETED: Final = Look(Snapshot("completed", Standing.FINAL, cancelled=False, cancelling=False))
CANCELLED: Final = Look(Snapshot("canceled", Standing.FINAL, cancelled=True, cancelling=False))
MISSING: Final = Look(missing=True)
UNREAD: Final = Look()
LOOKS: Final = (PENDING, UNCLEAR, COMPLETED, CANCELLED, MISSING, UNREAD)

ALLOWED: Final = Decision(PolicyReason.ALLOWED, 1, own_only=False)
OWN: Final = Decision(PolicyReason.ALLOWED, 1, own_only=True)
NOT_OWN: Final = Decision(PolicyReason.NOT_OWN, 1)
UNKNOWN_OWNER: Final = Decision(PolicyReason.OWNERSHIP_UNKNOWN, 1)
DENIED: Final = Decision(PolicyReason.DENY_RULE, 1)
NO_RULE: Final = Decision(PolicyReason.NO_RULE)

MOST_LOST: Final = 3


ENDS: Final = {
    Result.CANCELLED: {Reason.DONE, Reason.CONFIRMED, Reason.UNPROVEN},
    Result.ACCEPTED: {Reason.IN_PROGRESS},
    Result.ALREADY_FINAL: {Reason.FOUND_FINAL, Reason.TOO_LATE},
    Result.REFUSED: {
        Reason.POLICY,
        Reason.NOT_YOURS,
        Reason.UNREADABLE,
        Reason.PERSON,
        Reason.NOBODY_ASKED,
        Reason.DECLINED,
        Reason.WITHDRAWN,
        Reason.LAPSED,
        Reason.SIGN_IN,
    },
    Result.UNKNOWN: {Reason.LOST},
}


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_its_end(reason: Reason) -> None:
    end = next((result for result, reasons in ENDS.items() if reason in reasons), Result.FAILED)
    assert Outcome(reason).result is end


class TestBeforeTheFirstCall:
    """Nothing was sent yet."""

    @pytest.mark.parametrize(
        ("resource", "look", "decision"),
        [
            (ITEM, PENDING, ALLOWED),
            (ITEM, PENDING, OWN),
            (ITEM, UNCLEAR, ALLOWED),
            (ITEM, UNCLEAR, OWN),
            (ITEM, UNREAD, ALLOWED),
            (PACKAGE, UNREAD, ALLOWED),
            (PACKAGE, UNREAD, UNKNOWN_OWNER),
        ],
    )
    def test_the_call_is_made(self, resource: Resource, look: Look, decision: Decision) -> None:
        assert before_call(resource, look, decision, 0, MOST_LOST) is None

    @pytest.mark.parametrize(
        ("resource", "look", "decision", "expected"),
        [
            (ITEM, COMPLETED, ALLOWED, Outcome(Reason.FOUND_FINAL, "completed", next_step=ITEM.too_late)),
            (ITEM, COMPLETED, OWN, Outcome(Reason.FOUND_FINAL, "completed", next_step=ITEM.too_late)),
            (ITEM, CANCELLED, OWN, Outcome(Reason.FOUND_FINAL, "canceled")),
            (ITEM, MISSING, ALLOWED, Outcome(Reason.NOT_FOUND)),
            (ITEM, MISSING, UNKNOWN_OWNER, Outcome(Reason.NOT_YOURS, detail="not_found")),
            (PACKAGE, MISSING, UNKNOWN_OWNER, Outcome(Reason.NOT_YOURS, detail="not_found")),
            (ITEM, PENDING, UNKNOWN_OWNER, Outcome(Reason.UNREADABLE, detail="ownership_unknown")),
            (ITEM, UNREAD, UNKNOWN_OWNER, Outcome(Reason.UNREADABLE, detail="ownership_unknown")),
            (PACKAGE, PENDING, UNKNOWN_OWNER, Outcome(Reason.UNREADABLE, detail="ownership_unknown")),
        ],
    )
    def test_the_call_is_needless_or_forbidden(
        self, resource: Resource, look: Look, decision: Decision, expected: Outcome
    ) -> None:
        assert before_call(resource, look, decision, 0, MOST_LOST) == expected

    @pytest.mark.parametrize("look", LOOKS)
    @pytest.mark.parametrize(
        ("decision", "expected"),
        [
            (DENIED, Outcome(Reason.POLICY, detail="deny_rule")),
            (NO_RULE, Outcome(Reason.POLICY, detail="no_rule")),
            (NOT_OWN, Outcome(Reason.NOT_YOURS, detail="not_own")),
        ],
    )
    def test_a_refusal_reveals_no_state(self, look: Look, decision: Decision, expected: Outcome) -> None:
        for resource in (ITEM, PACKAGE):
            assert before_call(resource, look, decision, 0, MOST_LOST) == expected

    def test_what_is_missing_and_what_is_not_theirs_sound_alike(self) -> None:
        outcomes = [
            before_call(ITEM, MISSING, UNKNOWN_OWNER, 0, MOST_LOST),
            before_call(ITEM, PENDING, NOT_OWN, 0, MOST_LOST),
            before_call(ITEM, CANCELLED, NOT_OWN, 0, MOST_LOST),
        ]
        assert len({told(outcome, ITEM) for outcome in outcomes if outcome}) == 1


class TestAfterALostAnswer:
    """A call may have been carried out: only what is read back may be claimed."""

    @pytest.mark.parametrize(
        ("look", "decision", "lost"),
        [(PENDING, ALLOWED, 1), (PENDING, OWN, 2), (UNCLEAR, OWN, 1), (UNCLEAR, ALLOWED, 2)],
    )
    def test_the_call_is_repeated(self, look: Look, decision: Decision, lost: int) -> None:
        assert before_call(ITEM, look, decision, lost, MOST_LOST) is None

    @pytest.mark.parametrize("decision", [ALLOWED, OWN, NOT_OWN, UNKNOWN_OWNER, DENIED, NO_RULE])
    @pytest.mark.parametrize("lost", [1, 2, 3])
    def test_cancelled_is_confirmed(self, decision: Decision, lost: int) -> None:
        assert before_call(ITEM, CANCELLED, decision, lost, MOST_LOST) == Outcome(Reason.CONFIRMED, "canceled")

    @pytest.mark.parametrize("lost", [1, 2, 3])
    def test_another_end_is_told_as_it_is(self, lost: int) -> None:
        outcome = before_call(ITEM, COMPLETED, ALLOWED, lost, MOST_LOST)
        assert outcome is not None
        assert (outcome.result, outcome.state) == (Result.ALREADY_FINAL, "completed")

    @pytest.mark.parametrize(
        ("look", "decision", "lost"),
        [
            (UNREAD, ALLOWED, 1),
            (UNREAD, UNKNOWN_OWNER, 1),
            (MISSING, ALLOWED, 1),
            (PENDING, DENIED, 1),
            (PENDING, NO_RULE, 1),
            (PENDING, NOT_OWN, 2),
            (PENDING, UNKNOWN_OWNER, 1),
            (PENDING, ALLOWED, 3),
            (UNCLEAR, ALLOWED, 3),
        ],
    )
    def test_what_stays_unsettled_is_unknown(self, look: Look, decision: Decision, lost: int) -> None:
        for resource in (ITEM, PACKAGE):
            assert before_call(resource, look, decision, lost, MOST_LOST) == Outcome(Reason.LOST, look.state)

    @pytest.mark.parametrize("look", LOOKS)
    @pytest.mark.parametrize("decision", [ALLOWED, OWN, DENIED])
    def test_nobody_hears_that_nothing_was_sent(self, look: Look, decision: Decision) -> None:
        outcome = before_call(ITEM, look, decision, 1, MOST_LOST)
        assert outcome is None or "nothing was sent" not in told(outcome, ITEM).sentence.casefold()


def error(status: int, code: str = "", message: str = "") -> ServiceError:
    failure = ServiceError(status, (code,) if code else (), message, request_id="r-1")
    failure.client_request_id = "c-1"
    return failure


STATUSES: Final = {
    401: Reason.SIGN_IN,
    403: Reason.NOT_ALLOWED,
    404: Reason.NOT_FOUND,
    409: Reason.CONFLICT,
    429: Reason.THROTTLED,
}


class TestAnError:
    """The service's own error ended it."""

    @pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 410, 412, 423, 429, 501])
    @pytest.mark.parametrize("look", [PENDING, UNCLEAR, UNREAD, MISSING])
    def test_by_its_status(self, status: int, look: Look) -> None:
        reason = STATUSES.get(status, Reason.SERVICE_ERROR)
        next_step = ITEM.who if status == 403 else ""
        if status == 400 and look is UNCLEAR:
            # No document explains it, but the state is none that can be cancelled.
            next_step = ITEM.too_late
        expected = Outcome(reason, look.state, status, "aCode", "r-1", "c-1", next_step=next_step)
        assert rejected(ITEM, error(status, "aCode"), look, 0) == expected

    @pytest.mark.parametrize(
        ("resource", "failure", "reason"),
        [
            (GOVERNANCE, error(400, "RoleAssignmentRequestNotFound"), Reason.NOT_FOUND),
            (GOVERNANCE, error(400, "RequestCannotBeCancelled"), Reason.NOT_CANCELLABLE),
            (GOVERNANCE, error(400, "requestcannotbecancelled"), Reason.NOT_CANCELLABLE),
            (GOVERNANCE, error(400, "BadRequest", "RequestCannotBeCancelled"), Reason.NOT_CANCELLABLE),
            (PRIVILEGED, error(400, "", "RequestId cannot be Null."), Reason.SERVICE_ERROR),
            (PRIVILEGED, error(400, "", "Request with request ID not found."), Reason.NOT_FOUND),
            (PRIVILEGED, error(400, "", "REQUEST WITH REQUEST ID NOT FOUND"), Reason.NOT_FOUND),
            (
                PRIVILEGED,
                error(400, "x", "Cancellation can be done only on status Scheduled and PendingApproval."),
                Reason.NOT_CANCELLABLE,
            ),
            (
                PRIVILEGED,
                error(403, "", "Requester not allowed to make Cancel call or request not found."),
                Reason.NOT_ALLOWED,
            ),
            (PRIVILEGED, error(400, "TenantEnabledInAadRoleMigration"), Reason.RETIRED),
        ],
    )
    def test_by_the_documents(self, resource: Resource, failure: ServiceError, reason: Reason) -> None:
        known = documented(resource, failure)
        assert known is not None
        outcome = rejected(resource, failure, PENDING, 0)
        assert (outcome.reason, outcome.status) == (reason, failure.status)
        assert (outcome.sentence, outcome.next_step) == (known.sentence, known.next_step)

    def test_unread_it_is_too_late_as_the_service_says(self) -> None:
        outcome = rejected(GOVERNANCE, error(400, "RequestCannotBeCancelled"), UNREAD, 0)
        assert (outcome.reason, outcome.result) == (Reason.TOO_LATE, Result.ALREADY_FINAL)

    def test_an_inner_code_is_found(self) -> None:
        failure = ServiceError(400, ("Outer", "RequestCannotBeCancelled"), "")
        outcome = rejected(GOVERNANCE, failure, PENDING, 0)
        assert (outcome.reason, outcome.service_code) == (Reason.NOT_CANCELLABLE, "Outer")

    @pytest.mark.parametrize(
        ("resource", "failure"),
        [
            (ITEM, error(400, "RequestCannotBeCancelled")),
            (GOVERNANCE, error(409, "RequestCannotBeCancelled")),
            (GOVERNANCE, error(400, "RequestCannotBe")),
            (PRIVILEGED, error(500, "", "Request with request ID not found.")),
            (PRIVILEGED, error(400)),
        ],
    )
    def test_what_another_kind_or_status_documents_is_not_taken(
        self, resource: Resource, failure: ServiceError
    ) -> None:
        assert documented(resource, failure) is None

    @pytest.mark.parametrize("status", [400, 403, 404, 409, 500])
    def test_a_final_state_explains_any_error(self, status: int) -> None:
        outcome = rejected(ITEM, error(status), COMPLETED, 0)
        assert (outcome.reason, outcome.state) == (Reason.TOO_LATE, "completed")
        assert (outcome.next_step, outcome.request_id) == (ITEM.too_late, "r-1")

    def test_somebody_else_was_first(self) -> None:
        outcome = rejected(ITEM, error(400), CANCELLED, 0)
        assert (outcome.reason, outcome.result, outcome.next_step) == (Reason.TOO_LATE, Result.ALREADY_FINAL, "")


class TestAnErrorAfterALostAnswer:
    """One call's answer was lost, and a later one brought an error."""

    @pytest.mark.parametrize("status", [400, 403, 404, 409, 429])
    @pytest.mark.parametrize("lost", [1, 2])
    def test_cancelled_but_unproven(self, status: int, lost: int) -> None:
        expected = Outcome(Reason.UNPROVEN, "canceled", status, "", "r-1", "c-1")
        assert rejected(ITEM, error(status), CANCELLED, lost) == expected

    def test_too_late(self) -> None:
        assert rejected(ITEM, error(400), COMPLETED, 1).reason is Reason.TOO_LATE

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 501])
    def test_unread_it_is_unknown(self, status: int) -> None:
        """The lost call may have been carried out, and this error says nothing of it."""
        outcome = rejected(ITEM, error(status), UNREAD, 1)
        assert (outcome.result, outcome.request_id) == (Result.UNKNOWN, "r-1")

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 501])
    def test_nobody_hears_that_nothing_happened(self, status: int) -> None:
        sentence = told(rejected(ITEM, error(status), PENDING, 1), ITEM).sentence.casefold()
        assert "nothing was" not in sentence


def _as(failure: BotError, reason: Reason, detail: str) -> tuple[BotError, Outcome]:
    permission = failure.permission if isinstance(failure, ConsentNeeded) else ""
    words = Outcome(reason, sentence=failure.sentence, next_step=failure.next_step)
    return failure, replace(words, permission=permission, detail=detail)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        _as(Refused("guest", "Guests may not.", "Ask a member."), Reason.PERSON, "guest"),
        _as(SignInNeeded("Not linked.", "Link it."), Reason.SIGN_IN, "sign_in_needed"),
        _as(ConsentNeeded("A.Permission"), Reason.CONSENT, "consent_needed"),
        _as(Unavailable("Entra is away.", "Later."), Reason.NOT_READY, "unavailable"),
        _as(NotSent("No connection."), Reason.NOT_READY, "not_sent"),
        _as(BotError("Something."), Reason.NOT_READY, "error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BotError) else "",
)
def test_what_prevented_the_call(failure: BotError, expected: Outcome) -> None:
    assert prevented(failure) == expected


def test_a_state_is_told_only_where_one_was_read() -> None:
    assert [look.state for look in LOOKS] == ["pending", "somethingNew", "completed", "canceled", "", ""]
