"""The database of a bot that serves or has served, for the commands that only look after it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.storage import Storage
    from bot.store import Store


@asynccontextmanager
async def existing_store(storage: "Storage") -> "AsyncIterator[Store]":
    """The database, which is not made where there is none: it would only seem to be empty. Raises `ConfigError`."""
    from bot.store import Store

    configured = storage.database_url.get_secret_value()
    _assert_exists(configured)
    store = Store(configured)
    try:
        await store.prepare()
        yield store
    finally:
        await store.close()


def _assert_exists(database_url: str) -> None:
    from bot.database import driver_url

    url = driver_url(database_url)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        raise ConfigError([f"DATABASE_URL: there is no database at {url.database}"])
