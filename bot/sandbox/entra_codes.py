"""Authorization codes of the Entra stand-in: asked for with PKCE, redeemed once."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.entra_errors import EntraError, invalid_grant, missing
from bot.sandbox.entra_grants import ClaimsRequest, ScopeRequest
from bot.sandbox.people import Person


@dataclass(frozen=True)
class AuthorizationRequest:
    """What the application asks for; without a `login_hint` the person picks an account."""

    login_hint: str | None
    scopes: ScopeRequest
    claims: ClaimsRequest
    nonce: str
    redirect_uri: str
    challenge: str

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> "AuthorizationRequest":
        """Read the query.

        Raises:
            EntraError: a parameter is missing or unsupported.
        """
        picks = query.get("prompt") == "select_account"
        for name in ("state", "nonce", "scope", "code_challenge", *(() if picks else ("login_hint",))):
            if not query.get(name):
                raise missing(name)
        if query.get("response_type") != "code" or query.get("response_mode", "query") != "query":
            raise EntraError("unsupported_response_type", 700054, "Only response_type code, in the query.")
        if query.get("code_challenge_method") != "S256":
            raise EntraError("invalid_request", 501491, "The code_challenge_method must be S256.")
        return cls(
            login_hint=None if picks else query["login_hint"],
            scopes=ScopeRequest.parse(query["scope"]),
            claims=ClaimsRequest.parse(query.get("claims")),
            nonce=query["nonce"],
            redirect_uri=query["redirect_uri"],
            challenge=query["code_challenge"],
        )


@dataclass(frozen=True)
class AuthorizationCode:
    """What one code stands for."""

    person: Person
    request: AuthorizationRequest

    def check(self, form: Mapping[str, str]) -> None:
        """Check that the redeemer is the one who asked (PKCE S256, RFC 7636).

        Raises:
            EntraError: another redirect_uri or verifier.
        """
        if form.get("redirect_uri") != self.request.redirect_uri:
            raise invalid_grant(70000, "The redirect_uri isn't the one of the authorization request.")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != self.request.challenge:
            raise invalid_grant(501481, "The code_verifier doesn't match the code_challenge.")


class AuthorizationCodes:
    """The codes that wait to be redeemed, and those that were."""

    def __init__(self) -> None:
        self._codes: dict[str, AuthorizationCode] = {}
        self._redeemed: set[str] = set()

    def issue(self, person: Person, request: AuthorizationRequest) -> str:
        """Return a code for the person who has signed in."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = AuthorizationCode(person, request)
        return code

    def redeem(self, form: Mapping[str, str]) -> AuthorizationCode:
        """Return what the code stands for, once.

        Raises:
            EntraError: unknown or used code; another redirect_uri or verifier, which uses up the code.
        """
        code = form.get("code", "")
        if code in self._redeemed:
            raise invalid_grant(54005, "The authorization code was redeemed already.")
        grant = self._codes.pop(code, None)
        if grant is None:
            raise invalid_grant(70000, "The authorization code is not known.")
        self._redeemed.add(code)
        grant.check(form)
        return grant
