"""The justification: refused with a reason at its input, or shown as text, wherever it is shown."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from bot.sandbox.people import ALICE, BOB
from bot.sandbox.tenant import AUDIT, Tenant
from tests.scenarios.play import Play, words

REFUSED: Final = {
    "blank": (" \n\t ", "a justification is required"),
    "one too many": ("x" * 1025, "has 1025 characters; at most 1024"),
    "emoji that count twice": ("👍" * 513, "has 1026 characters; at most 1024"),
    "newlines that count twice": ("x\n" * 513, "has 1539 characters; at most 1024"),
    "NUL": ("a\x00b", "U+0000"),
    "a control character": ("a\x1bb", "U+001B"),
    "half a surrogate pair": ("a\ud83d", "U+D83D"),
    "an override": ("a\u202eb", "U+202E"),
    "an isolate": ("a\u2066b", "U+2066"),
}

SHOWN: Final = {
    "a mention of all": "<!channel> <!here> @channel",
    "a person": "<@U0BOB> asked",
    "a link": "<https://evil.example.test|our portal> https://evil.example.test",
    "formatting": "*bold* _it_ ~no~ `code` ```block``` > quote",
    "what looks escaped": "&lt;!channel&gt; &amp;",
    "emoji": ":tada: 🎉 " + "👍" * 20,
    "directions": "left \u200e right \u200f",
}


def _holders(node: Any, text: str) -> Iterator[str]:
    """The types of the objects that hold this text."""
    if isinstance(node, list):
        for part in node:
            yield from _holders(part, text)
    elif isinstance(node, dict):
        if any(isinstance(value, str) and text in value for value in node.values()):
            yield str(node.get("type"))
        for value in node.values():
            yield from _holders(value, text)


@pytest.mark.usefixtures("bot")
async def test_what_cannot_be_taken_is_said_at_the_input(tenant: Tenant, alice: Play) -> None:
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    for entered, told in REFUSED.values():
        await alice.submit(view, justification=entered)
        assert list(view.errors) == ["justification"]
        assert told in view.errors["justification"]
    assert alice.roots() == []
    assert all(call.method == "GET" for call in tenant.graph.calls)
    await alice.submit(view, justification="x" * 1024)
    assert "Cancelled" in words((await alice.reply()).blocks)


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("why", SHOWN.values(), ids=SHOWN.keys())
async def test_what_is_taken_is_shown_as_text(tenant: Tenant, alice: Play, why: str) -> None:
    """Fails when a block shows it as mrkdwn, or a fallback text carries it unescaped."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    await alice.cancel("approval-item", target, why)
    [root], [line] = alice.roots(), tenant.slack.messages(AUDIT)
    for message in (root, line):
        assert set(_holders(message.blocks, why)) == {"text"}
    fallbacks = " ".join(_text(call.args) for call in tenant.slack.calls)
    assert [part for part in ("<!", "<@", "<http", "*bold*") if part in fallbacks] == []


def _text(args: dict[str, Any]) -> str:
    return str(args.get("text", ""))


@pytest.mark.usefixtures("bot")
async def test_all_of_it_reaches_the_service_normalised(tenant: Tenant, carol: Play) -> None:
    target = tenant.graph.add("operationApprovalRequest", owner=BOB.oid)
    await carol.cancel("operation-approval", target, "Cafe\u0301 <!here> & 🎉\nsecond line")
    [effect] = tenant.graph.effects
    assert effect.justification == "Caf\u00e9 <!here> & 🎉\r\nsecond line"


@pytest.mark.usefixtures("socket_bot")
async def test_what_others_wrote_is_shown_as_text(tenant: Tenant, alice: Play) -> None:
    """The names and reasons that come from Microsoft are other people's words, too."""
    sly = "<!channel> <https://evil.example.test|Laptop>"
    target = tenant.graph.add("approvalItem", owner=ALICE.oid, displayName=sly, description=f"{sly} please", state=sly)
    view = await alice.dialog(f"approval-item {target}")
    await alice.loaded()
    assert set(_holders(view.blocks, sly)) == {"text"}
    await alice.submit(view, justification="No")
    reply = await alice.reply()
    assert set(_holders(reply.blocks, sly)) <= {"text"}
    assert all("<!" not in _text(call.args) for call in tenant.slack.calls)
