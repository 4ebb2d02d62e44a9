"""Tokens of 10,000 linked people: what one takes from the store, and what all of them cost in memory."""

import asyncio
import gc
import statistics
import time
from pathlib import Path

from benchmarks.setting import benched, linked, table
from bot.graph.tokens import Account
from bot.sandbox.people import ALICE
from bot.sandbox.tenant import CONSENTS
from bot.services import Services
from bot.store import now
from bot.tables import accounts

_PEOPLE = 10_000
_LOOKED_UP = 500
_EVERY = 0.001  # seconds


async def _add_people(services: Services) -> list[Account]:
    """Rows like Alice's, each encrypted for its own account."""
    alice = Account(services.msal.authority.tenant_id, ALICE.oid)
    cache = await services.accounts.load(alice) or ""
    people = [Account(alice.tid, f"{number:08x}-0000-4000-8000-00000000bec4") for number in range(_PEOPLE)]
    empty = {"tid": alice.tid, "name": "", "cache": b"", "updated_at": now()}
    for start in range(0, _PEOPLE, 1_000):
        some = [empty | {"oid": one.oid} for one in people[start : start + 1_000]]
        await services.store.change(accounts.insert().values(some))
    for one in people:
        await services.accounts.save(one, cache)
    return people


async def _blocked(worst: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(_EVERY)
        worst[0] = max(worst[0], time.perf_counter() - before - _EVERY)


async def _look_up(services: Services, people: list[Account], audience: str, permission: str) -> list[float]:
    """Milliseconds of each."""
    taken = []
    for one in people:
        before = time.perf_counter()
        await services.tokens.delegated(one, audience, permission)
        taken.append((time.perf_counter() - before) * 1000)
    return taken


def _resident() -> float:
    """Megabytes of this process, now."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def run() -> None:
    """Prints the figures beside their aims."""
    permission = CONSENTS[ALICE][0]
    async with benched() as (tenant, environment), linked(tenant, environment) as (settings, services):
        people = await _add_people(services)
        await _look_up(services, people[:20], settings.resource, permission)
        before, worst = _resident(), [0.0]
        watch = asyncio.create_task(_blocked(worst))
        some = people[20 :: _PEOPLE // _LOOKED_UP]
        taken = await _look_up(services, some, settings.resource, permission)
        watch.cancel()
        grown = _resident() - before
    table(
        (
            (f"token of one of {_PEOPLE:,} people, median", f"{statistics.median(taken):.1f} ms", "aim: 3 ms"),
            (f"{len(taken)} of them: loop blocked at most", f"{worst[0] * 1000:.1f} ms", "aim: 5 ms"),
            (f"{len(taken)} of them: memory grown by", f"{grown:.1f} MB", "aim: 20 MB"),
        )
    )


if __name__ == "__main__":
    asyncio.run(run())
