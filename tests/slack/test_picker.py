"""The options of the picker: which, in which words, and what is said of what is missing."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lists import Listed
from bot.pending import Choices
from bot.resources import Snapshot, Standing, Target, load
from bot.slack.listing import listed, option_text, short_target
from bot.slack.options import offers
from bot.slack.private_lists import fitting

KINDS: Final = load()
PACKAGE: Final = KINDS["access-package"]
NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _listed(number: int = 0, title: str = "Sales tools", who: str = "Alice Example", kind: str = "") -> Listed:
    shown = Snapshot(
        "pendingApproval",
        Standing.YES,
        cancelled=False,
        cancelling=False,
        title=title,
        requestor_name=who,
        requestor_email="alice@example.test",
        created=NOW - timedelta(minutes=59),
    )
    return Listed(Target(kind or PACKAGE.kind, f"00000000-0000-4000-8000-{number:012}"), shown)


def _texts(answer: dict[str, Any]) -> list[str]:
    groups = answer.get("option_groups", [{"options": answer.get("options", [])}])
    return [option["text"]["text"] for group in groups for option in group["options"]]


def _labels(answer: dict[str, Any]) -> list[str]:
    return [group["label"]["text"] for group in answer.get("option_groups", [])]


def test_kind_resource_requestor_and_age() -> None:
    assert (
        option_text(_listed(), PACKAGE, NOW) == "Access package request · Sales tools · Alice Example · 59 minutes ago"
    )


@given(st.text(), st.text(), st.sampled_from(["access-package", "governance-role", "operation-approval"]))
def test_75_characters_of_whatever_people_wrote(title: str, who: str, kind: str) -> None:
    """Fails when one part is not clipped. The age is always there; nothing breaks the line."""
    shown = option_text(_listed(title=title, who=who, kind=kind), KINDS[kind], NOW)
    assert len(shown) <= 75
    assert shown.endswith("59 minutes ago")
    assert len(shown.splitlines()) == 1


def test_what_has_no_title_shows_its_id() -> None:
    assert "00000000-0000-4000" in option_text(_listed(title="", who=""), PACKAGE, NOW)


def test_a_long_id_keeps_its_end() -> None:
    target = Target("access-package", "/" + "x" * 200 + "/the-end")
    assert len(short_target(target, PACKAGE)) == 75
    assert short_target(target, PACKAGE).endswith("/the-end")


@pytest.mark.parametrize(
    "typed", ["", "sales", "SALES alice", "package sal", "000007", "alice@example", "Access-Package  tools", "example"]
)
def test_every_word_stands_somewhere(typed: str) -> None:
    choices = Choices((_listed(7), _listed(8, "Other", "Bob"), _listed(9, "Third", "Bob", "operation-approval")))
    texts = _texts(offers(choices, typed, KINDS, NOW))
    assert texts[0] == option_text(_listed(7), PACKAGE, NOW)


@pytest.mark.parametrize("typed", ["nobody", "sales bob", "tools other"])
def test_nothing_matches(typed: str) -> None:
    choices = Choices((_listed(7), _listed(8, "Other", "Bob")))
    assert offers(choices, typed, KINDS, NOW) == {"options": []}


def test_more_than_slack_takes() -> None:
    choices = Choices(tuple(_listed(number) for number in range(340)))
    answer = offers(choices, "", KINDS, NOW)
    assert _labels(answer) == ["The newest 100 of 340: type to search"]
    assert len(_texts(answer)) == 100
    assert _labels(offers(choices, "33", KINDS, NOW)) == []


GAPS: Final = {
    "unread": Choices(unread=(PACKAGE,)),
    "sign-in": Choices(sign_in=(PACKAGE,)),
    "longer": Choices(longer=(PACKAGE,)),
}


@pytest.mark.parametrize("gap", GAPS)
def test_what_could_not_be_read_is_no_empty_list(gap: str) -> None:
    """Fails when `offers` answers with no options: Slack then says that there are no results."""
    assert _labels(offers(GAPS[gap], "", KINDS, NOW)) == ["Not everything could be read"]
    full = replace(GAPS[gap], items=tuple(_listed(number) for number in range(5101)))
    labels = _labels(offers(full, "", KINDS, NOW))
    assert labels == ["The newest 100 of 5,101: type to search · Not everything could be read"]
    assert all(len(label) <= 75 for label in labels)


def test_others_of_which_there_is_no_list() -> None:
    """Whoever looks for one of them is not told that there is none. Fails without `own_only`."""
    choices = Choices((_listed(7),), own_only=(PACKAGE,))
    assert _labels(offers(choices, "bob", KINDS, NOW)) == ["Not everything could be read"]
    assert _labels(offers(choices, "alice", KINDS, NOW)) == []


def test_long_ids_still_fit_into_a_message() -> None:
    """Slack takes some 13,000 characters. Fails when `fitting` counts nothing."""
    long = [Listed(replace(_listed().target, id="x" * 500), _listed().snapshot)] * 20
    shown = fitting(listed(long, KINDS, NOW))
    assert 5 <= len(shown) < 20
    assert sum(len(str(one.to_dict())) for one in shown) < 13_000


def test_untrusted_text_is_shown_as_text() -> None:
    one = _listed(title="*<!channel>* :tada:")
    (option,) = offers(Choices((one,)), "", KINDS, NOW)["options"]
    (section,) = listed([one], KINDS, NOW)
    for shown in (option["text"], section.to_dict()["text"]):
        assert (shown["type"], shown["emoji"]) == ("plain_text", False)


def test_a_keystroke_among_a_thousand() -> None:
    """About 3 ms; the bound is for a busy machine."""
    choices = Choices(tuple(_listed(number) for number in range(1000)))
    began = time.perf_counter()
    for typed in ("", "a", "alice sales 99", "nothing of it"):
        offers(choices, typed, KINDS, NOW)
    assert time.perf_counter() - began < 4
