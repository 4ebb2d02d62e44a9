"""Makes MSAL clients: who the bot is in Entra, and how MSAL's answers become this bot's errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msal

from bot.errors import BadCredential, BotError, ConsentNeeded, SignInNeeded, Unavailable
from bot.graph.credential import usable
from bot.graph.msal_http import MsalHttp

NO_ANSWER: Final = (
    "Microsoft Entra gave no usable answer, so nothing was sent.",
    "Try again in a few minutes.",
)
SIGN_IN: Final = "Your Microsoft sign-in is no longer valid."

OUTAGES: Final = (httpx.HTTPError, msal.exceptions.MsalServiceError)
"""Passed as `http_exceptions`: during these MSAL serves a token that is ageing but still good."""

FAULTS: Final = (
    httpx.HTTPError,
    msal.exceptions.MsalError,
    ValueError,
    KeyError,
    AttributeError,
    TypeError,
    RuntimeError,
    OSError,
)
"""What MSAL lets through when Entra is out of reach or answers a page of HTML: whatever its parser raised."""


@dataclass(frozen=True)
class Authority:
    """Where tokens come from: the login host, the tenant and the app registration there."""

    host: str
    tenant_id: str
    client_id: str
    credential: Any = field(repr=False)

    @property
    def url(self) -> str:
        """MSAL's authority."""
        return f"{self.host}/{self.tenant_id}"


class MsalApps:
    """MSAL clients that share one pool of connections and one cache of discovery answers. Everything here blocks."""

    def __init__(self, authority: Authority, http: httpx.Client) -> None:
        self.authority = authority
        self._http = MsalHttp(http, authority.host)
        self._http_cache: dict[str, object] = {}

    def app(self, cache: msal.TokenCache, *, apart: bool = False) -> msal.ConfidentialClientApplication:
        """A client over that token cache; the first one fetches Entra's discovery document, one that is `apart` always.

        Raises `BadCredential`, and whatever of `FAULTS` MSAL raises.
        """
        return msal.ConfidentialClientApplication(
            self.authority.client_id,
            client_credential=usable(self.authority.credential),
            authority=self.authority.url,
            # The configured host is the only one that is asked.
            instance_discovery=False,
            token_cache=cache,
            http_client=self._http,
            # MSAL remembers an overloaded Entra by client and refresh token: for codes, which have none, by the client.
            http_cache={} if apart else self._http_cache,
            client_capabilities=["CP1"],
        )

    def issuer(self) -> str:
        """The issuer that the tenant's discovery document names."""
        document = self._http.get(f"{self.authority.url}/v2.0/.well-known/openid-configuration").json()
        return str(document["issuer"])


def access_token(found: Mapping[str, Any], permission: str) -> str:
    """The token of MSAL's answer; raises what its error means."""
    if "access_token" in found:
        return str(found["access_token"])
    raise refusal(found, permission)


def refusal(found: Mapping[str, Any], permission: str) -> BotError:
    """What an error answer of Entra means. Its description stays unread but for the code of missing consent."""
    error, description = str(found.get("error")), str(found.get("error_description"))
    if found.get("suberror") == "consent_required" or "AADSTS65001" in description:
        return ConsentNeeded(permission)
    if error in ("invalid_grant", "interaction_required", "login_required"):
        return SignInNeeded(SIGN_IN)
    # A federated identity that is not registered was told as an invalid_request for years.
    if error in ("invalid_client", "unauthorized_client") or "AADSTS70021" in description:
        return BadCredential(_cause(error, found.get("error_codes")))
    return Unavailable(*NO_ANSWER)


def _cause(error: str, codes: object) -> str:
    """Entra's error with its numbers, which Microsoft explains at login.microsoftonline.com/error."""
    numbers = codes if isinstance(codes, list) else []
    return " ".join([error, *(f"AADSTS{number}" for number in numbers if isinstance(number, int))])
