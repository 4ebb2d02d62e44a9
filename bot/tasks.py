"""Background work that is kept, told about and drained: a plain task can vanish with what it was doing."""

import asyncio
import time
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Tasks:
    """A set of running tasks. One that fails is logged, unless every one of them is awaited by whoever spawned it."""

    def __init__(self, *, awaited: bool = False) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._awaited = awaited
        self.failed = 0

    def spawn(self, work: Coroutine[Any, Any, T], context: Context | None = None) -> asyncio.Task[T]:
        """Starts the work and keeps it until it ends; in this task's context, or in the one given."""
        task = asyncio.create_task(work, context=context)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def drain(self, seconds: float) -> bool:
        """Waits for everything that runs, at most so long; then cancels what is left. Whether all had ended."""
        deadline = time.monotonic() + seconds
        while self._running and (rest := deadline - time.monotonic()) > 0:
            await asyncio.wait(set(self._running), timeout=rest)
        left = set(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return not left

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error and not self._awaited:
            self.failed += 1
            log.error("task_failed", error=type(error).__name__, exc_info=error)
