"""Links and token caches: one link each way, and caches that only the right key opens, for the right account."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from bot.accounts import Accounts, Linked
from bot.errors import ConfigError
from bot.graph.signin import SignedIn
from bot.graph.tokens import Account
from bot.sandbox.people import ALICE, BOB, TEAM_ID, TENANT_ID
from bot.store import Store, now
from bot.tables import accounts

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
CACHE = '{"RefreshToken": "canary-4711"}'
ALICES = Account(TENANT_ID, ALICE.oid)
BOBS = Account(TENANT_ID, BOB.oid)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
def known(store: Store) -> Accounts:
    return Accounts(store, OLD)


async def test_linked(known: Accounts) -> None:
    assert await known.linked(TEAM_ID, ALICE.slack_id) is None
    await known.link(TEAM_ID, ALICE.slack_id, SignedIn(ALICES, ALICE.email, CACHE))
    assert await known.linked(TEAM_ID, ALICE.slack_id) == Linked(ALICES, ALICE.email)
    assert await known.linked("T0OTHER", ALICE.slack_id) is None
    assert await known.load(ALICES) == CACHE


async def test_saved(known: Accounts) -> None:
    await known.link(TEAM_ID, ALICE.slack_id, SignedIn(ALICES, ALICE.email, CACHE))
    await known.save(ALICES, "rotated")
    assert await known.load(ALICES) == "rotated"


async def test_unknown_account_stays_unknown(known: Accounts) -> None:
    await known.save(ALICES, CACHE)
    assert await known.load(ALICES) is None


async def test_unlinked(known: Accounts) -> None:
    await known.link(TEAM_ID, ALICE.slack_id, SignedIn(ALICES, ALICE.email, CACHE))
    await known.link(TEAM_ID, BOB.slack_id, SignedIn(BOBS, BOB.email, CACHE))
    assert [await known.unlink(TEAM_ID, ALICE.slack_id) for _ in range(2)] == [True, False]
    assert await known.load(ALICES) is None
    assert [(link.user, link.linked) for link in await known.links()] == [(BOB.slack_id, Linked(BOBS, BOB.email))]


async def test_unused_links_are_forgotten(known: Accounts) -> None:
    """Fails when using a link does not keep it."""
    for person, account in ((ALICE, ALICES), (BOB, BOBS)):
        await known.link(TEAM_ID, person.slack_id, SignedIn(account, person.email, CACHE))
    limit = now()
    await known.save(BOBS, CACHE)
    assert [await known.forget_unused(limit) for _ in range(2)] == [1, 0]
    assert (await known.load(ALICES), await known.load(BOBS)) == (None, CACHE)
    assert [link.user for link in await known.links()] == [BOB.slack_id]


async def test_linking_again_replaces_the_tokens(known: Accounts) -> None:
    for cache in (CACHE, "newer"):
        await known.link(TEAM_ID, ALICE.slack_id, SignedIn(ALICES, ALICE.email, cache))
    assert await known.load(ALICES) == "newer"


async def test_encrypted_at_rest(known: Accounts, tmp_path: Path) -> None:
    await known.link(TEAM_ID, ALICE.slack_id, SignedIn(ALICES, ALICE.email, CACHE))
    await known.save(ALICES, CACHE)
    files = await asyncio.to_thread(lambda: [path.read_bytes() for path in tmp_path.iterdir()])
    assert any(ALICE.oid.encode() in content for content in files)
    assert not any(b"canary" in content for content in files)


async def test_row_copied_to_another_account(known: Accounts, store: Store) -> None:
    await known.link(TEAM_ID, ALICE.slack_id, SignedIn(ALICES, ALICE.email, CACHE))
    await known.link(TEAM_ID, BOB.slack_id, SignedIn(BOBS, BOB.email, "Bob's own"))
    stolen = sa.select(accounts.c.cache).where(accounts.c.oid == ALICE.oid).scalar_subquery()
    await store.change(accounts.update().where(accounts.c.oid == BOB.oid).values(cache=stolen))
    assert await known.load(BOBS) is None
    assert await known.load(ALICES) == CACHE


@pytest.mark.parametrize("blob", [b"", b"garbage", b"gAAAAA==", b"\xff"])
async def test_damaged_row(known: Accounts, store: Store, blob: bytes) -> None:
    await known.link(TEAM_ID, ALICE.slack_id, SignedIn(ALICES, ALICE.email, CACHE))
    await store.change(accounts.update().values(cache=blob))
    assert await known.load(ALICES) is None


async def test_wrong_key(known: Accounts, store: Store) -> None:
    await known.link(TEAM_ID, ALICE.slack_id, SignedIn(ALICES, ALICE.email, CACHE))
    assert await Accounts(store, NEW).load(ALICES) is None


@pytest.mark.parametrize("separator", [",", " ", ", ", "\n"])
async def test_key_rotation(known: Accounts, store: Store, separator: str) -> None:
    await known.link(TEAM_ID, ALICE.slack_id, SignedIn(ALICES, ALICE.email, CACHE))
    both = Accounts(store, f"{NEW}{separator}{OLD}")
    assert await both.load(ALICES) == CACHE
    assert await Accounts(store, NEW).load(ALICES) is None
    await both.save(ALICES, CACHE)
    assert await Accounts(store, NEW).load(ALICES) == CACHE
    assert await known.load(ALICES) is None


async def test_without_keys_nobody_is_linked(known: Accounts, store: Store) -> None:
    await known.link(TEAM_ID, ALICE.slack_id, SignedIn(ALICES, ALICE.email, CACHE))
    keyless = Accounts(store, "")
    assert await keyless.load(ALICES) is None
    with pytest.raises(ConfigError):
        await keyless.link(TEAM_ID, BOB.slack_id, SignedIn(BOBS, BOB.email, CACHE))
    assert await keyless.linked(TEAM_ID, BOB.slack_id) is None
