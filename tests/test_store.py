"""The database: every query on SQLite and on a real PostgreSQL, the migrations, and the modes of the files."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from bot.errors import ConfigError
from bot.resources import Target
from bot.store import Card, Dialog, Store, new_id, now
from bot.tables import accounts, links, metadata
from tests.postgres import Postgres

TARGET = Target("governance-role", "6F1F8B3A-0000-4000-8000-0000000000AA", "azureResources")
CARD = Card("c" * 32, "T0", "C0", "", TARGET, {"title": "Büro ☕ 'quoted'", "lines": [1, None]}, closed=False)
DIALOG = Dialog("d" * 32, "T0", "U0", "C0", "", "", datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="pg") as directory:
        server = Postgres(Path(directory))
        try:
            server.wait()
            yield server
        finally:
            server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bot.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    await store.migrate()
    yield store
    await store.close()


def synchronous(database_url: str) -> sa.Engine:
    return sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))


async def test_migrations_make_the_tables(store: Store, database_url: str) -> None:
    def differences() -> list[object]:
        engine = synchronous(database_url)
        options = {"compare_type": True, "compare_server_default": True}
        with engine.connect() as connection:
            found: list[object] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        engine.dispose()
        return found

    assert await asyncio.to_thread(differences) == []
    assert await store.migrate() == await store.migrate()


async def test_prepare(database_url: str) -> None:
    store = Store(database_url)
    if database_url.startswith("postgresql"):
        with pytest.raises(ConfigError) as caught:
            await store.prepare()
        assert "migrate" in str(caught.value)
        await store.migrate()
    await store.prepare()
    assert await store.card("none") is None
    await store.close()


async def test_heroku_spelling(postgres: Postgres) -> None:
    store = Store(postgres.create().replace("postgresql:", "postgres:"))
    await store.migrate()
    await store.prepare()
    await store.close()


async def test_database_of_a_newer_version(store: Store) -> None:
    async with store.begin() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError):
        await store.prepare()


async def test_card_from_posting_to_closing(store: Store) -> None:
    await store.add_card(CARD)
    assert await store.card(CARD.id) == CARD
    assert await store.cards_of(TARGET) == []
    await store.card_posted(CARD.id, "1700000000.000100")
    posted = replace(CARD, ts="1700000000.000100")
    assert await store.cards_of(Target(TARGET.kind, TARGET.id.lower(), "AZURERESOURCES")) == [posted]
    await store.close_card(CARD.id, {"state": "Canceled"})
    assert await store.card(CARD.id) == replace(posted, details={"state": "Canceled"}, closed=True)
    assert await store.cards_of(TARGET) == []


async def test_cards_of_one_target(store: Store) -> None:
    others = [replace(TARGET, scope="aadRoles"), replace(TARGET, kind="privileged-role"), replace(TARGET, id="0")]
    for number, target in enumerate([TARGET, TARGET, *others]):
        await store.add_card(replace(CARD, id=f"card {number}", ts=f"{number}.0", target=target))
    assert {card.id for card in await store.cards_of(TARGET)} == {"card 0", "card 1"}


async def test_dropped_card(store: Store) -> None:
    await store.add_card(CARD)
    await store.drop_card(CARD.id)
    assert await store.card(CARD.id) is None


async def test_card_of_that_id_exists(store: Store) -> None:
    await store.add_card(CARD)
    with pytest.raises(IntegrityError):
        await store.add_card(CARD)


@pytest.mark.parametrize("card_id", ["", CARD.id])
async def test_dialog(store: Store, card_id: str) -> None:
    dialog = replace(DIALOG, card_id=card_id)
    await store.add_dialog(dialog)
    assert await store.dialog(dialog.id) == dialog
    assert await store.claim_dialog(dialog.id, "first")
    assert await store.dialog(dialog.id) == replace(dialog, cancellation_id="first")
    assert not await store.claim_dialog(dialog.id, "second")
    assert await store.dialog(dialog.id) == replace(dialog, cancellation_id="first")


async def test_unknown_dialog(store: Store) -> None:
    assert await store.dialog("none") is None
    assert not await store.claim_dialog("none", "first")


async def test_moments_keep_their_instant(store: Store) -> None:
    there = DIALOG.created_at.astimezone(timezone(timedelta(hours=9)))
    await store.add_dialog(replace(DIALOG, created_at=there))
    found = await store.dialog(DIALOG.id)
    assert found is not None
    assert found.created_at == DIALOG.created_at
    assert found.created_at.utcoffset() == timedelta(0)


async def test_one_of_twenty_claims_wins(store: Store, database_url: str) -> None:
    """Two instances of the bot, ten submissions each."""
    await store.add_dialog(DIALOG)
    second = Store(database_url)
    claims = [one.claim_dialog(DIALOG.id, f"{number}") for number in range(10) for one in (store, second)]
    won = await asyncio.gather(*claims)
    await second.close()
    assert won.count(True) == 1
    dialog = await store.dialog(DIALOG.id)
    assert dialog is not None
    assert dialog.cancellation_id == f"{won.index(True) // 2}"


async def test_failed_transaction_leaves_nothing(store: Store) -> None:
    async def half() -> None:
        async with store.begin() as connection:
            await connection.execute(links.insert().values(team="T0", user="U0", tid="t", oid="o", created_at=now()))
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    async with store.begin() as connection:
        assert (await connection.execute(sa.select(links))).all() == []


async def test_one_link_each_way(store: Store) -> None:
    row = {"team": "T0", "user": "U0", "tid": "t", "oid": "o", "created_at": now()}
    async with store.begin() as connection:
        await connection.execute(links.insert().values(row))
    for clash in ({"oid": "other"}, {"user": "U1"}):
        with pytest.raises(IntegrityError):
            async with store.begin() as connection:
                await connection.execute(links.insert().values(row | clash))


async def test_bytes_survive(store: Store) -> None:
    blob = bytes(range(256))
    async with store.begin() as connection:
        await connection.execute(accounts.insert().values(tid="t", oid="o", name="", cache=blob, updated_at=now()))
        assert (await connection.execute(sa.select(accounts.c.cache))).scalar_one() == blob


async def test_reachable(postgres: Postgres, tmp_path: Path) -> None:
    for url, answers in [
        (postgres.create(), True),
        (f"sqlite:///{tmp_path}/bot.db", True),
        (postgres.url("no_such_database"), False),
        ("postgresql://postgres@127.0.0.1:1/bot", False),
    ]:
        store = Store(url)
        if answers:
            await store.migrate()
        assert await store.reachable() is answers
        await store.close()


async def test_files_are_private(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = Store(f"sqlite:///{tmp_path}/var/deep/bot.db")
        await store.prepare()
        await store.add_card(CARD)
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "var" / "deep").iterdir()}
        await store.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("bot.db", "bot.db-wal", "bot.db-shm"), 0o600)
    assert (tmp_path / "var" / "deep").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1)]
)
async def test_pragmas(tmp_path: Path, pragma: str, value: object) -> None:
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    async with store.begin() as connection:
        assert (await connection.execute(sa.text(f"PRAGMA {pragma}"))).scalar_one() == value
    await store.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "canary",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://user:canary@db.example.test/bot",
        "postgresql+asyncpg://user:canary@db.example.test/bot",
        "postgresql://user:canary@db.example.test:port/bot",
    ],
)
def test_unusable_url(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        Store(url)
    assert "DATABASE_URL" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_ids_cannot_be_guessed() -> None:
    found = {new_id() for _ in range(1000)}
    assert len(found) == 1000
    assert {len(one) for one in found} == {32}
