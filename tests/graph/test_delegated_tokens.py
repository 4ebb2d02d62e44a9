"""Tokens of people: silent refresh, rotation, consent, revocation, and what cancelling a caller must not break."""

import asyncio
import io
import json
import logging
import ssl

import httpx
import pytest

from bot.errors import ConsentNeeded, SignInNeeded, Unavailable
from bot.graph.wire import Caller
from bot.sandbox.entra import EntraStandIn
from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB, GUEST
from tests.graph.world import DISCOVERY, GRAPH, REGISTRY, TOKEN, World, bot_against

SMALL = "EntitlementMgmt-SubjectAccess.ReadWrite"
LARGE = "EntitlementManagement.ReadWrite.All"


def refresh_tokens(cache: str) -> list[str]:
    return [entry["secret"] for entry in json.loads(cache).get("RefreshToken", {}).values()]


async def test_token_is_of_that_person(world: World) -> None:
    account = await world.sign_in(ALICE, SMALL)
    claims = world.entra.verify(await world.tokens.delegated(account, GRAPH, SMALL), GRAPH)
    assert (claims["oid"], claims["scp"], claims["xms_cc"]) == (ALICE.oid, SMALL, ["CP1"])


async def test_living_token_costs_no_request(world: World) -> None:
    account = await world.sign_in(ALICE, SMALL)
    await world.entra.stop()
    assert await world.tokens.delegated(account, GRAPH, SMALL)
    assert world.accounts.saves == 0


async def test_rotated_refresh_token_is_kept(world: World) -> None:
    world.entra.token_lifetime = 60
    account = await world.sign_in(ALICE, SMALL)
    seen = [refresh_tokens(world.accounts.caches[account])]
    for _ in range(3):
        await world.tokens.delegated(account, GRAPH, SMALL)
        seen.append(refresh_tokens(world.accounts.caches[account]))
    assert [len(tokens) for tokens in seen] == [1, 1, 1, 1]
    assert len({tokens[0] for tokens in seen}) == 4
    assert world.token_calls("refresh_token") == [200, 200, 200]


async def test_guest(world: World) -> None:
    """A guest's account in the cache is the one of the home tenant."""
    world.entra.token_lifetime = 60
    account = await world.sign_in(GUEST, SMALL)
    assert account.oid == GUEST.oid
    assert await world.tokens.delegated(account, GRAPH, SMALL)


async def test_parallel_refreshes_go_one_by_one(world: World) -> None:
    """Entra's stand-in takes each refresh token once: two at a time would lose one."""
    world.entra.token_lifetime = 60
    account = await world.sign_in(ALICE, SMALL)
    world.entra.faults.add(Fault(TOKEN, delay=0.02, times=-1))
    found = await asyncio.gather(*(world.tokens.delegated(account, GRAPH, SMALL) for _ in range(5)))
    assert len(found) == 5
    assert world.token_calls("refresh_token") == [200] * 5


async def test_people_do_not_wait_for_each_other(world: World) -> None:
    world.entra.token_lifetime = 60
    alice, bob = await world.sign_in(ALICE, SMALL), await world.sign_in(BOB, SMALL)
    world.entra.faults.add(Fault(TOKEN, delay=0.5))
    slow = asyncio.create_task(world.tokens.delegated(alice, GRAPH, SMALL))
    await world.until_asked("refresh_token")
    assert await world.tokens.delegated(bob, GRAPH, SMALL)
    assert not slow.done()
    slow.cancel()


async def test_cancelled_caller_loses_no_rotated_token(world: World) -> None:
    world.entra.token_lifetime = 60
    account = await world.sign_in(ALICE, SMALL)
    world.entra.faults.add(Fault(TOKEN, delay=0.1))
    giving_up = asyncio.create_task(world.tokens.delegated(account, GRAPH, SMALL))
    await world.until_asked("refresh_token")
    giving_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await giving_up
    assert await world.tokens.delegated(account, GRAPH, SMALL)
    assert world.token_calls("refresh_token") == [200, 200]
    assert world.accounts.saves == 2


