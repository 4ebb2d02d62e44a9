"""From click to recorded, 200 at once, against what a bare start of a DBOS workflow takes in the same run.

Stand-ins on loopback and the real bot as a process, on SQLite. The acknowledgement comes once the cancellation is
recorded; "as Slack sees it" holds both sides of HTTP and of its signature, too.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.setting import Row, benched, dialog, linked, serving, table
from bot.sandbox.people import ALICE
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import AUDIT, Tenant

_AT_ONCE = 200
_ONE_BY_ONE = 60
_BARE_STARTS = 200


@dataclass
class Measured:
    """Milliseconds from the submission to its answer, at Slack and `inside`, and what the process saw of itself."""

    recorded: list[float] = field(default_factory=list)
    at_once: list[float] = field(default_factory=list)
    pressed_again: int = 0
    told_seconds: float = 0.0
    inside: list[float] = field(default_factory=list)
    seen: dict[str, Any] = field(default_factory=dict)


async def _bare_starts(database_url: str) -> float:
    """The median milliseconds of starting a workflow that does nothing."""
    from bot.durable import Engine
    from bot.store import Store, new_id

    store = Store(database_url)
    await store.prepare()
    engine = Engine(store.url, new_id())

    async def nothing(_id: str) -> None:
        return

    engine.register("nothing", nothing)
    await engine.launch()
    taken = []
    for _ in range(_BARE_STARTS):
        workflow_id, began = new_id(), time.perf_counter()
        await engine.start("nothing", workflow_id, workflow_id)
        taken.append((time.perf_counter() - began) * 1000)
    await engine.drain(5)
    await engine.close()
    await store.close()
    return statistics.median(taken)


async def _submit(tenant: Tenant, view: View, measured: Measured) -> float:
    """Milliseconds until the bot has answered that it is recorded; pressed again where it says that it was not."""
    while True:
        began = time.perf_counter()
        ack = await tenant.slack.send_again(ALICE.slack_id, view)
        if ack.status == 200 and "'errors'" not in str(ack.body):  # nothing to show, or that it was recorded before
            return (time.perf_counter() - began) * 1000
        measured.pressed_again += 1


async def _told(tenant: Tenant, times: int) -> None:
    await tenant.slack.until(lambda: len(tenant.slack.messages(AUDIT)) >= times, 120)


async def _measure(tenant: Tenant, environment: dict[str, str]) -> Measured:
    probe, measured = Path(environment["PROBE_FILE"]), Measured()
    async with serving(tenant, environment, "benchmarks.probe"):
        for _ in range(_ONE_BY_ONE):
            view = await dialog(tenant)
            told = len(tenant.slack.messages(AUDIT))
            measured.recorded.append(await _submit(tenant, view, measured))
            await _told(tenant, told + 1)
        await asyncio.sleep(0.5)
        measured.inside = json.loads(probe.read_text())["recorded_ms"]
        views = [await dialog(tenant) for _ in range(_AT_ONCE)]
        told = len(tenant.slack.messages(AUDIT))
        probe.with_suffix(".reset").touch()
        await asyncio.sleep(1)
        began = time.perf_counter()
        measured.at_once = list(await asyncio.gather(*(_submit(tenant, view, measured) for view in views)))
        await _told(tenant, told + _AT_ONCE)
        measured.told_seconds = time.perf_counter() - began
        await asyncio.sleep(0.5)
        measured.seen = json.loads(probe.read_text())
    return measured


async def run() -> None:
    """Prints the figures beside their aims, and the ratio to a bare start."""
    async with benched() as (tenant, environment):
        tenant.graph.variant["approvalItem"] = "204"  # done at once: what Microsoft takes is not measured
        environment |= {"PROBE_FILE": f"{tenant.directory}/probe.json"}
        async with linked(tenant, environment):
            pass
        bare = await _bare_starts(f"sqlite:///{tenant.directory}/bare.db")
        measured = await _measure(tenant, environment)
    _print(bare, measured)


def _print(bare: float, measured: Measured) -> None:
    recorded, answered = statistics.median(measured.inside), statistics.median(measured.recorded)
    rows: Sequence[Row] = (
        ("bare start of a DBOS workflow, median", f"{bare:.1f} ms", ""),
        ("click, as Bolt hands it on, to recorded, median", f"{recorded:.1f} ms", "aim: 10 ms"),
        ("ratio to a bare start", f"{recorded / bare:.2f}", "aim: 2.5, as 10 ms are to a bare start of 4"),
        ("click to answered, as Slack sees it, median", f"{answered:.1f} ms", "Slack waits 3,000 ms"),
        (f"{_AT_ONCE} at once: answered, slowest", f"{max(measured.at_once):.0f} ms", "Slack waits 3,000 ms"),
        (f"{_AT_ONCE} at once: not in time, pressed again", f"{measured.pressed_again}", ""),
        (f"{_AT_ONCE} at once: all told after", f"{measured.told_seconds:.1f} s", ""),
        (f"{_AT_ONCE} at once: loop blocked at most", f"{measured.seen['blocked_ms']:.0f} ms", "aim: 100 ms"),
        ("memory of the process, peak", f"{measured.seen['peak_mb']:.0f} MB", "aim: 160 MB"),
    )
    table(rows)


if __name__ == "__main__":
    asyncio.run(run())
