"""The bot of the attacks on linking, which starts for the tests that ask for it; and one for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.tenant import Tenant
from tests.scenarios.conftest import Start, running
from tests.scenarios.linking.attacks.conftest import linking, tenant, variables

__all__ = ["linking", "tenant", "variables"]


@pytest.fixture
async def attacked(tmp_path: Path) -> AsyncIterator[Tenant]:
    """Stand-ins of one test alone."""
    async with Tenant(tmp_path) as started:
        yield started
        assert started.slack.violations == []
        assert started.graph.violations == []
        assert started.arm.violations == []


@pytest.fixture
def start_attacked(attacked: Tenant, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a bot among them."""
    return lambda mode="socket", **changes: running(attacked, mode, monkeypatch, **changes)
