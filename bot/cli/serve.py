"""`serve`: the bot itself."""

import argparse
import asyncio
import gc
import signal
import sys

import structlog

from bot import logs

log = structlog.get_logger(__name__)


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none: everything is configured by environment variables."""


async def run(_options: argparse.Namespace) -> int:
    """Serves until SIGTERM or SIGINT; what was begun is ended first, or goes on at the next start."""
    # Slack's and Microsoft's libraries take most of a second to import: only who serves pays for it.
    from bot.app import Bot
    from bot.configuration import load_configuration
    from bot.services import open_services

    configuration = load_configuration()
    logs.configure(configuration.settings.log_format, configuration.settings.log_level)
    _cancel_on_signals()
    async with open_services(configuration, serving=True) as services:
        bot = Bot(configuration, services)
        try:
            await bot.start()
            _spare_the_loop()
            await bot.run()
        except asyncio.CancelledError:
            log.info("stopping")
        finally:
            await bot.stop()
    return 0


def _spare_the_loop() -> None:
    """What may hold up the event loop although nothing blocks it."""
    # What is loaded now stays loaded: a collection that looks through all of it takes a tenth of a second.
    gc.collect()
    gc.freeze()
    # After each query a thread waits for its turn in Python: by default up to 5 ms.
    sys.setswitchinterval(0.001)


def _cancel_on_signals() -> None:
    task = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: task and task.cancel())
