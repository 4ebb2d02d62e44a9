"""Slack's Web API: one client, its faults, and the errors that mean something to the bot."""

from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

FAULTS: Final = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)
"""Everything that a call raises when Slack refuses it or cannot be reached."""


def web_client(token: str, url: str, session: aiohttp.ClientSession, seconds: float) -> AsyncWebClient:
    """The client, on shared connections. It waits as Slack's 429 says; `seconds` limits each call.

    Slack's own retry after a broken connection is left out: it posts a message twice whose answer was lost.
    """
    return AsyncWebClient(
        token=token,
        base_url=url,
        session=session,
        timeout=round(seconds),
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=3)],
    )


def error_of(error: BaseException) -> str:
    """Slack's word for the error, or the exception's name. Never its text, which may hold tokens."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    # Not always Slack's JSON: a proxy on the way answers with a page or a line of text.
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "unknown_error") if isinstance(data, dict) else "unreadable_answer"
