"""A pace that everybody keeps together."""

import asyncio
import time


class Pace:
    """So many seconds lie between two of something, whoever does it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._line = asyncio.Lock()
        self._next = 0.0

    async def turn(self) -> None:
        """Waits until it is the caller's turn."""
        async with self._line:
            await asyncio.sleep(self._next - time.monotonic())
            self._next = time.monotonic() + self._seconds
