"""Block Kit rules: what Slack takes, and one case for each thing that it refuses."""

from typing import Any

import pytest

from bot.sandbox.blockkit import Surface, check
from bot.sandbox.blockkit_views import check_view

Json = dict[str, Any]


def plain(text: str = "Text") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "*Text*") -> Json:
    return {"type": "mrkdwn", "text": text}


def option(value: str = "one", **more: Any) -> Json:
    return {"text": plain(), "value": value, **more}


def button(action_id: str = "cancel", **more: Any) -> Json:
    return {"type": "button", "text": plain(), "action_id": action_id, **more}


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "kind", "options": [option()], **more}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def field(element: Json | None = None, **more: Any) -> Json:
    typed = {"type": "plain_text_input", "action_id": "why"}
    return {"type": "input", "label": plain(), "element": element or typed, **more}


def typed(**more: Any) -> Json:
    return field({"type": "plain_text_input", **more})


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def rich_section(*elements: Json, kind: str = "rich_text_section") -> Json:
    return {"type": kind, "elements": list(elements)}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Cancel"), "blocks": list(blocks), **more}


CONFIRM = {
    "title": plain("t" * 100),
    "text": mrkdwn("t" * 300),
    "confirm": plain("c" * 30),
    "deny": plain("No"),
}
IMAGE = {"type": "image", "image_url": "https://example.test/a.png", "alt_text": "A"}
RICH_TEXT = {"type": "text", "text": "x", "style": {"bold": True}}
GOOD: list[Json] = [
    section(accessory=button(style="danger", value="v" * 2000, confirm=CONFIRM), block_id="row"),
    {"type": "section", "fields": [mrkdwn("f" * 2000)] * 10},
    section(text=mrkdwn("t" * 3000), accessory=IMAGE),
    {"type": "header", "text": plain("h" * 150)},
    {"type": "divider"},
    {"type": "context", "elements": [mrkdwn(), plain(), IMAGE]},
    {**IMAGE, "title": plain()},
    actions(button(text=plain("b" * 75), url="https://example.test/"), select(), {"type": "external_select"}),
    actions({"type": "overflow", "options": [option(url="https://example.test/")] * 5}),
    field(hint=plain(), optional=True, dispatch_action=True),
    typed(max_length=3000, min_length=1, multiline=True, initial_value="why", placeholder=plain("p" * 150)),
    field(select(initial_option=option(), placeholder=plain())),
    field({"type": "static_select", "option_groups": [{"label": plain(), "options": [option("v" * 150)]}]}),
    rich(rich_section(RICH_TEXT, {"type": "link", "url": "https://example.test", "text": "x"})),
    rich(rich_section({"type": "user", "user_id": "U0ALICE"}, {"type": "channel", "channel_id": "C0IT"})),
    rich(rich_section({"type": "emoji", "name": "x"}, {"type": "broadcast", "range": "here"})),
    rich(rich_section({"type": "usergroup", "usergroup_id": "S0HELP"}, kind="rich_text_quote")),
    rich(rich_section(RICH_TEXT, kind="rich_text_preformatted")),
    rich({"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [rich_section(RICH_TEXT)]}),
]


@pytest.mark.parametrize("block", GOOD)
def test_takes_what_slack_takes(block: Json) -> None:
    assert check([block], "modal") == []


BAD: list[tuple[Json, str]] = [
    ({"type": "marquee"}, "unsupported type: marquee"),
    ({}, "unsupported type"),
    (section(colour="red"), "additional property: colour"),
    ({"type": "section"}, "needs text or fields"),
    (section(text=mrkdwn("")), "more than 0"),
    (section(text=mrkdwn("t" * 3001)), "/blocks/0/text/text: must be less than 3001"),
    (section(text="Text"), "unsupported type"),
    (section(text={"type": "plain_text", "text": "x", "verbatim": True}), "additional property: verbatim"),
    (section(fields=[mrkdwn("f" * 2001)]), "less than 2001"),
    (section(fields=[mrkdwn()] * 11), "no more than 10"),
    (section(block_id="b" * 256), "less than 256"),
    (section(accessory={"type": "plain_text_input"}), "unsupported type: plain_text_input"),
    ({"type": "header", "text": plain("h" * 151)}, "less than 151"),
    ({"type": "header", "text": mrkdwn()}, "one of plain_text"),
    ({"type": "context", "elements": [mrkdwn()] * 11}, "no more than 10"),
    ({"type": "context", "elements": []}, "no fewer than 1"),
    ({"type": "context", "elements": "text"}, "must be a list"),
    ({"type": "image", "alt_text": "A"}, "exactly one of image_url"),
    ({**IMAGE, "image_url": "a.png"}, "wrong form"),
    (actions(), "no fewer than 1"),
    (actions(*(button(f"a{n}") for n in range(26))), "no more than 25"),
    (actions(button(), button()), "action_id already exists: cancel"),
    (actions(button(text=plain("b" * 76))), "less than 76"),
    (actions(button(value="v" * 2001)), "less than 2001"),
    (actions(button(value=7)), "must be a string"),
    (actions(button(style="blue")), "one of primary, danger"),
    (actions(button(confirm={**CONFIRM, "title": plain("t" * 101)})), "less than 101"),
    (actions(button(confirm={**CONFIRM, "text": mrkdwn("t" * 301)})), "less than 301"),
    (actions(button(confirm={**CONFIRM, "deny": plain("d" * 31)})), "less than 31"),
    (actions(button(confirm={"title": plain()})), "missing required field: text"),
    (actions({"type": "overflow", "options": [option(str(n)) for n in range(6)]}), "no more than 5"),
    (actions(select(options=[])), "no fewer than 1"),
    (actions(select(options=[option(str(n)) for n in range(101)])), "no more than 100"),
    (actions(select(options=[option("v" * 151)])), "less than 151"),
    (actions(select(options=[option(text=plain("t" * 76))])), "less than 76"),
    (actions(select(options=[option(text=mrkdwn())])), "one of plain_text"),
    (actions(select(initial_option=option("other"))), "one of the options"),
    (actions({"type": "static_select"}), "exactly one of options, option_groups"),
    (typed(max_length=3001), "from 1 to 3000"),
    (typed(max_length=True), "from 1 to 3000"),
    (typed(min_length=5, max_length=4), "greater than max_length"),
    (typed(max_length=2, initial_value="why"), "longer than max_length"),
    (typed(multiline="yes"), "true or false"),
    (field(label=plain("l" * 2001)), "less than 2001"),
    (field(button()), "unsupported type: button"),
    (rich({"type": "rich_text_list", "style": "dotted", "elements": []}), "one of bullet, ordered"),
    (rich(rich_section({"type": "broadcast", "range": "all"})), "one of here"),
    (rich(rich_section({"type": "user", "user_id": "alice"})), "wrong form"),
]


@pytest.mark.parametrize(("block", "problem"), BAD)
def test_refuses_what_slack_refuses(block: Json, problem: str) -> None:
    assert problem in "\n".join(check([block], "modal"))


@pytest.mark.parametrize(("surface", "most"), [("message", 50), ("modal", 100), ("home", 100)])
def test_number_of_blocks(surface: Surface, most: int) -> None:
    assert check([section()] * most, surface) == []
    assert check([section()] * (most + 1), surface) == [f"/blocks: no more than {most} items allowed"]


def test_block_ids_are_unique_and_action_ids_within_their_block() -> None:
    rows = [section(block_id=one, accessory=button()) for one in ("a", "b")]
    assert check(rows, "message") == []
    assert check([rows[0], rows[0]], "message") == ["/blocks: block_id already exists: a"]


def test_one_element_has_the_focus() -> None:
    assert check([typed(focus_on_load=True), typed(focus_on_load=True)], "modal")


VIEWS: list[tuple[Json, str]] = [
    (modal(section()), ""),
    (modal(field(), submit=plain("s" * 24), close=plain("c" * 24), private_metadata="m" * 3000), ""),
    ({"type": "home", "blocks": [section()]}, ""),
    (modal(field()), "missing required field: submit"),
    (modal(), "no fewer than 1"),
    (modal(section(), title=plain("t" * 25)), "less than 25"),
    (modal(section(), submit=plain("t" * 25)), "less than 25"),
    (modal(section(), close=plain("t" * 25)), "less than 25"),
    (modal(section(), private_metadata="m" * 3001), "less than 3001"),
    (modal(section(), callback_id="c" * 256), "less than 256"),
    (modal(section(), state={}), "additional property: state"),
    (modal(section(block_id="a"), section(block_id="a")), "block_id already exists"),
    ({"type": "modal", "blocks": [section()]}, "missing required field: title"),
    ({"type": "home", "blocks": [section()], "submit": plain()}, "additional property: submit"),
    ({"type": "dialog"}, "unsupported type"),
]


@pytest.mark.parametrize(("view", "problem"), VIEWS)
def test_views(view: Json, problem: str) -> None:
    problems = check_view(view)
    assert bool(problems) == bool(problem)
    assert problem in "\n".join(problems)
