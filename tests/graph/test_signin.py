"""The sign-in: MSAL 1.39 checks state, nonce and PKCE, but no claim of the id token; the bot does (MSAL issue 911)."""

import asyncio
import hashlib
import time
import traceback
import warnings
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from bot.errors import BotError, ConsentNeeded, SignInNeeded, Unavailable
from bot.graph.signin import SignedIn, begin, redeem
from bot.graph.tokens import Account
from bot.sandbox.entra_tokens import client_info
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, GUEST, TENANT_ID
from tests.graph.world import CLIENT_ID, DISCOVERY, GRAPH, REDIRECT_URI, TOKEN, World


async def exchange(world: World, flow: dict[str, Any], answer: Mapping[str, str]) -> SignedIn:
    return await asyncio.to_thread(redeem, world.apps, flow, answer)


async def refused(world: World, flow: dict[str, Any], answer: Mapping[str, str], *secrets: str) -> BotError:
    """The error of an exchange that must fail, with none of the flow's secrets in what a log would show of it."""
    with pytest.raises(BotError) as caught:
        await exchange(world, flow, answer)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.next_step
    hidden = (*(flow.get(name) for name in ("state", "nonce", "code_verifier")), answer.get("code"), *secrets)
    assert not [secret for secret in hidden if secret and secret in shown]
    return caught.value


def id_token(world: World, flow: Mapping[str, Any], **changes: object) -> str:
    """An id token that is right but for the changes; None leaves a claim out."""
    claims: dict[str, object] = {
        "aud": CLIENT_ID,
        "iss": world.entra.issuer,
        "tid": TENANT_ID,
        "oid": ALICE.oid,
        "sub": "subject",
        "nonce": hashlib.sha256(flow["nonce"].encode()).hexdigest(),
        "exp": int(time.time()) + 600,
        "iat": int(time.time()),
        "preferred_username": ALICE.email,
    }
    claims |= changes
    kept = {name: value for name, value in claims.items() if value is not None}
    # Nobody checks this signature: the token came over TLS from Entra itself (OpenID Connect Core, 3.1.3.7).
    return jwt.encode(kept, "k" * 32, algorithm="HS256")


async def answering(world: World, **changes: object) -> tuple[dict[str, Any], dict[str, str]]:
    """A sign-in whose token answer holds that id token."""
    flow, answer = await world.authorize(ALICE)
    body = {
        "token_type": "Bearer",
        "expires_in": 3600,
        "access_token": "canary-access",
        "refresh_token": "canary-refresh",
        "client_info": client_info(ALICE, TENANT_ID),
        "id_token": id_token(world, flow, **changes),
    }
    world.entra.faults.add(Fault(TOKEN, status=200, body=body))
    return flow, answer


async def test_begin_asks_as_documented(world: World) -> None:
    flow, _ = await world.authorize(ALICE, "User.Read")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(flow["auth_uri"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["login_hint"] == ALICE.email
    assert asked["redirect_uri"] == REDIRECT_URI
    assert set(asked["scope"].split()) == {f"{GRAPH}/User.Read", "openid", "profile", "offline_access"}
    assert "xms_cc" in asked["claims"]
    assert flow["code_verifier"] not in flow["auth_uri"]


async def test_begin_warns_of_nothing(world: World) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await asyncio.to_thread(begin, world.apps, [f"{GRAPH}/User.Read"], REDIRECT_URI, "")


async def test_good(world: World) -> None:
    flow, answer = await world.authorize(ALICE, "User.Read")
    signed_in = await exchange(world, flow, answer)
    assert signed_in.account == Account(TENANT_ID, ALICE.oid)
    assert signed_in.name == ALICE.email
    assert "1.A" in signed_in.cache
    assert signed_in.cache not in repr(signed_in)


async def test_guest_is_who_they_are_here(world: World) -> None:
    """A guest's home account is in another tenant; what counts are the claims of this one."""
    signed_in = await exchange(world, *await world.authorize(GUEST, "User.Read"))
    assert signed_in.account == Account(TENANT_ID, GUEST.oid)


async def test_crafted_token_passes_unchanged(world: World) -> None:
    """The control for the tests below: only their change makes the difference."""
    signed_in = await exchange(world, *await answering(world, oid=ALICE.oid.upper(), tid=TENANT_ID.upper()))
    assert signed_in.account == Account(TENANT_ID, ALICE.oid)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "00000000-0000-4000-8000-000000000000"},
        {"aud": [CLIENT_ID]},
        {"aud": None},
        {"tid": "9e570000-5a4d-4b0c-9d00-0000000c0de0"},
        {"tid": None},
        {"iss": "https://login.microsoftonline.com/common/v2.0"},
        {"iss": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"oid": None},
        {"oid": ""},
        {"nonce": "another"},
        {"nonce": None},
    ],
    ids=str,
)
async def test_wrong_claim(world: World, changes: dict[str, object]) -> None:
    flow, answer = await answering(world, **changes)
    error = await refused(world, flow, answer, "canary")
    assert isinstance(error, SignInNeeded)


