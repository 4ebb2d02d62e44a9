"""Several serving processes on one PostgreSQL, which are killed, frozen, and started again whenever they end."""

import asyncio
import os
import signal
from itertools import count
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Self

import httpx

from bot.sandbox.tenant import PUBLIC_HOST, Tenant
from tests.kill import serving
from tests.kill.stage import PROCESSES
from tests.ports import Port


class Member:
    """One place of the fleet: a process on a port, and another one when it has ended."""

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        self._kept = Port()
        self.port = self._kept.number
        self._environment = environment | {"PORT": str(self.port)}
        self._directory = directory
        self.frozen = False
        self._process: ForkServerProcess | None = None
        self._keeping: asyncio.Task[None] | None = None

    def keep(self) -> None:
        """Has a process serve, again and again."""
        self._keeping = asyncio.create_task(self._keep())

    async def ready(self) -> bool:
        """Whether it takes clicks now."""
        if self.frozen:
            return False
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
                return (await client.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200
        except httpx.HTTPError:
            return False

    def signal(self, number: signal.Signals) -> None:
        """Sends it to the process, if there is one."""
        if self._process and self._process.pid and self._process.is_alive():
            os.kill(self._process.pid, number)

    async def end(self) -> None:
        """Ends it for good."""
        if self._keeping:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)
        if self._process:
            await asyncio.to_thread(self._process.join, 20)
        self._kept.close()

    async def _keep(self) -> None:
        while True:
            arguments = (self._environment, self._directory, "serve")
            self._process = PROCESSES.Process(target=serving.command, args=arguments, daemon=True)
            self._process.start()
            while self._process.is_alive():  # noqa: ASYNC110  # another process sets no event
                await asyncio.sleep(0.1)


class Fleet:
    """The members, and the people's side: a click goes to one that takes clicks."""

    def __init__(self, tenant: Tenant, environment: dict[str, str], members: int = 2) -> None:
        basics = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = basics | environment | {"SECRETS_DIR": str(tenant.directory)}
        self.tenant = tenant
        self.members = [Member(environment, tenant.directory) for _ in range(members)]
        self._turn = count()

    async def __aenter__(self) -> Self:
        for member in self.members:
            member.keep()
        for member in self.members:
            await self.until_ready(member)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends them, and prints what they have said: pytest shows that of tests that failed."""
        await asyncio.gather(*(member.end() for member in self.members))
        print((self.tenant.directory / serving.OUTPUT).read_text(encoding="utf-8"))  # noqa: T201 - as it says

    async def until_ready(self, member: Member, seconds: float = 180) -> None:
        """Waits until it takes clicks."""
        async with asyncio.timeout(seconds):
            while not await member.ready():  # noqa: ASYNC110  # another process sets no event
                await asyncio.sleep(0.1)

    async def choose(self) -> None:
        """Clicks go to the next member that takes them."""
        async with asyncio.timeout(180):
            while True:
                member = self.members[next(self._turn) % len(self.members)]
                if await member.ready():
                    self.tenant.slack.deliver_to(f"http://127.0.0.1:{member.port}/slack/events", PUBLIC_HOST)
                    return
                await asyncio.sleep(0.05)
