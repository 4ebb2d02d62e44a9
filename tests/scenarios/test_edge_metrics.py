"""What Prometheus is told, on a port of its own, and what it is not told."""

import re
import socket
import time
from typing import Final

import httpx
import pytest

from bot.errors import ConfigError
from bot.sandbox.people import ALICE, CAROL, TENANT_ID
from bot.sandbox.tenant import CHANNEL, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import Play
from tests.web.edge import FORM, ask

BODY: Final = b"command=%2Fcancel-approval&text=canary"
LABELLED: Final = re.compile(r"^cancel_approval_\w+\{(.*)\} \S+$", re.MULTILINE)


def _value(text: str, series: str) -> float:
    [line] = [line for line in text.splitlines() if line.startswith(f"cancel_approval_{series} ")]
    return float(line.rpartition(" ")[2])


async def _scrape(port: int) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return answer.text


async def test_requests_are_counted_by_what_became_of_them(tenant: Tenant, start: Start, port: int) -> None:
    async with start("http", METRICS_PORT=str(port)) as bot:
        good = tenant.slack.sign(BODY) | FORM
        stale = tenant.slack.sign(BODY, int(time.time()) - 1000) | FORM
        for headers, body in ((good, BODY), (good, BODY), (good, BODY + b"x"), ({}, BODY), (stale, BODY)):
            await ask(bot.port, headers=headers, body=body)
        await ask(bot.port, headers={"Content-Length": "9999999"})
        await ask(bot.port, host="evil.example.test")
        await ask(bot.port, "GET", "/healthz", headers={"X": "\0"})
        text = await _scrape(port)
    expected = {
        "dispatched": 1,
        "replayed": 1,
        "unsigned": 2,
        "stale": 1,
        "too_large": 1,
        "wrong_host": 1,
        "unreadable": 1,
        "too_slow": 0,
        "rate_limited": 0,
        "crowded_out": 0,
    }
    assert {one: _value(text, f'edge_requests_total{{became="{one}"}}') for one in expected} == expected


async def test_graph_is_counted_and_nobody_is_named(tenant: Tenant, start: Start, port: int, carol: Play) -> None:
    """Fails when a label holds anything of what was cancelled, by whom or where."""
    async with start("http", METRICS_PORT=str(port)):
        target = tenant.graph.add("operationApprovalRequest", owner=ALICE.oid)
        await carol.cancel("operation-approval", target, "canary of a reason")
        text = await _scrape(port)
    assert _value(text, 'graph_requests_total{method="POST"}') == 1
    assert _value(text, 'graph_answers_total{method="POST",status="2xx"}') == 1
    assert _value(text, 'graph_answers_total{method="GET",status="2xx"}') >= 1
    for secret in (target, TENANT_ID, CHANNEL, CAROL.slack_id, CAROL.oid, ALICE.oid, "canary", tenant.bot_token):
        assert secret.casefold() not in text.casefold()
    assert all(re.fullmatch(r'(\w+="[\w.+-]+",?)+', labels) for labels in LABELLED.findall(text))


async def test_the_edge_does_not_tell(start: Start, port: int) -> None:
    """Only the other port does, and only there; it is closed to other machines."""
    async with start("http", METRICS_PORT=str(port)) as bot:
        for path in ("/metrics", "/metrics/", "//metrics", "/auth/metrics", "/healthz/metrics"):
            assert (await ask(bot.port, "GET", path)).status == 404
        for path in ("/", "/healthz", "/slack/events", "/auth/start"):
            assert (await ask(port, "GET", path)).status == 404
        assert (await ask(port, "POST", "/metrics")).status == 405
        with socket.socket() as elsewhere, pytest.raises(ConnectionRefusedError):
            elsewhere.connect(("127.0.0.2", port))  # as any address but the one: nothing listens there


async def test_off_unless_asked_for(start: Start, port: int) -> None:
    async with start("http"):
        with socket.socket() as client, pytest.raises(ConnectionRefusedError):
            client.connect(("127.0.0.1", port))


async def test_a_port_that_is_taken(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(ConfigError, match="METRICS_PORT: cannot listen there"):
            async with start("http", METRICS_PORT=str(number)):
                pass
