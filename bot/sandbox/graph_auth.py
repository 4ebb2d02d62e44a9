"""Bearer tokens at the stand-ins of services: who calls, and claims challenges (learn.microsoft.com)."""

import base64
import json
import time

import jwt

from bot.sandbox.entra import EntraStandIn
from bot.sandbox.graph_types import Caller, Problem, Refused


class Gate:
    """Admits callers with a valid token for `audience`, and challenges the next ones on demand."""

    def __init__(self, entra: EntraStandIn, audience: str) -> None:
        self._entra = entra
        self._audience = audience
        self.challenges = 0
        """How many more callers are challenged."""

    def identify(self, authorization: str) -> Caller | None:
        """Return the caller of an Authorization header; None when the token is missing or not valid."""
        scheme, _, token = authorization.partition(" ")
        if scheme.casefold() != "bearer":
            return None
        try:
            claims = self._entra.verify(token, self._audience)
        except jwt.InvalidTokenError:
            return None
        app_only = claims.get("idtyp") == "app"
        permissions = claims.get("roles", ()) if app_only else claims["scp"].split()
        return Caller(
            oid=None if app_only else claims["oid"],
            permissions=frozenset(permissions),
            takes_claims="cp1" in (one.casefold() for one in claims.get("xms_cc", ())),
            met_challenge="challenge_met" in claims,
        )

    def admit(self, caller: Caller | None) -> Caller:
        """Return the caller.

        Raises:
            Refused: 401; with a claims challenge only for clients that declared to understand one.
        """
        if caller is None:
            raise Refused(self._unauthorized("Access token is missing, expired or not for this service."))
        if self.challenges and not caller.met_challenge:
            self.challenges -= 1
            asked = self._insufficient_claims() if caller.takes_claims else ""
            raise Refused(self._unauthorized("The session has to be renewed.", asked))
        return caller

    def _unauthorized(self, message: str, parameters: str = "") -> Problem:
        uri = f"{self._entra.base}/oauth2/v2.0/authorize"
        challenge = f'Bearer realm="", authorization_uri="{uri}"{parameters}'
        return Problem(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})

    def _insufficient_claims(self) -> str:
        claims = {"access_token": {"nbf": {"essential": True, "value": str(int(time.time()))}}}
        encoded = base64.b64encode(json.dumps(claims).encode()).decode()
        return f', error="insufficient_claims", claims="{encoded}"'
