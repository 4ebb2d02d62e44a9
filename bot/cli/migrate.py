"""`migrate`: the database's schema."""

import argparse
import asyncio


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


async def run(_options: argparse.Namespace) -> int:
    """Brings the schema up to date and says its revision."""
    from bot import workflows
    from bot.storage import load_storage
    from bot.store import Store

    store = Store(load_storage().database_url.get_secret_value())
    revision = await store.migrate()
    await asyncio.to_thread(workflows.migrate, store.url)
    await store.close()
    print(f"The schema is at revision {revision}.")
    return 0
