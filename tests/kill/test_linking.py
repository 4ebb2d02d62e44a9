"""A process that dies just when somebody has linked their accounts."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from bot.sandbox.browser import Browser
from bot.sandbox.people import DAVE
from bot.sandbox.tenant import Tenant
from tests.cli.test_serving import ready
from tests.kill import serving
from tests.kill.stage import PROCESSES, basics
from tests.scenarios.graph.cases import APPROVAL_ITEM
from tests.scenarios.linking.walk import to_confirm
from tests.scenarios.play import WHY, Play, words

_PATIENCE = 20.0


@pytest.fixture
async def tenant(tmp_path: Path, port: int) -> AsyncIterator[Tenant]:
    """Dave is not linked yet."""
    async with Tenant(tmp_path) as started:
        started.graph.variant[APPROVAL_ITEM.graph_type] = "204"
        started.front.forward_to(port)
        yield started


@asynccontextmanager
async def _serving(environment: dict[str, str], tenant: Tenant, die_at: str) -> AsyncIterator[ForkServerProcess]:
    arguments = (environment, tenant.directory, (), die_at)
    process = PROCESSES.Process(target=serving.serve, args=arguments, daemon=True)
    process.start()
    try:
        await ready(int(environment["PORT"]))
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.join, _PATIENCE)


@pytest.mark.parametrize("point", ["before:start#1", "after:start#1", "inside:begun#1", "inside:resumed#1"])
async def test_what_was_begun_goes_on(tenant: Tenant, port: int, point: str) -> None:
    """Fails when only the process that has linked somebody knows of it."""
    environment = tenant.environment(linking=True) | basics()
    environment |= {"PORT": str(port), "SECRETS_DIR": str(tenant.directory), "TIME_SCALE": "0.01"}
    dave, target = Play(tenant, DAVE), tenant.graph.add(APPROVAL_ITEM.graph_type, owner=DAVE.oid)
    async with Browser(tenant.directory / "ca.pem") as browser, _serving(environment, tenant, point) as dies:
        await dave.submit(await dave.dialog(f"approval-item {target}"), justification=WHY)
        await to_confirm(tenant, browser, DAVE)
        await browser.press("Yes, link them")
        await asyncio.to_thread(dies.join, _PATIENCE)
        assert dies.exitcode == -signal.SIGKILL, "it never came to that point"
    async with _serving(environment, tenant, ""):
        await tenant.slack.until(dave.replies, _PATIENCE)
        await tenant.slack.until(lambda: _heard(dave), _PATIENCE)
        await dave.over()
    assert len(tenant.graph.effects) == 1
    assert [words(one.blocks).count("Cancelled") for one in dave.replies()] == [1]
    assert len(_heard(dave)) == 1


def _heard(dave: Play) -> list[str]:
    return [one for one in dave.private() if "is now linked" in one]
