"""Every click gets an answer, and whoever is turned away leaves a row in the audit trail."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from bot.audit import Audit
from bot.cancellation import Actor
from bot.errors import BotError, Refused
from bot.resources import Target
from bot.slack import text
from bot.slack.inbox import Click
from bot.slack.posting import Poster

log = structlog.get_logger(__name__)


@dataclass
class About:
    """What a click is about, once that is known."""

    target: Target | None = None


class Answering:
    """Around whatever handles a click."""

    def __init__(self, poster: Poster, audit: Audit) -> None:
        self._poster = poster
        self._audit = audit

    @asynccontextmanager
    async def to(self, click: Click) -> AsyncIterator[About]:
        """Tells the person privately when the body raises; a refusal is audited first."""
        try:
            async with self.noting(click) as about:
                yield about
        except BotError as error:
            log.info("declined", code=error.code, reason=getattr(error, "reason", ""), user=click.user)
            await self._poster.answer(click.user, click.response_url, text.of_error(error))
        except Exception:
            log.exception("click_failed")
            await self._poster.answer(click.user, click.response_url, text.OUR_FAULT)

    @asynccontextmanager
    async def noting(self, click: Click) -> AsyncIterator[About]:
        """Audits a refusal that the body raises, and lets everything through."""
        about = About()
        try:
            yield about
        except Refused as error:
            actor = Actor(click.team, click.user, click.channel)
            await self._audit.denied(actor, error.reason, about.target)
            raise
