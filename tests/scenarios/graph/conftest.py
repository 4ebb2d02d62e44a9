"""One bot for many cancellations of these tests, in either mode: they differ in what the service does."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest

from bot.sandbox.tenant import Tenant
from bot.timings import Timings
from tests.scenarios.conftest import ROOM, running
from tests.scenarios.graph.cases import MODES, Case
from tests.scenarios.graph.scene import Scene


class Stage:
    """Holds the one bot that may run in this process: DBOS keeps its state in globals."""

    def __init__(self, directories: pytest.TempPathFactory) -> None:
        self._directories = directories
        self._stack = AsyncExitStack()
        self._key: tuple[str, str] | None = None
        self._scene: Scene | None = None

    async def scene(self, mode: str, scale: str) -> Scene:
        """A tenant with its bot: the one that is there, if it is the same."""
        if self._scene is None or self._key != (mode, scale):
            await self.clear()
            monkeypatch = self._stack.enter_context(pytest.MonkeyPatch.context())
            # Watching an end that is not known goes on into other tests; it has its own.
            monkeypatch.setattr("bot.services.Timings", partial(Timings, watch=()))
            tenant = await self._stack.enter_async_context(Tenant(self._directories.mktemp("tenant")))
            await self._stack.enter_async_context(running(tenant, mode, monkeypatch, TIME_SCALE=scale))
            self._key, self._scene = (mode, scale), Scene(tenant)
        return self._scene

    async def clear(self) -> None:
        """Makes room for another bot."""
        if self._scene:
            self._scene = None
            await self._stack.aclose()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is played in the other mode."""
    left_out = [item for item in items if isinstance(item, pytest.Function) and not _played(item)]
    config.hook.pytest_deselected(items=left_out)
    gone = set(map(id, left_out))
    items[:] = [item for item in items if id(item) not in gone]


def _played(item: pytest.Function) -> bool:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    case, mode = parameters.get("case"), parameters.get("mode")
    if not isinstance(case, Case) or not isinstance(mode, str):
        return True
    return case.played_in(mode, item.name.replace(mode, ""))


@pytest.fixture(scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    one = Stage(tmp_path_factory)
    ROOM.append(one.clear)
    yield one
    await one.clear()


@pytest.fixture(scope="module", autouse=True)
async def leave(stage: Stage) -> AsyncIterator[None]:
    """No bot runs beside the tests of another module."""
    yield
    await stage.clear()


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest) -> Any:
    """How Slack reaches the bot; of the module, so that all tests of one mode come together."""
    return request.param


@pytest.fixture
async def scene(request: pytest.FixtureRequest, stage: Stage, mode: str) -> AsyncIterator[Scene]:
    """As good as new for each test; a module may set its own `TIME_SCALE`."""
    shared = await stage.scene(mode, getattr(request.module, "TIME_SCALE", "0.001"))
    shared.begin()
    yield shared
    await shared.reset()


@pytest.fixture
def alone(tenant: Tenant) -> Scene:
    """A tenant of its own, where a test changes who may do what; `start` starts its bot."""
    return Scene(tenant)
