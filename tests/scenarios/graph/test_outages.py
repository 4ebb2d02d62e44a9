"""Graph or Entra out of reach: nothing is sent, it is said so, and what comes back in time is used."""

from typing import Any

import pytest

from bot.sandbox.faults import Fault
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import (
    ACCESS_PACKAGE,
    APPROVAL_ITEM,
    OPERATION_APPROVAL,
    POST,
    READ,
    Case,
    each_kind,
    each_sort,
)
from tests.scenarios.graph.scene import Scene

NOTHING_SENT = "could not be reached or read, so nothing was sent."


@each_sort
async def test_graph_is_down(alone: Scene, start: Start, case: Case) -> None:
    target = alone.add(case)
    async with start():
        await alone.service(case).stop()
        story = await alone.cancel(case, target)
    story.ended("failed")
    assert NOTHING_SENT in story.told
    assert story.client_request_id


async def test_graph_comes_back(alone: Scene, start: Start) -> None:
    target = alone.add(APPROVAL_ITEM)
    async with start(TIME_SCALE="0.05"):
        await alone.graph.stop()
        await alone.submit(APPROVAL_ITEM, target)
        await alone.replying(target, "I try again")
        await alone.graph.start()
        story = await alone.story(APPROVAL_ITEM, target)
    story.ended("cancelled", posts=1, effects=1)


@pytest.mark.parametrize("effect", [True, False])
async def test_graph_goes_down_at_the_call(alone: Scene, start: Start, *, effect: bool) -> None:
    """Fails when "could not be reached" hides that a call was sent before."""
    target = alone.add(APPROVAL_ITEM)
    alone.fail(POST, drop=True, after_effect=effect)
    async with start(TIME_SCALE="0.05"):
        await alone.submit(APPROVAL_ITEM, target)
        await alone.tenant.slack.until(lambda: bool(alone.posts(target)))
        await alone.graph.stop()
        story = await alone.story(APPROVAL_ITEM, target)
    story.ended("unknown", posts=1, effects=int(effect))
    assert NOTHING_SENT not in story.told


UNREADABLE: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 200, "body": b"<html>Welcome to the proxy</html>"},
    {"drop": True},
]


@each_kind
@pytest.mark.parametrize("what", UNREADABLE, ids=lambda what: str(what)[:30])
async def test_target_cannot_be_read(scene: Scene, case: Case, what: dict[str, Any]) -> None:
    """Fails when the bot calls without a look."""
    target = scene.add(case)
    scene.fail(READ, times=-1, **what)
    story = await scene.cancel(case, target)
    story.ended("failed")
    assert NOTHING_SENT in story.told
    assert story.client_request_id
    assert bool(story.request_id) is ("status" in what)


@each_kind
async def test_target_can_be_read_again(scene: Scene, case: Case) -> None:
    target = scene.add(case)
    scene.fail(READ, drop=True, times=2)
    (await scene.cancel(case, target)).ended("cancelled", posts=1, effects=1)


TOKEN = r"POST .*/oauth2/v2.0/token$"
SILENT: list[dict[str, Any]] = [{"drop": True}, {"status": 503}, {"status": 200, "body": b"<html></html>"}]


@pytest.mark.parametrize("case", [APPROVAL_ITEM, OPERATION_APPROVAL], ids=["person", "application"])
@pytest.mark.parametrize("what", SILENT, ids=str)
async def test_entra_is_down(alone: Scene, start: Start, case: Case, what: dict[str, Any]) -> None:
    """Fails when what MSAL raises then is let through."""
    target = alone.add(case)
    alone.tenant.entra.token_lifetime = 60  # MSAL renews what has less than five minutes left
    async with start():
        alone.tenant.entra.faults.add(Fault(TOKEN, times=-1, **what))
        story = await alone.cancel(case, target)
    story.ended("failed")
    assert "Microsoft Entra gave no usable answer, so nothing was sent." in story.told
    assert alone.calls(target) == []


async def test_entra_goes_down_while_an_operation_runs(alone: Scene, start: Start) -> None:
    """Accepted stays accepted. Fails when a missing token then ends in "nothing was sent"."""
    target = alone.add(APPROVAL_ITEM)
    alone.graph.variant[APPROVAL_ITEM.graph_type] = "202"
    alone.graph.operation_script[:] = ["inProgress"]
    alone.tenant.entra.token_lifetime = 60
    async with start():
        await alone.submit(APPROVAL_ITEM, target)
        await alone.replying(target, "Microsoft accepted the cancellation")
        alone.tenant.entra.faults.add(Fault(TOKEN, times=-1, status=503))
        story = await alone.story(APPROVAL_ITEM, target)
    story.ended("accepted", posts=1)


async def test_entra_goes_down_after_a_lost_answer(alone: Scene, start: Start) -> None:
    target = alone.add(ACCESS_PACKAGE)
    alone.tenant.entra.token_lifetime = 60
    alone.fail(POST, status=503, headers={"Retry-After": "1"}, after_effect=True)
    async with start():
        await alone.submit(ACCESS_PACKAGE, target)
        await alone.replying(target, "again in 1 second")
        alone.tenant.entra.faults.add(Fault(TOKEN, times=-1, status=503))
        story = await alone.story(ACCESS_PACKAGE, target)
    story.ended("unknown", posts=1, effects=1)
    assert "HTTP 503" in story.told
