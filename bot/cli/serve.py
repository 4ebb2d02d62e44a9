"""`serve`: the bot itself."""

import argparse
import asyncio
import signal

from bot import logs


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none: everything is configured by environment variables."""


async def run(_options: argparse.Namespace) -> int:
    """Serves until SIGTERM or SIGINT; what was begun is ended first."""
    # Slack's and Microsoft's libraries take most of a second to import: only who serves pays for it.
    from bot.app import Bot
    from bot.configuration import load_configuration
    from bot.services import open_services

    configuration = load_configuration()
    logs.configure(configuration.settings.log_format, configuration.settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_services(configuration) as services:
        bot = Bot(configuration, services)
        try:
            await bot.start()
            await stop.wait()
        finally:
            await bot.stop()
    return 0
