"""The sentences: every end of a cancellation has one, and untrusted text stays text."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConsentNeeded, Refused, ServiceError, SignInNeeded
from bot.outcome import Look, Outcome, Reason, Result, prevented, rejected
from bot.resources import Cloud, Registry, Snapshot, Standing, TargetError, load
from bot.slack import kind_text, outcome_text, text
from bot.verdict import Wait

KINDS: Final = load()
ITEM: Final = KINDS["approval-item"]
PRIVILEGED: Final = KINDS["privileged-role"]
GOVERNANCE: Final = KINDS["governance-role"]
PERMISSION: Final = "ApprovalSolution.ReadWrite"
ENABLED: Final = KINDS.only(["approval-item", "access-package"], "global")

ACCEPTED: Final = Look(Snapshot("Accepted", Standing.UNKNOWN, cancelled=False, cancelling=False))

# These ends bring words of their own: an error's, the kind's, or documented ones.
OWN: Final = {
    Reason.PERSON: prevented(Refused("guest", "Guests may not cancel.", "Ask a member.")),
    Reason.CONSENT: prevented(ConsentNeeded(PERMISSION)),
    Reason.NOT_ALLOWED: rejected(ITEM, ServiceError(403, (), ""), Look(), 0),
    Reason.NOT_CANCELLABLE: rejected(GOVERNANCE, ServiceError(400, ("RequestCannotBeCancelled",), ""), ACCEPTED, 0),
    Reason.RETIRED: rejected(PRIVILEGED, ServiceError(400, ("TenantEnabledInAadRoleMigration",), ""), Look(), 0),
}
OUTCOMES: Final = {reason: OWN.get(reason) or Outcome(reason, "pending") for reason in Reason}
HEADLINES: Final = {
    Result.CANCELLED: "Cancelled",
    Result.ACCEPTED: "Accepted, not finished yet",
    Result.ALREADY_FINAL: "Nothing left to cancel",
    Result.REFUSED: "Not carried out",
    Result.FAILED: "Not cancelled",
    Result.UNKNOWN: "Not known whether it was cancelled",
}


@pytest.mark.parametrize("reason", Reason)
def test_every_end_has_a_sentence(reason: Reason) -> None:
    assert OUTCOMES[reason].reason is reason
    told = outcome_text.told(OUTCOMES[reason], ITEM)
    assert told.sentence.endswith((".", ")."))
    assert not set(told.sentence + told.next_step) & set("{}")
    assert told.headline == HEADLINES[OUTCOMES[reason].result]
    assert told.mark == outcome_text.MARKS[OUTCOMES[reason].result]


@pytest.mark.parametrize("reason", [r for r in Reason if Outcome(r).result in (Result.FAILED, Result.UNKNOWN)])
def test_what_failed_has_a_next_step(reason: Reason) -> None:
    assert outcome_text.told(OUTCOMES[reason], ITEM).next_step


def test_only_what_was_confirmed_is_called_cancelled() -> None:
    cancelled = {r for r in Reason if outcome_text.told(OUTCOMES[r], ITEM).headline == "Cancelled"}
    assert cancelled == {Reason.DONE, Reason.CONFIRMED, Reason.UNPROVEN}


def test_marks_and_headlines_tell_the_ends_apart() -> None:
    assert set(outcome_text.MARKS) == set(Result)
    assert len(set(outcome_text.MARKS.values())) == len(Result)


@pytest.mark.parametrize("reason", [Reason.FOUND_FINAL, Reason.TOO_LATE, Reason.LOST])
@pytest.mark.parametrize(("state", "shown"), [("completed", "completed"), ("", outcome_text.NO_STATE)])
def test_the_state_is_shown(reason: Reason, state: str, shown: str) -> None:
    assert shown in outcome_text.told(Outcome(reason, state), ITEM).sentence


def test_a_missing_permission_is_named() -> None:
    assert PERMISSION in outcome_text.told(Outcome(Reason.NOT_ALLOWED, permission=PERMISSION), ITEM).sentence


def test_an_errors_own_words_come_first() -> None:
    needed = SignInNeeded("Your account is not linked.", "Link it here.")
    told = outcome_text.told(prevented(needed), ITEM)
    assert (told.sentence, told.next_step) == ("Your account is not linked.", "Link it here.")


def test_a_call_without_reading_first_is_told() -> None:
    told = outcome_text.told(replace(OUTCOMES[Reason.DONE], unread=True), ITEM)
    assert told.sentence.endswith(outcome_text.UNREAD_NOTE)


@pytest.mark.parametrize("reason", Reason)
def test_a_retired_kind_says_so_unless_it_worked(reason: Reason) -> None:
    sentence = outcome_text.told(OUTCOMES[reason], PRIVILEGED).sentence
    worked = OUTCOMES[reason].result in (Result.CANCELLED, Result.ACCEPTED)
    assert ("retired this kind on 31 May 2021" in sentence) is not worked
    assert ("unifiedRoleAssignmentScheduleRequest" in sentence) is not worked


def test_the_retirement_of_a_kind() -> None:
    assert kind_text.retirement(ITEM) == ""
    assert "28 October 2026" in kind_text.retirement(KINDS["governance-role"])


def test_what_replaces_a_kind_that_is_over() -> None:
    told = kind_text.ended_kind(KINDS["governance-role"], KINDS.only(["role-assignment", "group-assignment"], "global"))
    start = "Role request (PIM iteration 2): governance-role is not switched on here. Microsoft retired this kind on "
    assert told.startswith(f"{start}28 October 2026;")
    assert told.endswith("Here that is role-assignment or group-assignment.")
    alone = kind_text.ended_kind(KINDS["governance-role"], ENABLED)
    assert alone.endswith("No kind that replaces it is switched on here.")


def test_the_reference_has_what_support_needs() -> None:
    outcome = Outcome(Reason.SERVICE_ERROR, "", 400, "aCode", "r-1", "c-1")
    assert (
        outcome_text.told(outcome, ITEM).reference == "HTTP 400 · code aCode · request-id r-1 · client-request-id c-1"
    )
    assert outcome_text.told(Outcome(Reason.POLICY), ITEM).reference == ""


@pytest.mark.parametrize("problem", ["empty_id", "bad_id", "foreign_url", "unknown_url"])
@pytest.mark.parametrize("resource", [ITEM, None])
def test_every_wrong_target_has_a_sentence(problem: str, resource: object) -> None:
    known = ITEM if resource else None
    sentence = kind_text.of_target_error(TargetError(problem, "graph.microsoft.com"), known)
    assert sentence.endswith(".")
    assert ("graph.microsoft.com" in sentence) is (problem == "foreign_url")


@pytest.mark.parametrize(
    ("word", "cloud", "parts"),
    [
        ("aproval-item", "global", ["“aproval-item”", "Did you mean approval-item?"]),
        ("accessPackageAssignmentRequst", "global", ["Did you mean access-package?"]),
        ("operation-approval", "global", ["operation-approval is not switched on here"]),
        ("approvalItem", "china", ["does not offer approval-item in this cloud"]),
        ("x" * 5000, "global", ["x" * 39 + "…”"]),
    ],
)
def test_an_unknown_kind(word: str, cloud: Cloud, parts: list[str]) -> None:
    answer = kind_text.unknown_kind(word, KINDS, ENABLED, cloud)
    for part in (*parts, "access-package", "approval-item"):
        assert part in answer
    assert len(answer) < 300
    assert "  " not in answer


def test_a_kind_that_is_off_is_not_suggested() -> None:
    answer = kind_text.unknown_kind("governance-rol", KINDS, ENABLED, "global")
    assert "governance-role?" not in answer


def test_help_names_the_enabled_kinds_alone() -> None:
    answer = text.help_text(ENABLED)
    assert all((resource.kind in answer) is (resource in list(ENABLED)) for resource in KINDS)


def test_help_without_a_kind_is_still_help() -> None:
    assert text.COMMAND in text.help_text(Registry([]))


@pytest.mark.parametrize(
    ("given_text", "longest", "shown"),
    [("", 5, ""), ("12345", 5, "12345"), ("123456", 5, "1234…"), ("abc", 1, "…")],
)
def test_clipped_text_shows_it(given_text: str, longest: int, shown: str) -> None:
    assert text.clip(given_text, longest) == shown


@given(st.text(), st.integers(1, 50))
def test_clipped_text_fits(words: str, longest: int) -> None:
    clipped = text.clip(words, longest)
    assert len(clipped) <= longest
    assert clipped == words or clipped.endswith("…")


MARKUP = st.lists(st.sampled_from(["&", "<", ">", "&amp;", "&lt;", "&gt;", "&amp;lt;", "<!channel>", "a"])).map("".join)


@given(st.one_of(st.text(), MARKUP))
def test_escaped_text_comes_back(words: str) -> None:
    escaped = text.escape(words)
    assert text.unescape(escaped) == words
    assert "<" not in escaped
    assert ">" not in escaped


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("a < b & c", "a &lt; b &amp; c"), ("<!channel>", "&lt;!channel&gt;"), ("&lt;", "&amp;lt;")],
)
def test_what_slack_would_read_is_escaped(typed: str, sent: str) -> None:
    assert text.escape(typed) == sent


SECOND: Final = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(), "0 seconds"),
        (0.4 * SECOND, "0 seconds"),
        (SECOND, "1 second"),
        (59 * SECOND, "59 seconds"),
        (59.6 * SECOND, "1 minute"),
        (60 * SECOND, "1 minute"),
        (119 * SECOND, "1 minute"),
        (120 * SECOND, "2 minutes"),
        (3599 * SECOND, "59 minutes"),
        (3600 * SECOND, "1 hour"),
        (86399 * SECOND, "23 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(span: timedelta, words: str) -> None:
    assert text.duration(span) == words


@pytest.mark.parametrize(
    ("since", "words"),
    [(timedelta(minutes=5), "5 minutes ago"), (timedelta(), "0 seconds ago"), (timedelta(hours=-1), "0 seconds ago")],
)
def test_an_age_is_never_negative(since: timedelta, words: str) -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert text.age(now - since, now) == words


def test_a_wait_is_told_with_its_length() -> None:
    assert outcome_text.waiting(Wait(120, asked=True)) == "Microsoft asks to wait. I try again in 2 minutes."
    assert outcome_text.waiting(Wait(30)) == "No usable answer from Microsoft yet. I try again in 30 seconds."
