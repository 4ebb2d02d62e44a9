"""The Entra stand-in: sign-in, tokens of persons and of the application, and its refusals."""

import base64
import json
from typing import Any

import httpx
import jwt
import pytest

from bot.sandbox.entra import EntraStandIn
from bot.sandbox.people import ALICE, BOB, BOTTY, GONE, GUEST, STRANGER, TENANT_ID, Person
from tests.sandbox.graph_clients import CLIENT_ID, GRAPH, REDIRECT_URI, Application

SCOPE = "ApprovalSolution.ReadWrite"


def number_of(answer: httpx.Response) -> tuple[int, str, int]:
    """Return status, error and AADSTS number; the rest of the body must be there as well."""
    body = answer.json()
    assert {"trace_id", "correlation_id", "timestamp"} <= body.keys()
    [number] = body["error_codes"]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    return answer.status_code, body["error"], number


def unverified(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def test_discovery_and_keys_verify_an_id_token(
    entra: EntraStandIn, http: httpx.AsyncClient, application: Application
) -> None:
    base = f"{entra.url}/{TENANT_ID}"
    metadata = (await http.get(f"{base}/v2.0/.well-known/openid-configuration")).json()
    keys = (await http.get(metadata["jwks_uri"])).json()
    tokens = await application.sign_in(ALICE, SCOPE)
    claims = jwt.decode(
        tokens["id_token"],
        jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(tokens["id_token"])["kid"]],
        algorithms=["RS256"],
        audience=CLIENT_ID,
        issuer=metadata["issuer"],
    )
    assert metadata["issuer"] == f"{base}/v2.0"
    assert {claims[name] for name in ("ver", "tid", "oid", "preferred_username", "name", "nonce")} == {
        "2.0",
        TENANT_ID,
        ALICE.oid,
        ALICE.email,
        ALICE.name,
        "a nonce",
    }
    assert {"sub", "iat", "nbf", "exp"} <= claims.keys()


async def test_access_token_of_a_person(entra: EntraStandIn, application: Application) -> None:
    tokens = await application.sign_in(ALICE, f"{GRAPH}/{SCOPE}", client_info="1")
    claims = entra.verify(tokens["access_token"], GRAPH)
    assert (claims["scp"], claims["oid"], claims["tid"]) == (SCOPE, ALICE.oid, TENANT_ID)
    assert claims["appid"] == claims["azp"] == CLIENT_ID
    assert "xms_cc" not in claims
    assert tokens["expires_in"] == tokens["ext_expires_in"] == 3600
    with pytest.raises(jwt.InvalidAudienceError):
        entra.verify(tokens["access_token"], "https://graph.microsoft.us")


async def test_expired_token_does_not_verify(entra: EntraStandIn, application: Application) -> None:
    entra.token_lifetime = -1
    tokens = await application.sign_in(ALICE, SCOPE)
    with pytest.raises(jwt.ExpiredSignatureError):
        entra.verify(tokens["access_token"], GRAPH)


async def test_scope_of_another_resource(entra: EntraStandIn, application: Application) -> None:
    arm = "https://management.azure.com"
    tokens = await application.sign_in(ALICE, f"{arm}/user_impersonation")
    assert entra.verify(tokens["access_token"], arm)["scp"] == "user_impersonation"


@pytest.mark.parametrize(("person", "home"), [(ALICE, (ALICE.oid, TENANT_ID)), (GUEST, None)])
async def test_client_info_names_the_home_account(
    application: Application, person: Person, home: tuple[str, str] | None
) -> None:
    back = await application.authorize(person, SCOPE)
    tokens = (await application.redeem(back["code"], client_info="1")).json()
    encoded = tokens["client_info"]
    info = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    is_home = (info["uid"], info["utid"]) == (person.oid, TENANT_ID)
    assert is_home == (home is not None)
    assert unverified(tokens["id_token"])["oid"] == person.oid


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"state": None}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"login_hint": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "form_post"}, "unsupported_response_type"),
        ({"scope": "https://unknown.example.test/Read"}, "invalid_resource"),
        ({"scope": f"{GRAPH}/User.Read https://management.azure.com/user_impersonation"}, "invalid_request"),
        ({"claims": "not json"}, "invalid_request"),
        ({"login_hint": "nobody@example.test"}, "access_denied"),
        ({"login_hint": STRANGER.email}, "access_denied"),
        ({"login_hint": BOTTY.email}, "access_denied"),
        ({"login_hint": GONE.email}, "access_denied"),
    ],
)
async def test_refused_authorization_goes_back_to_the_application(
    application: Application, changes: dict[str, str | None], error: str
) -> None:
    back = await application.authorize(ALICE, SCOPE, **changes)
    assert back["error"] == error
    assert "code" not in back
    assert back.get("state") == (None if "state" in changes else "a state")


@pytest.mark.parametrize(
    ("changes", "number"),
    [({"redirect_uri": f"{REDIRECT_URI}/"}, 50011), ({"client_id": "another"}, 700016)],
)
async def test_authorization_of_another_client_or_address_does_not_redirect(
    entra: EntraStandIn,
    http: httpx.AsyncClient,
    application: Application,
    changes: dict[str, str],
    number: int,
) -> None:
    query = application.authorization(ALICE, SCOPE, **changes)
    answer = await http.get(f"{entra.base}/oauth2/v2.0/authorize", params=query)
    assert answer.status_code == 400
    assert answer.json()["error_codes"] == [number]


