"""Sign in with Slack (OpenID Connect): who is in front of a browser, in Slack's word.

Slack's documents: docs.slack.dev, authentication/sign-in-with-slack.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import jwt
import structlog
from jwt.types import Options
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Refused, Unavailable
from bot.sessions import SlackPerson
from bot.slack.api import FAULTS, error_of
from bot.slack.directory import Directory

log = structlog.get_logger(__name__)

_ISSUER: Final = "https://slack.com"
_TEAM, _USER = f"{_ISSUER}/team_id", f"{_ISSUER}/user_id"
_SKEW: Final = 120  # seconds
_CHECKED: Final[Options] = {
    # The token comes from Slack itself over TLS, which OpenID Connect Core 3.1.3.7 takes in place of the signature.
    "verify_signature": False,
    "verify_aud": True,
    "verify_iss": True,
    "verify_exp": True,
    "require": ["aud", "iss", "exp", "nonce", _TEAM, _USER],
}
_NOT_VOUCHED: Final = (
    "Slack's answer does not say who you are. Nothing was linked.",
    "Start again; ask whoever runs this bot if it persists.",
)
_NO_ANSWER: Final = ("Slack gave no usable answer. Nothing was linked.", "Try again in a minute.")


class SlackLogin:
    """Sends browsers to Slack and redeems what they bring back. `client` carries no token."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        directory: Directory,
        login_url: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        team: str,
        email: bool,
    ) -> None:
        self._client = client
        self._directory = directory
        self._login_url = login_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._team = team
        self._scope = "openid email" if email else "openid"

    def url(self, state: str, nonce: str) -> str:
        """The page to send the browser to."""
        query = {
            "response_type": "code",
            "scope": self._scope,
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "state": state,
            "nonce": nonce,
            "team": self._team,
        }
        return f"{self._login_url}?{urlencode(query)}"

    async def person(self, code: str, nonce: str) -> SlackPerson:
        """Whom Slack vouches for; raises `Refused` for whoever may not use the bot, `Unavailable`."""
        claims = self._claims(await self._redeem(code), nonce)
        team, user = str(claims[_TEAM]), str(claims[_USER])
        name = await self._directory.name(team, user)
        email = str(claims.get("email") or "") if claims.get("email_verified") is True else ""
        return SlackPerson(team, user, name, email)

    async def _redeem(self, code: str) -> str:
        """The id token; raises `Refused` for a code that Slack does not take."""
        form = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "code": code,
            "grant_type": "authorization_code",
            "redirect_uri": self._redirect_uri,
        }
        try:
            # As a form: slack_sdk's own method puts the secret into the address, which others may log.
            answer = await self._client.api_call("openid.connect.token", data=form)
        except FAULTS as error:
            word = error_of(error)
            log.warning("slack_sign_in_failed", error=word)
            if word in ("invalid_code", "code_already_used"):
                raise Refused("code", *_NOT_VOUCHED) from None
            raise Unavailable(*_NO_ANSWER) from None
        return str(answer.get("id_token") or "")

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token, options=_CHECKED, audience=self._client_id, issuer=_ISSUER, leeway=_SKEW
            )
        except jwt.InvalidTokenError as error:
            log.warning("slack_id_token_refused", error=type(error).__name__)
            raise Refused("id_token", *_NOT_VOUCHED) from None
        if claims["nonce"] != nonce:
            raise Refused("nonce", *_NOT_VOUCHED)
        return claims
