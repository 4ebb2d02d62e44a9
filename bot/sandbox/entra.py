"""A strict stand-in of Microsoft Entra's v2.0 endpoints for one tenant and one application."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.sandbox.entra_client import Credentials, authenticate
from bot.sandbox.entra_codes import AuthorizationCodes, AuthorizationRequest
from bot.sandbox.entra_errors import EntraError
from bot.sandbox.entra_grants import GRAPHS, READ_ROLES, ClaimsRequest, Consents, ScopeRequest
from bot.sandbox.entra_pages import SignInPages
from bot.sandbox.entra_refresh import RefreshTokens, check_access
from bot.sandbox.entra_tokens import client_info, discovery_document, pairwise_subject
from bot.sandbox.faults import Faults
from bot.sandbox.https import HttpsServer, serve_with_fault
from bot.sandbox.people import Person
from bot.sandbox.signer import TokenSigner
from bot.sandbox.tls import ThrowAwayAuthority


@dataclass
class EntraCall:
    """One request with its query (GET) or form (POST); `status` stays None while no answer was sent."""

    method: str
    path: str
    parameters: Mapping[str, str]
    status: int | None = None


class EntraStandIn:
    """Entra over TLS on loopback.

    The person of a sign-in is the one whose e-mail is the `login_hint`, and consents at once; with the prompt
    `select_account` it is whoever picks an account on a page, and consents on the next.
    `app_roles` are the application permissions, `denied_scopes` what the tenant does not consent to,
    `token_lifetime` the seconds that a token lives, `blocked` the oids that conditional access lets not sign in,
    `step_up` those that have to sign in again, and `id_token_claims` replace claims of the next id tokens (None
    removes one); all may be changed while it runs.
    """

    def __init__(
        self,
        people: Iterable[Person],
        tenant_id: str,
        authority: ThrowAwayAuthority,
        *,
        client_id: str,
        redirect_uris: Iterable[str],
        credentials: Credentials,
    ) -> None:
        self.tenant_id = tenant_id
        self.client_id = client_id
        self.redirect_uris = set(redirect_uris)
        self.credentials = credentials
        self.app_roles: set[str] = set(READ_ROLES)
        self.denied_scopes: set[str] = set()
        self.token_lifetime = 3600
        self.blocked: set[str] = set()
        self.step_up: set[str] = set()
        self.id_token_claims: dict[str, object] = {}
        self.calls: list[EntraCall] = []
        self.faults = Faults()
        self._consents = Consents()
        self._pages = SignInPages(people, self._consents)
        self._codes = AuthorizationCodes()
        self._refresh_tokens = RefreshTokens()
        self._signer = TokenSigner()
        self._server = HttpsServer(authority.context(), self._handle)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def base(self) -> str:
        """The tenant's authority, as a client is configured with it."""
        return f"{self.url}/{self.tenant_id}"

    @property
    def issuer(self) -> str:
        return f"{self.base}/v2.0"

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    def revoke(self, oid: str) -> None:
        """Make the refresh tokens that this person has now invalid."""
        self._refresh_tokens.revoke(oid)

    def verify(self, token: str, audience: str) -> dict[str, Any]:
        """Return the claims of an access token.

        Raises:
            jwt.InvalidTokenError: signature, audience, issuer or lifetime is wrong.
        """
        return self._signer.verify(token, audience=audience, issuer=self.issuer)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        form = await request.post() if request.method == "POST" else request.query
        parameters = {name: value for name, value in form.items() if isinstance(value, str)}
        call = EntraCall(request.method, request.path, parameters)
        self.calls.append(call)
        fault = self.faults.take(f"{request.method} {request.path}")
        answer = await serve_with_fault(request, fault, lambda: self._answer(call, request.query), _unavailable)
        if answer is None:
            return web.Response()
        call.status = answer.status
        return answer

    def _answer(self, call: EntraCall, query: Mapping[str, str]) -> web.Response:
        try:
            tenant, _, endpoint = call.path.lstrip("/").partition("/")
            if tenant != self.tenant_id:
                raise EntraError("invalid_request", 90002, f"The tenant '{tenant}' was not found.")
            match call.method, endpoint:
                case "GET", "v2.0/.well-known/openid-configuration":
                    return web.json_response(discovery_document(self.base))
                case "GET", "discovery/v2.0/keys":
                    return web.json_response(self._signer.keys())
                case "GET", "oauth2/v2.0/authorize":
                    return self._authorize(query, {})
                case "POST", "oauth2/v2.0/authorize":
                    return self._authorize(query, call.parameters)
                case "POST", "oauth2/v2.0/token":
                    return web.json_response(self._token(call.parameters), headers={"Cache-Control": "no-store"})
            raise EntraError("invalid_request", 900561, f"No {call.method} at {call.path}.", status=404)
        except EntraError as error:
            return web.json_response(error.body(), status=error.status)

    # A wrong client or redirect_uri must never cause a redirect; all other errors go back to the application.
    def _authorize(self, query: Mapping[str, str], choice: Mapping[str, str]) -> web.Response:
        if query.get("client_id") != self.client_id:
            raise EntraError("unauthorized_client", 700016, "The application is not registered in this tenant.")
        if query.get("redirect_uri") not in self.redirect_uris:
            raise EntraError("invalid_request", 50011, "The redirect_uri is not a registered one.")
        try:
            asked = AuthorizationRequest.parse(query)
            signed_in = self._pages.sign_in(asked, choice, self.denied_scopes, self.blocked)
            if isinstance(signed_in, web.Response):
                return signed_in
            answer = {"code": self._codes.issue(signed_in, asked)}
            self.step_up.discard(signed_in.oid)
        except EntraError as error:
            answer = {"error": error.error, "error_description": str(error)}
        if "state" in query:
            answer["state"] = query["state"]
        return web.Response(status=302, headers={"Location": f"{query['redirect_uri']}?{urlencode(answer)}"})

    def _token(self, form: Mapping[str, str]) -> dict[str, Any]:
        authenticate(form, self.client_id, self.credentials, f"{self.base}/oauth2/v2.0/token")
        match form.get("grant_type"):
            case "client_credentials":
                return self._for_application(form)
            case "authorization_code":
                return self._redeem_code(form)
            case "refresh_token":
                return self._refresh(form)
        raise EntraError("unsupported_grant_type", 70003, "The grant_type is not supported.")

    def _for_application(self, form: Mapping[str, str]) -> dict[str, Any]:
        resource, _, name = form.get("scope", "").rpartition("/")
        if name != ".default" or " " in resource:
            raise EntraError("invalid_scope", 1002012, "The scope must be one resource followed by /.default.")
        ScopeRequest.parse(form["scope"])
        roles = sorted(self.app_roles) if resource in GRAPHS else []
        claims = {"idtyp": "app", "oid": pairwise_subject("application", self.client_id), "roles": roles}
        return self._access_token(resource, claims, ClaimsRequest.parse(form.get("claims")))

    def _redeem_code(self, form: Mapping[str, str]) -> dict[str, Any]:
        grant = self._codes.redeem(form)
        person, asked = grant.person, grant.request
        claims = ClaimsRequest.parse(form["claims"]) if "claims" in form else asked.claims
        self._consents.grant(person, asked.scopes, self.denied_scopes)
        return self._for_person(person, asked.scopes, claims, form, nonce=asked.nonce)

    def _refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        token = form.get("refresh_token", "")
        grant = self._refresh_tokens.find(token)
        check_access(grant.person, self.blocked, self.step_up)
        scopes = ScopeRequest.parse(form["scope"]) if form.get("scope") else grant.scopes
        answer = self._for_person(grant.person, scopes, ClaimsRequest.parse(form.get("claims")), form)
        self._refresh_tokens.use_up(token)
        return answer

    def _for_person(
        self,
        person: Person,
        scopes: ScopeRequest,
        claims: ClaimsRequest,
        form: Mapping[str, str],
        nonce: str | None = None,
    ) -> dict[str, Any]:
        granted = self._consents.granted(person, scopes, self.denied_scopes)
        identity = {"oid": person.oid, "sub": pairwise_subject(person.oid, self.client_id), "name": person.name}
        answer = self._access_token(scopes.resource, identity | {"scp": " ".join(granted)}, claims)
        answer["scope"] = " ".join([f"{scopes.resource}/{name}" for name in granted] + sorted(scopes.openid))
        if "openid" in scopes.openid:
            answer["id_token"] = self._id_token(person, identity, nonce)
        if "offline_access" in scopes.openid:
            answer["refresh_token"] = self._refresh_tokens.issue(person, scopes)
        if form.get("client_info") == "1":
            answer["client_info"] = client_info(person, self.tenant_id)
        return answer

    def _access_token(self, resource: str, identity: Mapping[str, Any], request: ClaimsRequest) -> dict[str, Any]:
        claims = {
            "aud": resource,
            "iss": self.issuer,
            "tid": self.tenant_id,
            "appid": self.client_id,
            "azp": self.client_id,
            **identity,
        }
        if request.capabilities:
            claims["xms_cc"] = list(request.capabilities)
        if request.answers_challenge:
            claims["challenge_met"] = True
        lifetime = self.token_lifetime
        token = self._signer.sign(claims, lifetime)
        return {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": token,
        }

    def _id_token(self, person: Person, identity: Mapping[str, Any], nonce: str | None) -> str:
        claims = {
            "ver": "2.0",
            "aud": self.client_id,
            "iss": self.issuer,
            "tid": self.tenant_id,
            "preferred_username": person.email,
            "nonce": nonce,
            **identity,
            **self.id_token_claims,
        }
        return self._signer.sign(claims, self.token_lifetime)


def _unavailable(status: int) -> dict[str, Any]:
    return EntraError("temporarily_unavailable", 90033, "The service is unavailable for now.", status=status).body()
