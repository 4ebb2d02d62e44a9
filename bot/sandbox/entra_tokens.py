"""The tokens that the Entra stand-in signs, and what it publishes for checking them."""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.sandbox.people import Person

HOME_TENANT_OF_GUESTS = "9e570000-5a4d-4b0c-9d00-0000000c0de0"


class TokenSigner:
    """Signs JWTs (RS256)."""

    def __init__(self) -> None:
        self._key, self._key_id = _signing_key()

    def keys(self) -> dict[str, Any]:
        """Return the JSON Web Key Set."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "alg": "RS256"}]}

    def sign(self, claims: Mapping[str, Any], lifetime: int) -> str:
        """Return a token with `claims` that is valid for `lifetime` seconds from now."""
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + lifetime}
        return jwt.encode({**claims, **times}, self._key, algorithm="RS256", headers={"kid": self._key_id})

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


def discovery_document(base: str) -> dict[str, Any]:
    """Return the OpenID Connect metadata of the authority `base`, an origin with the tenant."""
    return {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
    }


def pairwise_subject(oid: str, client_id: str) -> str:
    """Return the `sub` of a person for one application: stable, and not the oid."""
    return _base64url(hashlib.sha256(f"{oid} {client_id}".encode()).digest())


def client_info(person: Person, tenant_id: str) -> str:
    """Return the home account as base64url JSON; a guest's home is another tenant, with another object id."""
    uid, utid = person.oid, tenant_id
    if person.kind == "guest":
        uid, utid = str(uuid.uuid5(uuid.NAMESPACE_OID, person.oid)), HOME_TENANT_OF_GUESTS
    return _base64url(json.dumps({"uid": uid, "utid": utid}).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
