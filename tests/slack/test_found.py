"""What a message names: addresses, ids beside a kind, ids alone; in text, blocks, attachments and rich text."""

import re
import time
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.resources import Registry, Target, load
from bot.slack.found import Finder

Json = dict[str, Any]

HOSTS: Final = {"graph.microsoft.com"}
KINDS: Final = load()
FINDER: Final = Finder(KINDS.only(["approval-item", "access-package", "operation-approval"], "global"), HOSTS)
ONE: Final = "6c986053-06e0-41f5-8c45-f3d4bea7eab3"
TWO: Final = "f7a8b910-7b54-4915-aad4-acb1f5aaf21c"
URL: Final = f"https://graph.microsoft.com/beta/solutions/approval/approvalItems/{ONE}"
APPROVAL: Final = Target("approval-item", ONE)


def _rich(*elements: Json) -> list[Json]:
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}]


def _words(text: str) -> Json:
    return {"type": "text", "text": text}


ADDRESSES: Final[dict[str, Json]] = {
    "text": {"text": f"Please look at <{URL}> today"},
    "labelled": {"text": f"Please look at <{URL}|this one>"},
    "with the action": {"text": f"{URL}/cancel"},
    "end of a sentence": {"text": f"It is ({URL})."},
    "OData": {"text": f"https://graph.microsoft.com/v1.0/solutions/approval/approvalItems('{ONE}')"},
    "escaped": {"text": f"a &lt;{URL}&gt; b"},
    "section": {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"*See* <{URL}|it>"}}]},
    "field": {"blocks": [{"type": "section", "fields": [{"type": "plain_text", "text": URL}]}]},
    "context": {"blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": URL}]}]},
    "link button": {"blocks": [{"type": "actions", "elements": [{"type": "button", "url": URL, "action_id": "a"}]}]},
    "rich text": {"blocks": _rich({"type": "link", "url": URL, "text": "here"})},
    "rich list": {"blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": [
        {"type": "rich_text_section", "elements": [{"type": "link", "url": URL}]}]}]}]},
    "attachment": {"attachments": [{"fallback": "x", "title": "Request", "title_link": URL}]},
    "attachment's field": {"attachments": [{"fields": [{"title": "Where", "value": f"<{URL}>"}]}]},
    "attachment's blocks": {"attachments": [{"blocks": _rich(_words(f"see {URL}, please"))}]},
}  # fmt: skip


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_wherever_it_stands(name: str) -> None:
    found = FINDER.found(ADDRESSES[name])
    assert (found.targets, found.ids) == ((APPROVAL,), ())


BESIDE: Final[dict[str, Json]] = {
    "kind": {"text": f"/cancel-approval approval-item {ONE}"},
    "type": {"text": f"approvalItem: {ONE}"},
    "label": {"text": f"The Teams approval {ONE} is not needed."},
    "other spelling": {"text": f"approval item no. {ONE}"},
    "rich text in parts": {"blocks": _rich(_words("Kind: "), _words("approval-item"), _words("\nId: "), _words(ONE))},
    "path": {"text": f"approval-item/{ONE}"},
    "the nearer one": {"text": f"access-package {TWO} and approval-item {ONE}"},
}


@pytest.mark.parametrize("name", BESIDE)
def test_an_id_beside_its_kind(name: str) -> None:
    assert FINDER.found(BESIDE[name]).targets[-1] == APPROVAL
    assert FINDER.found(BESIDE[name]).ids == ()


def test_each_is_found_once_in_its_order() -> None:
    """Slack sends the same words as text and as blocks; the one that says what it is counts."""
    message = {
        "text": f"{TWO} {URL}",
        "blocks": _rich(_words(f"access-package {TWO}, "), {"type": "link", "url": URL}, _words(ONE.upper())),
    }
    found = FINDER.found(message)
    assert {*found.targets} == {Target("access-package", TWO), APPROVAL}
    assert found.ids == ()


