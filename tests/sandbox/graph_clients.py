"""Clients of the Entra and Graph stand-ins, for their tests."""

import base64
import hashlib
import secrets
import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from bot.sandbox.entra import EntraStandIn
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import Person

CLIENT_ID = "b0700000-0000-4000-8000-00000000c11e"
REDIRECT_URI = "https://bot.example.test/auth/callback"
SECRET = "not-a-secret"
GRAPH = "https://graph.microsoft.com"


class Application:
    """The registered application, as a client of the Entra stand-in."""

    def __init__(self, entra: EntraStandIn, http: httpx.AsyncClient) -> None:
        self.entra = entra
        self._http = http
        self.verifier = secrets.token_urlsafe(32)

    def authorization(self, person: Person, scope: str, /, **changes: str | None) -> dict[str, str]:
        """Return the query of an authorization request; a change to None leaves the parameter out."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": f"{scope} openid profile offline_access",
            "state": "a state",
            "nonce": "a nonce",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "login_hint": person.email,
        } | changes
        return {name: value for name, value in query.items() if value is not None}

    async def authorize(self, person: Person, scope: str, /, **changes: str | None) -> dict[str, str]:
        """Sign in, and return what comes back to the redirect URI."""
        query = self.authorization(person, scope, **changes)
        answer = await self._http.get(f"{self.entra.base}/oauth2/v2.0/authorize", params=query)
        assert answer.status_code == 302
        location = answer.headers["Location"]
        assert location.startswith(f"{REDIRECT_URI}?")
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    async def token(self, grant_type: str, **form: str | None) -> httpx.Response:
        """Call the token endpoint, by default with the secret."""
        whole = {"client_id": CLIENT_ID, "client_secret": SECRET, "grant_type": grant_type} | form
        body = {name: value for name, value in whole.items() if value is not None}
        return await self._http.post(f"{self.entra.base}/oauth2/v2.0/token", data=body)

    async def redeem(self, code: str, **form: str) -> httpx.Response:
        fields = {"code": code, "redirect_uri": REDIRECT_URI, "code_verifier": self.verifier} | form
        return await self.token("authorization_code", **fields)

    async def sign_in(self, person: Person, scope: str, /, **changes: str) -> dict[str, Any]:
        """Return the token answer of a whole sign-in."""
        back = await self.authorize(person, scope, **changes)
        answer = await self.redeem(back["code"])
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def app_token(self) -> str:
        answer = await self.token("client_credentials", scope=f"{GRAPH}/.default")
        return str(answer.json()["access_token"])


class GraphClient:
    """Calls the Graph stand-in with one token."""

    def __init__(self, graph: GraphStandIn, http: httpx.AsyncClient, token: str) -> None:
        self._url = graph.url
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"client-request-id": str(uuid.uuid4())} | self._headers | options.pop("headers", {})
        url = path if path.startswith("https:") else self._url + path
        return await self._http.request(method, url, headers=headers, **options)

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self("GET", path, params=params or None)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self("POST", path, json=body)


As = Callable[..., Awaitable[GraphClient]]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the error code of a Graph answer."""
    return answer.status_code, answer.json()["error"]["code"]
