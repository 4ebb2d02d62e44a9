"""Every click gets an answer: what goes wrong while handling one is told to whoever clicked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.errors import BotError
from bot.slack import text
from bot.slack.inbox import Click
from bot.slack.posting import Poster

log = structlog.get_logger(__name__)


@asynccontextmanager
async def answering(poster: Poster, click: Click) -> AsyncIterator[None]:
    """Tells the person privately when the body raises."""
    try:
        yield
    except BotError as error:
        log.info("declined", code=error.code, reason=getattr(error, "reason", ""), user=click.user)
        await poster.answer(click.user, click.response_url, text.of_error(error))
    except Exception:
        log.exception("click_failed")
        await poster.answer(click.user, click.response_url, text.OUR_FAULT)
