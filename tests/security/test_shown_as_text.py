"""Whatever people and services write is shown as it is: never a mention, a link, an emoji or a format.

Slack interprets `mrkdwn` and messages' `text`; the bot puts what is not its own into elements that Slack shows as they
are (https://docs.slack.dev/messaging/formatting-message-text), and escapes it in `text`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cancellation import Actor, Cancellation
from bot.resources import Target, load
from bot.slack import blocks, dialog
from bot.slack.outcome_text import Told
from bot.slack.request import Parser
from bot.slack.text import escape

ID: Final = "00000000-0000-4000-8000-00000000c0de"
REGISTRY: Final = load()
MOMENT: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TARGET: Final = Target("approval-item", ID)

PIECES: Final = st.sampled_from(
    [
        *("<!channel>", "<!here>", "<@U0ALICE>", "<#C0ITOPS>", "<https://evil.example.test|x>", "<mailto:a@b.test>"),
        *("&lt;", "&amp;", "&", "<", ">", "|", "*b*", "_i_", "~s~", "`c`", ":tada:", "https://evil.example.test"),
        *("@channel", "\n", "> q", "<!date^1^{date}|x>", "{state}", "\\", '"', " ", "a"),
    ]
)
HOSTILE: Final = st.one_of(st.text(max_size=200), st.lists(PIECES, min_size=1, max_size=12).map("".join))


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(part)


VIEW: Final = dialog.view(dialog.Prefilled("0" * 32), REGISTRY, None)
OURS: Final = (
    "Cancel",
    "Approve",
    "Decline",
    *(node["text"] for node in _nodes(VIEW) if node.get("type") == "plain_text"),
)
STRUCTURE: Final = (
    *("rich_text", "rich_text_section", "rich_text_quote", "actions", "button", "context", "section", "input", "modal"),
    *("plain_text_input", "static_select"),
)


def _shown(drawn: Any) -> str:
    """What stands in elements that Slack shows as they are; everything else holds only what is ours."""
    shown = ""
    for node in _nodes(drawn):
        match node.get("type"):
            case "text":
                shown += node["text"]
            case "plain_text":
                assert node["emoji"] is False or node["text"] in OURS
                shown += node["text"]
            case "user":
                assert node["user_id"] == "U0ALICE"
            case "emoji":
                assert node["name"] == "x"
            case "link":
                assert node["url"] == "https://bot.example.test/auth/start"
            case kind:
                assert kind in (None, *STRUCTURE), f"{kind} is interpreted by Slack"
    return shown


def _card(words: str) -> Any:
    details = blocks.CardDetails(
        **dict.fromkeys(("label", "kind", "id", "title", "requestor", "reason", "state", "created", "why"), words),
        as_of=words,
        by="U0ALICE",
        ended=words,
        ended_by="U0ALICE",
    )
    return [blocks.card(details, "0" * 32), blocks.drawn([blocks.facts(details)])]


def _wish(why: str, account: str = "alice@example.test") -> Cancellation:
    return Cancellation("0" * 32, Actor("T0SANDBOX", "U0ALICE", "C0ITOPS", account_name=account), TARGET, why, MOMENT)


MESSAGES: Final[tuple[Callable[[str], Any], ...]] = (
    _card,
    lambda words: blocks.outcome(Told("x", words, words, words, words), "U0ALICE", words),
    lambda words: blocks.audit_line(Told("x", words, words, words, words), _wish("w", account=words)),
    lambda words: blocks.asked(_wish(words), words, ["U0ALICE"], MOMENT, "0" * 32),
    lambda words: blocks.answered(_wish(words), words, words, "U0ALICE"),
    blocks.note,
    lambda words: blocks.drawn([blocks.sign_in(words, "https://bot.example.test/auth/start")]),
    lambda words: dialog.closed(dialog.sentence(words)),
)


@settings(deadline=None)
@given(st.sampled_from(MESSAGES), HOSTILE.filter(str.strip))
def test_messages(message: Callable[[str], Any], words: str) -> None:
    """Fails when any of it stands in a mrkdwn object, a link or a mention, or is changed on the way."""
    assert words in _shown(message(words))


@settings(deadline=None)
@given(HOSTILE.filter(str.strip))
def test_the_one_line_of_the_audit_channel_stays_one(why: str) -> None:
    """Fails when a reason can begin a line of its own, which would look like another cancellation's."""
    told = Told("x", "Cancelled", "It is done.", "", "")
    shown = _shown(blocks.audit_line(told, _wish(why)))
    assert len(shown.splitlines()) == 1
    assert " ".join(why.split()) in shown


@settings(deadline=None)
@given(st.text(min_size=1, max_size=100), HOSTILE)
def test_what_a_dialog_begins_with_is_what_was_typed(id_text: str, why: str) -> None:
    """Fails when a dialog escapes, cuts or formats what it is filled in with."""
    view = dialog.view(dialog.Prefilled("0" * 32, REGISTRY["approval-item"], id_text, why), REGISTRY, None)
    assert _shown(view)
    typed = {block["block_id"]: block["element"].get("initial_value", "") for block in view["blocks"]}
    assert (typed[dialog.ID], typed[dialog.JUSTIFICATION]) == (id_text, why)


@settings(deadline=None)
@given(
    st.sampled_from(
        [f"approval-item {ID}", f"<https://graph.microsoft.com/beta/solutions/approval/approvalItems/{ID}>"]
    ),
    HOSTILE,
)
def test_what_was_typed_after_the_command_comes_back(before: str, why: str) -> None:
    """Slack delivers it escaped once. Fails without `unescape`, with two, or where typed brackets count as Slack's."""
    parser = Parser(REGISTRY, REGISTRY, "global", ["graph.microsoft.com"])
    command = parser.command(f"{before} {escape(why)}")
    assert command.target == TARGET
    assert command.justification == why.strip()


@settings(deadline=None)
@given(HOSTILE)
def test_nothing_is_left_for_slack_to_interpret(words: str) -> None:
    """Messages' `text` is escaped. Fails when one of the three characters is left."""
    escaped = escape(words)
    assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", escaped)
