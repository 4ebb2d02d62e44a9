"""The bot's Microsoft side, put together against the stand-ins."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from bot.graph.client import GraphClient
from bot.graph.msal_app import Authority, MsalApps
from bot.graph.signin import begin, redeem
from bot.graph.tokens import Account, Tokens
from bot.graph.wire import Caller, Wire
from bot.resources import Registry, Resource, Service, Target, load
from bot.sandbox.arm import ArmStandIn
from bot.sandbox.entra import EntraStandIn
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import TENANT_ID, Person
from tests.kinds import facts_of, pending_of

CLIENT_ID = "b0700000-0000-4000-8000-00000000c11e"
REDIRECT_URI = "https://bot.example.test/auth/callback"
SECRET = "not-a-secret"
GRAPH = "https://graph.microsoft.com"
ARM = "https://management.azure.com"
TOKEN = r"POST .*/token$"
DISCOVERY = r"GET .*/openid-configuration$"
REGISTRY: Registry = load()
APPLICATION = Caller()
PATIENCE = (0.05, 0.15)


@dataclass
class Memory:
    """Keeps MSAL caches as `AccountStore` asks for it, and how often each was saved."""

    caches: dict[Account, str] = field(default_factory=dict)
    saves: int = 0

    async def load(self, account: Account) -> str | None:
        return self.caches.get(account)

    async def save(self, account: Account, cache: str) -> None:
        self.caches[account] = cache
        self.saves += 1


@dataclass
class World:
    """The stand-ins and the bot's clients of them. `asked` are the URLs that MSAL asked for."""

    entra: EntraStandIn
    graph: GraphStandIn
    trust: ssl.SSLContext
    http: httpx.AsyncClient
    apps: MsalApps
    asked: list[httpx.URL]
    accounts: Memory
    tokens: Tokens
    azure: ArmStandIn | None = None

    def __post_init__(self) -> None:
        wires = [self.wire(self.http)]
        if self.azure:
            wires.append(self.arm_wire(self.http))
        self.client = GraphClient(*wires)

    @property
    def arm(self) -> ArmStandIn:
        """The Azure Resource Manager stand-in, where there is one."""
        assert self.azure is not None
        return self.azure

    def wire(self, http: httpx.AsyncClient) -> Wire:
        return Wire(http, self.graph.url, GRAPH, self.tokens, 10.0)

    def arm_wire(self, http: httpx.AsyncClient, seconds: float = 10.0) -> Wire:
        return Wire(http, self.arm.url, ARM, self.tokens, seconds, service=Service.ARM)

    def service(self, resource: Resource) -> GraphStandIn | ArmStandIn:
        """The stand-in that has the requests of this kind."""
        return self.arm if resource.service is Service.ARM else self.graph

    async def sign_in(self, person: Person, *permissions: str, audience: str = GRAPH) -> Account:
        """Lets the person sign in with these permissions, and keeps their cache."""
        flow, answer = await self.authorize(person, *permissions, audience=audience)
        signed_in = await asyncio.to_thread(redeem, self.apps, flow, answer)
        self.accounts.caches[signed_in.account] = signed_in.cache
        return signed_in.account

    async def authorize(
        self, person: Person, *permissions: str, audience: str = GRAPH
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The flow of a sign-in, and what Entra sends back to the redirect URI."""
        scopes = [f"{audience}/{permission}" for permission in permissions or ("User.Read",)]
        with warnings.catch_warnings():
            # MSAL prefers form_post; that `begin` stays silent about it has a test of its own.
            warnings.filterwarnings("ignore", "response_mode='form_post'")
            flow = await asyncio.to_thread(begin, self.apps, scopes, REDIRECT_URI, person.email)
        location = (await self.http.get(flow["auth_uri"])).headers["Location"]
        return flow, dict(parse_qsl(urlsplit(location).query))

    async def caller(self, person: Person, resource: Resource) -> Caller:
        """The person with the least permissions that read and cancel this kind."""
        needed = [resource.read.permissions.delegated[0], *(call.permissions.delegated[0] for call in resource.cancel)]
        granted = (name.replace("{scope}", scope) for name in needed for scope in resource.scopes.values() or [""])
        audience = ARM if resource.service is Service.ARM else GRAPH
        return Caller(await self.sign_in(person, *sorted(set(granted)), audience=audience))

    def target(self, kind: str, owner: Person, scope: str = "", **properties: Any) -> Target:
        """A new request of that person in the stand-in."""
        resource = REGISTRY[kind]
        facts = facts_of(resource)
        if facts.initial.casefold() not in facts.cancellable:
            properties = {"state": pending_of(resource, facts)} | properties
        if scope:
            properties["provider"] = scope
        return Target(kind, self.service(resource).add(resource.graph_type, owner=owner.oid, **properties), scope)

    def token_calls(self, grant_type: str) -> list[int | None]:
        """The statuses of the token requests of that type."""
        return [call.status for call in self.entra.calls if call.parameters.get("grant_type") == grant_type]

    async def until_asked(self, grant_type: str) -> None:
        """Waits until a token request of that type has come in."""
        async with asyncio.timeout(60):
            while not self.token_calls(grant_type):  # noqa: ASYNC110 - the stand-in keeps a list, not an event
                await asyncio.sleep(0)


@asynccontextmanager
async def bot_against(
    entra: EntraStandIn,
    graph: GraphStandIn,
    trust: ssl.SSLContext,
    credential: object = SECRET,
    seconds: float = 5,
    arm: ArmStandIn | None = None,
) -> AsyncIterator[World]:
    """The bot's clients with that credential, closed at the end; they wait so long for Entra."""
    asked: list[httpx.URL] = []
    msal_http = httpx.Client(
        verify=trust,
        trust_env=False,
        timeout=seconds,
        event_hooks={"request": [lambda request: asked.append(request.url)]},
    )
    apps = MsalApps(Authority(entra.url, TENANT_ID, CLIENT_ID, credential), msal_http)
    accounts = Memory()
    tokens = Tokens(apps, accounts, PATIENCE)
    with msal_http:
        async with httpx.AsyncClient(verify=trust, trust_env=False, timeout=30) as http:
            yield World(entra, graph, trust, http, apps, asked, accounts, tokens, arm)
            await tokens.close()
