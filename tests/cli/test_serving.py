"""The serving process: it ends what it has begun, and leaves nothing behind."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.people import CAROL
from bot.sandbox.tenant import AUDIT, CHANNEL, Tenant
from tests.cli.conftest import spawn
from tests.scenarios.play import Play


async def ready(port: int) -> None:
    """Waits until the process says that it is ready."""
    async with asyncio.timeout(90), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_stops_after_what_it_has_begun(tenant: Tenant, tmp_path: Path, port: int, number: signal.Signals) -> None:
    """A deploy while Graph is slow: the cancellation ends and is told first. Fails without `drain`."""
    environment = tenant.environment() | {"PORT": str(port)}
    process = await spawn(tmp_path, environment, "serve")
    await ready(port)
    carol = Play(tenant, CAROL)
    target = tenant.graph.add("operationApprovalRequest", owner=CAROL.oid)
    view = await carol.dialog(f"operation-approval {target}")
    await carol.loaded()
    tenant.graph.faults.add(Fault("POST .*/cancelApproval$", delay=1.0))
    await carol.submit(view, justification="Deploy in the wrong second")
    await tenant.slack.until(lambda: any(call.method == "POST" for call in tenant.graph.calls))
    process.send_signal(number)
    _, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, err.decode()
    assert len(tenant.graph.effects) == 1
    assert len(tenant.slack.messages(AUDIT)) == 1
    assert [m.thread_ts for m in tenant.slack.messages(CHANNEL) if m.thread_ts]
