"""What every benchmark needs: stand-ins on loopback, people who are linked, and a table to print."""

import contextlib
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.cli.seed import link
from bot.configuration import load_configuration
from bot.sandbox.tenant import CONSENTS, REDIRECT_URI, Tenant
from bot.services import Services, open_services
from bot.settings import Settings

Row = tuple[str, str, str]
"""What was measured, the figure, and what it is measured by."""


@asynccontextmanager
async def benched() -> AsyncIterator[tuple[Tenant, dict[str, str]]]:
    """The stand-ins, and the environment of a bot that serves beside them, on SQLite."""
    with tempfile.TemporaryDirectory(prefix="bench") as directory:
        async with Tenant(Path(directory)) as tenant:
            basics = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
            of_the_bot = {
                "PORT": str(_free_port()),
                "LOG_LEVEL": "WARNING",
                "SECRETS_DIR": directory,
                "TIME_SCALE": "1",
            }
            yield tenant, basics | tenant.environment(http=True) | of_the_bot


@asynccontextmanager
async def linked(tenant: Tenant, environment: dict[str, str]) -> AsyncIterator[tuple[Settings, Services]]:
    """The bot's settings and connections, after everybody was linked by the bot's own code."""
    os.environ.update(environment)
    with contextlib.chdir(tenant.directory):
        configuration = load_configuration()
    async with open_services(configuration) as services:
        await link(configuration, services, CONSENTS, REDIRECT_URI)
        yield configuration.settings, services


def table(rows: Iterable[Row]) -> None:
    """Prints the figures beside their aims."""
    for what, figure, aim in rows:
        print(f"{what:<48} {figure:>10}   {aim}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
