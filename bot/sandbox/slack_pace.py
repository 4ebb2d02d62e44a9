"""How fast an app may write into one channel: about a message a second, short bursts allowed (Slack: rate limits)."""

import math
import time

from bot.sandbox.slack_records import Json, RateLimited

PACED = ("chat.postMessage", "chat.update")


class Pace:
    """A token bucket for each channel. Off unless a test turns it `on`; `refused` counts the answers with 429.

    Slack names no number for a "short" `burst`; a test that runs in shorter times may raise `per_second`.
    """

    def __init__(self) -> None:
        self.on = False
        self.per_second, self.burst = 1.0, 3
        self.refused = 0
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, method: str, args: Json) -> None:
        """Let one request through.

        Raises:
            RateLimited: too many for its channel.
        """
        if not self.on or method not in PACED:
            return
        channel, now = str(args.get("channel")), time.monotonic()
        channel = f"D{channel}" if channel.startswith(("U", "W")) else channel
        left, seen = self._buckets.get(channel, (float(self.burst), now))
        left = min(self.burst, left + (now - seen) * self.per_second)
        if left < 1:
            self.refused += 1
            self._buckets[channel] = (left, now)
            raise RateLimited(math.ceil((1 - left) / self.per_second))
        self._buckets[channel] = (left - 1, now)
