"""Whether this machine's clock is right, by what the services say the time is."""

import time
from email.utils import parsedate_to_datetime
from typing import Final

import structlog

log = structlog.get_logger(__name__)

_MOST: Final = 120.0  # seconds; Slack's signatures and Entra's tokens stand five minutes


class Clock:
    """Compares with the `Date` of answers (RFC 9110, section 6.6.1). The latest one counts."""

    def __init__(self) -> None:
        self.right = True

    def note(self, date: str) -> None:
        """An answer that came just now and was dated so; what is no date tells nothing."""
        try:
            ahead = time.time() - parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return
        right = abs(ahead) <= _MOST
        if self.right and not right:
            log.error("clock_wrong", seconds_ahead=round(ahead))
        self.right = right
