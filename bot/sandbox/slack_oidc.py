"""Sign in with Slack (OpenID Connect): the page on which people say who they are, and the exchange of its codes."""

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from bot.sandbox.forms import Button, form_page
from bot.sandbox.people import Person
from bot.sandbox.signer import TokenSigner
from bot.sandbox.slack_records import Json, Method, SlackError
from bot.sandbox.slack_world import World

AUTHORIZE = "/openid/connect/authorize"
ISSUER = "https://slack.com"
SCOPES = frozenset({"openid", "email", "profile"})
ID_TOKEN_SECONDS = 5 * 60


@dataclass
class _Code:
    person: Person
    scopes: frozenset[str]
    nonce: str
    redirect_uri: str
    born: float
    used: bool = False


class SignIn:
    """The page and the exchange, for one application; `id_token_claims` replace those of the next id tokens."""

    def __init__(self, world: World, client_id: str, client_secret: str) -> None:
        self._world = world
        self._client_id, self._client_secret = client_id, client_secret
        self.redirect_uris: set[str] = set()
        self.id_token_claims: dict[str, object] = {}
        self._codes: dict[str, _Code] = {}
        self._signer = TokenSigner()

    def methods(self) -> dict[str, Method]:
        return {"openid.connect.token": self._token}

    async def authorize(self, request: web.Request) -> web.Response:
        """Show the page, or send the person who chose back to the application.

        A wrong request is a violation, and never causes a redirect.
        """
        query = request.query
        if wrong := self._wrong(query):
            self._world.violation(f"{AUTHORIZE}: wrong or missing {', '.join(wrong)}")
            return form_page("Something went wrong", [f"Wrong or missing: {', '.join(wrong)}"], status=400)
        if request.method != "POST":
            return self._page()
        form = await request.post()
        if "cancel" in form:
            return _back(query, {"error": "access_denied"})
        person = self._people().get(str(form.get("user")))
        if person is None:
            return form_page("Something went wrong", ["Nobody was chosen."], status=400)
        return _back(query, {"code": self._new_code(person, query)})

    def _wrong(self, query: Mapping[str, str]) -> list[str]:
        scopes = frozenset(query.get("scope", "").split())
        right = {
            "client_id": bool(self._client_id) and query.get("client_id") == self._client_id,
            "redirect_uri": query.get("redirect_uri") in self.redirect_uris,
            "response_type": query.get("response_type") == "code",
            "scope": "openid" in scopes and scopes <= SCOPES,
            "state": bool(query.get("state")),
            "nonce": bool(query.get("nonce")),
            "team": query.get("team", self._world.team_id) == self._world.team_id,
        }
        return [name for name, is_right in right.items() if not is_right]

    def _people(self) -> dict[str, Person]:
        people = self._world.people.items()
        return {user_id: one for user_id, one in people if one.kind in ("member", "guest")}

    def _page(self) -> web.Response:
        choices = [Button("user", user_id, one.name) for user_id, one in self._people().items()]
        return form_page("Sign in with Slack", ["Who are you?"], [*choices, Button("cancel", "1", "Cancel")])

    def _new_code(self, person: Person, query: Mapping[str, str]) -> str:
        code = f"{secrets.randbelow(10**10)}.{secrets.randbelow(10**13)}.{secrets.token_hex(32)}"
        scopes = frozenset(query["scope"].split())
        self._codes[code] = _Code(person, scopes, query["nonce"], query["redirect_uri"], time.monotonic())
        return code

    def _token(self, args: Json) -> Json:
        if not self._client_id or args.get("client_id") != self._client_id:
            raise SlackError("invalid_client_id")
        if not hmac.compare_digest(str(args.get("client_secret")).encode(), self._client_secret.encode()):
            raise SlackError("bad_client_secret")
        if args.get("grant_type") != "authorization_code":
            raise SlackError("invalid_grant_type")
        code = self._codes.get(str(args.get("code")))
        if code is None or time.monotonic() - code.born > self._world.limits.sign_in_code:
            raise SlackError("invalid_code")
        if code.used:
            raise SlackError("code_already_used")
        if args.get("redirect_uri") != code.redirect_uri:
            raise SlackError("bad_redirect_uri")
        code.used = True
        access_token = f"xoxp-{secrets.token_hex(24)}"
        return {"access_token": access_token, "token_type": "Bearer", "id_token": self._id_token(code)}

    def _id_token(self, code: _Code) -> str:
        person, user_id = code.person, code.person.slack_id
        claims: dict[str, object] = {
            "iss": ISSUER,
            "sub": user_id,
            "aud": self._client_id,
            "nbf": None,  # Slack's tokens have none
            "nonce": code.nonce,
            "https://slack.com/user_id": user_id,
            "https://slack.com/team_id": self._world.team_id,
        }
        if "email" in code.scopes:
            claims |= {"email": person.email, "email_verified": True}
        if "profile" in code.scopes:
            claims |= {"name": person.name}
        return self._signer.sign(claims | self.id_token_claims, ID_TOKEN_SECONDS)


def _back(query: Mapping[str, str], answer: dict[str, str]) -> web.Response:
    location = f"{query['redirect_uri']}?{urlencode(answer | {'state': query['state']})}"
    return web.Response(status=302, headers={"Location": location})