async def test_closing_waits_for_a_refresh(world: World) -> None:
    world.entra.token_lifetime = 60
    account = await world.sign_in(ALICE, SMALL)
    before = world.accounts.caches[account]
    world.entra.faults.add(Fault(TOKEN, delay=0.1))
    giving_up = asyncio.create_task(world.tokens.delegated(account, GRAPH, SMALL))
    await world.until_asked("refresh_token")
    giving_up.cancel()
    await world.tokens.close()
    assert refresh_tokens(world.accounts.caches[account]) != refresh_tokens(before)


async def test_unknown_account(world: World) -> None:
    account = await world.sign_in(ALICE, SMALL)
    world.accounts.caches.clear()
    with pytest.raises(SignInNeeded):
        await world.tokens.delegated(account, GRAPH, SMALL)


@pytest.mark.parametrize("cache", ["", "{}", "not json", "[]", '{"Account":{}}', '{"Account":[]}'])
async def test_unreadable_cache(world: World, cache: str) -> None:
    """Whatever stands there, no call goes out, and the error is one that people understand."""
    account = await world.sign_in(ALICE, SMALL)
    world.accounts.caches[account] = cache
    with pytest.raises((SignInNeeded, Unavailable)):
        await world.tokens.delegated(account, GRAPH, SMALL)
    assert world.token_calls("refresh_token") == []


async def test_revoked(world: World) -> None:
    world.entra.token_lifetime = 60
    account = await world.sign_in(ALICE, SMALL)
    world.entra.revoke(ALICE.oid)
    with pytest.raises(SignInNeeded) as caught:
        await world.tokens.delegated(account, GRAPH, SMALL)
    assert "AADSTS" not in str(caught.value)
    assert caught.value.next_step


async def test_consent_missing(world: World) -> None:
    account = await world.sign_in(ALICE, SMALL)
    world.entra.denied_scopes = {LARGE}
    with pytest.raises(ConsentNeeded) as caught:
        await world.tokens.delegated(account, GRAPH, LARGE)
    assert caught.value.permission == LARGE
    assert await world.tokens.delegated(account, GRAPH, SMALL)


async def test_higher_permission_is_taken_where_the_least_has_no_consent(world: World) -> None:
    resource = REGISTRY["access-package"]
    caller = Caller(await world.sign_in(ALICE, LARGE))
    world.entra.denied_scopes = {SMALL}
    target = world.target("access-package", ALICE)
    await world.client.cancel(resource, resource.call_for(own=True), target, "", caller)
    assert [(effect.id, effect.oid) for effect in world.graph.effects] == [(target.id, ALICE.oid)]


async def test_least_permission_is_named_where_none_has_consent(world: World) -> None:
    resource = REGISTRY["access-package"]
    caller = Caller(await world.sign_in(ALICE, "User.Read"))
    world.entra.denied_scopes = {SMALL, LARGE}
    target = world.target("access-package", ALICE)
    with pytest.raises(ConsentNeeded) as caught:
        await world.client.cancel(resource, resource.call_for(own=True), target, "", caller)
    assert caught.value.permission == SMALL
    assert world.graph.calls == []


