"""Views and the options of external selects as Slack checks them (docs.slack.dev: views, block_suggestion)."""

import json
from typing import Any

from bot.sandbox.blockkit import BLOCK, BLOCKS_PER_SURFACE, OPTION, OPTION_GROUP, TYPE, ids_twice, plain
from bot.sandbox.slack_schema import boolean, exactly_one_of, items, record, string, variants

VIEW_BYTES = 250_000
MOST_OPTIONS = 100
"""In one answer to `block_suggestion`: so many options, or so many groups."""

_MODAL = record(
    {**TYPE, "title": plain(24), "blocks": items(BLOCK, BLOCKS_PER_SURFACE["modal"])},
    {
        "close": plain(24),
        "submit": plain(24),
        "private_metadata": string(3000, least=0),
        "callback_id": string(255, least=0),
        "external_id": string(255, least=0),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = record(
    {**TYPE, "blocks": items(BLOCK, BLOCKS_PER_SURFACE["home"])},
    {"private_metadata": string(3000, least=0), "callback_id": string(255), "external_id": string(255)},
)
_VIEW = variants({"modal": _MODAL, "home": _HOME})
_SUGGESTIONS = record(
    {},
    {"options": items(OPTION, MOST_OPTIONS, least=0), "option_groups": items(OPTION_GROUP, MOST_OPTIONS, least=0)},
    exactly_one_of("options", "option_groups"),
)


def check_view(view: dict[str, Any]) -> list[str]:
    """Return what Slack would refuse in this view (a modal or a Home tab); empty is good."""
    problems = list(_VIEW(view, "/view")) or list(ids_twice(view["blocks"], "/view/blocks"))
    if not problems and view["type"] == "modal" and "submit" not in view:
        problems += ["/view: missing required field: submit"] * any(b["type"] == "input" for b in view["blocks"])
    return problems


def is_too_large(view: dict[str, Any]) -> bool:
    """Tell whether Slack answers `view_too_large`."""
    return len(json.dumps(view)) > VIEW_BYTES


def check_suggestions(answer: Any) -> list[str]:
    """Return what is wrong with an answer to `block_suggestion`; empty is good. It may offer nothing."""
    return list(_SUGGESTIONS(answer, ""))
