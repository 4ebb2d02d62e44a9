"""One bot for many cancellations of these tests, in either mode: they differ in what the service does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.tenant import Tenant
from tests.scenarios.conftest import running
from tests.scenarios.graph.scene import Scene


@pytest.fixture(scope="module", params=["socket", "http"])
async def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A tenant with its bot, for a whole module, which may set its own `TIME_SCALE`."""
    directory: Path = tmp_path_factory.mktemp("tenant")
    with pytest.MonkeyPatch.context() as monkeypatch:
        scale = getattr(request.module, "TIME_SCALE", "0.001")
        async with Tenant(directory) as tenant, running(tenant, request.param, monkeypatch, TIME_SCALE=scale):
            yield Scene(tenant)


@pytest.fixture
async def scene(shared: Scene) -> AsyncIterator[Scene]:
    """The same, as good as new for each test."""
    shared.begin()
    yield shared
    await shared.reset()


@pytest.fixture
def alone(tenant: Tenant) -> Scene:
    """A tenant of its own, where a test changes who may do what; `start` starts its bot."""
    return Scene(tenant)
