"""Block Kit as Slack checks it: blocks, elements and limits of Slack's block reference."""

from collections.abc import Iterator
from typing import Any, Literal

from bot.sandbox.slack_schema import (
    Rule,
    any_of,
    boolean,
    exactly_one_of,
    integer,
    items,
    literal,
    record,
    string,
    variants,
)

Surface = Literal["message", "modal", "home"]

BLOCKS_PER_SURFACE: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
TYPE = {"type": string(255)}
_ACTION_ID = {"action_id": string(255)}
_BLOCK_ID = {"block_id": string(255)}
_URL = string(3000, pattern=r"(https?://|mailto:)\S+$")
_ID = string(255, pattern=r"[A-Z][A-Z0-9]+$")


def plain(most: int) -> Rule:
    return record({"type": literal("plain_text"), "text": string(most)}, {"emoji": boolean})


def _text(most: int) -> Rule:
    mrkdwn = record({**TYPE, "text": string(most)}, {"verbatim": boolean})
    return variants({"plain_text": plain(most), "mrkdwn": mrkdwn})


_CONFIRM = record(
    {"title": plain(100), "text": _text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": literal("primary", "danger")},
)
_CONFIRMED = {"confirm": _CONFIRM}
OPTION = record({"text": plain(75), "value": string(150)}, {"description": plain(75)})
_OVERFLOW_OPTION = record({"text": plain(75), "value": string(150)}, {"description": plain(75), "url": _URL})
OPTION_GROUP = record({"label": plain(75), "options": items(OPTION, 100)})
_SELECT = {
    "placeholder": plain(150),
    "initial_option": OPTION,
    "focus_on_load": boolean,
    **_ACTION_ID,
    **_CONFIRMED,
}


def options_of(element: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the options of a select or overflow menu, those of its groups included."""
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(option for group in groups for option in group["options"])]


def _initial_is_offered(element: dict[str, Any], path: str) -> Iterator[str]:
    initial = element.get("initial_option")
    if initial is not None and initial not in options_of(element):
        yield f"{path}/initial_option: must be one of the options"


def _lengths_are_in_order(element: dict[str, Any], path: str) -> Iterator[str]:
    least, most, initial = (element.get(key) for key in ("min_length", "max_length", "initial_value"))
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield f"{path}: min_length is greater than max_length"
    if isinstance(initial, str) and isinstance(most, int) and len(initial) > most:
        yield f"{path}: initial_value is longer than max_length"


_IMAGE = record(
    {**TYPE, "alt_text": string(2000)},
    {"image_url": _URL, "slack_file": record({}, {"id": _ID, "url": _URL}, exactly_one_of("id", "url"))},
    exactly_one_of("image_url", "slack_file"),
)
_BUTTON = record(
    {**TYPE, "text": plain(75)},
    {
        "url": _URL,
        "value": string(2000),
        "style": literal("primary", "danger"),
        "accessibility_label": string(75),
        **_ACTION_ID,
        **_CONFIRMED,
    },
)
_STATIC_SELECT = record(
    TYPE,
    {"options": items(OPTION, 100), "option_groups": items(OPTION_GROUP, 100), **_SELECT},
    exactly_one_of("options", "option_groups"),
    _initial_is_offered,
)
_EXTERNAL_SELECT = record(TYPE, {"min_query_length": integer(0, 255), **_SELECT})
# Of what it begins with, the stand-in takes nothing.
_MULTI_EXTERNAL_SELECT = record(
    TYPE,
    {
        "min_query_length": integer(0, 255),
        "max_selected_items": integer(1, 2**31 - 1),
        **{name: rule for name, rule in _SELECT.items() if name != "initial_option"},
    },
)
_OVERFLOW = record({**TYPE, "options": items(_OVERFLOW_OPTION, 5)}, {**_ACTION_ID, **_CONFIRMED})
_PLAIN_TEXT_INPUT = record(
    TYPE,
    {
        "placeholder": plain(150),
        "initial_value": string(3000, least=0),
        "multiline": boolean,
        "min_length": integer(0, 3000),
        "max_length": integer(1, 3000),
        "focus_on_load": boolean,
        "dispatch_action_config": record(
            {}, {"trigger_actions_on": items(literal("on_enter_pressed", "on_character_entered"), 2)}
        ),
        **_ACTION_ID,
    },
    _lengths_are_in_order,
)

_SELECTS = {"static_select": _STATIC_SELECT, "external_select": _EXTERNAL_SELECT}
_ACTIONS = {"button": _BUTTON, "overflow": _OVERFLOW, **_SELECTS}

_STYLE = record({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), boolean))
_STYLED = {"style": _STYLE}
_RICH = variants(
    {
        "text": record({**TYPE, "text": string(3000)}, _STYLED),
        "link": record({**TYPE, "url": _URL}, {"text": string(3000), "unsafe": boolean, **_STYLED}),
        "user": record({**TYPE, "user_id": _ID}, _STYLED),
        "channel": record({**TYPE, "channel_id": _ID}, _STYLED),
        "usergroup": record({**TYPE, "usergroup_id": _ID}, _STYLED),
        "emoji": record({**TYPE, "name": string(100)}, {"unicode": string(100), **_STYLED}),
        "broadcast": record({**TYPE, "range": literal("here", "channel", "everyone")}, _STYLED),
    }
)
_BORDER = {"border": integer(0, 1)}
_RICH_BODY = {**TYPE, "elements": items(_RICH, 1000)}
_RICH_SECTION = record(_RICH_BODY)
_RICH_LIST = record(
    {
        **TYPE,
        "style": literal("bullet", "ordered"),
        "elements": items(variants({"rich_text_section": _RICH_SECTION}), 1000),
    },
    {"indent": integer(0, 8), "offset": integer(0, 10_000), **_BORDER},
)
_RICH_TEXT = variants(
    {
        "rich_text_section": _RICH_SECTION,
        "rich_text_preformatted": record(_RICH_BODY, _BORDER),
        "rich_text_quote": record(_RICH_BODY, _BORDER),
        "rich_text_list": _RICH_LIST,
    }
)

BLOCK = variants(
    {
        "section": record(
            TYPE,
            {
                "text": _text(3000),
                "fields": items(_text(2000), 10),
                "accessory": variants({"image": _IMAGE, **_ACTIONS}),
                "expand": boolean,
                **_BLOCK_ID,
            },
            any_of("text", "fields"),
        ),
        "header": record({**TYPE, "text": plain(150)}, _BLOCK_ID),
        "divider": record(TYPE, _BLOCK_ID),
        "image": record(
            {**TYPE, "alt_text": string(2000)},
            {
                "image_url": _URL,
                "slack_file": record({}, {"id": _ID, "url": _URL}),
                "title": plain(2000),
                **_BLOCK_ID,
            },
            exactly_one_of("image_url", "slack_file"),
        ),
        "context": record(
            {
                **TYPE,
                "elements": items(variants({"image": _IMAGE, "plain_text": plain(3000), "mrkdwn": _text(3000)}), 10),
            },
            _BLOCK_ID,
        ),
        "actions": record({**TYPE, "elements": items(variants(_ACTIONS), 25)}, _BLOCK_ID),
        "input": record(
            {
                **TYPE,
                "label": plain(2000),
                "element": variants(
                    {
                        "plain_text_input": _PLAIN_TEXT_INPUT,
                        "multi_external_select": _MULTI_EXTERNAL_SELECT,
                        **_SELECTS,
                    }
                ),
            },
            {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean, **_BLOCK_ID},
        ),
        "rich_text": record({**TYPE, "elements": items(_RICH_TEXT, 1000)}, _BLOCK_ID),
    }
)


def elements_of(block: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the interactive elements of a valid block, in order."""
    found = [block.get("element"), block.get("accessory")]
    found += block["elements"] if block["type"] == "actions" else []
    return [element for element in found if element and element["type"] != "image"]


def ids_twice(blocks: list[dict[str, Any]], path: str) -> Iterator[str]:
    """Yield the ids that occur twice: block ids in the surface, action ids in one block, as Slack demands."""
    block_ids = [block["block_id"] for block in blocks if "block_id" in block]
    for one in sorted({one for one in block_ids if block_ids.count(one) > 1}):
        yield f"{path}: block_id already exists: {one}"
    for index, block in enumerate(blocks):
        action_ids = [element["action_id"] for element in elements_of(block) if "action_id" in element]
        for one in sorted({one for one in action_ids if action_ids.count(one) > 1}):
            yield f"{path}/{index}: action_id already exists: {one}"
    if sum(bool(element.get("focus_on_load")) for block in blocks for element in elements_of(block)) > 1:
        yield f"{path}: only one element can have focus_on_load"


def check(blocks: list[dict[str, Any]], surface: Surface) -> list[str]:
    """Return what Slack would refuse in these blocks; empty is good."""
    path = "/blocks"
    return list(items(BLOCK, BLOCKS_PER_SURFACE[surface])(blocks, path)) or list(ids_twice(blocks, path))