async def test_refusals_are_no_failed_tasks(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    account = await world.sign_in(ALICE, SMALL)
    world.entra.denied_scopes = {LARGE}
    with pytest.raises(ConsentNeeded):
        await world.tokens.delegated(account, GRAPH, LARGE)
    assert "task_failed" not in "".join(capsys.readouterr())


async def test_same_error_is_not_asked_for_twice(world: World) -> None:
    """MSAL keeps a 400 for a minute: a bot that is clicked often does not hammer Entra."""
    world.entra.token_lifetime = 60
    account = await world.sign_in(ALICE, SMALL)
    world.entra.revoke(ALICE.oid)
    for _ in range(3):
        with pytest.raises(SignInNeeded):
            await world.tokens.delegated(account, GRAPH, SMALL)
    assert world.token_calls("refresh_token") == [400]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(TOKEN, status=503),
        Fault(TOKEN, status=200, body=b"<html>canary</html>"),
        Fault(TOKEN, drop=True),
        Fault(TOKEN, status=200, body={"token_type": "Bearer"}),
        Fault(TOKEN, status=401, body={"error": "invalid_client", "error_description": "AADSTS7000222: canary"}),
    ],
    ids=["503", "html", "dropped", "no token", "own credential expired"],
)
async def test_entra_out_of_order(world: World, fault: Fault) -> None:
    world.entra.token_lifetime = 60
    account = await world.sign_in(ALICE, SMALL)
    world.entra.faults.add(fault)
    with pytest.raises(Unavailable) as caught:
        await world.tokens.delegated(account, GRAPH, SMALL)
    assert "canary" not in str(caught.value)
    fault.times = 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault(TOKEN, delay=0.5, status=200, body=b"canary"),
        Fault(TOKEN, status=503, body=b"<html>canary</html>"),
        Fault(TOKEN, status=200, body=b"<html>canary</html>"),
        Fault(TOKEN, status=400, body={"error": "server_error", "error_description": "canary"}),
        Fault(TOKEN, status=400, body={"error": "invalid_grant", "error_description": "canary"}),
    ],
    ids=["slow", "503", "html", "error", "refusal"],
)
async def test_answers_of_entra_are_not_logged(
    entra: EntraStandIn, graph: GraphStandIn, trust: ssl.SSLContext, logged: io.StringIO, fault: Fault
) -> None:
    """MSAL logs bodies that it cannot read. Fails where neither `_usable` refuses them nor its loggers are silent."""
    entra.token_lifetime = 60
    async with bot_against(entra, graph, trust, seconds=0.2) as world:
        account = await world.sign_in(ALICE, SMALL)
        entra.faults.add(fault)
        with pytest.raises((SignInNeeded, Unavailable)) as caught:
            await world.tokens.delegated(account, GRAPH, SMALL)
        logging.getLogger("bot").warning("this is seen")
        assert "this is seen" in logged.getvalue()
        assert "canary" not in str(caught.value) + caught.value.next_step + logged.getvalue()
        assert all(secret not in logged.getvalue() for secret in refresh_tokens(world.accounts.caches[account]))


async def test_entra_slow(entra: EntraStandIn, graph: GraphStandIn, trust: ssl.SSLContext) -> None:
    """Whoever waits is told after the time limit, and the sign-in is still good afterwards."""
    entra.token_lifetime = 60
    async with bot_against(entra, graph, trust, seconds=0.2) as world:
        account = await world.sign_in(ALICE, SMALL)
        entra.faults.add(Fault(TOKEN, delay=0.5, status=503))
        with pytest.raises(Unavailable):
            await world.tokens.delegated(account, GRAPH, SMALL)
        assert await world.tokens.delegated(account, GRAPH, SMALL)


@pytest.mark.parametrize(
    "claims",
    ["not json", "[]", "5", '{"access_token":[]}', '{"access_token":"%s"}' % ("a" * 2**20), "[" * 2**20],
    ids=["text", "list", "number", "inner list", "1 MB", "deep"],
)
async def test_claims_that_are_garbage(world: World, claims: str) -> None:
    """Fails when a challenge can make the bot fall over, or end the sign-in."""
    account = await world.sign_in(ALICE, SMALL)
    with pytest.raises(Unavailable):
        await world.tokens.delegated(account, GRAPH, SMALL, claims=claims)
    assert await world.tokens.delegated(account, GRAPH, SMALL)


async def test_entra_down(world: World) -> None:
    world.entra.token_lifetime = 60
    account = await world.sign_in(ALICE, SMALL)
    await world.entra.stop()
    with pytest.raises(Unavailable):
        await world.tokens.delegated(account, GRAPH, SMALL)
    assert refresh_tokens(world.accounts.caches[account])


async def test_living_token_survives_a_lost_discovery(world: World, restarted: World) -> None:
    """A fresh process whose first call meets a slow or dead Entra says so, and keeps the sign-in."""
    account = await world.sign_in(ALICE, SMALL)
    restarted.accounts.caches[account] = world.accounts.caches[account]
    world.entra.faults.add(Fault(DISCOVERY, drop=True))
    with pytest.raises(Unavailable):
        await restarted.tokens.delegated(account, GRAPH, SMALL)
    assert await restarted.tokens.delegated(account, GRAPH, SMALL)


async def test_hosts(world: World) -> None:
    world.entra.token_lifetime = 60
    account = await world.sign_in(ALICE, SMALL)
    await world.tokens.delegated(account, GRAPH, SMALL)
    assert {url.copy_with(path="/", query=None) for url in world.asked} == {httpx.URL(f"{world.entra.url}/")}
