"""The HTTP client that MSAL uses: one pool, one host, no redirects."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx


class MsalHttp:
    """httpx behind the interface that MSAL expects of `requests`.

    Form bodies are encoded here: httpx would send the bytes of a client assertion as their Python repr.
    """

    def __init__(self, client: httpx.Client, authority_host: str) -> None:
        self._client = client
        self._host = urlsplit(authority_host).netloc

    def get(self, url: str, params: Mapping[str, str] | None = None, headers: Any = None, **_: Any) -> httpx.Response:
        """A GET, as MSAL asks for it: of a discovery document."""
        return _usable(self._client.get(self._checked(url), params=params, headers=headers), "token_endpoint")

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Any = None,
        headers: Any = None,
        **_: Any,
    ) -> httpx.Response:
        """A form POST, as MSAL asks for it."""
        form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return _usable(
            self._client.post(self._checked(url), params=params, content=urlencode(data or {}), headers=form)
        )

    def close(self) -> None:
        """The pool belongs to the composition root, which closes it."""

    def _checked(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.netloc != self._host:
            raise httpx.UnsupportedProtocol("a token request to a host that is not configured")
        return url


def _usable(response: httpx.Response, member: str = "") -> httpx.Response:
    """The answer if it is Entra's, with that member; MSAL would log a page of HTML, and keep one of a GET for a day."""
    if response.status_code >= 500 or response.status_code == 429:
        return response
    try:
        answer = response.json()
        whole = isinstance(answer, dict) and not response.has_redirect_location and (not member or member in answer)
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        raise httpx.DecodingError("an answer that is none of Entra's", request=response.request)
    return response
