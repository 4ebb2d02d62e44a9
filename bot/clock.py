"""Whether this machine's clock is right, by what the services say the time is."""

import time
from email.utils import parsedate_to_datetime
from typing import Final

import structlog

log = structlog.get_logger(__name__)

_MOST: Final = 120.0  # seconds; Slack's signatures and Entra's tokens stand five minutes


class Clock:
    """Compares with the `Date` of the latest answer (RFC 9110, section 6.6.1), and the time that has passed since."""

    def __init__(self) -> None:
        self._ahead_of_monotonic: float | None = None
        self._told = False

    def note(self, date: str) -> None:
        """An answer that came just now and was dated so; what is no date tells nothing."""
        try:
            self._ahead_of_monotonic = parsedate_to_datetime(date).timestamp() - time.monotonic()
        except (ValueError, OverflowError):
            return

    def right(self) -> bool:
        """Whether it differs by no more than two minutes; also after it was set, and before anybody has answered."""
        if self._ahead_of_monotonic is None:
            return True
        ahead = time.time() - time.monotonic() - self._ahead_of_monotonic
        right = abs(ahead) <= _MOST
        if not right and not self._told:
            log.error("clock_wrong", seconds_ahead=round(ahead))
        self._told = not right
        return right