async def test_code_works_once(application: Application) -> None:
    code = (await application.authorize(ALICE, SCOPE))["code"]
    assert (await application.redeem(code)).status_code == 200
    assert number_of(await application.redeem(code)) == (400, "invalid_grant", 54005)


@pytest.mark.parametrize(
    ("form", "number"),
    [
        ({"code_verifier": "another"}, 501481),
        ({"redirect_uri": "https://evil.example.test"}, 70000),
        ({"code": "unknown"}, 70000),
    ],
)
async def test_code_is_bound_to_verifier_and_address(
    application: Application, form: dict[str, str], number: int
) -> None:
    code = (await application.authorize(ALICE, SCOPE))["code"]
    assert number_of(await application.redeem(**{"code": code, **form})) == (400, "invalid_grant", number)


async def test_refresh_token_rotates(entra: EntraStandIn, application: Application) -> None:
    first = await application.sign_in(ALICE, SCOPE)
    second = (await application.token("refresh_token", refresh_token=first["refresh_token"])).json()
    assert entra.verify(second["access_token"], GRAPH)["oid"] == ALICE.oid
    again = await application.token("refresh_token", refresh_token=first["refresh_token"])
    assert number_of(again) == (400, "invalid_grant", 70008)
    third = await application.token("refresh_token", refresh_token=second["refresh_token"])
    assert third.status_code == 200


async def test_no_refresh_token_without_offline_access(application: Application) -> None:
    tokens = await application.sign_in(ALICE, SCOPE, scope=f"{GRAPH}/{SCOPE}")
    assert not {"refresh_token", "id_token"} & tokens.keys()


async def test_scopes_consented_earlier_stay(entra: EntraStandIn, application: Application) -> None:
    await application.sign_in(ALICE, "User.Read")
    tokens = await application.sign_in(ALICE, SCOPE)
    assert entra.verify(tokens["access_token"], GRAPH)["scp"] == f"{SCOPE} User.Read"
    other = await application.sign_in(BOB, SCOPE)
    assert entra.verify(other["access_token"], GRAPH)["scp"] == SCOPE


async def test_denied_scope(entra: EntraStandIn, application: Application) -> None:
    tokens = await application.sign_in(ALICE, f"User.Read {SCOPE}")
    entra.denied_scopes = {SCOPE}
    form = {"refresh_token": tokens["refresh_token"], "scope": f"{GRAPH}/{SCOPE} offline_access"}
    answer = await application.token("refresh_token", **form)
    assert number_of(answer) == (400, "invalid_grant", 65001)
    assert answer.json()["suberror"] == "consent_required"
    entra.denied_scopes.clear()
    assert (await application.token("refresh_token", **form)).status_code == 200


async def test_silent_refresh_brings_no_scope_that_nobody_consented_to(application: Application) -> None:
    tokens = await application.sign_in(ALICE, "User.Read")
    answer = await application.token("refresh_token", refresh_token=tokens["refresh_token"], scope=f"{GRAPH}/{SCOPE}")
    assert number_of(answer) == (400, "invalid_grant", 65001)


async def test_revoked_person_has_to_sign_in_again(entra: EntraStandIn, application: Application) -> None:
    tokens = await application.sign_in(ALICE, SCOPE)
    others = await application.sign_in(BOB, SCOPE)
    entra.revoke(ALICE.oid)
    answer = await application.token("refresh_token", refresh_token=tokens["refresh_token"])
    assert number_of(answer) == (400, "invalid_grant", 50173)
    for refresh in (others["refresh_token"], (await application.sign_in(ALICE, SCOPE))["refresh_token"]):
        assert (await application.token("refresh_token", refresh_token=refresh)).status_code == 200


async def test_capabilities_and_challenges(entra: EntraStandIn, application: Application) -> None:
    capability = {"access_token": {"xms_cc": {"values": ["CP1"]}}}
    tokens = await application.sign_in(ALICE, SCOPE, claims=json.dumps(capability))
    claims = entra.verify(tokens["access_token"], GRAPH)
    assert (claims["xms_cc"], "challenge_met" in claims) == (["CP1"], False)
    capability["access_token"]["nbf"] = {"values": ["1"]}
    form = {"refresh_token": tokens["refresh_token"], "claims": json.dumps(capability)}
    fresh = (await application.token("refresh_token", **form)).json()
    claims = entra.verify(fresh["access_token"], GRAPH)
    assert (claims["xms_cc"], claims["challenge_met"]) == (["CP1"], True)


async def test_unknown_tenant_and_path(entra: EntraStandIn, http: httpx.AsyncClient) -> None:
    other = await http.get(f"{entra.url}/common/v2.0/.well-known/openid-configuration")
    assert number_of(other) == (400, "invalid_request", 90002)
    assert (await http.get(f"{entra.base}/oauth2/v2.0/devicecode")).status_code == 404
