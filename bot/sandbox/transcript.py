"""Prints what happened as a person would tell it: who did what, which call went out, what appeared where."""

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from bot.sandbox.graph_types import Call
from bot.sandbox.people import PEOPLE
from bot.sandbox.service import Service, calls_of

_NAMES = {one.slack_id: one.name.split()[0] for one in PEOPLE}
_OIDS = {one.oid: one.name.split()[0] for one in PEOPLE}
_MARKS = {
    "white_check_mark": "✔",
    "x": "✘",
    "no_entry": "⊘",
    "information_source": "i",
    "grey_question": "?",
    "hourglass_flowing_sand": "…",
}
_ELEMENTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "user": lambda node: "@" + _NAMES.get(node["user_id"], "somebody"),
    "usergroup": lambda node: "@" + node["usergroup_id"],
    "emoji": lambda node: _MARKS.get(node["name"], "·"),
}
_WIDTH = 104


def words(node: Any) -> str:
    """The text of blocks as a person reads it."""
    return "".join(_parts(node)).strip()


def _parts(node: Any) -> list[str]:
    if isinstance(node, list):
        return [word for part in node for word in _parts(part)]
    if not isinstance(node, dict):
        return []
    if node.get("type") == "actions":
        return [" ".join(f"[{one['text']['text']}]" for one in node["elements"])]
    element = _ELEMENTS.get(str(node.get("type")))
    if element:
        return [element(node)]
    if isinstance(node.get("text"), str):
        return [node["text"]]
    end = ["\n"] if node.get("type") in ("rich_text", "context", "section") else []
    return [word for value in node.values() for word in _parts(value)] + end


class Transcript:
    """Follows Microsoft's services and prints what is new."""

    def __init__(self, microsoft: Sequence[Service]) -> None:
        self._microsoft = microsoft
        self._calls = 0

    def title(self, number: int, title: str) -> None:
        """Begins a scene."""
        self._calls = len(calls_of(self._microsoft))
        print(f"\n{number:2}. {title}")

    def calls(self) -> None:
        """The calls since the scene began, without the polls of the bot's watch."""
        calls = calls_of(self._microsoft)
        for place, call in calls[self._calls :]:
            self.line(f"  → {place}", _call(call))
        self._calls = len(calls)

    def line(self, who: str, what: str) -> None:
        """One entry, wrapped."""
        lines = [part for line in what.splitlines() for part in textwrap.wrap(line, _WIDTH) or [""]]
        for number, part in enumerate(lines):
            print(f"    {'' if number else who:<14} {part}")


def _call(call: Call) -> str:
    who = "the application" if call.app_only else _OIDS.get(call.oid or "", "nobody")
    body = f"  {call.body}" if call.body else ""
    return f"{call.method} {call.path}  as {who}{body}  →  {call.status or 'no answer'}"
