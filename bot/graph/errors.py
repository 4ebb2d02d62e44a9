"""Microsoft Graph's error answers, in every form that it takes (microsoft-graph-docs: errors.md)."""

import base64
import json
import re
from collections.abc import Iterator, Mapping

from bot.errors import ServiceError

_CLAIMS = re.compile(r'claims="([A-Za-z0-9+/=_-]{1,4096})"')
_DEEPEST = 10


def service_error(status: int, headers: Mapping[str, str], body: bytes) -> ServiceError:
    """The error that an answer means. Nothing in the body is trusted to be there."""
    error = _error_object(body)
    return ServiceError(
        status,
        tuple(dict.fromkeys(reversed(list(_codes(error))))),
        _message(error),
        request_id=headers.get("request-id", "") or headers.get("x-ms-request-id", "") or _request_id(error),
        retry_after=retry_after(headers),
        claims=_claims(headers.get("www-authenticate", "")),
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of `Retry-After`; None where it is missing or a date, which Graph does not send."""
    value = headers.get("retry-after", "")
    return float(value) if value.isdecimal() and len(value) < 8 else None


def _error_object(body: bytes) -> Mapping[str, object]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    error = parsed.get("error") if isinstance(parsed, dict) else None
    return error if isinstance(error, dict) else {"code": error} if isinstance(error, str) else {}


def _chain(error: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    for _ in range(_DEEPEST):
        yield error
        inner = error.get("innerError") or error.get("innererror")
        if not isinstance(inner, Mapping):
            return
        error = inner


def _codes(error: Mapping[str, object]) -> Iterator[str]:
    """All codes, from the outermost, most general one inwards."""
    for level in _chain(error):
        code = level.get("code")
        if isinstance(code, str) and code:
            yield code[:100]


def _message(error: Mapping[str, object]) -> str:
    message = error.get("message")
    if not isinstance(message, str):
        return ""
    # Intune nests JSON text in the message; its Message is the readable part.
    try:
        nested = json.loads(message)
    except (ValueError, RecursionError):
        return message[:500]
    inner = nested.get("Message") if isinstance(nested, dict) else None
    return (inner if isinstance(inner, str) else message)[:500]


def _request_id(error: Mapping[str, object]) -> str:
    ids = (level.get("request-id") for level in _chain(error))
    return next((value for value in ids if isinstance(value, str)), "")


def _claims(challenge: str) -> str:
    """The claims that a 401 asks for, as JSON text for Entra; empty when there are none or they are garbage."""
    found = _CLAIMS.search(challenge)
    if not found or 'error="insufficient_claims"' not in challenge:
        return ""
    encoded = found.group(1)
    try:
        text = base64.urlsafe_b64decode(
            encoded.replace("+", "-").replace("/", "_") + "=" * (-len(encoded) % 4)
        ).decode()
        return text if isinstance(json.loads(text), dict) else ""
    except (ValueError, RecursionError):
        return ""
