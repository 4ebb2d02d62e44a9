"""What a 202 leads to: an operation that is followed, or the target itself where the operation cannot be."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.scenarios.graph.cases import APPROVAL_ITEM, LISTS, OPERATION, POST, PRIVILEGED_ROLE, READ
from tests.scenarios.graph.scene import Scene

TIME_SCALE = "0.05"  # leaves an operation 3 s

ACCEPTED = "Microsoft accepted the cancellation and is finishing it"


@pytest.fixture
def item(scene: Scene) -> str:
    target = scene.add(APPROVAL_ITEM)
    scene.graph.variant[APPROVAL_ITEM.graph_type] = "202"
    return target


@pytest.fixture
async def elsewhere() -> AsyncIterator[tuple[str, list[str]]]:
    """Another host, and who has come there."""
    visitors: list[str] = []

    async def visited(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitors.append("somebody")
        writer.close()

    async with await asyncio.start_server(visited, "127.0.0.1", 0) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", visitors


async def test_succeeds(scene: Scene, item: str) -> None:
    """The provisional reply is edited: there is never a second one."""
    story = await scene.cancel(APPROVAL_ITEM, item)
    story.ended("cancelled", posts=1, effects=1)
    assert story.replies[0].edited
    assert ACCEPTED not in story.told
    assert "HTTP 202" in story.told
    assert story.request_id
    assert story.client_request_id == story.posts[0].client_request_id


@pytest.mark.parametrize("end", ["failed", "timeout", "Failed"])
async def test_fails(scene: Scene, item: str, end: str) -> None:
    scene.graph.operation_script[:] = ["inProgress", end]
    story = await scene.cancel(APPROVAL_ITEM, item)
    story.ended("failed", posts=1)
    assert "then could not finish it" in story.told
    assert f"code {'CancelFailed' if end == 'failed' else end}" in story.told
    assert story.request_id


@pytest.mark.parametrize(("state", "result"), [("completed", "already_final"), ("canceled", "cancelled")])
async def test_fails_since_it_is_over(scene: Scene, item: str, state: str, result: str) -> None:
    """Fails when a failed operation is told without a look at its target."""
    scene.graph.operation_script[:] = ["failed"]
    scene.pass_by(READ)
    scene.fail(READ, body=scene.shown(APPROVAL_ITEM, item, state))
    (await scene.cancel(APPROVAL_ITEM, item)).ended(result, posts=1)


async def test_never_ends(scene: Scene, item: str) -> None:
    scene.graph.operation_script[:] = ["inProgress"]
    story = await scene.cancel(APPROVAL_ITEM, item)
    story.ended("accepted", posts=1)
    assert "still finishing it" in story.told
    assert "I look again for a day and tell you how it ended." in story.told


async def test_unknown_status_is_no_end(scene: Scene, item: str) -> None:
    scene.graph.operation_script[:] = ["unknownFutureValue", "succeeded"]
    (await scene.cancel(APPROVAL_ITEM, item)).ended("cancelled", posts=1, effects=1)


UNREADABLE: list[dict[str, Any]] = [
    {"status": 404},
    {"status": 403},
    {"status": 500},
    {"status": 429, "headers": {"Retry-After": "9999"}},
    {"status": 200, "body": b"<html></html>"},
    {"status": 302, "body": b"", "headers": {"Location": "/beta/solutions/approval/operations/x"}},
    {"drop": True},
]


@pytest.mark.parametrize("what", UNREADABLE, ids=str)
async def test_operation_cannot_be_read(scene: Scene, item: str, what: dict[str, Any]) -> None:
    """The target tells. Fails when an unreadable operation counts as a failed one."""
    scene.fail(OPERATION, times=-1, **what)
    scene.pass_by(READ, 2)
    scene.fail(READ, body=scene.shown(APPROVAL_ITEM, item, "canceled"))
    story = await scene.cancel(APPROVAL_ITEM, item)
    story.ended("cancelled", posts=1)
    assert "Reading it back confirmed" in story.told


async def test_nothing_can_be_read(scene: Scene, item: str) -> None:
    scene.fail(OPERATION, times=-1, status=403)
    scene.pass_by(READ)
    scene.fail(READ, times=-1, status=403)
    (await scene.cancel(APPROVAL_ITEM, item)).ended("accepted", posts=1)


async def test_operation_is_found_again(scene: Scene, item: str) -> None:
    scene.fail(OPERATION, status=503, times=2)
    (await scene.cancel(APPROVAL_ITEM, item)).ended("cancelled", posts=1, effects=1)


Address = Callable[[str], str]
GUID = "0f0f0f0f-0000-4000-8000-000000000000"
FOREIGN: list[Address] = [
    lambda host: f"{host}/beta/solutions/approval/operations/{GUID}",
    lambda host: f"//{host.removeprefix('https://')}/beta/solutions/approval/operations/{GUID}",
    lambda host: (
        f"https://graph.microsoft.com@{host.removeprefix('https://')}/beta/solutions/approval/operations/{GUID}"
    ),
    lambda _host: "/beta/me",
    lambda _host: f"/beta/solutions/approval/operations/{GUID}/../../../../me",
    lambda _host: "https://[",
    lambda _host: "",
]


@pytest.mark.parametrize("address", FOREIGN)
async def test_foreign_location(scene: Scene, item: str, address: Address, elsewhere: tuple[str, list[str]]) -> None:
    """Not followed; reading back settles it. Fails when the address is used as it came."""
    host, visitors = elsewhere
    answer = {"status": 202, "body": b"", "headers": {"Location": address(host)}}
    scene.fail(POST, **(answer if address(host) else {"status": 202, "body": b""}))
    scene.pass_by(READ, 2)
    scene.fail(READ, body=scene.shown(APPROVAL_ITEM, item, "canceled"))
    begun = len(scene.graph.calls)
    story = await scene.cancel(APPROVAL_ITEM, item)
    story.ended("cancelled", posts=1)
    assert "Reading it back confirmed" in story.told
    assert visitors == []
    called = [call.path for call in scene.graph.calls[begun:] if not re.search(LISTS, call.path)]
    assert all(f"/approvalItems/{item}" in path for path in called)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", [POST, READ], ids=["call", "read"])
async def test_redirect(scene: Scene, item: str, status: int, method: str, elsewhere: tuple[str, list[str]]) -> None:
    """Fails when redirects are followed: the token would go to another host."""
    host, visitors = elsewhere
    scene.fail(method, status=status, body=b"", headers={"Location": f"{host}/beta/me"})
    story = await scene.cancel(APPROVAL_ITEM, item)
    story.ended("failed", posts=int(method == POST))
    assert f"HTTP {status}" in story.told
    assert story.request_id
    assert visitors == []


async def test_passing_state_is_followed(scene: Scene) -> None:
    """Iteration 1 answers 200 with "Cancelling": provisional, until reading shows the end."""
    story = await scene.cancel(PRIVILEGED_ROLE, scene.add(PRIVILEGED_ROLE))
    story.ended("cancelled", posts=1, effects=1)
    assert story.replies[0].edited
    assert "Reading it back confirmed" in story.told


async def test_passing_state_that_stays(scene: Scene) -> None:
    scene.graph.finishes_on_read = False
    story = await scene.cancel(PRIVILEGED_ROLE, scene.add(PRIVILEGED_ROLE))
    story.ended("accepted", posts=1, effects=1)
