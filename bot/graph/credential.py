"""The bot's own credential, in MSAL's form: what is wrong with it before Entra is asked at all."""

import functools
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.errors import BadCredential


def usable(credential: Any) -> Any:
    """The credential as MSAL takes it.

    Raises `BadCredential` for a certificate that cannot be used; a federated token is read for each request, and
    raises it then. What MSAL raises there cannot be told from an answer of Entra that nobody can read.
    """
    if not isinstance(credential, dict):
        return credential
    if read := credential.get("client_assertion"):
        return {"client_assertion": lambda: _assertion(read)}
    _check(credential["private_key"], credential["public_certificate"])
    return credential


def _assertion(read: Callable[[], str]) -> str:
    try:
        token = read()
    except (OSError, UnicodeDecodeError):
        raise BadCredential("the file cannot be read") from None
    if not token:
        raise BadCredential("the file is empty")
    return token


# Once for each certificate: OpenSSL takes a tenth of a second to look through a key.
@functools.lru_cache(maxsize=1)
def _check(private_key: str, certificate: str) -> None:
    try:
        x509.load_pem_x509_certificate(certificate.encode())
    except ValueError:
        raise BadCredential("the certificate cannot be read") from None
    try:
        key = load_pem_private_key(private_key.encode(), None)
    except (ValueError, UnsupportedAlgorithm):
        raise BadCredential("the private key cannot be read") from None
    except TypeError:
        raise BadCredential("the private key is encrypted with a password") from None
    if not isinstance(key, RSAPrivateKey):
        raise BadCredential("the private key is no RSA key")