def test_an_id_alone_is_only_an_id() -> None:
    found = FINDER.found({"text": f"What is {ONE}? And {ONE.upper()}, {TWO}"})
    assert (found.targets, found.ids) == ((), (ONE, TWO))


NOTHING: Final[dict[str, Json]] = {
    "empty": {},
    "words": {"text": "Please cancel my access package"},
    "another host": {"text": f"https://graph.microsoft.com.evil.test/beta/solutions/approval/approvalItems/{ONE}"},
    "a portal's address": {"text": f"https://portal.azure.com/#view/{ONE}"},
    "plain http": {"text": URL.replace("https", "http")},
    "part of a word": {"text": f"x{ONE} {ONE}-1 {ONE}0"},
    "a call's id": {"text": f"HTTP 200 · request-id {ONE} · client-request-id {TWO}"},
    "a button's value": {"blocks": [{"type": "actions", "elements": [
        {"type": "button", "action_id": "cancel_listed", "value": f"approval-item {ONE}"}]}]},
    "an id of Slack's": {"user": ONE, "bot_profile": {"app_id": ONE, "name": ONE}},
    "a kind that is switched off": {"text": f"https://graph.microsoft.com/beta/privilegedRoleAssignmentRequests/{ONE}"},
    "no structure": {"text": ["x"], "blocks": {"type": "rich_text_section", "elements": [None, 1]}, "attachments": 7},
}  # fmt: skip


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_is_found_in(name: str) -> None:
    found = FINDER.found(NOTHING[name])
    assert (found.targets, found.ids) == ((), ())


def test_an_id_that_is_a_path() -> None:
    """As Azure Resource Manager's are: taken by the kind whose ids look like this."""
    pattern = re.compile(r"/subscriptions/[\w-]+/providers/Microsoft\.Authorization/requests/[\w-]+")
    azure = replace(KINDS["approval-item"], kind="azure", graph_type="azureRequest", label="Azure", id_pattern=pattern)
    finder = Finder(Registry([azure, KINDS["access-package"]]), HOSTS)
    path = f"/subscriptions/{TWO}/providers/Microsoft.Authorization/requests/{ONE}"
    assert finder.found({"text": f"Cancel `{path}`, please"}).targets == (Target("azure", path),)
    assert finder.found({"text": f"Cancel {path}."}).targets == (Target("azure", path),)


_TREE: Final = st.recursive(
    st.text() | st.none() | st.integers() | st.sampled_from([URL, ONE, f"access-package {TWO}"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "value", "url", "blocks"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["text", "blocks", "attachments"]), _TREE, max_size=3))
def test_no_message_breaks_it(message: Json) -> None:
    found = FINDER.found(message)
    assert {target.id.casefold() for target in found.targets} <= {ONE, TWO}
    assert {one.casefold() for one in found.ids} <= {ONE, TWO}


def test_a_message_that_is_deep() -> None:
    """Fails when `_texts` follows whatever is nested: RecursionError."""
    deep: Json = {"text": URL}
    for _ in range(5000):
        deep = {"blocks": [deep]}
    assert FINDER.found(deep).targets == ()


LONG: Final = {
    "brackets": ")",
    "slashes": "/",
    "schemes": "https://",
    "addresses": f" {URL}x",
    "ids": f" {ONE}",
    "addresses and brackets": f" {URL}{')' * 1900}",
}


@pytest.mark.parametrize("after", LONG)
def test_a_message_that_is_long(after: str) -> None:
    """Takes some 10 ms. Fails when as much is tried as there is (`_LONGEST`, `_MOST_AFTER`): then seconds."""
    began = time.process_time()
    FINDER.found({"text": URL + LONG[after] * (8_000_000 // len(LONG[after]))})
    assert time.process_time() - began < 1


def test_so_many_are_looked_at() -> None:
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(600)]
    assert len(FINDER.found({"text": " ".join(f"approval-item {one}" for one in ids)}).targets) == 500
