"""One scenario with a bot in a process of its own, which dies and is started again."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from typing import Final

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB, Person
from bot.sandbox.slack_records import OK
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import CHANNEL, PUBLIC_HOST, Tenant
from bot.slack.blocks import APPROVE_ACTION
from tests.kill import serving
from tests.kill.ends import Records
from tests.kill.scenarios import Scenario
from tests.scenarios.graph.cases import POST
from tests.scenarios.play import WHY, Play, buttons

HELD: Final = 0.5
_PATIENCE: Final = 90.0

# Importing takes two seconds: a server does it once, and each process begins as its child.
PROCESSES: Final = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "tests.kill.serving",
        "bot.app",
        "bot.cli.notify",
        "bot.cli.serve",
        "aiosqlite",
        "anyio._backends._asyncio",
        "httpcore",
    ]
)

# Where the process is killed from outside, while a stand-in holds its request.
ON_THE_WIRE: Final = {
    "sent": Fault(POST, delay=HELD),
    "done": Fault(POST, delay=HELD, after_effect=True),
    "lost": Fault(POST, delay=HELD, drop=True),
    "taken": Fault("chat.postMessage", delay=HELD, after_effect=True),
    "drawn": Fault("chat.update", delay=HELD, after_effect=True),
}


@dataclass(frozen=True)
class Submission:
    """A dialog as somebody submits it."""

    play: Play
    view: View
    values: dict[str, str]

    async def send(self) -> bool:
        """Whether it was acknowledged."""
        ack = await self.play.submit(self.view, **self.values)
        return ack.status == OK


class Stage:
    """The tenant of one test. `environment` is the bot's, `target` what is to be cancelled."""

    def __init__(self, tenant: Tenant, scenario: Scenario, environment: dict[str, str]) -> None:
        self.tenant = tenant
        self.scenario = scenario
        self.environment = environment
        self.records = Records(environment["DATABASE_URL"])
        self.target = ""
        self._process: ForkServerProcess | None = None

    async def play(self, point: str = "") -> None:
        """From the first click to the end of everything; `point`: where the process is killed and started again."""
        tenant, scenario = self.tenant, self.scenario
        tenant.graph.variant[scenario.case.graph_type] = scenario.variant
        tenant.slack.limits.response_url_uses = 0  # what is told privately comes as a message that can be counted
        self.target = tenant.graph.add(scenario.case.graph_type, owner=ALICE.oid)
        moment, _, _ = point.partition(":")
        linked = (*scenario.people, BOB) if scenario.approver else scenario.people
        await self._start(linked, "" if moment in ON_THE_WIRE else point)
        approving = asyncio.create_task(self._approve()) if scenario.approver else None
        submissions = await self._dialogs()
        held = self._hold(point) if moment in ON_THE_WIRE else None
        for fault in scenario.faults:
            tenant.graph.faults.add(copy(fault))
        missed = [one for one in submissions if not await one.send()]
        if point:
            await self._die(held)
            await self._start()
            # As the person would, whose dialog is still open and says that there was some trouble.
            missed = [one for one in missed if not await one.send()]
        assert not missed
        if approving:
            await approving
        await self.records.over(_PATIENCE)

    async def _approve(self) -> None:
        """Bob presses the button as soon as he sees it; again where the process died of it, or before it was ready."""
        slack = self.tenant.slack
        async with asyncio.timeout(_PATIENCE):
            while "approved" not in await asyncio.to_thread(self.records.story):
                for message in slack.messages(CHANNEL):
                    if APPROVE_ACTION in buttons(message):
                        await slack.click(BOB.slack_id, CHANNEL, message.ts, APPROVE_ACTION)
                        await asyncio.sleep(2.0)
                await asyncio.sleep(0.1)

    def passed(self) -> list[str]:
        """Every point that the processes have passed."""
        return (self.tenant.directory / serving.PASSED).read_text(encoding="utf-8").split()

    def close(self) -> None:
        """Ends the process, and prints what it has said: pytest shows that of tests that failed."""
        if self._process and self._process.is_alive():
            self._process.kill()
            self._process.join(_PATIENCE)
        print((self.tenant.directory / serving.OUTPUT).read_text(encoding="utf-8"))  # noqa: T201 - as it says
        self.records.close()

    async def _start(self, people: Sequence[Person] = (), die_at: str = "") -> None:
        arguments = (self.environment, self.tenant.directory, tuple(people), die_at)
        self._process = PROCESSES.Process(target=serving.serve, args=arguments, daemon=True)
        self._process.start()
        port = int(self.environment["PORT"])
        self.tenant.slack.deliver_to(f"http://127.0.0.1:{port}/slack/events", PUBLIC_HOST)
        await _listening(self._process, port)

    async def _die(self, held: Fault | None) -> None:
        """Waits for the end that the process makes of itself, or makes it while a stand-in holds its request."""
        assert self._process
        if held:
            await self.tenant.slack.until(lambda: held.times == 0)
            self._process.kill()
        await asyncio.to_thread(self._process.join, _PATIENCE)
        assert self._process.exitcode == -signal.SIGKILL, "it never came to that point"
        if held and not held.drop and held.match == POST:
            await self.tenant.slack.until(lambda: self.tenant.graph.calls[-1].status)

    def _hold(self, point: str) -> Fault:
        """Has a stand-in hold the request that the point names."""
        moment, _, number = point.replace("#", ":").split(":")
        held = copy(ON_THE_WIRE[moment])
        faults = self.tenant.graph.faults if held.match == POST else self.tenant.slack.faults
        if int(number) > 1:
            faults.add(Fault(held.match, times=int(number) - 1))
        faults.add(held)
        return held

    async def _dialogs(self) -> list[Submission]:
        """Everybody's dialog, open and filled in."""
        card = await self._notified() if self.scenario.card else ""
        plays = [Play(self.tenant, person) for person in self.scenario.people]
        if card:
            [play] = plays
            await play.press(card)
            return [Submission(play, await play.loaded(), {"justification": WHY})]
        values = {"kind": self.scenario.case.kind, "id": self.target, "justification": WHY}
        return [Submission(play, await play.dialog(), values) for play in plays]

    async def _notified(self) -> str:
        arguments = (self.environment, self.tenant.directory, "notify", self.scenario.case.kind, self.target)
        process = PROCESSES.Process(target=serving.command, args=arguments, daemon=True)
        process.start()
        await asyncio.to_thread(process.join, _PATIENCE)
        [card] = self.tenant.slack.messages(CHANNEL)
        return card.ts


async def _listening(process: ForkServerProcess, port: int) -> None:
    """Waits for the last thing that a starting bot does."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            assert process.is_alive(), "it did not start"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


def basics() -> dict[str, str]:
    """What every process has in its environment."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
