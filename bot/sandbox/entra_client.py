"""How the bot proves to Entra that it is the registered application."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from bot.sandbox.entra_errors import EntraError, invalid_client, missing

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Credentials:
    """What is registered for the application; every one that is set is accepted."""

    secret: str | None = None
    certificate: bytes | None = None
    """PEM of an RSA certificate."""
    federated_token: str | None = None
    """The exact assertion that a trusted workload presents."""


def authenticate(form: Mapping[str, str], client_id: str, credentials: Credentials, token_endpoint: str) -> None:
    """Check the client of a token request.

    Raises:
        EntraError: another client, no credential, or a wrong one.
    """
    if form.get("client_id") != client_id:
        raise EntraError("unauthorized_client", 700016, "The application is not registered in this tenant.")
    if "client_secret" in form:
        _check_secret(form["client_secret"], credentials.secret)
    elif "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise missing("client_assertion_type")
        _check_assertion(form["client_assertion"], client_id, credentials, token_endpoint)
    else:
        raise invalid_client(7000218, "The request needs a client_secret or a client_assertion.")


def _check_secret(given: str, registered: str | None) -> None:
    if registered is None or not hmac.compare_digest(given.encode(), registered.encode()):
        raise invalid_client(7000215, "The client secret is not the registered one.")


def _check_assertion(assertion: str, client_id: str, credentials: Credentials, token_endpoint: str) -> None:
    federated = credentials.federated_token
    if federated is not None and hmac.compare_digest(assertion.encode(), federated.encode()):
        return
    if credentials.certificate is None:
        raise invalid_client(700213, "No federated identity record matches the assertion.")
    _check_signed_assertion(assertion, client_id, credentials.certificate, token_endpoint)


def _check_signed_assertion(assertion: str, client_id: str, pem: bytes, token_endpoint: str) -> None:
    certificate = x509.load_pem_x509_certificate(pem)
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("the registered certificate must hold an RSA key")
    try:
        # MSAL keeps the padding that RFC 7515 leaves out; Entra takes both.
        named = str(jwt.get_unverified_header(assertion).get("x5t#S256")).rstrip("=")
        if named != _thumbprint(certificate):
            raise invalid_client(700027, "The assertion names a certificate that is not registered.")
        claims = jwt.decode(
            assertion,
            key,
            algorithms=["PS256"],
            audience=token_endpoint,
            issuer=client_id,
            options={"require": ["exp", "jti", "sub", "aud", "iss"]},
        )
    except jwt.InvalidAudienceError as error:
        raise invalid_client(700021, "The assertion's audience is not the token endpoint.") from error
    except jwt.ExpiredSignatureError as error:
        raise invalid_client(700024, "The assertion has expired.") from error
    except jwt.InvalidTokenError as error:
        raise invalid_client(700027, f"The assertion is not valid: {error}.") from error
    if claims["sub"] != client_id:
        raise invalid_client(700027, "The assertion's subject is not the client.")


def _thumbprint(certificate: x509.Certificate) -> str:
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
