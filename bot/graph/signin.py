"""Signing in: the authorization code flow with PKCE, and the checks of the id token that MSAL leaves to its user."""

import json
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msal

from bot.errors import SignInNeeded, Unavailable
from bot.graph.msal_app import FAULTS, NO_ANSWER, SIGN_IN, MsalApps, refusal
from bot.graph.tokens import Account

_CLOCK_SKEW: Final = 120.0  # seconds


@dataclass(frozen=True)
class SignedIn:
    """A person who has just signed in, with validated claims, and their MSAL cache.

    `name` is what they sign in with, `email` an address where Entra tells one. Both may change: neither is an identity.
    """

    account: Account
    name: str
    cache: str = field(repr=False)
    email: str = ""


def begin(apps: MsalApps, scopes: Sequence[str], redirect_uri: str, login_hint: str = "") -> dict[str, Any]:
    """MSAL's flow, whose `auth_uri` is the page to open. Without a hint the person chooses the account. Blocks."""
    who = {"login_hint": login_hint} if login_hint else {"prompt": "select_account"}
    try:
        app = apps.app(msal.TokenCache())
        with warnings.catch_warnings():
            # MSAL advises form_post; that is a cross-site POST, to which the browser sends no SameSite cookie.
            warnings.filterwarnings("ignore", "response_mode='form_post'", UserWarning)
            flow = app.initiate_auth_code_flow(list(scopes), redirect_uri=redirect_uri, **who)
    except FAULTS:
        raise Unavailable(*NO_ANSWER) from None
    return dict(flow)


def redeem(apps: MsalApps, flow: dict[str, Any], answer: Mapping[str, str]) -> SignedIn:
    """Exchanges the code for an account. Blocks; raises `SignInNeeded`, `ConsentNeeded`, `Unavailable`."""
    cache = msal.SerializableTokenCache()
    try:
        issuer = apps.issuer()
        found = apps.app(cache, apart=True).acquire_token_by_auth_code_flow(flow, dict(answer))
    except json.JSONDecodeError:
        raise Unavailable(*NO_ANSWER) from None
    except (ValueError, RuntimeError):
        # A wrong state or nonce; the text holds both, so it is neither told nor chained.
        raise SignInNeeded(SIGN_IN) from None
    except FAULTS:
        raise Unavailable(*NO_ANSWER) from None
    if "error" in found:
        raise refusal(found, " ".join(flow["scope"]))
    claims = found.get("id_token_claims") or {}
    _validate(apps, issuer, claims)
    account = Account(str(claims["tid"]).lower(), str(claims["oid"]).lower())
    name, email = (str(claims.get(claim) or "") for claim in ("preferred_username", "email"))
    return SignedIn(account, name or email or account.oid, cache.serialize(), email)


def _validate(apps: MsalApps, issuer: str, claims: Mapping[str, Any]) -> None:
    expected = {"aud": apps.authority.client_id, "tid": apps.authority.tenant_id, "iss": issuer}
    if any(str(claims.get(name)).lower() != value.lower() for name, value in expected.items()):
        raise SignInNeeded("That sign-in was not for this bot or not in its tenant.", "Sign in with your work account.")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or expires + _CLOCK_SKEW < time.time() or not claims.get("oid"):
        raise SignInNeeded(SIGN_IN)
