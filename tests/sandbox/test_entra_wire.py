"""The Entra stand-in on the wire: its certificate, faults, and a restart."""

import ssl

import httpx
import pytest

from bot.sandbox.entra import EntraStandIn
from bot.sandbox.faults import Fault
from tests.sandbox.graph_clients import GRAPH, Application


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault("POST .*/token$", status=503, headers={"Retry-After": "3"}), 503),
        (Fault("POST .*/token$", status=200, body=b"<html>"), 200),
        (
            Fault("POST .*/token$", status=302, headers={"Location": "https://evil.example.test"}, body=b""),
            302,
        ),
    ],
)
async def test_fault_replaces_one_answer(
    entra: EntraStandIn, application: Application, fault: Fault, status: int
) -> None:
    entra.faults.add(fault)
    answer = await application.token("client_credentials", scope=f"{GRAPH}/.default")
    assert answer.status_code == status
    assert fault.headers.items() <= answer.headers.items() | {(n, answer.headers[n]) for n in fault.headers}
    assert (await application.app_token()).startswith("ey")
    assert [call.status for call in entra.calls] == [status, 200]


async def test_dropped_connection(entra: EntraStandIn, application: Application) -> None:
    entra.faults.add(Fault("POST .*/token$", drop=True))
    with pytest.raises(httpx.TransportError):
        await application.app_token()
    assert entra.calls[-1].status is None
    assert entra.calls[-1].parameters["grant_type"] == "client_credentials"


async def test_certificate_needs_the_authority(entra: EntraStandIn, trust: ssl.SSLContext) -> None:
    assert trust.verify_flags & ssl.VERIFY_X509_STRICT
    async with httpx.AsyncClient(trust_env=False) as stranger:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.get(entra.url)
    async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
        answer = await client.get(entra.url.replace("127.0.0.1", "localhost"))
    assert answer.status_code == 400


async def test_port_stays_over_a_restart(entra: EntraStandIn, application: Application) -> None:
    url = entra.url
    await entra.stop()
    with pytest.raises(httpx.ConnectError):
        await application.app_token()
    await entra.start()
    assert entra.url == url
    assert await application.app_token()
