"""10,000 hostile requests with valid clicks among them, against the same clicks alone, in the same run.

Stand-ins on loopback, the real bot as a process, on SQLite, and the attackers in a process of their own. Every click
must be answered and take effect once, and nothing else may.
"""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from urllib.parse import urlsplit

from aiohttp import web

from benchmarks.attack import Click, Stolen, attack
from benchmarks.setting import Row, benched, dialog, linked, resident, serving, table
from bot.sandbox.people import ALICE
from bot.sandbox.tenant import Tenant

_REQUESTS = 10_000
_CLICKS = 50
_BAITS = 5
_STALE = 600  # seconds
_STOLEN = 10  # clicks that are replayed: young ones, whose signature still counts
_UNDER_WAY = 0.1  # seconds, until the attackers are at it
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Siege:
    """What was seen: milliseconds of the clicks, how often each target was cancelled, the bot's megabytes."""

    quiet: list[float] = field(default_factory=list)
    besieged: list[float] = field(default_factory=list)
    pressed_again: int = 0
    rate_limited: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    before_mb: float = 0.0
    after_mb: float = 0.0
    effects: Counter[str] = field(default_factory=Counter)
    clicked: list[str] = field(default_factory=list)


@asynccontextmanager
async def _catching(tenant: Tenant) -> AsyncIterator[list[bytes]]:
    """Takes what Slack sends, so that it can be sent by somebody else, or later."""
    caught: list[bytes] = []

    async def catch(request: web.Request) -> web.Response:
        caught.append(await request.read())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", catch)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    tenant.slack.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    yield caught
    await runner.cleanup()


async def _submissions(tenant: Tenant, environment: dict[str, str], targets: Iterable[str]) -> list[bytes]:
    """What Slack would send for a filled-in dialog about each of the targets."""
    views = [await dialog(tenant, target) for target in targets]
    async with _catching(tenant) as caught:
        for view in views:
            await tenant.slack.send_again(ALICE.slack_id, view)
    tenant.slack.deliver_to(f"http://127.0.0.1:{environment['PORT']}/slack/events", _host(environment))
    return caught


async def _click(tenant: Tenant, body: bytes, siege: Siege) -> tuple[Click, float]:
    """The click as it was sent, and the milliseconds until it was answered; pressed again where it was not recorded."""
    while True:
        click, began = Click(body, tenant.slack.sign(body) | _FORM), time.perf_counter()
        ack = await tenant.slack.deliver_raw(body, click.headers)
        if ack.status == 200 and "'errors'" not in str(ack.body):
            return click, (time.perf_counter() - began) * 1000
        siege.pressed_again += 1


async def besiege(tenant: Tenant, environment: dict[str, str], requests: int, clicks: int) -> Siege:
    """Clicks alone, and then as many among so many hostile requests, at a bot of its own."""
    siege = Siege()
    tenant.graph.variant["approvalItem"] = "204"  # done at once: what Microsoft takes is not measured
    async with serving(tenant, environment, "bot", "serve") as pid:
        targets = [tenant.graph.add("approvalItem", owner=ALICE.oid) for _ in range(2 * clicks + _BAITS)]
        siege.clicked, baits = targets[: 2 * clicks], targets[2 * clicks :]
        bodies = await _submissions(tenant, environment, siege.clicked)
        bait = await _submissions(tenant, environment, baits)
        made = []
        for body in bodies[:clicks]:
            click, taken = await _click(tenant, body, siege)
            made.append(click)
            siege.quiet.append(taken)
        siege.before_mb = resident(pid)
        with ProcessPoolExecutor(1, get_context("spawn")) as attackers:
            for number, body in enumerate(bodies[clicks:]):
                share = requests * (number + 1) // clicks - requests * number // clicks
                stolen = _stolen(tenant, environment, made[-_STOLEN:], bait)
                order = (int(environment["PORT"]), stolen, number, share)
                made.append(await _click_among(tenant, body, siege, attackers, order))
        siege.after_mb = resident(pid)
        await tenant.slack.until(lambda: len(tenant.graph.effects) >= 2 * clicks, 120)
    siege.effects = Counter(effect.id for effect in tenant.graph.effects)
    return siege


def _stolen(tenant: Tenant, environment: dict[str, str], made: list[Click], bait: list[bytes]) -> Stolen:
    long_ago = int(time.time()) - _STALE
    return Stolen(_host(environment), made, bait, [Click(one, tenant.slack.sign(one, long_ago)) for one in bait])


async def _click_among(
    tenant: Tenant, body: bytes, siege: Siege, attackers: Executor, order: tuple[int, Stolen, int, int]
) -> Click:
    """A click while the attackers do what they are ordered; how it went is added to the siege."""
    sending = asyncio.get_running_loop().run_in_executor(attackers, attack, *order)
    await asyncio.sleep(_UNDER_WAY)
    click, taken = await _click(tenant, body, siege)
    siege.besieged.append(taken)
    limited, wrong = await sending
    siege.rate_limited += limited
    siege.wrong += wrong
    return click


def _host(environment: dict[str, str]) -> str:
    return urlsplit(environment["PUBLIC_URL"]).netloc


@asynccontextmanager
async def setting() -> AsyncIterator[tuple[Tenant, dict[str, str]]]:
    """Stand-ins, and the environment of a bot at which people link accounts, too; Alice has."""
    async with benched() as (tenant, environment):
        both = tenant.environment(http=True, linking=True) | environment | {"PUBLIC_URL": tenant.front.url}
        async with linked(tenant, both):
            pass
        yield tenant, both


async def run() -> None:
    """Prints the figures; ends with an error where a click was lost, or anything else took effect."""
    async with setting() as (tenant, environment):
        siege = await besiege(tenant, environment, _REQUESTS, _CLICKS)
    quiet, besieged = statistics.median(siege.quiet), statistics.median(siege.besieged)
    rows: tuple[Row, ...] = (
        (f"valid clicks alone: {_CLICKS}, median", f"{quiet:.1f} ms", ""),
        (f"among {_REQUESTS:,} hostile requests, median", f"{besieged:.1f} ms", ""),
        ("slowest", f"{max(siege.besieged):.0f} ms", "Slack waits 3,000 ms"),
        ("ratio", f"{besieged / quiet:.2f}", ""),
        ("not in time, pressed again", f"{siege.pressed_again}", ""),
        ("hostile ones told to wait (429)", f"{siege.rate_limited}", ""),
        ("hostile ones answered otherwise than they should", f"{siege.wrong.total()}", "must be 0"),
        ("valid clicks that took effect once", f"{list(siege.effects.values()).count(1)}", f"must be {2 * _CLICKS}"),
        ("anything else that took effect", f"{len(set(siege.effects) - set(siege.clicked))}", "must be 0"),
        ("memory of the process, before", f"{siege.before_mb:.0f} MB", ""),
        ("memory of the process, after", f"{siege.after_mb:.0f} MB", ""),
    )
    table(rows)
    if siege.wrong or siege.effects != Counter(siege.clicked):
        raise SystemExit(f"{dict(siege.wrong)} {siege.effects - Counter(siege.clicked)}")


if __name__ == "__main__":
    asyncio.run(run())
