"""Tokens of people from one database: two processes that renew at once, keys that changed, and rows that were moved."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from bot.accounts import Accounts
from bot.errors import SignInNeeded
from bot.graph.signin import SignedIn
from bot.graph.tokens import Account, Tokens
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB, TEAM_ID, Person
from bot.store import Store
from bot.tables import accounts
from tests.graph.world import GRAPH, PATIENCE, TOKEN, World

SMALL = "EntitlementMgmt-SubjectAccess.ReadWrite"
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
CHALLENGE = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1"}}})


class SlowToSave(Accounts):
    """A process that is slow between Entra's answer and the database."""

    async def save(self, account: Account, cache: str) -> None:
        await asyncio.sleep(PATIENCE[0] * 2)
        await super().save(account, cache)


class Processes:
    """The token clients of two processes on one database; Entra takes each refresh token once."""

    def __init__(self, world: World, other: World, store: Store, elsewhere: Store) -> None:
        self.world = world
        self.entra = world.entra
        self.store = store
        self.here = Tokens(world.apps, Accounts(store, OLD), PATIENCE)
        self.there = Tokens(other.apps, Accounts(elsewhere, OLD), PATIENCE)
        self.slow = Tokens(other.apps, SlowToSave(elsewhere, OLD), PATIENCE)

    async def sign_in(self, person: Person) -> Account:
        account = await self.world.sign_in(person, SMALL)
        cache = self.world.accounts.caches[account]
        await Accounts(self.store, OLD).link(TEAM_ID, person.slack_id, SignedIn(account, person.email, cache))
        return account

    @asynccontextmanager
    async def with_keys(self, keys: str) -> AsyncIterator[Tokens]:
        """A process with these TOKEN_KEYS."""
        tokens = Tokens(self.world.apps, Accounts(self.store, keys), PATIENCE)
        yield tokens
        await tokens.close()

    async def owner(self, tokens: Tokens, account: Account, claims: str = "") -> str:
        """Whose token it gives for that account."""
        token = await tokens.delegated(account, GRAPH, SMALL, claims=claims)
        return str(self.entra.verify(token, GRAPH)["oid"])


@pytest.fixture
async def processes(world: World, restarted: World, store: Store, database_url: str) -> AsyncIterator[Processes]:
    async with AsyncExitStack() as stack:
        elsewhere = Store(database_url)
        stack.push_async_callback(elsewhere.close)
        started = Processes(world, restarted, store, elsewhere)
        for tokens in (started.here, started.there, started.slow):
            stack.push_async_callback(tokens.close)
        yield started


async def test_loser_takes_what_the_winner_saved(processes: Processes) -> None:
    """Fails when a refused refresh token is not looked up again."""
    processes.entra.token_lifetime = 60  # MSAL renews what has less than five minutes left
    account = await processes.sign_in(ALICE)
    processes.entra.faults.add(Fault(TOKEN, delay=0.3))
    processes.entra.token_lifetime = 3600
    losing = asyncio.create_task(processes.owner(processes.here, account))
    await processes.world.until_asked("refresh_token")
    assert await processes.owner(processes.there, account) == ALICE.oid
    assert await losing == ALICE.oid
    assert sorted(map(str, processes.world.token_calls("refresh_token"))) == ["200", "400"]


async def test_loser_waits_for_the_winner_to_save(processes: Processes) -> None:
    """Fails when the database is looked at only once: both answers come at about the same time."""
    account = await processes.sign_in(ALICE)
    winning = asyncio.create_task(processes.owner(processes.slow, account, CHALLENGE))
    await processes.world.until_asked("refresh_token")
    assert await processes.owner(processes.here, account, CHALLENGE) == ALICE.oid
    assert await winning == ALICE.oid


async def test_loser_saves_nothing(processes: Processes) -> None:
    """MSAL drops expired tokens from the cache even where Entra then refuses: saving that would lose the only good one.

    Fails when whatever MSAL changed is saved.
    """
    processes.entra.token_lifetime = -1
    account = await processes.sign_in(ALICE)
    processes.entra.faults.add(Fault(TOKEN, delay=0.3))
    losing = asyncio.create_task(processes.owner(processes.here, account))
    await processes.world.until_asked("refresh_token")
    processes.entra.token_lifetime = 60
    assert await processes.owner(processes.there, account)
    assert await losing
    for tokens in (processes.here, processes.there) * 2:
        assert await processes.owner(tokens, account) == ALICE.oid


@pytest.mark.parametrize("claims", ["", CHALLENGE], ids=["expired", "challenged"])
async def test_many_at_once_from_both(processes: Processes, claims: str) -> None:
    """Everybody gets a token, and afterwards the stored one is still good."""
    processes.entra.token_lifetime = 60
    account = await processes.sign_in(ALICE)
    asked = [processes.owner(tokens, account, claims) for tokens in (processes.here, processes.there) * 4]
    assert set(await asyncio.gather(*asked)) == {ALICE.oid}
    assert await processes.owner(processes.here, account) == ALICE.oid


async def test_revoked_while_two_ask(processes: Processes) -> None:
    """Both are told, nobody gets another person's token, and that person goes on."""
    processes.entra.token_lifetime = 60
    alice, bob = await processes.sign_in(ALICE), await processes.sign_in(BOB)
    processes.entra.revoke(ALICE.oid)
    asked = [processes.owner(tokens, one) for tokens in (processes.here, processes.there) for one in (alice, bob)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [one if isinstance(one, str) else type(one) for one in found] == [SignInNeeded, BOB.oid] * 2


async def test_unlinked_while_refused(processes: Processes) -> None:
    processes.entra.token_lifetime = 60
    account = await processes.sign_in(ALICE)
    processes.entra.revoke(ALICE.oid)
    asking = asyncio.create_task(processes.owner(processes.here, account))
    await processes.world.until_asked("refresh_token")
    assert await Accounts(processes.store, OLD).unlink(TEAM_ID, ALICE.slack_id)
    with pytest.raises(SignInNeeded):
        await asking


async def test_wrong_keys(processes: Processes) -> None:
    """Fails when a row that no key opens is an error of its own."""
    account = await processes.sign_in(ALICE)
    async with processes.with_keys(NEW) as tokens:
        with pytest.raises(SignInNeeded) as caught:
            await processes.owner(tokens, account)
    assert caught.value.next_step
    assert await processes.owner(processes.here, account) == ALICE.oid


async def test_changed_keys_keep_people_signed_in(processes: Processes) -> None:
    """The newest key comes first, and what is saved is under it."""
    processes.entra.token_lifetime = 60
    account = await processes.sign_in(ALICE)
    async with processes.with_keys(f"{NEW},{OLD}") as both, processes.with_keys(NEW) as new:
        assert await processes.owner(both, account) == ALICE.oid
        assert await processes.owner(new, account) == ALICE.oid


async def test_row_of_another_person(processes: Processes) -> None:
    """Fails when whoever can write the database can act as anybody who is linked."""
    alice, bob = await processes.sign_in(ALICE), await processes.sign_in(BOB)
    stolen = sa.select(accounts.c.cache).where(accounts.c.oid == ALICE.oid).scalar_subquery()
    await processes.store.change(accounts.update().where(accounts.c.oid == BOB.oid).values(cache=stolen))
    with pytest.raises(SignInNeeded):
        await processes.owner(processes.here, bob)
    assert await processes.owner(processes.here, alice) == ALICE.oid
    assert processes.world.token_calls("refresh_token") == []
