"""The list of cases that a hostile world brings, and the tests that show what comes of each.

Numbers are attacks and mistakes from outside; letters are what may be wrong with the bot's own surroundings.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Case:
    """`what` comes, and what comes of it. `tests` are node ids, without parameters."""

    what: str
    tests: tuple[str, ...]


REQUESTS: Final = "tests/scenarios/test_edge_requests.py::"
VERIFIER: Final = "tests/web/test_verifier.py::"
SECURITY: Final = "tests/security/"
ATTACKS: Final = "tests/scenarios/linking/attacks/"
GRAPH: Final = "tests/scenarios/graph/"
DENIED: Final = "tests/scenarios/test_denied.py::"
STRANGERS: Final = "tests/scenarios/test_slack_strangers.py::"
CARDS: Final = "tests/scenarios/test_slack_cards.py::"
FUZZED: Final = f"{SECURITY}test_fuzz_dialog.py::test_dialog"
FUZZED_LINKS: Final = f"{SECURITY}test_fuzz_linking.py::test_linking"

CASES: Final[dict[str, Case]] = {
    "1": Case(
        "unsigned valid JSON: 401, nobody handles it, nothing of it is logged",
        (f"{REQUESTS}test_bad_signatures", f"{REQUESTS}test_nothing_that_was_sent_is_logged", FUZZED),
    ),
    "2": Case(
        "a timestamp that is no number: 401",
        (f"{VERIFIER}test_timestamps_that_are_none", f"{REQUESTS}test_bad_signatures"),
    ),
    "3": Case(
        "a signature that is not ASCII: 401",
        (f"{VERIFIER}test_signatures_that_are_none", f"{REQUESTS}test_bad_signatures"),
    ),
    "4": Case(
        "five minutes early or late is taken, more is not",
        (f"{VERIFIER}test_five_minutes_either_way", f"{REQUESTS}test_old_and_future_requests"),
    ),
    "5": Case(
        "the same signed request twice: 200, one effect",
        (f"{REQUESTS}test_a_replayed_request_has_one_effect", f"{VERIFIER}test_each_request_once", FUZZED),
    ),
    "6": Case("more than 1 MiB: 413, before it is signed or not", (f"{REQUESTS}test_bodies_that_are_too_large",)),
    "7": Case("deep JSON, unsigned: 401", (f"{SECURITY}test_deliveries.py::test_deep_json_of_strangers",)),
    "8": Case(
        "delivered again by Slack: 200, one effect",
        (
            f"{SECURITY}test_deliveries.py::test_a_submission_that_slack_delivers_again",
            "tests/scenarios/test_slack_dialog.py::test_one_dialog_begins_one_cancellation",
        ),
    ),
    "9": Case(
        "ids that are paths, queries, escapes or lines: a mistake at the input, nothing is asked",
        (
            "tests/resources/test_target.py::test_what_is_no_id_is_refused",
            "tests/resources/test_target.py::test_nothing_is_repaired",
            "tests/scenarios/test_slack_dialog.py::test_a_bad_id_is_refused_at_its_input",
            FUZZED,
        ),
    ),
    "10": Case(
        "reasons: 1024 is taken, 1025 and 513 emoji are refused with their length",
        (
            "tests/test_justification.py::test_a_longer_one_is_refused_with_its_length",
            "tests/test_justification.py::test_whatever_fits_is_taken_whole_and_the_rest_is_refused_with_its_length",
            FUZZED,
        ),
    ),
    "11": Case(
        "a reason that mentions and links is shown as it is",
        (
            "tests/scenarios/test_slack_reasons.py::test_what_is_taken_is_shown_as_text",
            f"{SECURITY}test_shown_as_text.py::test_messages",
        ),
    ),
    "12": Case(
        "half a character and a null: refused by name",
        ("tests/test_justification.py::test_one_forbidden_character_anywhere_is_enough", FUZZED),
    ),
    "13": Case(
        "addresses from the wire that lead elsewhere: an error, nothing is asked, no token goes there",
        (
            f"{GRAPH}test_operations.py::test_foreign_location",
            "tests/graph/test_client.py::test_next_link_elsewhere_is_refused",
            "tests/graph/test_links.py::test_an_address_is_ours_or_nothing_is_taken_from_it",
        ),
    ),
    "14": Case("Graph redirects: not followed", (f"{GRAPH}test_operations.py::test_redirect",)),
    "15": Case(
        "Graph challenges with claims: one fresh token, and then the person is asked to sign in",
        (f"{GRAPH}test_identity.py::test_challenge_of_the_call", f"{GRAPH}test_identity.py::test_challenge_for_ever"),
    ),
    "16": Case(
        "claims that are garbage, a list or a megabyte: nothing falls over",
        (
            "tests/graph/test_challenge.py::test_garbage_is_no_challenge",
            "tests/graph/test_challenge.py::test_challenge_of_a_megabyte",
            "tests/graph/test_delegated_tokens.py::test_claims_that_are_garbage",
        ),
    ),
    "17": Case(
        "a sign-in that was revoked: the person is asked to sign in, and goes on with a new one",
        (
            f"{GRAPH}test_identity.py::test_sign_in_was_revoked",
            "tests/scenarios/linking/test_consent.py::test_the_sign_in_was_revoked",
        ),
    ),
    "18": Case(
        "Entra is down or talks nonsense: nothing is sent, it is said, and nothing of the answer is logged",
        (
            f"{GRAPH}test_outages.py::test_entra_is_down",
            "tests/graph/test_delegated_tokens.py::test_answers_of_entra_are_not_logged",
        ),
    ),
    "19": Case(
        "429: waits as told, within bounds",
        (
            f"{GRAPH}test_throttling.py::test_waits_as_told",
            f"{GRAPH}test_throttling.py::test_longer_than_the_bound",
        ),
    ),
    "20": Case(
        "the answer to the call is lost: read back, never repeated blindly, and told as unknown",
        (
            f"{GRAPH}test_lost_answers.py::test_with_effect_it_is_read_back",
            f"{GRAPH}test_lost_answers.py::test_not_readable_afterwards",
        ),
    ),
    "21": Case(
        "guests, strangers, bots, the deactivated and other teams: refused",
        (
            f"{STRANGERS}test_their_commands_are_refused",
            f"{STRANGERS}test_people_of_another_organisation_can_press_buttons",
            f"{STRANGERS}test_another_team_is_refused",
            f"{STRANGERS}test_who_cannot_be_looked_up_is_not_let_in",
            FUZZED,
        ),
    ),
    "21, audited": Case(
        "each of them leaves a row",
        tuple(f"{DENIED}test_{name}" for name in ("strangers", "a_stranger_who_presses_a_button", "a_shared_channel")),
    ),
    "22": Case(
        "buttons and dialogs that are forged, somebody else's, too old or used: refused",
        (
            f"{CARDS}test_forged_clicks_are_refused",
            f"{CARDS}test_a_card_is_valid_only_where_it_was_posted",
            "tests/scenarios/test_slack_dialog.py::test_a_forged_or_old_dialog_is_refused",
            FUZZED,
        ),
    ),
    "22, audited": Case(
        "each of them leaves a row",
        tuple(f"{DENIED}test_{name}" for name in ("forged_buttons", "expired_buttons", "somebody_elses_dialog")),
    ),
    "23": Case(
        "the second person is the first, in Slack or at Microsoft: refused",
        (
            "tests/test_gate.py::test_nobody_approves_alone",
            "tests/test_gate.py::test_both_accounts_are_known",
            "tests/scenarios/test_second_person.py::test_who_may_not",
            "tests/scenarios/test_second_person.py::test_second_person_without_an_account",
        ),
    ),
    "24": Case(
        "forwarded links, answers for somebody else, and answers used twice: no link",
        (
            *(f"{ATTACKS}test_forwarded.py::test_the_page_of_{service}" for service in ("slack", "microsoft")),
            f"{ATTACKS}test_forwarded.py::test_the_last_page",
            f"{ATTACKS}test_slack_refusals.py::test_id_tokens",
            f"{ATTACKS}test_microsoft_refusals.py::test_id_tokens",
            f"{ATTACKS}test_replayed.py::test_a_callback_again",
            FUZZED_LINKS,
        ),
    ),
    "25": Case(
        "markup in an error, another host, and an address to go to next: escaped or not told, 421, no redirect",
        (
            f"{ATTACKS}test_microsoft_refusals.py::test_errors_that_microsoft_sends",
            f"{ATTACKS}test_requests.py::test_hosts",
            f"{ATTACKS}test_forwarded.py::test_a_link_that_says_where_to_go_next",
            FUZZED_LINKS,
        ),
    ),
    "a": Case(
        "another key, or somebody else's row: the person is asked to sign in",
        (
            "tests/graph/test_stored_tokens.py::test_wrong_keys",
            "tests/graph/test_stored_tokens.py::test_row_of_another_person",
        ),
    ),
    "b": Case(
        "the database is full or locked: said in time, and nothing is sent",
        (
            "tests/faults/test_storage.py::test_disk_full_at_the_click",
            "tests/scenarios/test_slack_in_time.py::test_a_submission_while_the_database_is_locked",
        ),
    ),
    "c": Case(
        "a row of the trail cannot be written: no call",
        (
            f"{GRAPH}test_audit_trail.py::test_wish_cannot_be_recorded",
            f"{GRAPH}test_audit_trail.py::test_call_cannot_be_recorded",
        ),
    ),
    "d": Case(
        "a policy that cannot be used: no start",
        (
            "tests/cli/test_commands.py::test_unusable_policy_stops_the_start",
            "tests/test_policy_file.py::test_any_bytes_are_rules_or_refused",
        ),
    ),
    "e": Case(
        "the clock is wrong: not ready; it is set: nothing is done twice",
        ("tests/scenarios/test_edge_health.py::test_clock", "tests/faults/test_storage.py::test_clock_is_set"),
    ),
    "f": Case(
        "told to stop in the middle: it ends first, or goes on at the next start",
        (
            "tests/cli/test_serving.py::test_stops_after_what_it_has_begun",
            "tests/scenarios/test_slack_socket.py::test_a_stop_waits_for_what_was_begun",
        ),
    ),
}
