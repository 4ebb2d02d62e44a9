"""Faults on demand: what goes wrong with the next requests to a stand-in."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass
class Fault:
    """What happens to the next `times` requests that match.

    `match` is a Slack method name ("chat.postMessage", or "chat.*" for all of them) or, for Graph and Entra, a
    regular expression that is searched in "METHOD path" (r"POST .*/cancel$").
    """

    match: str
    status: int | None = None
    body: bytes | dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    """Slack: the answer is ``ok: false`` with this error."""
    drop: bool = False
    """The connection is closed without an answer."""
    cut: float | None = None
    """Graph and Entra: the connection is closed after this share of the body, although the headers promise more."""
    chunked: bool = False
    """With `cut`: it was sent in chunks, and the last one is missing; else Content-Length promises more."""
    after_effect: bool = False
    """The request takes effect first; only its answer is replaced or lost."""
    delay: float = 0.0
    """Seconds to wait before answering."""
    times: int = 1
    """How many requests; -1 means until cleared."""
    lasts: float = float("inf")
    """Seconds from when it was added, after which it is over."""
    over: float = field(default=float("inf"), init=False)


class Faults:
    """The faults that wait for their requests, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        fault.over = time.monotonic() + fault.lasts
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, key: str) -> Fault | None:
        """Return the first fault for this method name or "METHOD path", and use it up once.

        `match` fits the key, or, when the key holds a space, is searched in it. A fault that lasts until cleared
        stands back behind those for a number of requests.
        """
        for fault in sorted(self._waiting, key=lambda one: one.times < 0):
            if fault.times and time.monotonic() < fault.over and _matches(fault.match, key):
                if fault.times > 0:
                    fault.times -= 1
                return fault
        return None


def _matches(match: str, key: str) -> bool:
    return re.search(match, key) is not None if " " in key else fnmatchcase(key, match)
