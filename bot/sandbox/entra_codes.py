"""Authorization codes of the Entra stand-in: asked for with PKCE, redeemed once."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.sandbox.entra_errors import EntraError, invalid_grant, missing
from bot.sandbox.entra_grants import ClaimsRequest, ScopeRequest
from bot.sandbox.people import Person


@dataclass(frozen=True)
class AuthorizationCode:
    """What one code stands for."""

    person: Person
    scopes: ScopeRequest
    claims: ClaimsRequest
    nonce: str
    redirect_uri: str
    challenge: str

    def check(self, form: Mapping[str, str]) -> None:
        """Check that the redeemer is the one who asked (PKCE S256, RFC 7636).

        Raises:
            EntraError: another redirect_uri or verifier.
        """
        if form.get("redirect_uri") != self.redirect_uri:
            raise invalid_grant(70000, "The redirect_uri isn't the one of the authorization request.")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != self.challenge:
            raise invalid_grant(501481, "The code_verifier doesn't match the code_challenge.")


class AuthorizationCodes:
    """The codes that wait to be redeemed, and those that were."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._people = {one.email.casefold(): one for one in people if one.kind not in ("stranger", "bot")}
        self._codes: dict[str, AuthorizationCode] = {}
        self._redeemed: set[str] = set()

    def issue(self, query: Mapping[str, str]) -> str:
        """Return a code for the person of the `login_hint`.

        Raises:
            EntraError: a parameter is missing or unsupported, or the person cannot sign in.
        """
        for name in ("state", "nonce", "scope", "code_challenge", "login_hint"):
            if not query.get(name):
                raise missing(name)
        if query.get("response_type") != "code" or query.get("response_mode", "query") != "query":
            raise EntraError("unsupported_response_type", 700054, "Only response_type code, in the query.")
        if query.get("code_challenge_method") != "S256":
            raise EntraError("invalid_request", 501491, "The code_challenge_method must be S256.")
        code = secrets.token_urlsafe(32)
        self._codes[code] = AuthorizationCode(
            person=self._person(query["login_hint"]),
            scopes=ScopeRequest.parse(query["scope"]),
            claims=ClaimsRequest.parse(query.get("claims")),
            nonce=query["nonce"],
            redirect_uri=query["redirect_uri"],
            challenge=query["code_challenge"],
        )
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

    def _person(self, email: str) -> Person:
        person = self._people.get(email.casefold())
        if person is None:
            raise EntraError("access_denied", 50034, "The account does not exist in this tenant.")
        if person.kind == "deactivated":
            raise EntraError("access_denied", 50057, "The account is disabled.")
        return person
