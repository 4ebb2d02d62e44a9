"""Refresh tokens of the Entra stand-in, and what conditional access says to them."""

import json
import secrets
from dataclasses import dataclass

from bot.sandbox.entra_errors import EntraError, invalid_grant
from bot.sandbox.entra_grants import ScopeRequest
from bot.sandbox.people import Person

POLICY_ID = "c0fd1710-5a4d-4b0c-9d00-0000000c0de0"


@dataclass(frozen=True)
class RefreshToken:
    """Whose it is, and which scopes it renews when the request names none."""

    person: Person
    scopes: ScopeRequest


class RefreshTokens:
    """The tokens that can be redeemed, and those that were revoked."""

    def __init__(self) -> None:
        self._tokens: dict[str, RefreshToken] = {}
        self._revoked: set[str] = set()

    def issue(self, person: Person, scopes: ScopeRequest) -> str:
        token = f"1.A{secrets.token_urlsafe(48)}"
        self._tokens[token] = RefreshToken(person, scopes)
        return token

    def revoke(self, oid: str) -> None:
        self._revoked.update(token for token, grant in self._tokens.items() if grant.person.oid == oid)

    def find(self, token: str) -> RefreshToken:
        """Return what the token stands for.

        Raises:
            EntraError: unknown, used or revoked.
        """
        if token in self._revoked:
            raise invalid_grant(50173, "The grant was revoked; a new sign-in is needed.")
        grant = self._tokens.get(token)
        if grant is None:
            raise invalid_grant(70008, "The refresh token has expired or was used already.")
        return grant

    def use_up(self, token: str) -> None:
        del self._tokens[token]


def check_access(person: Person, blocked: set[str], step_up: set[str]) -> None:
    """Check whether this person's tokens may be renewed without them.

    Raises:
        EntraError: access is blocked, or the person has to sign in again with a second factor.
    """
    if person.oid in blocked:
        raise invalid_grant(53003, "Access has been blocked by Conditional Access policies.")
    if person.oid in step_up:
        claims = {"access_token": {"capolids": {"essential": True, "values": [POLICY_ID]}}}
        text = "You must use multi-factor authentication to access the resource."
        raise EntraError("interaction_required", 50076, text, claims=json.dumps(claims))
