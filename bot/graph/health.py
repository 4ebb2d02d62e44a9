"""Whether Entra takes the bot's own credential: known at the start, before anybody clicks."""

import asyncio
import time
from typing import Final

import structlog

from bot.errors import BadCredential, BotError
from bot.graph.tokens import Tokens
from bot.tasks import Tasks

log = structlog.get_logger(__name__)

_NEVER: Final = float("-inf")


class CredentialHealth:
    """Asks Entra for a token of the bot's own, at most once in `pause` seconds and one at a time.

    `variable` is the name of the setting that holds the credential, for whoever must mend it.
    """

    def __init__(self, tokens: Tokens, audience: str, variable: str, pause: float) -> None:
        self.variable = variable
        self._tokens = tokens
        self._audience = audience
        self._pause = pause
        self._accepted = False
        self._asked = _NEVER
        self._question: asyncio.Task[None] | None = None
        self._tasks = Tasks()

    async def accepted(self) -> bool:
        """Whether the credential was accepted, and not refused since: Entra's own outages change nothing.

        Until then this waits for the answer that is under way; afterwards it tells what is known, and asks beside it.
        """
        if self._question is None and time.monotonic() - self._asked >= self._pause:
            self._question = self._tasks.spawn(self._ask())
        if self._question and not self._accepted:
            await asyncio.wait({self._question})
        return self._accepted

    async def close(self) -> None:
        """Gives up a question that is under way."""
        await self._tasks.drain(0)

    async def _ask(self) -> None:
        try:
            await self._tokens.application(self._audience)
        except BadCredential as error:
            self._accepted = False
            log.error("credential_refused", variable=self.variable, cause=error.cause)
        except BotError as error:
            log.warning("credential_not_tried", error=error.code)
        else:
            self._accepted = True
        finally:
            self._asked = time.monotonic()
            self._question = None
