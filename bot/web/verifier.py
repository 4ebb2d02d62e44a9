"""Checks a request's signature before anything reads its body (Slack's request signing, version v0)."""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_TIMESTAMP: Final = re.compile(rb"[0-9]{10}")
_SIGNATURE: Final = re.compile(rb"v0=[0-9a-f]{64}")
_WINDOW: Final = 300  # seconds, either way
_RECENT: Final = 3  # seconds that Slack waits for an answer
_MOST_KEPT: Final = 100_000


class Verifier:
    """Accepts each genuine request once. Requests are genuine for five minutes, so those seen are kept for ten."""

    def __init__(self, signing_secret: str, clock: Callable[[], float]) -> None:
        self._secret = signing_secret.encode()
        self._clock = clock
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def genuine(self, timestamp: bytes, signature: bytes, body: bytes) -> bool:
        """Whether Slack signed these bytes just now."""
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature) or self.stale(timestamp):
            return False
        digest = hmac.new(self._secret, b"v0:" + timestamp + b":" + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(b"v0=" + digest.encode(), signature)

    def stale(self, timestamp: bytes) -> bool:
        """Whether this is a time, and one too far from now."""
        return bool(_TIMESTAMP.fullmatch(timestamp)) and abs(self._clock() - int(timestamp)) > _WINDOW

    def recent(self, timestamp: bytes) -> bool:
        """Whether Slack still waits for the answer to a genuine request of this time."""
        return abs(self._clock() - int(timestamp)) <= _RECENT

    def first(self, signature: bytes) -> bool:
        """Whether this genuine request is seen for the first time."""
        now = self._clock()
        while self._seen and (next(iter(self._seen.values())) < now - 2 * _WINDOW or len(self._seen) >= _MOST_KEPT):
            self._seen.popitem(last=False)
        if signature in self._seen:
            return False
        self._seen[signature] = now
        return True