async def test_clocks_may_differ_by_two_minutes(world: World) -> None:
    assert await exchange(world, *await answering(world, exp=int(time.time()) - 100))


@pytest.mark.parametrize("body", [{"id_token": None}, {"id_token": "x.y.z"}, {"id_token": 5}, {"id_token": "a.W10.b"}])
async def test_token_answer_without_claims(world: World, body: dict[str, object]) -> None:
    flow, answer = await world.authorize(ALICE)
    whole = {"token_type": "Bearer", "expires_in": 3600, "access_token": "canary-access"} | body
    world.entra.faults.add(Fault(TOKEN, status=200, body=whole))
    assert isinstance(await refused(world, flow, answer, "canary"), SignInNeeded | Unavailable)


@pytest.mark.parametrize("wrong", ["another", "", None])
async def test_wrong_state(world: World, wrong: str | None) -> None:
    flow, answer = await world.authorize(ALICE)
    changed = {name: value for name, value in (answer | {"state": wrong}).items() if value is not None}
    assert isinstance(await refused(world, flow, changed, answer["state"]), SignInNeeded)
    assert world.token_calls("authorization_code") == []


async def test_wrong_nonce(world: World) -> None:
    flow, answer = await world.authorize(ALICE)
    assert isinstance(await refused(world, flow | {"nonce": "another-nonce"}, answer), SignInNeeded)


async def test_wrong_verifier(world: World) -> None:
    flow, answer = await world.authorize(ALICE)
    assert isinstance(await refused(world, flow | {"code_verifier": "v" * 43}, answer), SignInNeeded)


async def test_code_of_somebody_elses_flow(world: World) -> None:
    """Who brings another's code into his own flow has the right state, and not that flow's verifier and nonce."""
    flow, answer = await world.authorize(ALICE)
    _, other = await world.authorize(GUEST)
    assert isinstance(await refused(world, flow, answer | {"code": other["code"]}), SignInNeeded)


async def test_code_used_twice(world: World) -> None:
    flow, answer = await world.authorize(ALICE)
    await exchange(world, flow, answer)
    assert isinstance(await refused(world, flow, answer), SignInNeeded)


async def test_unknown_code(world: World) -> None:
    flow, answer = await world.authorize(ALICE)
    assert isinstance(await refused(world, flow, answer | {"code": "canary"}), SignInNeeded)


@pytest.mark.parametrize("answer", [{}, {"code": "a-code"}, {"state": "{state}"}, {"code": "a-code", "state": "other"}])
async def test_answer_of_another_form(world: World, answer: dict[str, str]) -> None:
    flow, _ = await world.authorize(ALICE)
    filled = {name: value.replace("{state}", flow["state"]) for name, value in answer.items()}
    assert isinstance(await refused(world, flow, filled), SignInNeeded)


async def test_error_of_the_authorize_page(world: World) -> None:
    """Whatever a link's maker writes into error_description is not shown to anybody."""
    flow, answer = await world.authorize(ALICE)
    told = {"state": answer["state"], "error": "access_denied", "error_description": "<script>canary</script>"}
    await refused(world, flow, told, "canary", "script")


async def test_consent_missing(world: World) -> None:
    flow, answer = await world.authorize(ALICE, "User.Read")
    world.entra.denied_scopes = {"User.Read"}
    error = await refused(world, flow, answer)
    assert isinstance(error, ConsentNeeded)
    assert "User.Read" in error.permission


@pytest.mark.parametrize("place", [TOKEN, DISCOVERY])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 200, "body": b"<html>canary</html>"},
        {"status": 200, "body": b"[]"},
        {"status": 200, "body": b"5"},
        {"drop": True},
    ],
    ids=["503", "html", "list", "number", "dropped"],
)
async def test_entra_out_of_order(world: World, place: str, fault: dict[str, Any]) -> None:
    flow, answer = await world.authorize(ALICE)
    world.entra.faults.add(Fault(place, **fault))
    assert isinstance(await refused(world, flow, answer, "canary"), Unavailable)


async def test_begin_while_entra_is_down(world: World) -> None:
    await world.entra.stop()
    with pytest.raises(Unavailable):
        await world.authorize(ALICE)
