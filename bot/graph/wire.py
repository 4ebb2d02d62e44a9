"""One exchange with a service of Microsoft's: token, request, and an answer that is whole or an error."""

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from bot.errors import AnswerLost, ConsentNeeded, NotSent, ServiceFailure
from bot.graph.errors import retry_after, service_error
from bot.graph.tokens import Account, Tokens
from bot.resources import Permissions, Service

_LARGEST: Final = 4 * 1024 * 1024  # bytes of one answer
_IDS: Final = {
    Service.GRAPH: ("client-request-id", "request-id"),
    Service.ARM: ("x-ms-client-request-id", "x-ms-request-id"),
}
"""How each service names a request's ids: ours, and its own."""

_NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True)
class Caller:
    """As whom the service is called; without an account, as the bot's own application."""

    account: Account | None = None


@dataclass(frozen=True)
class Response:
    """An answer with its whole body."""

    status: int
    headers: httpx.Headers
    body: bytes
    client_request_id: str
    service: Service

    @property
    def request_id(self) -> str:
        """The service's own id of the request."""
        return str(self.headers.get(_IDS[self.service][1], ""))

    def entity(self) -> dict[str, Any] | None:
        """The JSON object of the body; an empty one for no body; None for anything else."""
        if not self.body.strip():
            return {}
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return parsed if isinstance(parsed, dict) else None

    def failure(self) -> ServiceFailure:
        """What an answer that is no documented success means: the service's error, or one that says nothing."""
        failure: ServiceFailure
        if 300 <= self.status < 500 and self.status != 408:
            failure = service_error(self.status, self.headers, self.body)
        else:
            failure = AnswerLost(
                f"{self.service.label}'s answer ({self.status}) does not tell whether the request was carried out.",
                status=self.status,
                request_id=self.request_id,
                retry_after=retry_after(self.headers),
            )
        failure.client_request_id = self.client_request_id
        return failure


class Wire:
    """Sends requests to the configured host of one service and nowhere else. Redirects are not followed.

    `hosts` are those that the service's own addresses name.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: str,
        audience: str,
        tokens: Tokens,
        seconds: float,
        *,
        service: Service = Service.GRAPH,
    ) -> None:
        self.service = service
        self.hosts = frozenset({urlsplit(url).netloc, urlsplit(audience).netloc})
        self._http = http
        self._seconds = seconds
        self._url = url
        self._audience = audience
        self._tokens = tokens

    async def send(
        self,
        method: str,
        path: str,
        permissions: Permissions,
        caller: Caller,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer, whatever its status; raises `NotSent`, `AnswerLost`, or what getting a token raises."""
        token = await self._token(caller, permissions)
        response = await self._exchange(method, path, token, query, body)
        claims = service_error(401, response.headers, b"").claims if response.status == 401 else ""
        if not claims:
            return response
        # Continuous access evaluation: one fresh token that meets the claims, then the answer stands.
        token = await self._token(caller, permissions, claims)
        return await self._exchange(method, path, token, query, body)

    async def _token(self, caller: Caller, permissions: Permissions, claims: str = "") -> str:
        if caller.account is None:
            return await self._tokens.application(self._audience, claims=claims)
        return await self._first_consented(caller.account, permissions.delegated, claims)

    async def _first_consented(self, account: Account, permissions: Sequence[str], claims: str) -> str:
        """A token with the least of the permissions that somebody has consented to."""
        missing: ConsentNeeded | None = None
        for permission in permissions:
            try:
                return await self._tokens.delegated(account, self._audience, permission, claims=claims)
            except ConsentNeeded as error:
                missing = missing or error
        raise missing or ConsentNeeded("")

    async def _exchange(
        self,
        method: str,
        path: str,
        token: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, str] | None,
    ) -> Response:
        client_request_id = str(uuid.uuid4())
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        headers[_IDS[self.service][0]] = client_request_id
        request = self._http.build_request(
            method, f"{self._url}{path}", params=query or None, json=body, headers=headers
        )
        try:
            # httpx limits each read, not the whole of an answer that drips.
            async with asyncio.timeout(self._seconds):
                return await self._complete(request, client_request_id)
        except _NOT_SENT as error:
            raise _marked(NotSent(f"{self.service.label} could not be reached."), client_request_id) from error
        except (httpx.RequestError, TimeoutError) as error:
            lost = AnswerLost(f"The connection to {self.service.label} broke before its answer came.")
            raise _marked(lost, client_request_id) from error

    async def _complete(self, request: httpx.Request, client_request_id: str) -> Response:
        response = await self._http.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _LARGEST:
                    raise httpx.DecodingError("the answer is too large", request=request)
        finally:
            await response.aclose()
        return Response(response.status_code, response.headers, bytes(body), client_request_id, self.service)


def _marked(failure: ServiceFailure, client_request_id: str) -> ServiceFailure:
    failure.client_request_id = client_request_id
    return failure
