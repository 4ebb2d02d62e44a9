"""A serving process on a SQLite file, and a person who uses it."""

import asyncio
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import httpx
import pytest

from bot import store
from bot.sandbox.people import ALICE, Person
from bot.sandbox.slack_records import Ack
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import PUBLIC_HOST, Tenant
from tests.kill import serving
from tests.kill.stage import PROCESSES, basics
from tests.scenarios.graph.cases import APPROVAL_ITEM
from tests.scenarios.graph.scene import Scene
from tests.scenarios.play import WHY, Play

_ROOM = 65_536
KEY = "the audit key of these tests, long enough"


class Served:
    """The process, which may be ended and started again with another clock."""

    def __init__(self, tenant: Tenant, port: int) -> None:
        self.tenant = tenant
        self._port = port
        self.scene = Scene(tenant)
        self.alice = Play(tenant, ALICE)
        self.environment = (
            tenant.environment(http=True)
            | basics()
            | {
                "AUDIT_KEY": KEY,
                "PORT": str(port),
                "SECRETS_DIR": str(tenant.directory),
                "TIME_SCALE": "0.05",
            }
        )
        self._process: ForkServerProcess | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process
        assert self._process.pid
        return self._process.pid

    async def start(self, people: Sequence[Person] = (), clock: float = 0.0) -> None:
        """Starts it, with its clock so many seconds off."""
        arguments = (self.environment, self.tenant.directory, tuple(people), clock)
        self._process = PROCESSES.Process(target=serve, args=arguments, daemon=True)
        self._process.start()
        origin = f"http://127.0.0.1:{self._port}"
        health = f"{origin}/{'healthz' if clock else 'readyz'}"  # no load balancer is to send clicks to a wrong clock
        self.tenant.slack.deliver_to(f"{origin}/slack/events", PUBLIC_HOST)
        async with asyncio.timeout(90), httpx.AsyncClient(trust_env=False) as client:
            while not await _answers(client, health):  # noqa: ASYNC110  # another process sets no event
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Ends it at once."""
        if self._process:
            self._process.kill()
            await asyncio.to_thread(self._process.join, 20)

    async def dialog(self) -> tuple[View, dict[str, str]]:
        """An open dialog, and what Alice enters in it for a request of hers."""
        target = self.scene.add(APPROVAL_ITEM)
        values = {"kind": APPROVAL_ITEM.kind, "id": target, "justification": WHY}
        return await self.alice.dialog(), values

    async def press(self, view: View, values: Mapping[str, str]) -> Ack:
        """Presses the dialog's button, once."""
        return await self.tenant.slack.submit(self.alice.person.slack_id, view.id, values)


@pytest.fixture
async def served(tmp_path: Path, port: int) -> AsyncIterator[Served]:
    """It serves, and Alice has linked her accounts."""
    async with Tenant(tmp_path) as tenant:
        tenant.graph.variant[APPROVAL_ITEM.graph_type] = "204"
        bot = Served(tenant, port)
        await bot.start([ALICE])
        yield bot
        await bot.kill()


def serve(environment: Mapping[str, str], directory: Path, people: Sequence[Person], clock: float) -> None:
    """The entry of the process."""
    if clock:
        _set_clock(clock)
    serving.serve(environment, directory, people, "")


def _set_clock(seconds: float) -> None:
    """Every clock of this process but the monotonic one; the bot has one function for the moment, and DBOS `time`."""
    patch, real, now = pytest.MonkeyPatch(), time.time, store.now
    patch.setattr(time, "time", lambda: real() + seconds)
    for module in [one for name, one in sys.modules.items() if name.startswith("bot.") and hasattr(one, "now")]:
        if getattr(module, "now") is now:  # noqa: B009  # modules of many kinds
            patch.setattr(module, "now", lambda: datetime.fromtimestamp(real() + seconds, UTC))


async def _answers(client: httpx.AsyncClient, health: str) -> bool:
    try:
        return (await client.get(health)).status_code == 200
    except httpx.TransportError:
        return False


def fill_disk(served: "Served", *, full: bool) -> None:
    """As on a full disk, what the process writes to its database fails; its log, which is short, has room."""
    assert Path(f"{database(served.tenant)}-wal").stat().st_size > _ROOM
    limit = _ROOM if full else resource.RLIM_INFINITY
    resource.prlimit(served.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def database(tenant: Tenant) -> str:
    """The path of the SQLite file."""
    return os.fspath(tenant.directory / "bot.db")
