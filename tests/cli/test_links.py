"""`links`: what an operator sees of links, and undoes."""

from collections.abc import AsyncIterator, Sequence
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


LOOKS_AFTER = [("jobs", "list"), ("links", "list"), ("audit", "verify"), ("audit", "export", "--format", "csv")]


@pytest.mark.parametrize("typed", LOOKS_AFTER, ids=" ".join)
async def test_looking_after_a_database_needs_nothing_else(
    accounts: Accounts, tmp_path: Path, command: Command, typed: Sequence[str]
) -> None:
    """Fails when an auditor is asked for Slack's token, or when a mistyped name makes an empty database."""
    assert await accounts.links()
    key = "the key of these tests, long enough"
    ran = await command(*typed, DATABASE_URL=f"sqlite:///{tmp_path}/bot.db", AUDIT_KEY=key)
    assert (ran.code, ran.err) == (0, "")
    mistyped = await command(*typed, DATABASE_URL=f"sqlite:///{tmp_path}/typo.db", AUDIT_KEY=key)
    assert (mistyped.code, mistyped.out) == (2, "")
    assert f"DATABASE_URL: there is no database at {tmp_path}/typo.db" in mistyped.err
    assert not (tmp_path / "typo.db").exists()


async def test_a_short_key_is_named_without_its_value(accounts: Accounts, tmp_path: Path, command: Command) -> None:
    assert await accounts.links()
    ran = await command("audit", "verify", DATABASE_URL=f"sqlite:///{tmp_path}/bot.db", AUDIT_KEY="canary")
    assert (ran.code, "AUDIT_KEY: must have at least 32 characters" in ran.err) == (2, True)
    assert "canary" not in ran.err


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
