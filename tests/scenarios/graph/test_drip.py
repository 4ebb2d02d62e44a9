"""An answer that drips, byte by byte: given up as a whole, though no single read of it is slow."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from bot.sandbox import service
from bot.sandbox.faults import Fault
from bot.sandbox.https import serve_with_fault
from bot.timings import Timings
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import CASES, POST, Case
from tests.scenarios.graph.scene import Scene

WHOLE = 5.0
BYTE = 0.25
ENDLESS = 4 * WHOLE / BYTE


@dataclass
class Drip(Fault):
    """The request takes effect, and its answer's body comes in single bytes, for much longer than the bot waits."""


async def _dripping(
    request: web.Request,
    fault: Fault | None,
    serve: Callable[[], web.Response],
    error_body: Callable[[int], dict[str, Any]],
) -> web.StreamResponse | None:
    if not isinstance(fault, Drip):
        return await serve_with_fault(request, fault, serve, error_body)
    serve()
    answer = web.StreamResponse(status=200)
    await answer.prepare(request)
    for _ in range(int(ENDLESS)):
        await answer.write(b" ")
        await asyncio.sleep(BYTE)
    return answer


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins that can drip, and a bot that waits no minute for the whole of an answer."""
    monkeypatch.setattr(service, "serve_with_fault", _dripping)
    monkeypatch.setattr("bot.services.Timings", partial(Timings, watch=(), whole=WHOLE))


async def test_every_kind(alone: Scene, start: Start) -> None:
    """All at once, so that it takes no longer than one: each is read back, and never called a second time.

    Fails without a limit of the whole exchange: what httpx limits is the time between two bytes.
    """
    targets = {case: alone.add(case) for case in CASES}
    for stand_in in (alone.tenant.graph, alone.tenant.arm):
        stand_in.faults.add(Drip(POST, times=-1))
    async with start(TIME_SCALE="0.001"):
        for case, target in targets.items():
            await alone.submit(case, target)
        for case, target in targets.items():
            await _read_back(alone, case, target)


async def _read_back(scene: Scene, case: Case, target: str) -> None:
    story = await scene.story(case, target)
    assert [row.event for row in story.rows] == ["requested", "called", "ended"], case.kind
    assert (story.end["result"], len(story.posts), len(story.effects)) == ("cancelled", 1, 1), case.kind
    assert "Reading it back confirmed the cancellation" in str([reply.blocks for reply in story.replies]), case.kind
