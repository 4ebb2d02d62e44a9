"""Entra, Graph and Azure Resource Manager stand-ins over TLS, and ways to get tokens from them."""

import ssl
from collections.abc import AsyncIterator

import httpx
import pytest

from bot.sandbox.arm import AUDIENCE, ArmStandIn
from bot.sandbox.entra import EntraStandIn
from bot.sandbox.entra_client import Credentials
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import CAROL, PEOPLE, TENANT_ID, Person
from bot.sandbox.tls import ThrowAwayAuthority
from tests.sandbox import arm_clients
from tests.sandbox.graph_clients import CLIENT_ID, REDIRECT_URI, SECRET, Application, As, GraphClient


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> ThrowAwayAuthority:
    return ThrowAwayAuthority(tmp_path_factory.mktemp("tls") / "ca.pem")


@pytest.fixture(scope="session")
def trust(authority: ThrowAwayAuthority) -> ssl.SSLContext:
    """A client-side context that trusts the authority, in OpenSSL's strict mode."""
    context = ssl.create_default_context(cafile=str(authority.ca_path))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@pytest.fixture
async def entra(authority: ThrowAwayAuthority) -> AsyncIterator[EntraStandIn]:
    stand_in = EntraStandIn(
        PEOPLE,
        TENANT_ID,
        authority,
        client_id=CLIENT_ID,
        redirect_uris={REDIRECT_URI},
        credentials=Credentials(secret=SECRET),
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
async def http(trust: ssl.SSLContext) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=trust, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def application(entra: EntraStandIn, http: httpx.AsyncClient) -> Application:
    return Application(entra, http)


@pytest.fixture
def as_person(graph: GraphStandIn, http: httpx.AsyncClient, application: Application) -> As:
    """Sign a person in with the given permissions, for Graph."""

    async def client(person: Person, *permissions: str, **changes: str) -> GraphClient:
        tokens = await application.sign_in(person, " ".join(permissions), **changes)
        return GraphClient(graph, http, tokens["access_token"])

    return client


@pytest.fixture
def as_application(graph: GraphStandIn, http: httpx.AsyncClient, application: Application) -> As:
    """Call Graph as the application itself."""

    async def client() -> GraphClient:
        return GraphClient(graph, http, await application.app_token())

    return client


@pytest.fixture
async def arm(entra: EntraStandIn, authority: ThrowAwayAuthority) -> AsyncIterator[ArmStandIn]:
    stand_in = ArmStandIn(entra, authority)
    stand_in.admins.add(CAROL.oid)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
def act(arm: ArmStandIn, http: httpx.AsyncClient, application: Application) -> arm_clients.As:
    """Call Azure Resource Manager as a person, or (None) as the application itself."""

    async def client(person: Person | None) -> arm_clients.ArmClient:
        if person is None:
            tokens = (await application.token("client_credentials", scope=f"{AUDIENCE}/.default")).json()
        else:
            tokens = await application.sign_in(person, f"{AUDIENCE}/user_impersonation")
        return arm_clients.ArmClient(arm, http, tokens["access_token"])

    return client
