"""Claims challenges (continuous access evaluation): answered once with a fresh token, never guessed at."""

import base64

import pytest

from bot.errors import AnswerLost, ServiceError, SignInNeeded, Unavailable
from bot.graph.client import Answer
from bot.graph.wire import Caller
from bot.resources import Target
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE
from tests.graph.world import APPLICATION, REGISTRY, TOKEN, World

OPERATION = REGISTRY["operation-approval"]


@pytest.fixture(params=["person", "application"])
async def caller(world: World, request: pytest.FixtureRequest) -> Caller:
    return await world.caller(ALICE, OPERATION) if request.param == "person" else APPLICATION


async def cancel(world: World, target: Target, caller: Caller) -> Answer:
    return await world.client.cancel(OPERATION, OPERATION.cancel[0], target, "", caller)


def challenge(claims: str) -> str:
    return f'Bearer realm="", error="insufficient_claims", claims="{claims}"'


def encoded(claims: bytes) -> str:
    return base64.b64encode(claims).decode()


async def test_answered_once(world: World, caller: Caller) -> None:
    target = world.target("operation-approval", ALICE)
    world.graph.challenge_next()
    await cancel(world, target, caller)
    assert [call.status for call in world.graph.calls] == [401, 200]
    first, second = (call.client_request_id for call in world.graph.calls)
    assert first != second
    assert len(world.graph.effects) == 1


async def test_fresh_token_is_kept(world: World, caller: Caller) -> None:
    """The next call takes the token that met the challenge: none of the old ones is asked for again."""
    world.graph.challenge_next()
    await cancel(world, world.target("operation-approval", ALICE), caller)
    asked = len(world.entra.calls)
    world.graph.challenge_next()
    await cancel(world, world.target("operation-approval", ALICE), caller)
    assert [call.status for call in world.graph.calls] == [401, 200, 200]
    assert len(world.entra.calls) == asked


async def test_second_challenge_stands(world: World, caller: Caller) -> None:
    target = world.target("operation-approval", ALICE)
    headers = {"WWW-Authenticate": challenge(encoded(b'{"access_token":{"nbf":{"essential":true,"value":"1"}}}'))}
    world.graph.faults.add(Fault("POST", status=401, headers=headers, times=-1))
    with pytest.raises(ServiceError) as caught:
        await cancel(world, target, caller)
    assert caught.value.status == 401
    assert caught.value.claims
    assert [call.status for call in world.graph.calls] == [401, 401]
    assert caught.value.client_request_id == world.graph.calls[1].client_request_id


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        challenge(""),
        challenge("!!!"),
        challenge("AAAA"),
        challenge(encoded(b"not json")),
        challenge(encoded(b"[]")),
        challenge(encoded(b"\xff\xfe")),
        challenge(encoded(b'{"a":' * 500)),
        challenge(encoded(b'{"a":"%s"}' % (b"a" * 5000))),
        f'Bearer error="invalid_token", claims="{encoded(b"{}")}"',
    ],
    ids=["none", "empty", "signs", "short", "text", "list", "binary", "deep", "long", "another error"],
)
async def test_garbage_is_no_challenge(world: World, header: str) -> None:
    """Fails when whatever was decoded is handed to MSAL."""
    target = world.target("operation-approval", ALICE)
    world.graph.faults.add(Fault("POST", status=401, headers={"WWW-Authenticate": header}))
    with pytest.raises(ServiceError) as caught:
        await cancel(world, target, APPLICATION)
    assert (caught.value.status, caught.value.claims) == (401, "")
    assert len(world.graph.calls) == 1


async def test_challenge_of_a_megabyte(world: World) -> None:
    """No HTTP client takes such a header: the answer is lost, and nothing else happens.

    Fails when that error of the client is let through.
    """
    target = world.target("operation-approval", ALICE)
    header = challenge(encoded(b'{"a":"%s"}' % (b"a" * 2**20)))
    world.graph.faults.add(Fault("POST", status=401, headers={"WWW-Authenticate": header}))
    with pytest.raises(AnswerLost):
        await cancel(world, target, APPLICATION)
    assert len(world.graph.calls) == 1


@pytest.mark.parametrize("claims", [b'{"access_token":5}', b'{"access_token":null}', b'{"access_token":[]}'])
async def test_claims_that_msal_cannot_merge(world: World, caller: Caller, claims: bytes) -> None:
    target = world.target("operation-approval", ALICE)
    headers = {"WWW-Authenticate": challenge(encoded(claims))}
    world.graph.faults.add(Fault("POST", status=401, headers=headers, times=-1))
    with pytest.raises((Unavailable, ServiceError)):
        await cancel(world, target, caller)
    assert world.graph.effects == []


async def test_url_safe_alphabet_without_padding(world: World) -> None:
    target = world.target("operation-approval", ALICE)
    claims = b'{"access_token":{"nbf":{"value":"\xc3\xbf?~"}}}'
    header = challenge(base64.urlsafe_b64encode(claims).decode().rstrip("="))
    world.graph.faults.add(Fault("POST", status=401, headers={"WWW-Authenticate": header}))
    await cancel(world, target, APPLICATION)
    assert [call.status for call in world.graph.calls] == [401, 200]


async def test_revoked_person_is_asked_to_sign_in(world: World) -> None:
    caller = await world.caller(ALICE, OPERATION)
    target = world.target("operation-approval", ALICE)
    world.entra.revoke(ALICE.oid)
    world.graph.challenge_next()
    with pytest.raises(SignInNeeded):
        await cancel(world, target, caller)
    assert len(world.graph.calls) == 1


async def test_entra_down_while_challenged(world: World, caller: Caller) -> None:
    await world.tokens.application("https://graph.microsoft.com")
    target = world.target("operation-approval", ALICE)
    world.entra.faults.add(Fault(TOKEN, status=503))
    world.graph.challenge_next()
    with pytest.raises(Unavailable):
        await cancel(world, target, caller)
    assert world.graph.effects == []
