"""What every benchmark needs: stand-ins on loopback, people who are linked, and a table to print."""

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.cli.seed import link
from bot.configuration import Configuration, load_configuration
from bot.sandbox.people import ALICE
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import CHANNEL, CONSENTS, REDIRECT_URI, Tenant
from bot.services import Services, open_services
from bot.settings import Settings

_ROOT = Path(__file__).parents[1]

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
    configuration = _configured(tenant.directory, environment)
    async with open_services(configuration) as services:
        await link(configuration, services, CONSENTS, REDIRECT_URI)
        yield configuration.settings, services


def _configured(directory: Path, environment: dict[str, str]) -> Configuration:
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        with contextlib.chdir(directory):
            return load_configuration()
    finally:
        os.environ.clear()
        os.environ.update(before)


@asynccontextmanager
async def serving(tenant: Tenant, environment: dict[str, str], *command: str) -> AsyncIterator[int]:
    """The bot as a process, in HTTP mode: `python -m` this command. Its process id."""
    process = await started(tenant, environment, *command)
    try:
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(30):
            while not await _ready(client, environment["PORT"]):  # noqa: ASYNC110  # another process sets no event
                await asyncio.sleep(0.1)
        events = f"http://127.0.0.1:{environment['PORT']}/slack/events"
        tenant.slack.deliver_to(events, urlsplit(environment["PUBLIC_URL"]).netloc)
        yield process.pid
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 60)


async def started(tenant: Tenant, environment: dict[str, str], *command: str) -> asyncio.subprocess.Process:
    """`python -m` this command, in the tenant's directory."""
    of_the_bot = environment | {"PYTHONPATH": str(_ROOT)}
    return await asyncio.create_subprocess_exec(sys.executable, "-m", *command, env=of_the_bot, cwd=tenant.directory)


def resident(pid: int) -> float:
    """Megabytes of a process, now."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def _ready(client: httpx.AsyncClient, port: str) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def dialog(tenant: Tenant, target: str = "") -> View:
    """A dialog about this target or a new one, filled in and kept aside: people have at most three open."""
    target = target or tenant.graph.add("approvalItem", owner=ALICE.oid)
    await tenant.slack.command(ALICE.slack_id, CHANNEL, "approval-item")
    view = await tenant.slack.until(lambda: tenant.slack.open_view(ALICE.slack_id))
    view.enter_all({"kind": "approval-item", "id": target, "justification": "Measured"})
    await tenant.slack.close(ALICE.slack_id, view.id)
    return view


def table(rows: Iterable[Row]) -> None:
    """Prints the figures beside their aims."""
    for what, figure, aim in rows:
        print(f"{what:<48} {figure:>10}   {aim}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
