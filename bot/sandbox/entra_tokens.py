"""What the Entra stand-in says about persons in its tokens, and publishes about itself."""

import base64
import hashlib
import json
import uuid
from typing import Any

from bot.sandbox.people import Person

HOME_TENANT_OF_GUESTS = "9e570000-5a4d-4b0c-9d00-0000000c0de0"


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
