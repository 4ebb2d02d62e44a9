"""The bot's own tokens: each sort of credential, one request for many callers, and Entra out of order."""

import asyncio
import io
import json
import logging
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest

from bot.errors import BadCredential, Unavailable
from bot.graph.tokens import Tokens
from bot.sandbox.entra import EntraStandIn
from bot.sandbox.entra_client import Credentials
from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from tests.certificates import self_signed, with_garbage_for_key
from tests.graph.world import DISCOVERY, GRAPH, PATIENCE, SECRET, TOKEN, World, bot_against

CLIENT_CREDENTIALS = "client_credentials"


@pytest.fixture(scope="session")
def pem() -> str:
    """The certificate that is registered."""
    return self_signed()


async def test_secret(world: World) -> None:
    claims = world.entra.verify(await world.tokens.application(GRAPH), GRAPH)
    assert claims["idtyp"] == "app"
    assert claims["xms_cc"] == ["CP1"]


async def test_certificate(entra: EntraStandIn, graph: GraphStandIn, trust: ssl.SSLContext, pem: str) -> None:
    entra.credentials = Credentials(certificate=pem.encode())
    async with bot_against(entra, graph, trust, certificate(pem)) as world:
        assert world.entra.verify(await world.tokens.application(GRAPH), GRAPH)["idtyp"] == "app"
    assertion = entra.calls[-1].parameters["client_assertion"]
    assert jwt.get_unverified_header(assertion)["alg"] == "PS256"


async def test_federated_token_is_read_anew(
    entra: EntraStandIn, graph: GraphStandIn, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    """Kubernetes replaces the file about every hour."""
    file = tmp_path / "token"
    async with bot_against(entra, graph, trust, {"client_assertion": file.read_text}) as world:
        for content in ("first.assertion", "second.assertion"):
            await asyncio.to_thread(file.write_text, content)
            entra.credentials = Credentials(federated_token=content)
            claims = json.dumps({"access_token": {"nbf": {"value": content}}})
            assert await world.tokens.application(GRAPH, claims=claims)
    assert world.token_calls(CLIENT_CREDENTIALS) == [200, 200]


def certificate(pem: str) -> dict[str, str]:
    """In MSAL's form, as the bot makes it from one file."""
    return {"private_key": pem, "public_certificate": pem}


def unusable() -> Iterator[Any]:
    good = self_signed()
    file = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----"
    yield pytest.param("canary", "invalid_client AADSTS7000215", id="secret")
    yield pytest.param({"client_assertion": lambda: "canary"}, "invalid_client AADSTS700213", id="assertion")
    yield pytest.param({"client_assertion": lambda: ""}, "the file is empty", id="empty file")
    yield pytest.param({"client_assertion": Path("/canary").read_text}, "the file cannot be read", id="missing file")
    yield pytest.param({"client_assertion": b"\xff".decode}, "the file cannot be read", id="binary file")
    yield pytest.param(certificate(good), "invalid_client AADSTS700027", id="certificate")
    yield pytest.param(certificate("canary"), "the certificate cannot be read", id="text")
    yield pytest.param(certificate(file), "the certificate cannot be read", id="damaged certificate")
    yield pytest.param(certificate(with_garbage_for_key(good)), "the private key cannot be read", id="damaged key")
    yield pytest.param(certificate(self_signed(elliptic=True)), "the private key is no RSA key", id="elliptic")
    locked = self_signed(password=b"canary")
    yield pytest.param(certificate(locked), "the private key is encrypted with a password", id="password")


@pytest.mark.parametrize(("credential", "cause"), list(unusable()))
async def test_unusable_credential(
    entra: EntraStandIn, graph: GraphStandIn, trust: ssl.SSLContext, pem: str, credential: object, cause: str
) -> None:
    """Fails when it is told as an answer of Entra that nobody can read, or when an error of a library escapes."""
    if cause.endswith("700027"):
        entra.credentials = Credentials(certificate=pem.encode())
    async with bot_against(entra, graph, trust, credential) as world:
        with pytest.raises(BadCredential) as caught:
            await world.tokens.application(GRAPH)
    assert caught.value.cause == cause
    assert caught.value.next_step == "Ask whoever runs this bot to renew it."
    assert "canary" not in repr(caught.value) + caught.value.cause


@pytest.mark.parametrize(
    ("status", "error", "number"),
    [(400, "invalid_request", 70021), (400, "unauthorized_client", 700016), (401, "invalid_client", 7000222)],
)
async def test_credential_that_entra_refuses(world: World, status: int, error: str, number: int) -> None:
    """As Entra has told it, in its various forms: no such federated identity, no such application, expired."""
    body = {"error": error, "error_description": f"AADSTS{number}: canary", "error_codes": [number, "canary"]}
    world.entra.faults.add(Fault(TOKEN, status=status, body=body))
    with pytest.raises(BadCredential) as caught:
        await world.tokens.application(GRAPH)
    assert caught.value.cause == f"{error} AADSTS{number}"


@pytest.mark.parametrize("codes", [5, None, [], {"a": 1}])
async def test_refusal_without_numbers(world: World, codes: object) -> None:
    world.entra.faults.add(Fault(TOKEN, status=401, body={"error": "invalid_client", "error_codes": codes}))
    with pytest.raises(BadCredential) as caught:
        await world.tokens.application(GRAPH)
    assert caught.value.cause == "invalid_client"


async def test_certificate_before_its_key(
    entra: EntraStandIn, graph: GraphStandIn, trust: ssl.SSLContext, pem: str
) -> None:
    """The order in the file is the operator's."""
    entra.credentials = Credentials(certificate=pem.encode())
    key, end, public = pem.partition("-----END PRIVATE KEY-----\n")
    async with bot_against(entra, graph, trust, certificate(public + key + end)) as world:
        assert await world.tokens.application(GRAPH)


async def test_cached(world: World) -> None:
    first = await world.tokens.application(GRAPH)
    await world.entra.stop()
    assert await world.tokens.application(GRAPH) == first


async def test_many_callers_make_one_request(world: World) -> None:
    found = await asyncio.gather(*(world.tokens.application(GRAPH) for _ in range(20)))
    assert len(set(found)) == 1
    assert world.token_calls(CLIENT_CREDENTIALS) == [200]


async def test_nothing_but_the_configured_host_is_asked(world: World) -> None:
    await world.tokens.application(GRAPH)
    assert len(world.asked) == len(world.entra.calls) == 2


async def test_host_of_the_discovery_document_is_not_asked(world: World, elsewhere: GraphStandIn) -> None:
    document = {
        "issuer": world.entra.issuer,
        "authorization_endpoint": f"{elsewhere.url}/authorize",
        "token_endpoint": f"{elsewhere.url}/token",
    }
    world.entra.faults.add(Fault(DISCOVERY, status=200, body=document))
    with pytest.raises(Unavailable):
        await world.tokens.application(GRAPH)


async def test_loop_goes_on_while_entra_is_slow(world: World) -> None:
    world.entra.faults.add(Fault(TOKEN, delay=0.3))
    waiting, turns = asyncio.create_task(world.tokens.application(GRAPH)), 0
    while not waiting.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert await waiting
    assert turns > 20


@pytest.mark.parametrize("place", [DISCOVERY, TOKEN])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 200, "body": b"<html>Sign in to the network</html>"},
        {"status": 502, "body": b"<html>Bad gateway</html>"},
        {"status": 302, "body": b"", "headers": {"Location": "https://evil.example.test/"}},
        {"status": 429, "body": b"", "headers": {"Retry-After": "1"}},
        {"drop": True},
    ],
    ids=["503", "html", "gateway", "redirect", "throttled", "dropped"],
)
async def test_entra_out_of_order(world: World, place: str, fault: dict[str, Any]) -> None:
    world.entra.faults.add(Fault(place, **fault))
    with pytest.raises(Unavailable):
        await world.tokens.application(GRAPH)


