"""`policy.toml`: its tables, and in which line each stands. Every mistake gets one plain sentence."""

import codecs
import difflib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import ConfigError
from bot.notify_rules import FEWEST_SECONDS, MOST_SECONDS, NotifyRule
from bot.policy import ALLOW_ONLY, OWN_REQUESTS_ONLY, Rule

Place = tuple[int | str, ...]
"""As pydantic names one: `("rule", 0, "kinds")` is the key `kinds` of the first rule."""

_UNPARSED: Final = (ValueError, RecursionError)
"""What tomllib raises; besides its own error also for a number of 5000 digits, and for brackets in brackets."""

_ACTORS: Final = 'must be a list of Slack user and user group ids such as ["U0123456789", "S0123456789"], or ["*"]'
_KINDS: Final = 'must be a list of kinds such as ["access-package"], or ["*"]'
_MUST: Final[dict[str, dict[str, str]]] = {
    "rule": {
        "effect": 'must be "allow" or "deny"',
        "kinds": _KINDS,
        "actors": _ACTORS,
        "channels": 'must be a list of channel ids such as ["C0123456789"], or ["*"]',
        "own_only": "must be true or false, without quotes",
        "identity": 'must be "delegated" or "application"',
        "second_person": f"{_ACTORS}; without this key nobody has to approve",
    },
    "notify": {
        "kinds": _KINDS,
        "channel": 'must be one channel id such as "C0123456789", without brackets',
        "poll_seconds": f"must be a whole number from {FEWEST_SECONDS} to {MOST_SECONDS}, without quotes",
    },
}
_TABLES: Final = " and ".join(f"[[{table}]]" for table in _MUST)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    rule: tuple[Rule, ...] = ()
    notify: tuple[NotifyRule, ...] = ()


@dataclass(frozen=True)
class PolicyFile:
    """What it says, and the file's text: None where there is no file, and people cancel only their own."""

    path: Path
    rules: tuple[Rule, ...]
    notify: tuple[NotifyRule, ...] = ()
    text: str | None = None

    def line(self, number: int, key: str = "", *, table: str = "rule") -> int:
        """The line of the rule, counted from 1 as the rules are, or that of its key; 0 without a file."""
        return _line(lines_of(self.text or ""), (table, number - 1, key))

    def problem(self, number: int, key: str, sentence: str, *, table: str = "rule") -> str:
        """What is wrong with that rule's key, and where."""
        return _problem(self.path, self.line(number, key, table=table), f"{table} {number} {key}", sentence)


