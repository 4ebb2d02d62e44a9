"""Finds requests in a message: URLs, ids beside the name of their kind, and ids alone. Pure."""

import html
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from bot.resources import Registry, Resource, Target, TargetError, target_of, target_of_url

_GUID: Final = re.compile(r"(?<![\w-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-])")
_URL: Final = re.compile(r"https?://[^\s<>|\"]{1,2000}")
_PATH: Final = re.compile(r"(?<![\w:/.])/[\w.()'/-]+")
_NO_REQUEST: Final = re.compile(r"request-id:?\s*$", re.IGNORECASE)  # what Microsoft calls each HTTP call
_AFTER_URL: Final = ".,;:!?)]}'*_~`"
_MOST_AFTER: Final = 5  # of these

_BESIDE: Final = 80  # characters before an id in which its kind is looked for
_LONGEST: Final = 100_000  # characters of a message, with everything that is attached
_DEEPEST: Final = 20
_MOST: Final = 500  # addresses and ids that are looked at

_IN_TEXTS: Final = ("text", "fallback", "pretext", "title", "title_link", "from_url", "original_url", "url", "value")
_RUNS: Final = ("rich_text_section", "rich_text_preformatted", "rich_text_quote")


@dataclass(frozen=True)
class Found:
    """What a message names: requests, and ids of which it does not say what they are; in their order, each once."""

    targets: tuple[Target, ...] = ()
    ids: tuple[str, ...] = ()


class Finder:
    """Knows the kinds that are switched on, and the hosts whose URLs are understood."""

    def __init__(self, registry: Registry, hosts: Collection[str]) -> None:
        self._registry = registry
        self._hosts = hosts
        self._kinds = {_plain(name): one for one in registry for name in (one.kind, one.graph_type, one.label)}
        names = "|".join(re.escape(name) for name in sorted(self._kinds, key=len, reverse=True))
        self._named = re.compile(rf"(?<!\w)(?:{names})(?!\w)")

    def found(self, message: Mapping[str, Any]) -> Found:
        """What this message names, wherever Slack lets people read it."""
        targets: dict[str, Target] = {}
        ids: dict[str, str] = {}
        named = chain.from_iterable(map(self._of, _clipped(_texts(message, 0))))
        for one in islice(named, _MOST):
            if isinstance(one, Target):
                targets.setdefault(one.key, one)
            elif one:
                ids.setdefault(one.casefold(), one)
        known = {target.id.casefold() for target in targets.values()}
        return Found(tuple(targets.values()), tuple(one for key, one in ids.items() if key not in known))

    def _of(self, words: str) -> Iterator[Target | str | None]:
        """Targets, ids without a kind, and None for each address that is no request's."""
        for match in chain(_URL.finditer(words), _PATH.finditer(words)):
            yield self._of_address(match.group())
        rest, end = _PATH.sub(_blank, _URL.sub(_blank, words)), 0
        for match in _GUID.finditer(rest):
            before = rest[max(end, match.start() - _BESIDE) : match.start()]
            end = match.end()
            if not _NO_REQUEST.search(before):
                yield self._beside(before, match.group())

    def _of_address(self, address: str) -> Target | None:
        """The target of an address or of an id that is a path, without the punctuation that may follow it."""
        for _ in range(_MOST_AFTER + 1):
            for read in (self._of_url, self._of_path):
                try:
                    return read(address)
                except TargetError:
                    continue
            if not address.endswith(tuple(_AFTER_URL)):
                break
            address = address[:-1]
        return None

    def _of_url(self, address: str) -> Target:
        return target_of_url(self._registry, address, self._hosts)

    def _of_path(self, address: str) -> Target:
        matching = (one for one in self._registry if one.id_pattern.fullmatch(address))
        resource = next(matching, None)
        if resource is None:
            raise TargetError("bad_id", address)
        return target_of(resource, address)

    def _beside(self, before: str, id_text: str) -> Target | str:
        resource = self._last_kind(before)
        try:
            return target_of(resource, id_text) if resource else id_text
        except TargetError:
            return id_text

    def _last_kind(self, words: str) -> Resource | None:
        names = self._named.findall(_plain(words))
        return self._kinds.get(names[-1]) if names else None


def _texts(node: Any, depth: int) -> Iterator[str]:
    """The texts of a message, of its blocks and of what is attached; of rich text, each run as a whole."""
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for one in node:
            yield from _texts(one, depth + 1)
    if not isinstance(node, Mapping):
        return
    if node.get("type") in _RUNS:
        yield "".join(_run(node.get("elements")))
        return
    for key, value in node.items():
        # A button's value is for its app alone.
        if isinstance(value, str) and key in _IN_TEXTS and not (key == "value" and "action_id" in node):
            yield html.unescape(value)
        elif isinstance(value, list | Mapping):
            yield from _texts(value, depth + 1)


def _run(elements: Any) -> Iterator[str]:
    for one in elements if isinstance(elements, list) else ():
        if isinstance(one, Mapping):
            yield f" {one['url']} " if isinstance(one.get("url"), str) else ""
            yield one["text"] if isinstance(one.get("text"), str) else ""


def _clipped(texts: Iterator[str]) -> Iterator[str]:
    room = _LONGEST
    for words in texts:
        yield words[:room]
        room -= len(words)
        if room <= 0:
            return


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _plain(name: str) -> str:
    """A kind's name however it is written: access-package, Access package."""
    return re.sub(r"[\s_-]+", " ", name.casefold())