@pytest.mark.parametrize(
    "body",
    [
        b"5",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"error":5}',
        b'{"access_token":"x","expires_in":"soon"}',
        b'{"access_token":"x","expires_in":null}',
        b"[" * 100_000,
        b"\xff",
    ],
)
async def test_token_answer_of_another_form(world: World, body: bytes) -> None:
    world.entra.faults.add(Fault(TOKEN, status=200, body=body))
    with pytest.raises(Unavailable):
        await world.tokens.application(GRAPH)


async def test_entra_down(world: World) -> None:
    await world.entra.stop()
    with pytest.raises(Unavailable):
        await world.tokens.application(GRAPH)
    await world.entra.start()
    assert await world.tokens.application(GRAPH)


async def test_strange_discovery_document_is_not_remembered(world: World) -> None:
    """MSAL keeps every 2xx answer of a GET for a day, also the page of a captive portal."""
    world.entra.faults.add(Fault(DISCOVERY, status=200, body=b"<html>Sign in to the network</html>"))
    with pytest.raises(Unavailable):
        await world.tokens.application(GRAPH)
    assert await world.tokens.application(GRAPH)


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}], ids=["503", "dropped"])
async def test_ageing_token_is_used_while_entra_is_out(world: World, fault: dict[str, Any]) -> None:
    answer = {"token_type": "Bearer", "access_token": "ageing", "expires_in": 3600, "refresh_in": -1}
    world.entra.faults.add(Fault(TOKEN, status=200, body=answer))
    assert await world.tokens.application(GRAPH) == "ageing"
    world.entra.faults.add(Fault(TOKEN, **fault))
    assert await world.tokens.application(GRAPH) == "ageing"
    assert len(world.token_calls(CLIENT_CREDENTIALS)) == 2


async def test_answers_of_entra_are_not_logged(world: World, logged: io.StringIO) -> None:
    """MSAL logs what is no JSON, body and all. Fails where neither `_usable` refuses it nor its loggers are silent."""
    world.entra.faults.add(Fault(TOKEN, status=200, body=b"<html>canary</html>"))
    with pytest.raises(Unavailable) as caught:
        await world.tokens.application(GRAPH)
    logging.getLogger("bot").warning("this is seen")
    assert "this is seen" in logged.getvalue()
    assert "canary" not in str(caught.value) + logged.getvalue()


async def test_authority_hides_its_credential(world: World) -> None:
    assert SECRET not in repr(world.apps.authority)


async def test_audience_that_entra_does_not_know(world: World) -> None:
    with pytest.raises(Unavailable):
        await world.tokens.application("https://unknown.example.test")


async def test_closed_while_a_request_runs(world: World) -> None:
    tokens = Tokens(world.apps, world.accounts, PATIENCE)
    world.entra.faults.add(Fault(TOKEN, delay=0.1))
    waiting = asyncio.create_task(tokens.application(GRAPH))
    await world.until_asked(CLIENT_CREDENTIALS)
    await tokens.close()
    assert await waiting


async def test_authority_of_another_tenant(world: World) -> None:
    world.apps.authority = replace(world.apps.authority, tenant_id="00000000-0000-4000-8000-000000000000")
    with pytest.raises(Unavailable):
        await world.tokens.application(GRAPH)
