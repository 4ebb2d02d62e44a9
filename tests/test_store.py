"""The database: every query on SQLite and on a real PostgreSQL, the migrations, and the modes of the files."""

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

import bot.migrations
from bot.database import schema_problem
from bot.errors import ConfigError, Unavailable
from bot.resources import Target
from bot.store import Card, Dialog, Store, new_id, now
from bot.tables import accounts, dialogs, links, metadata
from tests.postgres import Postgres

MIGRATIONS = Path(bot.migrations.__file__ or "").parent
TARGET = Target("governance-role", "6F1F8B3A-0000-4000-8000-0000000000AA", "azureResources")
OPENED = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
CARD = Card("c" * 32, "T0", "C0", "", TARGET, {"title": "Büro ☕ 'quoted'", "lines": [1, None]}, False, OPENED)
DIALOG = Dialog("d" * 32, "T0", "U0", "C0", "", None, OPENED)


def synchronous(database_url: str) -> sa.Engine:
    return sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))


def upgrade_to(url: sa.URL, revision: str) -> None:
    """Brings the schema only so far."""
    engine = sa.create_engine(url.set(drivername=url.drivername))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).chmod(0o600)  # as the bot would have made it


async def execute(store: Store, *statements: str) -> None:
    await store.change(*(sa.text(statement) for statement in statements))


# What the first release's code still needs, and nothing else, is in the database and not in the tables' description.
KEPT = {
    ("remove_table", "audit"),
    ("remove_index", "audit_cancellation_id"),
    ("remove_column", "dialogs", "cancellation_id"),
}


def named(difference: Any) -> tuple[str, ...]:
    """A difference that Alembic found, as the names of what it is about."""
    if isinstance(difference, list):
        return tuple(str(one) for one in difference)
    operation, *about = difference
    return (operation, *(str(getattr(one, "name", one)) for one in about if one is not None))


async def test_migrations_make_the_tables(store: Store, database_url: str) -> None:
    def differences() -> list[Any]:
        engine = synchronous(database_url)
        options = {"compare_type": True, "compare_server_default": True}
        with engine.connect() as connection:
            found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        engine.dispose()
        return found

    found = [named(one) for one in await asyncio.to_thread(differences)]
    assert sorted(found) == sorted(KEPT)
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


async def test_an_older_schema(database_url: str) -> None:
    """SQLite brings itself up to date; on PostgreSQL others may be serving, so somebody has to say so."""
    store = Store(database_url)
    await asyncio.to_thread(upgrade_to, store.url, "0001")
    if store.single:
        await store.prepare()
    else:
        with pytest.raises(ConfigError, match="its schema is older than this version's; run: python -m bot migrate"):
            await store.prepare()
        await store.migrate()
    assert await asyncio.to_thread(schema_problem, store.url) == ""
    await store.close()


async def test_upgrade_keeps_what_was_there(database_url: str) -> None:
    """Dialogs that are open and cards with a button outlive the release; fails when a table is made anew."""
    store = Store(database_url)
    await asyncio.to_thread(upgrade_to, store.url, "0001")
    old = {"id": DIALOG.id, "team": "T0", "user": "U0", "channel": "C0", "created_at": DIALOG.created_at}
    await store.add_card(CARD)
    await store.change(dialogs.insert().values(old))
    await store.migrate()
    assert (await store.dialog(DIALOG.id), await store.card(CARD.id)) == (DIALOG, CARD)
    await store.close()


async def test_newer_schema_that_this_version_understands(store: Store) -> None:
    """A release is rolled out, or back, while both versions serve."""
    await execute(store, "UPDATE alembic_version SET version_num = '9999'", "UPDATE compatibility SET oldest = 2")
    await store.prepare()


async def test_newer_schema_that_this_version_does_not_understand(store: Store) -> None:
    await execute(store, "UPDATE alembic_version SET version_num = '9999'", "UPDATE compatibility SET oldest = 9999")
    for use in (store.prepare, store.migrate):
        with pytest.raises(ConfigError, match="its schema is of a newer version of this bot"):
            await use()


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
    """It is recorded again when a process died while it posted: fails when that forgets where Slack put it."""
    await store.add_card(CARD)
    await store.card_posted(CARD.id, "1700000000.000100")
    await store.add_card(replace(CARD, details={}, channel="C1"))
    assert await store.card(CARD.id) == replace(CARD, ts="1700000000.000100")


async def test_card_that_keeps_its_button(store: Store) -> None:
    await store.add_card(replace(CARD, ts="1.0"))
    await store.close_card(CARD.id, {"state": "unknown"}, closed=False)
    assert await store.cards_of(TARGET) == [replace(CARD, ts="1.0", details={"state": "unknown"})]


async def test_a_card_closed_meanwhile_stays_closed(store: Store) -> None:
    """Fails when whoever draws a new state gives the button back to what somebody else has ended."""
    await store.add_card(replace(CARD, ts="1.0"))
    await store.close_card(CARD.id, {"ended": "Cancelled"})
    assert not await store.close_card(CARD.id, {"state": "delivering"}, closed=False)
    assert await store.card(CARD.id) == replace(CARD, ts="1.0", details={"ended": "Cancelled"}, closed=True)
    assert await store.close_card(CARD.id, {"state": "root"}, closed=False, known_closed=True)


