"""The justification: what is accepted is sent as it is recorded, and the rest is refused with its reason."""

import unicodedata
from typing import Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.errors import InputError
from bot.justification import justification

EMOJI: Final = "\N{PARTY POPPER}"
FORBIDDEN: Final = [
    *(code for code in range(0x20) if chr(code) not in "\t\n\r"),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0xD800,
    0xDBFF,
    0xDC00,
    0xDFFF,
    *range(0x7F, 0xA0),
]


def refusal(text: str | None) -> InputError:
    with pytest.raises(InputError) as refused:
        justification(text)
    assert refused.value.field == "justification"
    return refused.value


@pytest.mark.parametrize("text", [None, "", " ", "\n", "\r\n\t ", "\u00a0", "\u3000\u2003"])
def test_a_blank_one_is_refused(text: str | None) -> None:
    assert "required" in refusal(text).sentence


@pytest.mark.parametrize("text", ["x" * 1024, EMOJI * 512, "\u00e9" * 1024, "e\u0301" * 1024])
def test_1024_are_accepted(text: str) -> None:
    assert justification(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("x" * 1025, 1025),
        (EMOJI * 513, 1026),
        (EMOJI * 512 + "x", 1025),
        ("x" * 1023 + "\n", 1025),
        ("x" * 100_000, 100_000),
        ("\U0001d160" * 200, 1200),  # NFC takes this note apart into three characters
    ],
    ids=["letters", "emoji", "emoji and a letter", "a newline is two", "very long", "grows by NFC"],
)
def test_a_longer_one_is_refused_with_its_length(text: str, length: int) -> None:
    """Fails without the comparison with `LONGEST`."""
    error = refusal(text)
    assert f"has {length} characters" in error.sentence
    assert "1024" in error.sentence
    assert error.next_step == f"Shorten it by {length - 1024}."


def test_it_is_composed() -> None:
    assert justification("Cafe\u0301") == "Caf\u00e9"


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"])
def test_newlines_become_crlf(newline: str) -> None:
    assert justification(f"one{newline}two{newline}{newline}three") == "one\r\ntwo\r\n\r\nthree"


def test_a_newline_before_a_carriage_return_is_two() -> None:
    assert justification("a\n\rb") == "a\r\n\r\nb"


@pytest.mark.parametrize("code", FORBIDDEN, ids=lambda code: f"U+{code:04X}")
def test_a_character_that_hides_or_breaks_is_refused_by_name(code: int) -> None:
    error = refusal(f"because {chr(code)} so")
    assert f"U+{code:04X}" in error.sentence
    assert chr(code) not in error.sentence


@pytest.mark.parametrize(
    "text",
    [
        "left\u200eto right",
        "right\u200fto left",
        "a\ttab",
        "\u05e9\u05dc\u05d5\u05dd",
        "family \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "<!channel> & *bold* `code`",
        "  spaces stay  ",
    ],
)
def test_what_people_write_is_kept_as_it_is(text: str) -> None:
    assert justification(text) == text


ANYTHING = st.text(st.characters(exclude_categories=()), max_size=1200)


@given(
    st.one_of(
        ANYTHING,
        st.lists(st.sampled_from(["\n", "\r", EMOJI, "e\u0301", "\U0001d160", "x"]), max_size=1100).map("".join),
    )
)
def test_what_is_accepted_fits_and_can_be_sent(text: str) -> None:
    try:
        whole = justification(text)
    except InputError:
        return
    assert 0 < len(whole.encode("utf-16-le")) // 2 <= 1024
    assert whole.encode("utf-8").decode("utf-8") == whole
    assert unicodedata.is_normalized("NFC", whole)
    assert not set(whole.replace("\r\n", "")) & {"\r", "\n"}
    assert justification(whole) == whole


SENDABLE = st.characters(
    exclude_categories=["Cs"], exclude_characters=[chr(code) for code in FORBIDDEN if code < 0xD800]
)
PIECES = st.sampled_from(["\n", "\r", "\r\n", EMOJI, "e\u0301", "\U0001d160", "x", "<", "&"])
LONG = st.builds(lambda piece, times, more: piece * times + more, PIECES, st.integers(250, 1030), st.text(SENDABLE))


@settings(deadline=None)
@given(st.one_of(st.text(SENDABLE, max_size=100), LONG))
def test_whatever_fits_is_taken_whole_and_the_rest_is_refused_with_its_length(text: str) -> None:
    """Fails when it is cut, when code points are counted, when it is counted before NFC or before newlines are two."""
    assume(text.strip())
    newlines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    sent = unicodedata.normalize("NFC", newlines)
    length = sum(2 if ord(character) > 0xFFFF else 1 for character in sent)
    if length <= 1024:
        assert justification(text) == sent
    else:
        assert f"has {length} characters" in refusal(text).sentence


@settings(deadline=None)
@given(st.text(SENDABLE), st.one_of(st.sampled_from(FORBIDDEN), st.integers(0xD800, 0xDFFF)), st.text(SENDABLE))
def test_one_forbidden_character_anywhere_is_enough(before: str, code: int, after: str) -> None:
    """Fails without `_FORBIDDEN`, and where only the beginning is looked at."""
    assert f"U+{code:04X}" in refusal(f"a{before}{chr(code)}{after}").sentence
