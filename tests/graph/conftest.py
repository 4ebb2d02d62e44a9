"""Entra, Graph and Azure Resource Manager stand-ins over TLS, and the bot's clients of them."""

import io
import logging
import ssl
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from bot import logs
from bot.sandbox.arm import ArmStandIn
from bot.sandbox.entra import EntraStandIn
from bot.sandbox.entra_client import Credentials
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import PEOPLE, TENANT_ID
from bot.sandbox.tls import ThrowAwayAuthority
from tests.graph.world import CLIENT_ID, REDIRECT_URI, SECRET, World, bot_against


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> ThrowAwayAuthority:
    return ThrowAwayAuthority(tmp_path_factory.mktemp("tls") / "ca.pem")


@pytest.fixture(scope="session")
def trust(authority: ThrowAwayAuthority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.ca_path))


@pytest.fixture
async def entra(authority: ThrowAwayAuthority) -> AsyncIterator[EntraStandIn]:
    credentials = Credentials(secret=SECRET)
    stand_in = EntraStandIn(
        PEOPLE, TENANT_ID, authority, client_id=CLIENT_ID, redirect_uris={REDIRECT_URI}, credentials=credentials
    )
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def graph(entra: EntraStandIn, authority: ThrowAwayAuthority) -> AsyncIterator[GraphStandIn]:
    stand_in = GraphStandIn(entra, authority)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def arm(entra: EntraStandIn, authority: ThrowAwayAuthority) -> AsyncIterator[ArmStandIn]:
    stand_in = ArmStandIn(entra, authority)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def elsewhere(entra: EntraStandIn, authority: ThrowAwayAuthority) -> AsyncIterator[GraphStandIn]:
    """Another Graph, which nothing may ever reach."""
    stand_in = GraphStandIn(entra, authority)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()
    assert stand_in.calls == []


@pytest.fixture
async def world(
    entra: EntraStandIn, graph: GraphStandIn, arm: ArmStandIn, trust: ssl.SSLContext
) -> AsyncIterator[World]:
    async with bot_against(entra, graph, trust, arm=arm) as world:
        yield world
    assert {url.netloc.decode() for url in world.asked} <= {entra.url.removeprefix("https://")}


@pytest.fixture
async def restarted(entra: EntraStandIn, graph: GraphStandIn, trust: ssl.SSLContext) -> AsyncIterator[World]:
    """The bot's clients as a fresh process has them."""
    async with bot_against(entra, graph, trust) as world:
        yield world


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the bot's logging writes in one test, as noisy as it can be.

    Standard error would not do: what pytest puts in its place is another one while fixtures are set up.
    """
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = root.handlers[:]
    logs.configure("console", "DEBUG")
    [handler] = [one for one in root.handlers if isinstance(one, logging.StreamHandler)]
    written = io.StringIO()
    handler.setStream(written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
