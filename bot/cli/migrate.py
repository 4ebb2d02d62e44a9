"""`migrate`: the database's schema."""

import argparse


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


async def run(_options: argparse.Namespace) -> int:
    """Brings the schema up to date and says its revision."""
    from bot.settings import load_settings
    from bot.store import Store

    store = Store(load_settings().database_url.get_secret_value())
    print(f"The schema is at revision {await store.migrate()}.")
    await store.close()
    return 0
