"""The database's connections and schema. SQLite by default, PostgreSQL by `DATABASE_URL`."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import URL, make_url

from bot.errors import ConfigError, NoDatabase, Unavailable
from bot.files import make_private_file, problems_of_secret
from bot.tables import compatibility

log = structlog.get_logger(__name__)
T = TypeVar("T")

OUT_OF_REACH: Final = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError, OSError)
"""What using a database raises that is down, locked, full, or no database at all."""

_MIGRATIONS: Final = Path(__file__).with_name("migrations")
_NEWER: Final = "its schema is of a newer version of this bot, which this one does not understand; run the newer one"
_LIMITS: Final = {
    # A process that is frozen inside a transaction must not keep its locks from those that take over.
    "idle_in_transaction_session_timeout": "10s",
    "statement_timeout": "20s",
}


def driver_url(database_url: str) -> URL:
    """The URL with its driver; raises `ConfigError`."""
    try:
        url = make_url(database_url)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(["DATABASE_URL: must be sqlite:////path or postgresql://…"]) from None
    drivers = {
        "sqlite": "sqlite",
        "postgresql": "postgresql+psycopg",
        "postgres": "postgresql+psycopg",
    }
    if url.drivername not in drivers or (url.drivername == "sqlite" and url.database in (None, "", ":memory:")):
        raise ConfigError(["DATABASE_URL: must be sqlite:////path or postgresql://…"])
    return url.set(drivername=drivers[url.drivername])


class Line:
    """Some connections, and a thread for each: whoever comes later waits in line, and never on the event loop."""

    def __init__(self, url: URL, size: int, **options: Any) -> None:
        self.engine = sa.create_engine(url, pool_size=size, max_overflow=0, hide_parameters=True, **options)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="database")

    async def transaction(self, work: Callable[[sa.Connection], T]) -> T:
        """Does the work in one transaction, to its end even when the task that waits is cancelled; `NoDatabase`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._transaction, work)
        except OUT_OF_REACH as error:
            log.error("database_unusable", error=type(error).__name__)
            raise NoDatabase from error

    def _transaction(self, work: Callable[[sa.Connection], T]) -> T:
        with self.engine.begin() as connection:
            return work(connection)

    async def close(self) -> None:
        """Closes the connections, once their work is done."""
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()


def open_lines(url: URL) -> tuple[Line, Line]:
    """The line of those who write, and of those who only read.

    With SQLite one connection writes, instead of several that all try for the file's lock, and readers wait for no
    writer. With PostgreSQL it is one line.
    """
    if url.get_backend_name() != "sqlite":
        options = " ".join(f"-c {name}={value}" for name, value in _LIMITS.items())
        connect = {"connect_timeout": 5, "tcp_user_timeout": 30_000, "options": options}
        line = Line(url, 10, pool_pre_ping=True, connect_args=connect)
        return line, line
    lines = tuple(Line(url, size, connect_args={"timeout": 20}) for size in (1, 4))
    for line in lines:
        sa.event.listen(line.engine, "connect", _configure_sqlite)
    writers, readers = lines
    sa.event.listen(writers.engine, "begin", _begin_sqlite)
    return writers, readers


def hold_alone(url: URL) -> int | None:
    """Keeps every other serving process away from a SQLite file, as long as the returned descriptor is open.

    PostgreSQL serves several. Raises `ConfigError` when another process holds the file.
    """
    if url.get_backend_name() != "sqlite":
        return None
    with _usable():
        _keep_private(url)
        *_, lock = files_of(url)
        make_private_file(lock)
        held = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise ConfigError(
            [
                f"DATABASE_URL: another bot is serving with {url.database}; "
                "stop it first, or use PostgreSQL for several at once"
            ]
        ) from None
    return held


def files_of(url: URL) -> list[Path]:
    """The SQLite file, first, and what lies beside it, the lock last; whether they exist or not. None with PostgreSQL.

    A link is followed first, as SQLite follows it: its -wal lies beside what the link leads to.
    """
    if url.get_backend_name() != "sqlite":
        return []
    real = Path(os.path.realpath(str(url.database)))
    return [real.with_name(real.name + end) for end in ("", "-wal", "-shm", "-journal", ".lock")]


def _keep_private(url: URL) -> None:
    """Makes the file before SQLite does, whose own files beside it take its mode; refuses what others can use."""
    files = files_of(url)
    for file in files[:1]:
        make_private_file(file)
    if problems := [problem for file in files for problem in problems_of_secret("DATABASE_URL", file)]:
        raise ConfigError(problems)


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own way begins no transaction before it writes
    # FULL: a committed audit row survives a power loss, which WAL alone does not promise.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # Takes the write lock before it reads: what was read is still true when it is written.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def migrate(url: URL) -> str:
    """Brings the schema up to date and tells its revision. Blocks; raises `ConfigError` for a newer schema."""
    with _usable(), _sync_engine(url).begin() as connection:
        try:
            command.upgrade(_config(connection), "head")
        except CommandError:
            raise ConfigError([f"DATABASE_URL: {_NEWER}"]) from None
    return _head()


def schema_problem(url: URL) -> str:
    """Why this version cannot serve on the schema; empty when it can. Blocks."""
    with _usable(), _sync_engine(url).connect() as connection:
        found = int(MigrationContext.configure(connection).get_current_revision() or 0)
        if found < int(_head()):
            return "its schema is older than this version's; run: python -m bot migrate"
        oldest = connection.execute(sa.select(compatibility.c.oldest)).scalar_one()
    if oldest > int(_head()):
        return _NEWER
    return ""


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except (*OUT_OF_REACH, sa.exc.DatabaseError) as error:
        raise Unavailable(f"The database cannot be used ({_cause(error)}).", "Check DATABASE_URL.") from error


def _cause(error: BaseException) -> str:
    """SQLite's code, or libpq's first line, which holds no password."""
    found = getattr(error, "orig", None) or error
    line = str(found).partition("\n")[0] if hasattr(found, "sqlstate") else ""
    return line or getattr(found, "sqlite_errorname", "") or type(found).__name__


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _sync_engine(url: URL) -> sa.Engine:
    """For one connection; makes a SQLite file that does not exist yet. Raises `ConfigError` where others can use it."""
    _keep_private(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
    if url.get_backend_name() == "sqlite":
        sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA secure_delete=ON"))
    return engine


def _head() -> str:
    return ScriptDirectory.from_config(_config()).get_current_head() or ""
