"""Health and readiness: alive is not yet ready, and ready means that Slack and the database are there."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from bot import workflows
from bot.app import Bot
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE
from bot.sandbox.tenant import Tenant
from bot.store import Store
from tests.postgres import Postgres
from tests.scenarios.conftest import Start
from tests.scenarios.play import Play
from tests.web.edge import Reply, ask


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL whose database can be taken away."""
    with tempfile.TemporaryDirectory(prefix="pg") as directory:
        started = Postgres(Path(directory))
        try:
            started.wait()
            yield started
        finally:
            started.stop()


async def _get(bot: Bot, path: str = "/readyz") -> Reply:
    """Asks as a load balancer does, which knows no host name."""
    return await ask(bot.port, "GET", path, host="10.0.0.7")


async def _becomes(bot: Bot, status: int) -> None:
    end = time.monotonic() + 30
    while (await _get(bot)).status != status:
        assert time.monotonic() < end, f"not {status}"


async def test_ready(bot: Bot) -> None:
    reply = await _get(bot)
    assert (reply.status, reply.body) == (200, b"ready")
    assert (await _get(bot, "/healthz")).status == 200


async def test_not_ready_without_the_database(server: Postgres, start: Start) -> None:
    """Fails when readiness does not ask the database."""
    url = server.create()
    store = Store(url)
    await store.migrate()
    await asyncio.to_thread(workflows.migrate, store.url)
    await store.close()
    async with start("http", DATABASE_URL=url, AUDIT_KEY="x" * 32) as bot:
        await _becomes(bot, 200)
        with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {conninfo_to_dict(url)['dbname']} WITH (FORCE)".encode())
        reply = await _get(bot)
        assert (reply.status, reply.body) == (503, b"not ready")
        assert (await _get(bot, "/healthz")).status == 200


async def test_not_ready_without_the_socket(tenant: Tenant, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when readiness does not ask the socket: a bot that is connected to nothing would stay in service."""
    monkeypatch.setattr("bot.app._SOCKET_ALIVE", 0.2)
    async with start("socket") as bot:
        await _becomes(bot, 200)
        tenant.slack.faults.add(Fault("apps.connections.open", error="internal_error", times=-1))
        await tenant.slack.disconnect(abrupt=True)
        await _becomes(bot, 503)
        assert (await _get(bot, "/healthz")).status == 200
        tenant.slack.faults.clear()
        await _becomes(bot, 200)


async def test_slacks_endpoint_is_closed_in_socket_mode(start: Start) -> None:
    async with start("socket") as bot:
        assert (await ask(bot.port)).status == 404


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_clock(bot: Bot, tenant: Tenant, alice: Play, minutes: int) -> None:
    """Ten minutes wrong by Microsoft's answers, until it is set. Fails when readiness does not ask `Clock`."""
    date = formatdate(time.time() + minutes * 60, usegmt=True)
    tenant.graph.faults.add(Fault("GET .*", status=503, headers={"Date": date}))
    await alice.command(f"approval-item {tenant.graph.add('approvalItem', owner=ALICE.oid)}")
    view = await alice.loaded()
    await _becomes(bot, 503)
    await tenant.slack.close(ALICE.slack_id, view.id)
    await alice.command(f"approval-item {tenant.graph.add('approvalItem', owner=ALICE.oid)}")
    await alice.loaded()
    await _becomes(bot, 200)
