"""Durable execution: workflows that go on after their process has died. DBOS keeps the records.

DBOS holds its state in globals of its module, so a process has one `Engine` at a time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from dbos import error as dbos_errors
from pydantic import TypeAdapter
from sqlalchemy.engine import URL

from bot.errors import ConfigError, NoDatabase
from bot.workflows import Job, quiet, system_url

log = structlog.get_logger(__name__)
T = TypeVar("T")

# Pinned: DBOS leaves workflows of another version alone for ever. Changed steps are told apart by `DBOS.patch_async`.
_VERSION: Final = "1"
_THREADS: Final = 8
_BATCH: Final = 500


class Engine:
    """Starts workflows, each at most once, and records their steps."""

    def __init__(self, url: URL, executor: str) -> None:
        self._executor = executor
        self._workflows: dict[str, Callable[..., Any]] = {}
        self._active: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self._steps = 0
        self._asleep = 0
        quiet()
        DBOS(config=_config(url, executor))

    def register(self, name: str, workflow: Callable[..., Awaitable[None]]) -> None:
        """Makes a workflow known, before `launch`. Arguments are ids and codes: they lie readable in the records."""

        @DBOS.workflow(name=name)
        async def run(*arguments: Any) -> None:
            with self._running(str(DBOS.workflow_id)):
                await workflow(*arguments)

        self._workflows[name] = run

    async def launch(self) -> None:
        """Opens the records. Workflows run on the loop that this is called from, and none is recovered yet.

        Raises `ConfigError` where PostgreSQL lacks DBOS's tables.
        """
        try:
            DBOS.launch()
        except dbos_errors.DBOSInitializationError as error:
            raise ConfigError(["DATABASE_URL: DBOS's tables are missing or old; run: python -m bot migrate"]) from error

    async def start(self, name: str, workflow_id: str, *arguments: str | int) -> None:
        """Records and begins a workflow; does nothing when there is one of that id."""
        if workflow_id in self._active:
            return
        self._active.add(workflow_id)  # from here on: its record is there before it runs
        begun = None
        try:
            with SetWorkflowID(workflow_id):
                handle = await DBOS.start_workflow_async(self._workflows[name], *arguments)
            begun = getattr(handle, "task", None)  # there is none where another process runs it, or did
        finally:
            if begun:
                begun.add_done_callback(lambda _: self._active.discard(workflow_id))
            else:
                self._active.discard(workflow_id)

    async def step(self, name: str, work: Callable[[], Awaitable[T]], of: TypeAdapter[T]) -> T:
        """The recorded result of the work, which runs again when a process dies before it was recorded.

        Results are ids and codes only. While the database is away, the work is tried again for a minute.
        """
        self._go_on()

        async def recorded() -> Any:
            return of.dump_python(await patiently(work), mode="json")

        self._steps += 1
        try:
            return of.validate_python(await DBOS.run_step_async({"name": name}, recorded))
        finally:
            self._steps -= 1

    async def sleep(self, seconds: float) -> None:
        """Waits, across restarts too: the moment to wake is recorded."""
        self._go_on()
        self._asleep += 1
        try:
            # Nothing, or less, DBOS would not record; but whoever goes on must meet the same steps.
            await DBOS.sleep_async(max(seconds, 0.001))
        finally:
            self._asleep -= 1

    def running(self, workflow_id: str) -> bool:
        """Whether this process runs it."""
        return workflow_id in self._active

    async def jobs(self, ids: Collection[str]) -> Mapping[str, Job]:
        """What is recorded of these workflows."""
        if not ids:
            return {}
        found = await DBOS.list_workflows_async(workflow_ids=list(ids), load_input=False, load_output=False)
        return {one.workflow_id: Job(one.workflow_id, one.status, one.executor_id or "") for one in found}

    async def executors(self) -> frozenset[str]:
        """The processes that the records say are running something."""
        found = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        return frozenset(one.executor_id for one in found if one.executor_id)

    async def recover(self, executor: str) -> None:
        """Hands on what a dead process was running. Repeating it is harmless: only what is still its is taken."""
        # The public calls re-queue what another rescuer runs already; this one checks the executor as it updates.
        await asyncio.to_thread(DBOS._recover_pending_workflows, [executor])

    async def give_up(self, workflow_id: str) -> None:
        """Ends a workflow that is not to go on."""
        await DBOS.cancel_workflow_async(workflow_id)

    async def forget(self, before: datetime) -> None:
        """Deletes the records of workflows that were finished before this moment."""
        while True:
            found = await DBOS.list_workflows_async(
                completed_before=before.isoformat(), limit=_BATCH, load_input=False, load_output=False
            )
            if not found:
                return
            await DBOS.delete_workflows_async([one.workflow_id for one in found])

    def freeze(self) -> None:
        """Begins no further step."""
        self._stopping = True

    async def drain(self, seconds: float) -> bool:
        """Lets workflows end that are not asleep and, for the last third of the time, only the steps that run.

        Whether all steps ended; what is left goes on elsewhere, or at the next start.
        """
        await _until(lambda: self._stopping or len(self._active) <= self._asleep, seconds * 2 / 3)
        self.freeze()
        return await _until(lambda: not self._steps, seconds / 3)

    async def close(self) -> None:
        """Leaves every workflow as its records tell, for whoever goes on with it."""
        self.freeze()
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # DBOS made its own pool the loop's default, and shuts it down.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="worker"))
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)

    def _go_on(self) -> None:
        if self._stopping:
            # Its records stay as they are, for whoever goes on with it.
            raise asyncio.CancelledError

    @contextmanager
    def _running(self, workflow_id: str) -> Iterator[None]:
        task = asyncio.current_task()
        if task:
            # Kept until DBOS's own task ends, which may wait for another process long after ours is done.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._active.add(workflow_id)
        try:
            yield
        finally:
            self._active.discard(workflow_id)


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Does the work, tried again for about a minute while the database is away; raises `NoDatabase` after that."""
    for pause in (0.1, 0.5, 1, 2, 5, 10, 20):
        try:
            return await work()
        except NoDatabase:
            log.warning("waiting_for_database", seconds=pause)
            await asyncio.sleep(pause)
    return await work()


async def unfailing(work: Callable[[], Awaitable[T]]) -> T:
    """Does the work, however long the database is away: for workflows that nobody would begin again."""
    while True:
        try:
            return await patiently(work)
        except NoDatabase:
            log.warning("waiting_for_database_still")


async def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110  # DBOS's own tasks set no event
        await asyncio.sleep(0.02)
    return condition()


def _config(url: URL, executor: str) -> DBOSConfig:
    single = url.get_backend_name() == "sqlite"
    return {
        "name": "cancel-approval-bot",
        "system_database_url": system_url(url),
        "application_version": _VERSION,
        "executor_id": executor,
        "serializer": DBOSPortableJSONSerializer(),
        "max_executor_threads": _THREADS,
        "sys_db_pool_size": 1 if single else _THREADS + 4,
        "db_engine_kwargs": {"hide_parameters": True},
        "run_migrations": single,
        "use_listen_notify": False,
        "log_level": "WARNING",
    }
