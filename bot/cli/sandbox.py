"""`sandbox`: the real bot between stand-ins of Slack, Graph, Azure Resource Manager and Entra on this machine."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.errors import BotError, Unavailable

if TYPE_CHECKING:
    from bot.sandbox.tenant import Tenant

_KEPT = ("HOME", "LANG", "PATH", "TMPDIR", "VIRTUAL_ENV")
_START_SECONDS = 60.0
_STOP_SECONDS = 40.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to play by oneself, and the mode."""
    parser.add_argument("--demo", action="store_true", help="play every kind and the documented errors, and check them")
    parser.add_argument("--http", action="store_true", help="HTTP mode instead of Socket Mode")
    parser.add_argument("--port", type=_port, default=8080, help="port of the page to click in (default: 8080)")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError
    return port


async def run(options: argparse.Namespace) -> int:
    """Plays the demo, or serves the page to click in until interrupted. Nothing leaves this machine."""
    from bot.sandbox.tenant import Tenant

    # Ended in any way, it takes the bot's process with it.
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with tempfile.TemporaryDirectory(prefix="cancel-approval-") as directory:
        async with Tenant(Path(directory)) as tenant:
            environment = _environment(tenant, http=options.http)
            await _link(environment)
            async with _serving(tenant, environment, http=options.http):
                if options.demo:
                    return await _demo(tenant)
                return await _page(tenant, environment, options.port)


def _environment(tenant: "Tenant", *, http: bool) -> dict[str, str]:
    """The bot's environment: the tenant's, and of the user's nothing that could configure a bot."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("LC_")}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ours = {
        "HOST": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "PORT": str(port),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "SECRETS_DIR": str(tenant.directory),
        "POLL_SECONDS": "10",
    }
    return kept | tenant.environment(http=http, linking=True) | ours


async def _link(environment: Mapping[str, str]) -> None:
    """Links the sandbox's people, by the bot's own code."""
    from bot.cli.seed import link
    from bot.configuration import load_configuration
    from bot.sandbox.tenant import CONSENTS, REDIRECT_URI
    from bot.services import open_services

    os.environ.clear()
    os.environ.update(environment)
    # Where no `.env` of the user's lies.
    with contextlib.chdir(environment["SECRETS_DIR"]):
        configuration = load_configuration()
    async with open_services(configuration) as services:
        await link(configuration, services, CONSENTS, REDIRECT_URI)


@contextlib.asynccontextmanager
async def _serving(tenant: "Tenant", environment: Mapping[str, str], *, http: bool) -> AsyncIterator[None]:
    """The real bot, as a process of its own, from ready to ended; raises `Unavailable` when it does not start."""
    tenant.front.forward_to(int(environment["PORT"]))
    bot = await _command(environment, "serve")
    try:
        await _ready(bot, environment["PORT"])
        if http:
            host = urlsplit(environment["PUBLIC_URL"]).netloc
            tenant.slack.deliver_to(f"http://127.0.0.1:{environment['PORT']}/slack/events", host)
        yield
    finally:
        if bot.returncode is None:
            bot.terminate()
        await asyncio.wait_for(bot.wait(), _STOP_SECONDS)


async def _ready(bot: asyncio.subprocess.Process, port: str) -> None:
    import httpx

    async with asyncio.timeout(_START_SECONDS), httpx.AsyncClient(trust_env=False) as client:
        while bot.returncode is None:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass  # it does not listen yet
            await asyncio.sleep(0.1)
    raise Unavailable("The bot ended before it was ready.")


async def _demo(tenant: "Tenant") -> int:
    from bot.sandbox.demo import Demo
    from bot.sandbox.people import BOB
    from bot.sandbox.scenes import PACKAGE, SCENES

    demo = Demo(tenant)
    for number, scene in enumerate(SCENES, 1):
        await demo.play(number, scene)
    scenes = len(SCENES) + 1
    await demo.approved_elsewhere(scenes, PACKAGE.type_name, BOB, "delivered")
    violations = [*tenant.slack.violations, *(line for one in tenant.microsoft for line in one.violations)]
    print(f"\n{scenes - demo.failed} of {scenes} scenes ended as they must.", *violations, sep="\n")
    return int(bool(demo.failed or violations))


async def _page(tenant: "Tenant", environment: Mapping[str, str], port: int) -> int:
    from bot.sandbox.page import Page
    from bot.sandbox.scenes import SAMPLES

    page = Page(tenant.slack, tenant.microsoft, port=port)
    try:
        await page.start()
    except OSError as error:
        raise BotError(f"Port {port} cannot be used: {error.strerror}.", "Choose another with --port.") from error
    try:
        targets = [
            (kind, tenant.service_of(kind.type_name).add(kind.type_name, owner=who.oid, state=state))
            for kind, who, state in SAMPLES
        ]
        # What the bot's application can list is notified by itself; Teams shows its approvals only to people.
        for kind, target in targets[2:4]:
            await _notify(environment, kind.name, target)
        print(f"Open {page.url} in a browser. Stop with Ctrl-C.")
        print("Where Dave links his accounts, the browser warns of the sandbox's throw-away certificate: go on.")
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("Stopped.")  # that is how it is meant to end
    finally:
        await page.stop()
    return 0


async def _notify(environment: Mapping[str, str], kind: str, target: str) -> None:
    process = await _command(environment, "notify", kind, target, quiet=True)
    if await process.wait():
        raise BotError(f"notify {kind} {target} failed")


async def _command(environment: Mapping[str, str], *arguments: str, quiet: bool = False) -> asyncio.subprocess.Process:
    """Starts `python -m bot` in the sandbox's own directory, where no `.env` of the user's lies."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        env=dict(environment),
        cwd=environment["SECRETS_DIR"],
        stdout=asyncio.subprocess.DEVNULL if quiet else None,
    )
