"""Reading what a request carries: so much, in so much time, and not many large ones in memory at once."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

from aiohttp import web

from bot.metrics import Became

_SECONDS: Final = 10.0
_SMALL: Final = 64 * 1024  # bytes; nearly everything of Slack's is smaller
_LARGE_AT_ONCE: Final = 16  # of 1 MiB at most: strangers choose how much they send, and its signature comes last


class NotRead(Exception):
    """Why there is no body."""

    def __init__(self, became: Became) -> None:
        super().__init__(became)
        self.became = became


class Bodies:
    """Reads them, all within the same bound of memory."""

    def __init__(self) -> None:
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def read(self, request: web.Request, largest: int) -> bytes:
        """The body, of at most `largest` bytes; raises `NotRead`."""
        if (request.content_length or 0) > largest:
            raise NotRead(Became.TOO_LARGE)
        body = bytearray()
        try:
            async with asyncio.timeout(_SECONDS), AsyncExitStack() as stack:
                async for part in request.content.iter_any():
                    if len(body) <= _SMALL < len(body) + len(part):
                        await stack.enter_async_context(self._large)
                    body += part
                    if len(body) > largest:
                        raise NotRead(Became.TOO_LARGE)
                return bytes(body)
        except TimeoutError:
            raise NotRead(Became.TOO_SLOW) from None
        except (web.RequestPayloadError, ConnectionError):
            raise NotRead(Became.UNREADABLE) from None
