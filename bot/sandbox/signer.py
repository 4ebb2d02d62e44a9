"""The signed tokens (JWT) of Entra and of Sign in with Slack."""

import time
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


class TokenSigner:
    """Signs JWTs (RS256)."""

    def __init__(self) -> None:
        self._key, self._key_id = _signing_key()

    def keys(self) -> dict[str, Any]:
        """Return the JSON Web Key Set."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "alg": "RS256"}]}

    def sign(self, claims: Mapping[str, Any], lifetime: int) -> str:
        """Return a token that is valid for `lifetime` seconds from now, unless `claims` say otherwise.

        A claim that is None is left out.
        """
        now = int(time.time())
        all_claims = {"iat": now, "nbf": now, "exp": now + lifetime, **claims}
        present = {name: value for name, value in all_claims.items() if value is not None}
        return jwt.encode(present, self._key, algorithm="RS256", headers={"kid": self._key_id})

    def verify(self, token: str, *, audience: str, issuer: str) -> dict[str, Any]:
        """Return the claims.

        Raises:
            jwt.InvalidTokenError: signature, audience, issuer or lifetime is wrong.
        """
        claims: dict[str, Any] = jwt.decode(
            token,
            self._key.public_key(),
            algorithms=["RS256"],
            audience=audience,
            issuer=issuer,
            options={"require": ["exp", "iss", "aud"]},
        )
        return claims


# An RSA key takes long to make: one serves all stand-ins of a process, which differ in their issuer.
@cache
def _signing_key() -> tuple[rsa.RSAPrivateKey, str]:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048), uuid.uuid4().hex
