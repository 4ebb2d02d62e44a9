"""Polling, notifying and picking with 1,000 pending requests, and the bot when nothing happens.

Stand-ins on loopback and the real bot as a process. What a poll costs is what the process takes beyond the same one
that polls nothing, in the same run.
"""

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.setting import Row, benched, linked, resident, serving, started, table
from bot.sandbox.people import ALICE, CAROL
from bot.sandbox.tenant import CHANNEL, Tenant
from tests.postgres import Postgres

_PENDING = 1000
_POLL = 5  # seconds, the least that can be configured
_POLLS = 8
_IDLE = 60.0  # seconds
_NEW = 40.0  # seconds in which new ones are told of
_SEARCHES = 300
_TICKS = os.sysconf("SC_CLK_TCK")
_KINDS = "access-package,operation-approval"  # what is measured is the poll of one kind; the policy names the other
_WORDS = ("", "a", "package", "alice", "nothing like it", "access")


async def _seconds_of(pid: int, seconds: float) -> float:
    """How much processor time the process takes in so many seconds."""
    before = _processor(pid)
    await asyncio.sleep(seconds)
    return _processor(pid) - before


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _add(tenant: Tenant, hours: float) -> None:
    created = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    for _ in range(_PENDING):
        tenant.graph.add("accessPackageAssignmentRequest", owner=ALICE.oid, createdDateTime=created)


def _lists(tenant: Tenant) -> int:
    return sum(call.path.endswith("/assignmentRequests") for call in tenant.graph.calls)


def _row(what: str, figure: float, unit: str, aim: str) -> Row:
    return what, f"{figure:.1f} {unit}", aim


async def _idle(tenant: Tenant, environment: dict[str, str], seconds: float, *command: str) -> float:
    """Percent of a core when nobody does anything."""
    async with serving(tenant, environment, *(command or ("bot", "serve"))) as pid:
        await asyncio.sleep(5)
        return await _seconds_of(pid, seconds) / seconds * 100


async def _polls(tenant: Tenant, environment: dict[str, str]) -> list[Row]:
    """1,000 pending, nothing new; then a person who searches among them; then 1,000 new ones."""
    _add(tenant, hours=2)
    # With the probe, which itself takes some percent of a core.
    quiet = await _idle(tenant, environment, _POLL * _POLLS, "benchmarks.probe") / 100
    environment = environment | {"POLL_SECONDS": str(_POLL)}
    probe = Path(environment["PROBE_FILE"])
    async with serving(tenant, environment, "benchmarks.probe") as pid:
        await tenant.slack.until(lambda: len(tenant.slack.messages(CHANNEL)) > 0, 60)  # the summary of the first run
        said, lists = len(tenant.slack.messages(CHANNEL)), _lists(tenant)
        busy = await _seconds_of(pid, _POLL * _POLLS) / (_POLL * _POLLS)
        polls = (_lists(tenant) - lists) / (_PENDING / tenant.graph.page_size)
        each = (busy - quiet) * _POLL * _POLLS / polls * 1000
        silent = len(tenant.slack.messages(CHANNEL)) - said
        searches = await _searches(tenant)
        before = resident(pid)
        probe.with_suffix(".reset").touch()
        await asyncio.sleep(1)
        _add(tenant, hours=0)
        await asyncio.sleep(_NEW)
        cards = len(tenant.slack.messages(CHANNEL)) - said - silent
        seen, after = json.loads(probe.read_text()), resident(pid)
    searches.sort()
    return [
        _row(f"a poll of {_PENDING:,} pending, nothing new: CPU", each, "ms", "aim: 50 ms"),
        (f"messages in {polls:.0f} such polls", str(silent), "aim: 0"),
        _row("picker, as Slack sees it, median", statistics.median(searches), "ms", ""),
        _row("picker, 99th percentile", searches[int(len(searches) * 0.99)], "ms", "aim: 300 ms"),
        _row(f"{_PENDING:,} new ones: cards a second", cards / _NEW, "", "aim: 1, which is Slack's limit"),
        _row(f"{_PENDING:,} new ones: loop blocked at most", seen["blocked_ms"], "ms", "aim: 50 ms"),
        _row(f"{_PENDING:,} new ones: memory more", after - before, "MB", "aim: flat"),
    ]


async def _searches(tenant: Tenant) -> list[float]:
    """Milliseconds of each search, with a list that is about ten seconds old."""
    await tenant.slack.command(CAROL.slack_id, CHANNEL, "")
    view = await tenant.slack.until(lambda: tenant.slack.open_view(CAROL.slack_id))
    taken = []
    for number in range(_SEARCHES):
        if number == 1:
            await asyncio.sleep(10)
        began = time.perf_counter()
        await tenant.slack.suggest(CAROL.slack_id, view.id, "pick_target", _WORDS[number % len(_WORDS)])
        taken.append((time.perf_counter() - began) * 1000)
    await tenant.slack.close(CAROL.slack_id, view.id)
    return taken[1:]


@contextmanager
def _postgres() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="bench") as directory:
        Path(directory).chmod(0o755)
        server = Postgres(Path(directory))
        try:
            server.wait()
            yield server.create()
        finally:
            server.stop()


async def _idle_on_postgres() -> float:
    with _postgres() as url:
        async with benched() as (tenant, environment):
            environment |= {"DATABASE_URL": url, "AUDIT_KEY": "k" * 40, "POLL_SECONDS": "30"}
            await (await started(tenant, environment, "bot", "migrate")).wait()
            return await _idle(tenant, environment, _IDLE)


async def run() -> None:
    """Prints the figures beside their aims."""
    async with benched() as (tenant, environment):
        environment |= {"POLL_SECONDS": "30"}
        on_sqlite = await _idle(tenant, environment, _IDLE)
    async with benched() as (tenant, environment):
        environment |= {"PROBE_FILE": f"{tenant.directory}/probe.json", "POLL_SECONDS": "0", "KINDS": _KINDS}
        async with linked(tenant, environment):
            pass
        rows = await _polls(tenant, environment)
    table(
        [
            _row("idle on SQLite: of a core", on_sqlite, "%", "aim: 2 %"),
            _row("idle on PostgreSQL: of a core", await _idle_on_postgres(), "%", "aim: 4 %"),
            *rows,
        ]
    )


if __name__ == "__main__":
    asyncio.run(run())
