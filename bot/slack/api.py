"""Slack's Web API: one client, its faults, and the errors that mean something to the bot."""

from enum import StrEnum
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryState
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

FAULTS: Final = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)
"""Everything that a call raises when Slack refuses it or cannot be reached."""

_LONGEST_WAIT: Final = 5.0  # seconds

# Errors that Slack's reference of chat.postMessage calls temporary, and those that a new token mends.
_PASSING: Final = ("ratelimited", "rate_limited", "service_unavailable", "team_added_to_org", "accesslimited")
_PASSING_TOKEN: Final = ("invalid_auth", "token_revoked", "token_expired", "not_authed", "account_inactive")
# With these some part of the call may have taken effect, says the same reference, or nobody knows.
_UNSURE: Final = ("internal_error", "fatal_error", "request_timeout", "unreadable_answer")


class _ShortWaits(AsyncRateLimitErrorRetryHandler):
    """Waits as Slack's 429 says where that is not long; else whoever called is told, and waits in their own way."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        asked = response is not None and _seconds(response.headers) > _LONGEST_WAIT
        return not asked and await super()._can_retry_async(
            state=state, request=request, response=response, error=error
        )


class Fate(StrEnum):
    """What became of a call that failed."""

    REFUSED = "refused"
    NOT_DONE = "not_done"
    UNSURE = "unsure"


def web_client(token: str | None, url: str, session: aiohttp.ClientSession, seconds: float) -> AsyncWebClient:
    """The client, on shared connections. It waits as Slack's 429 says; `seconds` limits each call.

    Slack's own retry after a broken connection is left out: it posts a message twice whose answer was lost.
    """
    return AsyncWebClient(
        token=token,
        base_url=url,
        session=session,
        timeout=round(seconds),
        retry_handlers=[_ShortWaits(max_retry_count=3)],
    )


def error_of(error: BaseException) -> str:
    """Slack's word for the error, or the exception's name. Never its text, which may hold tokens."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    # Not always Slack's JSON: a proxy on the way answers with a page or a line of text.
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "unknown_error") if isinstance(data, dict) else "unreadable_answer"


def fate_of(error: BaseException) -> Fate:
    """Whether the call may have taken effect, and whether repeating it makes sense."""
    if not isinstance(error, SlackApiError):
        if isinstance(error, SlackClientError):
            return Fate.REFUSED
        return Fate.NOT_DONE if isinstance(error, aiohttp.ClientConnectorError) else Fate.UNSURE
    word, status = error_of(error), _status(error)
    if status == 429 or word in _PASSING or word in _PASSING_TOKEN:
        return Fate.NOT_DONE
    return Fate.UNSURE if status >= 500 or word in _UNSURE else Fate.REFUSED


def retry_after(error: BaseException) -> float:
    """The seconds that Slack asks to wait; 0 where it does not say."""
    return _seconds(getattr(getattr(error, "response", None), "headers", None) or {})


def _seconds(headers: Any) -> float:
    value = next((value for name, value in headers.items() if str(name).casefold() == "retry-after"), "")
    value = value[0] if isinstance(value, list) else value
    return float(value) if str(value).isdigit() else 0.0


def _status(error: SlackApiError) -> int:
    status = getattr(error.response, "status_code", 200)
    return status if isinstance(status, int) else 200
