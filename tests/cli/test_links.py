"""`links`: what an operator sees of links, and undoes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.accounts import Accounts
from bot.graph.signin import SignedIn
from bot.graph.tokens import Account
from bot.sandbox.people import ALICE, BOB, TEAM_ID, TENANT_ID
from bot.sandbox.tenant import Tenant
from bot.store import Store
from tests.cli.conftest import Command


@pytest.fixture
async def accounts(tmp_path: Path) -> AsyncIterator[Accounts]:
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    await store.prepare()
    kept = Accounts(store, Fernet.generate_key().decode())
    for person in (ALICE, BOB):
        await kept.link(TEAM_ID, person.slack_id, SignedIn(Account(TENANT_ID, person.oid), person.email, "canary"))
    yield kept
    await store.close()


async def test_listed_and_revoked(accounts: Accounts, tenant: Tenant, command: Command) -> None:
    environment = tenant.environment(http=True)
    listed = (await command("links", "list", **environment)).out.splitlines()
    assert [line.split("  ")[1:4] for line in listed] == [
        [person.slack_id, person.email, person.oid] for person in (ALICE, BOB)
    ]
    revoked = await command("links", "revoke", ALICE.slack_id, **environment)
    assert (revoked.code, revoked.out) == (0, f"Revoked: {listed[0]}\n")
    assert await accounts.load(Account(TENANT_ID, ALICE.oid)) is None
    assert (await command("links", "list", **environment)).out.splitlines() == listed[1:]
    unknown = await command("links", "revoke", ALICE.slack_id, **environment)
    assert (unknown.code, unknown.out) == (2, "")
    assert f"{ALICE.slack_id} is not linked." in unknown.err
    await command("links", "revoke", BOB.slack_id, **environment)
    assert (await command("links", "list", **environment)).out == "Nobody is linked.\n"
