"""Lists in pages: what a $skiptoken of the Graph stand-in stands for (learn.microsoft.com/graph/paging)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.sandbox.graph_types import Entity, Violation

SKIP_TOKEN = "$skiptoken"  # noqa: S105 - the name of a query option

_KEPT = 1000


@dataclass(frozen=True)
class Found:
    """What one caller found at a path with these options, when they asked for the first page."""

    path: str
    options: Mapping[str, str]
    oid: str | None
    entities: Sequence[Entity]


class Pages:
    """Lists that were not read to their end, the latest thousand tokens of them."""

    def __init__(self) -> None:
        self._rest: dict[str, tuple[Found, int]] = {}

    def token(self, found: Found, start: int) -> str:
        """Return the token of the page that begins at `start`."""
        token = uuid.uuid4().hex
        self._rest[token] = found, start
        if len(self._rest) > _KEPT:
            del self._rest[next(iter(self._rest))]
        return token

    def rest(self, token: str, path: str, options: Mapping[str, str], oid: str | None) -> tuple[Found, int]:
        """Return the list and where its next page begins.

        Raises:
            Violation: the token was not handed out, or to somebody else, or for another request.
        """
        if token not in self._rest:
            raise Violation("the $skiptoken is none that was handed out")
        found, start = self._rest[token]
        if (found.path, found.options, found.oid) != (path, options, oid):
            raise Violation("the $skiptoken was handed out for another request")
        return found, start
