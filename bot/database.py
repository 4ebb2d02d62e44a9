"""The database's engine and schema. SQLite by default, PostgreSQL by `DATABASE_URL`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import ConfigError, Unavailable

OUT_OF_REACH: Final = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError, OSError)
"""What using a database raises that is down, locked, full, or no database at all."""

_MIGRATIONS: Final = Path(__file__).with_name("migrations")


def driver_url(database_url: str) -> URL:
    """The URL with an asynchronous driver; raises `ConfigError`."""
    try:
        url = make_url(database_url)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(["DATABASE_URL: must be sqlite:////path or postgresql://…"]) from None
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "postgresql": "postgresql+psycopg",
        "postgres": "postgresql+psycopg",
    }
    if url.drivername not in drivers or (url.drivername == "sqlite" and url.database in (None, "", ":memory:")):
        raise ConfigError(["DATABASE_URL: must be sqlite:////path or postgresql://…"])
    return url.set(drivername=drivers[url.drivername])


def open_engine(url: URL) -> AsyncEngine:
    """The asynchronous engine; makes a SQLite file that does not exist yet, for its owner only."""
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=5, hide_parameters=True)
    with _usable():
        _keep_private(Path(str(url.database)))
    engine = create_async_engine(url, connect_args={"timeout": 20}, hide_parameters=True)
    sa.event.listen(engine.sync_engine, "connect", _configure_sqlite)
    return engine


def _keep_private(path: Path) -> None:
    """Makes the file before SQLite does, readable for its owner only; its -wal and -shm files inherit that."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _configure_sqlite(connection: Any, _record: object) -> None:
    # FULL: a committed audit row survives a power loss, which WAL alone does not promise.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def migrate(url: URL) -> str:
    """Brings the schema up to date and tells its revision. Blocks; raises `ConfigError` for a newer schema."""
    with _usable(), _sync_engine(url).begin() as connection:
        try:
            command.upgrade(_config(connection), "head")
        except CommandError:
            raise ConfigError(["DATABASE_URL: its schema is of a newer version of this bot"]) from None
    return _head()


def is_current(url: URL) -> bool:
    """Whether the schema is this version's. Blocks."""
    with _usable(), _sync_engine(url).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _head()


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except (*OUT_OF_REACH, sa.exc.DatabaseError) as error:
        reason = type(getattr(error, "orig", None) or error).__name__
        raise Unavailable(f"The database cannot be used ({reason}).", "Check DATABASE_URL.") from error


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _sync_engine(url: URL) -> sa.Engine:
    sync = url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url
    return sa.create_engine(sync, poolclass=sa.NullPool, hide_parameters=True)


def _head() -> str:
    return ScriptDirectory.from_config(_config()).get_current_head() or ""
