"""Rules for JSON values: each yields the problems of one value, with the path where they are."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rule = Callable[[Any, str], Iterator[str]]


def string(most: int, least: int = 1, pattern: str = "") -> Rule:
    """A string of `least` to `most` characters that matches `pattern` from its start."""

    def rule(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{path}: must be a string"
        elif len(value) < least:
            yield f"{path}: must be more than {least - 1} characters"
        elif len(value) > most:
            yield f"{path}: must be less than {most + 1} characters"
        elif not re.match(pattern, value):
            yield f"{path}: has the wrong form"

    return rule


def integer(least: int, most: int) -> Rule:
    """A whole number within both bounds."""

    def rule(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            yield f"{path}: must be a number from {least} to {most}"

    return rule


def boolean(value: Any, path: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield f"{path}: must be true or false"


def literal(*allowed: str) -> Rule:
    """One of these strings."""

    def rule(value: Any, path: str) -> Iterator[str]:
        if value not in allowed:
            yield f"{path}: must be one of {', '.join(allowed)}"

    return rule


def items(one: Rule, most: int, least: int = 1) -> Rule:
    """A list of `least` to `most` values that all keep the same rule."""

    def rule(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{path}: must be a list"
            return
        if len(value) < least:
            yield f"{path}: no fewer than {least} items allowed"
        if len(value) > most:
            yield f"{path}: no more than {most} items allowed"
        for index, item in enumerate(value):
            yield from one(item, f"{path}/{index}")

    return rule


def record(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *also: Rule) -> Rule:
    """An object with these keys and no others; `also` are rules for the object as a whole."""
    known = {**required, **(optional or {})}

    def rule(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: must be an object"
            return
        for key in required:
            if key not in value:
                yield f"{path}: missing required field: {key}"
        for key, item in value.items():
            if key in known:
                yield from known[key](item, f"{path}/{key}")
            else:
                yield f"{path}: invalid additional property: {key}"
        for whole in also:
            yield from whole(value, path)

    return rule


def variants(table: Mapping[str, Rule]) -> Rule:
    """An object whose `type` chooses its rule."""

    def rule(value: Any, path: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in table:
            yield f"{path}: unsupported type: {kind}"
        else:
            yield from table[kind](value, path)

    return rule


def exactly_one_of(*keys: str) -> Rule:
    """An object with just one of these keys."""

    def rule(value: Any, path: str) -> Iterator[str]:
        if sum(key in value for key in keys) != 1:
            yield f"{path}: needs exactly one of {', '.join(keys)}"

    return rule


def any_of(*keys: str) -> Rule:
    """An object with at least one of these keys."""

    def rule(value: Any, path: str) -> Iterator[str]:
        if not any(key in value for key in keys):
            yield f"{path}: needs {' or '.join(keys)}"

    return rule