def load_policy(path: Path) -> PolicyFile:
    """The rules of the file, or own requests only where there is none; raises `ConfigError`, a sentence a mistake."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return PolicyFile(path, OWN_REQUESTS_ONLY)
    except OSError as error:
        raise ConfigError([_problem(path, 0, "", f"it cannot be read: {error.strerror}")]) from None
    text = _text(path, content)
    try:
        said = _File.model_validate(_parsed(path, text))
    except ValidationError as error:
        raise ConfigError(list(_problems(path, text, error))) from None
    return PolicyFile(path, said.rule, said.notify, text)


def lines_of(text: str) -> dict[Place, int]:
    """In which line each table and each key begins, in a text that is TOML: tomllib itself does not tell."""
    found: dict[Place, int] = {}
    place: Place | None = ()  # of the table whose keys follow; None: of one that is none of ours
    last: dict[str, Place] = {}
    counts = Counter[str]()
    for line, header, (key, value) in _statements(text):
        if header and key in _MUST and value == [{}]:
            place = last[key] = (key, counts[key])
            counts[key] += 1
            found[place] = line
        elif header:
            within = last.get(key) if value else None
            found.setdefault((*within, next(iter(value))) if within else (key,), line)
            place = None
        elif place is not None:
            found.setdefault((*place, key), line)
            if not place and key in _MUST and isinstance(value, list):
                found.update({(key, number): line for number in range(len(value))})
    return found


def _statements(text: str) -> Iterator[tuple[int, bool, tuple[str, Any]]]:
    """Each statement's first line, whether it is a table's header, and its first key with the value.

    A line feed ends a TOML statement unless a string or list is still open: the shortest whole lines that can be parsed
    are one (toml.io, v1.0.0).
    """
    lines, begin = text.replace("\r\n", "\n").split("\n"), 0
    for end in range(1, len(lines) + 1):
        statement = "\n".join(lines[begin:end])
        try:
            parsed = tomllib.loads(statement)
        except _UNPARSED:
            continue
        if parsed:
            yield begin + 1, statement.lstrip().startswith("["), next(iter(parsed.items()))
        begin = end


def _text(path: Path, content: bytes) -> str:
    if content.startswith(codecs.BOM_UTF8):
        mark = "it begins with a byte order mark; save it as UTF-8 without one"
        raise ConfigError([_problem(path, 1, "", mark)])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([_problem(path, line, "", "it is not UTF-8; save it as UTF-8")]) from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, position = str(error).rpartition(" (at ")
        place = re.fullmatch(r"line (\d+), column \d+\)", position)
        line = int(place[1]) if place else _unfinished(text)
        excerpt = _excerpt(text, line)
        single = re.fullmatch(rf"\[\s*({'|'.join(_MUST)})\s*\].*", excerpt)
        hint = f"; each of these tables stands below a line [[{single[1]}]], in double brackets" if single else ""
        raise ConfigError([_problem(path, line, excerpt, f"it is no TOML: {message}{hint}")]) from None
    except _UNPARSED:
        line = _unfinished(text)
        sentence = "it is no TOML that can be read: too long a number, or too many brackets in each other"
        raise ConfigError([_problem(path, line, _excerpt(text, line), sentence)]) from None


def _unfinished(text: str) -> int:
    """The line in which the first statement begins that cannot be parsed."""
    lines, begin = text.replace("\r\n", "\n").split("\n"), 0
    for end in range(1, len(lines) + 1):
        try:
            tomllib.loads("\n".join(lines[begin:end]))
        except _UNPARSED:
            continue
        begin = end
    return min(begin + 1, len(lines))


def _excerpt(text: str, line: int) -> str:
    return _shown(text.split("\n")[line - 1].strip())


def _problems(path: Path, text: str, error: ValidationError) -> Iterator[str]:
    lines = lines_of(text)
    for detail in error.errors(include_url=False):
        for place, sentence in _mistakes(detail):
            yield _problem(path, _line(lines, place), _name(place), sentence)


def _mistakes(detail: ErrorDetails) -> Iterator[tuple[Place, str]]:
    """Pydantic's own words are about Python's types."""
    place, kind = detail["loc"][:3], detail["type"]
    if kind == "too_short" and detail["input"]:
        return  # it only seems empty, without the items that are wrong themselves
    match place:
        case (str(key),):
            listed = f"must be tables, each below a line [[{key}]]"
            yield place, listed if key in _MUST else f"there is no such key; a policy is tables below lines {_TABLES}"
        case (_, _) if kind == "value_error":
            for key in ALLOW_ONLY:
                if key in detail["input"]:
                    yield (*place, key), f"a deny rule takes no {key}: it always denies"
        case (table, _):
            yield place, f"must be a table, below a line [[{table}]]"
        case (table, _, key):
            yield place, _sentence(str(table), str(key), kind, detail["msg"])


def _sentence(table: str, key: str, kind: str, message: str) -> str:
    must = _MUST[table]
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(key[:100], must, n=1)
        hint = f"did you mean {close[0]}?" if close else f"[[{table}]] has {', '.join(must)}"
        return f"there is no such key; {hint}"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    what = {"missing": "is missing; it ", "too_short": "is empty; it "}.get(kind, "")
    return what + must[key]


def _name(place: Place) -> str:
    return " ".join(str(part + 1) if isinstance(part, int) else _shown(part) for part in place)


def _shown(value: str) -> str:
    """As it stands in the file, but never more than a short line of it."""
    short = value if len(value) <= 60 else value[:60] + "…"
    return short if short.isprintable() else json.dumps(short)


def _line(lines: dict[Place, int], place: Place) -> int:
    return next((lines[place[:length]] for length in range(len(place), 0, -1) if place[:length] in lines), 0)


def _problem(path: Path, line: int, name: str, sentence: str) -> str:
    where = [f"line {line}"] if line else []
    return ": ".join([f"POLICY_FILE: {path}", *where, *([name] if name else []), sentence])
