"""Background work is kept, counted when it fails, and drained at the end."""

import asyncio

import pytest

from bot.tasks import Tasks


async def fail() -> None:
    raise LookupError("broken")


async def test_result_can_be_awaited() -> None:
    tasks = Tasks()
    assert await tasks.spawn(asyncio.sleep(0, "done")) == "done"
    assert await tasks.drain(1)


async def test_drain_of_nothing() -> None:
    assert await Tasks().drain(0)


async def test_drain_waits() -> None:
    tasks, gate = Tasks(), asyncio.Event()
    waiting = tasks.spawn(gate.wait())
    draining = asyncio.create_task(tasks.drain(5))
    await asyncio.sleep(0)
    assert not draining.done()
    gate.set()
    assert await draining
    assert waiting.result() is True


async def test_drain_cancels_what_is_left() -> None:
    tasks = Tasks()
    endless = tasks.spawn(asyncio.Event().wait())
    assert not await tasks.drain(0.01)
    assert endless.cancelled()
    assert tasks.failed == 0
    assert await tasks.drain(0)


async def test_drain_lets_cancelled_work_clean_up() -> None:
    tasks, steps = Tasks(), []

    async def careful() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("cleaned up")

    tasks.spawn(careful())
    assert not await tasks.drain(0.01)
    assert steps == ["cleaned up"]


async def test_drain_waits_for_what_running_work_begins() -> None:
    tasks, ended = Tasks(), []

    async def second() -> None:
        await asyncio.sleep(0.01)
        ended.append("second")

    async def first() -> None:
        await asyncio.sleep(0)
        tasks.spawn(second())

    tasks.spawn(first())
    assert await tasks.drain(5)
    assert ended == ["second"]


async def test_failures_are_counted() -> None:
    tasks = Tasks()
    failing = [tasks.spawn(fail()) for _ in range(2)]
    tasks.spawn(asyncio.sleep(0))
    assert await tasks.drain(1)
    assert tasks.failed == 2
    assert all(isinstance(task.exception(), LookupError) for task in failing)


async def test_awaited_failures_are_their_callers() -> None:
    tasks = Tasks(awaited=True)
    with pytest.raises(LookupError):
        await tasks.spawn(fail())
    assert tasks.failed == 0
