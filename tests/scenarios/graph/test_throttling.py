"""429: the service took nothing, so the call is simply made again when it says, within bounds."""

import time

import pytest

from tests.scenarios.graph.cases import APPROVAL_ITEM, OPERATION, POST, READ, Case, each_kind
from tests.scenarios.graph.scene import Scene

TIME_SCALE = "0.01"
A_DAY = 24 * 3600
SLOW_DOWN = "asks this bot to slow down"


@each_kind
async def test_waits_as_told(scene: Scene, case: Case) -> None:
    """Fails when `Retry-After` is not heeded. The scale of the tests does not shorten what the service asks for."""
    target = scene.add(case)
    scene.fail(POST, status=429, headers={"Retry-After": "1"})
    began = time.monotonic()
    story = await scene.cancel(case, target)
    assert time.monotonic() - began >= 1
    story.ended("cancelled", posts=2, effects=1)


async def test_long_wait_is_said_in_the_thread(scene: Scene) -> None:
    """And edited at the end: one reply in all."""
    target = scene.add(APPROVAL_ITEM)
    scene.fail(POST, status=429, headers={"Retry-After": "1"})
    await scene.submit(APPROVAL_ITEM, target)
    reply = await scene.replying(target, "again in 1 second")
    story = await scene.story(APPROVAL_ITEM, target)
    story.ended("cancelled", posts=2, effects=1)
    assert story.replies == [reply]
    assert reply.edited


@each_kind
async def test_read_is_throttled(scene: Scene, case: Case) -> None:
    target = scene.add(case)
    scene.fail(READ, status=429, headers={"Retry-After": "0"})
    (await scene.cancel(case, target)).ended("cancelled", posts=1, effects=1)


@each_kind
async def test_without_a_time(scene: Scene, case: Case) -> None:
    target = scene.add(case)
    scene.fail(POST, status=429)
    (await scene.cancel(case, target)).ended("cancelled", posts=2, effects=1)


@each_kind
async def test_for_ever(scene: Scene, case: Case) -> None:
    target = scene.add(case)
    scene.fail(POST, status=429, headers={"Retry-After": "0"}, times=-1)
    story = await scene.cancel(case, target)
    story.ended("failed", posts=6)
    assert SLOW_DOWN in story.told
    assert "HTTP 429" in story.told
    assert story.request_id


async def test_for_ever_without_a_time(scene: Scene) -> None:
    target = scene.add(APPROVAL_ITEM)
    scene.fail(POST, status=429, times=-1)
    (await scene.cancel(APPROVAL_ITEM, target)).ended("failed", posts=6)


@each_kind
@pytest.mark.parametrize("call", [POST, READ], ids=["call", "read"])
async def test_longer_than_the_bound(scene: Scene, case: Case, call: str) -> None:
    """Fails when the bot waits for whatever time it is told."""
    target = scene.add(case)
    scene.fail(call, status=429, headers={"Retry-After": str(A_DAY + 1)})
    story = await scene.cancel(case, target)
    story.ended("failed", posts=int(call == POST))
    assert SLOW_DOWN in story.told
    assert "HTTP 429" in story.told
    assert story.request_id


@pytest.mark.parametrize("value", ["Mon, 23 Nov 2026 00:00:00 GMT", "1e3", "99999999"])
async def test_time_that_is_none(scene: Scene, value: str) -> None:
    target = scene.add(APPROVAL_ITEM)
    scene.fail(POST, status=429, headers={"Retry-After": value})
    (await scene.cancel(APPROVAL_ITEM, target)).ended("cancelled", posts=2, effects=1)


async def test_operation_is_throttled(scene: Scene) -> None:
    target = scene.add(APPROVAL_ITEM)
    scene.graph.variant[APPROVAL_ITEM.graph_type] = "202"
    scene.fail(OPERATION, status=429, times=2)
    (await scene.cancel(APPROVAL_ITEM, target)).ended("cancelled", posts=1, effects=1)


async def test_throttled_after_a_lost_answer(scene: Scene) -> None:
    """Fails when a 429 of the repeated call is told as "Not cancelled"."""
    target = scene.add(APPROVAL_ITEM)
    scene.fail(POST, drop=True)
    scene.fail(POST, status=429, headers={"Retry-After": str(A_DAY + 1)})
    (await scene.cancel(APPROVAL_ITEM, target)).ended("unknown", posts=2)