async def test_a_card_that_is_posted_again_is_kept_as_it_is_shown(store: Store) -> None:
    """Fails when the row keeps what an attempt has read that Slack did not take."""
    await store.add_card(CARD)
    await store.add_card(replace(CARD, details={"state": "newer"}))
    assert await store.card(CARD.id) == replace(CARD, details={"state": "newer"})


@pytest.mark.parametrize("card_id", ["", CARD.id])
@pytest.mark.parametrize("sealed", [None, b"", bytes(range(256))])
async def test_dialog(store: Store, card_id: str, sealed: bytes | None) -> None:
    dialog = replace(DIALOG, card_id=card_id, sealed=sealed)
    await store.add_dialog(dialog)
    assert await store.dialog(dialog.id) == dialog


async def test_unknown_dialog(store: Store) -> None:
    assert await store.dialog("none") is None


async def test_dialog_id_is_taken_once(store: Store) -> None:
    await store.add_dialog(DIALOG)
    with pytest.raises(IntegrityError):
        await store.add_dialog(replace(DIALOG, user="U1"))


async def test_old_dialogs_are_forgotten(store: Store) -> None:
    later = replace(DIALOG, id="e" * 32, created_at=DIALOG.created_at + timedelta(microseconds=1))
    await store.add_dialog(DIALOG)
    await store.add_dialog(later)
    await store.forget_dialogs(later.created_at)
    assert (await store.dialog(DIALOG.id), await store.dialog(later.id)) == (None, later)


async def test_moments_keep_their_instant(store: Store) -> None:
    there = DIALOG.created_at.astimezone(timezone(timedelta(hours=9)))
    await store.add_dialog(replace(DIALOG, created_at=there))
    found = await store.dialog(DIALOG.id)
    assert found is not None
    assert found.created_at == DIALOG.created_at
    assert found.created_at.utcoffset() == timedelta(0)


async def test_failed_transaction_leaves_nothing(store: Store) -> None:
    def half(connection: sa.Connection) -> None:
        connection.execute(links.insert().values(team="T0", user="U0", tid="t", oid="o", created_at=now()))
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(half)
    assert await store.rows(sa.select(links)) == []


async def test_one_link_each_way(store: Store) -> None:
    row = {"team": "T0", "user": "U0", "tid": "t", "oid": "o", "created_at": now()}
    await store.change(links.insert().values(row))
    for clash in ({"oid": "other"}, {"user": "U1"}):
        with pytest.raises(IntegrityError):
            await store.change(links.insert().values(row | clash))


async def test_bytes_survive(store: Store) -> None:
    blob = bytes(range(256))
    await store.change(accounts.insert().values(tid="t", oid="o", name="", cache=blob, updated_at=now()))
    assert await store.rows(sa.select(accounts.c.cache)) == [(blob,)]


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


async def test_one_bot_serves_on_a_file(tmp_path: Path) -> None:
    """Fails when two processes serve on one SQLite file: each would take the other for dead."""
    first, second = (Store(f"sqlite:///{tmp_path}/bot.db") for _ in range(2))
    first.hold_alone()
    with pytest.raises(ConfigError, match=r"another bot is serving with .*; stop it first, or use PostgreSQL"):
        second.hold_alone()
    await first.close()
    second.hold_alone()
    await second.close()


async def test_several_bots_serve_on_postgresql(postgres: Postgres) -> None:
    url = postgres.create()
    for store in [Store(url), Store(url)]:
        store.hold_alone()
        await store.close()


async def test_files_are_private(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = Store(f"sqlite:///{tmp_path}/var/deep/bot.db")
        store.hold_alone()
        await store.prepare()
        await store.add_card(CARD)
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "var" / "deep").iterdir()}
        await store.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("bot.db", "bot.db-wal", "bot.db-shm", "bot.db.lock"), 0o600)
    assert (tmp_path / "var" / "deep").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1)]
)
async def test_pragmas(tmp_path: Path, pragma: str, value: object) -> None:
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    assert await store.write(lambda connection: connection.scalar(sa.text(f"PRAGMA {pragma}"))) == value
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


@pytest.mark.parametrize(
    ("content", "url", "cause"),
    [
        (b"no database" * 100, "sqlite:///{path}/bot.db", "SQLITE_NOTADB"),
        (None, "sqlite:////proc/bot.db", "FileNotFoundError"),
        (None, "postgresql://bot:canary@127.0.0.1:1/bot", "Connection refused"),
    ],
)
async def test_why_a_database_cannot_be_used(tmp_path: Path, content: bytes | None, url: str, cause: str) -> None:
    """Whoever configured it learns the cause, and nobody the password."""
    if content:
        (tmp_path / "bot.db").write_bytes(content)
        (tmp_path / "bot.db").chmod(0o600)

    async def prepare() -> None:
        store = Store(url.format(path=tmp_path))
        try:
            await store.prepare()
        finally:
            await store.close()

    with pytest.raises(Unavailable) as raised:
        await prepare()
    assert cause in raised.value.sentence
    assert "canary" not in raised.value.sentence
