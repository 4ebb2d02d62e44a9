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
_TYPE = {"type": string(255)}
_ACTION_ID = {"action_id": string(255)}
_BLOCK_ID = {"block_id": string(255)}
_URL = string(3000, pattern=r"(https?://|mailto:)\S+$")
_ID = string(255, pattern=r"[A-Z][A-Z0-9]+$")


def _plain(most: int) -> Rule:
    return record({"type": literal("plain_text"), "text": string(most)}, {"emoji": boolean})


def _text(most: int) -> Rule:
    mrkdwn = record({**_TYPE, "text": string(most)}, {"verbatim": boolean})
    return variants({"plain_text": _plain(most), "mrkdwn": mrkdwn})


_CONFIRM = record(
    {"title": _plain(100), "text": _text(300), "confirm": _plain(30), "deny": _plain(30)},
    {"style": literal("primary", "danger")},
)
_CONFIRMED = {"confirm": _CONFIRM}
_OPTION = record({"text": _plain(75), "value": string(150)}, {"description": _plain(75)})
_OVERFLOW_OPTION = record({"text": _plain(75), "value": string(150)}, {"description": _plain(75), "url": _URL})
_OPTION_GROUP = record({"label": _plain(75), "options": items(_OPTION, 100)})
_SELECT = {
    "placeholder": _plain(150),
    "initial_option": _OPTION,
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
    {**_TYPE, "alt_text": string(2000)},
    {"image_url": _URL, "slack_file": record({}, {"id": _ID, "url": _URL}, exactly_one_of("id", "url"))},
    exactly_one_of("image_url", "slack_file"),
)
_BUTTON = record(
    {**_TYPE, "text": _plain(75)},
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
    _TYPE,
    {"options": items(_OPTION, 100), "option_groups": items(_OPTION_GROUP, 100), **_SELECT},
    exactly_one_of("options", "option_groups"),
    _initial_is_offered,
)
_EXTERNAL_SELECT = record(_TYPE, {"min_query_length": integer(0, 255), **_SELECT})
_OVERFLOW = record({**_TYPE, "options": items(_OVERFLOW_OPTION, 5)}, {**_ACTION_ID, **_CONFIRMED})
_PLAIN_TEXT_INPUT = record(
    _TYPE,
    {
        "placeholder": _plain(150),
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
        "text": record({**_TYPE, "text": string(3000)}, _STYLED),
        "link": record({**_TYPE, "url": _URL}, {"text": string(3000), "unsafe": boolean, **_STYLED}),
        "user": record({**_TYPE, "user_id": _ID}, _STYLED),
        "channel": record({**_TYPE, "channel_id": _ID}, _STYLED),
        "usergroup": record({**_TYPE, "usergroup_id": _ID}, _STYLED),
        "emoji": record({**_TYPE, "name": string(100)}, {"unicode": string(100), **_STYLED}),
        "broadcast": record({**_TYPE, "range": literal("here", "channel", "everyone")}, _STYLED),
    }
)
_BORDER = {"border": integer(0, 1)}
_RICH_BODY = {**_TYPE, "elements": items(_RICH, 1000)}
_RICH_SECTION = record(_RICH_BODY)
_RICH_LIST = record(
    {
        **_TYPE,
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

_BLOCK = variants(
    {
        "section": record(
            _TYPE,
            {
                "text": _text(3000),
                "fields": items(_text(2000), 10),
                "accessory": variants({"image": _IMAGE, **_ACTIONS}),
                "expand": boolean,
                **_BLOCK_ID,
            },
            any_of("text", "fields"),
        ),
        "header": record({**_TYPE, "text": _plain(150)}, _BLOCK_ID),
        "divider": record(_TYPE, _BLOCK_ID),
        "image": record(
            {**_TYPE, "alt_text": string(2000)},
            {
                "image_url": _URL,
                "slack_file": record({}, {"id": _ID, "url": _URL}),
                "title": _plain(2000),
                **_BLOCK_ID,
            },
            exactly_one_of("image_url", "slack_file"),
        ),
        "context": record(
            {
                **_TYPE,
                "elements": items(variants({"image": _IMAGE, "plain_text": _plain(3000), "mrkdwn": _text(3000)}), 10),
            },
            _BLOCK_ID,
        ),
        "actions": record({**_TYPE, "elements": items(variants(_ACTIONS), 25)}, _BLOCK_ID),
        "input": record(
            {
                **_TYPE,
                "label": _plain(2000),
                "element": variants({"plain_text_input": _PLAIN_TEXT_INPUT, **_SELECTS}),
            },
            {"hint": _plain(2000), "optional": boolean, "dispatch_action": boolean, **_BLOCK_ID},
        ),
        "rich_text": record({**_TYPE, "elements": items(_RICH_TEXT, 1000)}, _BLOCK_ID),
    }
)

_MODAL = record(
    {**_TYPE, "title": _plain(24), "blocks": items(_BLOCK, BLOCKS_PER_SURFACE["modal"])},
    {
        "close": _plain(24),
        "submit": _plain(24),
        "private_metadata": string(3000, least=0),
        "callback_id": string(255, least=0),
        "external_id": string(255, least=0),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = record(
    {**_TYPE, "blocks": items(_BLOCK, BLOCKS_PER_SURFACE["home"])},
    {"private_metadata": string(3000, least=0), "callback_id": string(255), "external_id": string(255)},
)
_VIEW = variants({"modal": _MODAL, "home": _HOME})


def elements_of(block: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the interactive elements of a valid block, in order."""
    found = [block.get("element"), block.get("accessory")]
    found += block["elements"] if block["type"] == "actions" else []
    return [element for element in found if element and element["type"] != "image"]


def _twice(blocks: list[dict[str, Any]], path: str) -> Iterator[str]:
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
    return list(items(_BLOCK, BLOCKS_PER_SURFACE[surface])(blocks, path)) or list(_twice(blocks, path))


def check_view(view: dict[str, Any]) -> list[str]:
    """Return what Slack would refuse in this view (a modal or a Home tab); empty is good."""
    problems = list(_VIEW(view, "/view")) or list(_twice(view["blocks"], "/view/blocks"))
    if not problems and view["type"] == "modal" and "submit" not in view:
        problems += ["/view: missing required field: submit"] * any(b["type"] == "input" for b in view["blocks"])
    return problems
