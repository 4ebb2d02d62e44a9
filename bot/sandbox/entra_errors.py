"""Errors in the form of Entra's token endpoint."""

import uuid
from datetime import UTC, datetime
from typing import Any


class EntraError(Exception):
    """A refusal with its OAuth error, AADSTS number and HTTP status; `claims` is what a sign-in has to meet."""

    def __init__(
        self,
        error: str,
        number: int,
        text: str,
        *,
        status: int = 400,
        suberror: str | None = None,
        claims: str | None = None,
    ) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.error = error
        self.number = number
        self.status = status
        self.suberror = suberror
        self.claims = claims

    def body(self) -> dict[str, Any]:
        """Return the JSON body, with fresh trace and correlation ids."""
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        timestamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        description = f"{self} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"
        body: dict[str, Any] = {
            "error": self.error,
            "error_description": description,
            "error_codes": [self.number],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
        }
        more = {"suberror": self.suberror, "claims": self.claims}
        return body | {name: value for name, value in more.items() if value is not None}


def missing(parameter: str) -> EntraError:
    return EntraError("invalid_request", 900144, f"The request lacks the parameter '{parameter}'.")


def invalid_grant(number: int, text: str, *, suberror: str | None = None) -> EntraError:
    return EntraError("invalid_grant", number, text, suberror=suberror)


def invalid_client(number: int, text: str) -> EntraError:
    return EntraError("invalid_client", number, text, status=401)
