"""The real bot and the stand-ins, over real sockets, in both modes."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from bot import logs
from bot.app import Bot
from bot.cli.seed import link
from bot.configuration import load_configuration
from bot.sandbox.people import ALICE, CAROL
from bot.sandbox.tenant import CONSENTS, PUBLIC_HOST, REDIRECT_URI, Tenant
from bot.services import open_services
from tests.scenarios.play import Play

ROOM: list[Callable[[], Awaitable[None]]] = []
"""What ends a bot that is kept between tests: a process has one at a time, since DBOS keeps its state in globals."""

Start = Callable[..., AbstractAsyncContextManager[Bot]]


@asynccontextmanager
async def running(tenant: Tenant, mode: str, monkeypatch: pytest.MonkeyPatch, **changes: str) -> AsyncIterator[Bot]:
    """A bot in that tenant, configured as an operator would: by environment variables."""
    for make_room in ROOM:
        await make_room()
    for name in list(os.environ):
        if name.startswith(("SLACK_", "AZURE_", "GRAPH_", "ARM_", "SECRETS_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tenant.directory)
    environment = tenant.environment(http=mode == "http") | {"TIME_SCALE": "0.01"} | changes
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    configuration = load_configuration()
    logs.configure("console", "INFO")
    async with open_services(configuration) as services:
        await link(configuration, services, CONSENTS, REDIRECT_URI)
        bot = Bot(configuration, services)
        try:
            await bot.start()
            # Its question at the start must not meet the faults of a test.
            await services.credential.accepted()
            if mode == "http":
                tenant.slack.deliver_to(f"http://127.0.0.1:{bot.port}/slack/events", PUBLIC_HOST)
            yield bot
        finally:
            await bot.stop()


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    """Stand-ins that note whatever no correct bot does."""
    async with Tenant(tmp_path) as started:
        yield started
        assert started.slack.violations == []
        assert started.graph.violations == []
        assert started.arm.violations == []


@pytest.fixture
def start(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a bot in a mode, with other variables: `async with start("socket", KINDS="…")`."""
    return lambda mode="socket", **changes: running(tenant, mode, monkeypatch, **changes)


@pytest.fixture(params=["socket", "http"])
async def bot(request: pytest.FixtureRequest, start: Start) -> AsyncIterator[Bot]:
    """The bot in both modes."""
    async with start(request.param) as started:
        yield started


@pytest.fixture
async def socket_bot(start: Start) -> AsyncIterator[Bot]:
    """The bot in Socket Mode, for what does not depend on the mode."""
    async with start() as started:
        yield started


@pytest.fixture
def alice(tenant: Tenant) -> Play:
    """Somebody who cancels her own requests."""
    return Play(tenant, ALICE)


@pytest.fixture
def carol(tenant: Tenant) -> Play:
    """The help desk."""
    return Play(tenant, CAROL)
