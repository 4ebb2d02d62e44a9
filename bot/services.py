"""What every command that talks to the outside needs: database, Microsoft and Slack, opened and closed together."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.accounts import Accounts
from bot.clock import Clock
from bot.configuration import Configuration
from bot.errors import Unavailable
from bot.graph.client import GraphClient
from bot.graph.health import CredentialHealth
from bot.graph.msal_app import Authority, MsalApps
from bot.graph.tokens import Tokens
from bot.graph.wire import Wire
from bot.metrics import Metrics
from bot.resources import Service
from bot.settings import Settings
from bot.slack.api import FAULTS, error_of, web_client
from bot.store import Store
from bot.timings import Timings

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Services:
    """The open connections of a process. `context` is whom TLS trusts, `team` the bot's own according to Slack."""

    store: Store
    accounts: Accounts
    msal: MsalApps
    tokens: Tokens
    credential: CredentialHealth
    graph: GraphClient
    slack: AsyncWebClient
    session: aiohttp.ClientSession
    team: str
    timings: Timings
    context: ssl.SSLContext
    clock: Clock
    metrics: Metrics


@asynccontextmanager
async def open_services(
    configuration: Configuration, *, serving: bool = False, trying: bool = False
) -> AsyncIterator[Services]:
    """Opens everything; raises `ConfigError` or, when Slack cannot be reached, `Unavailable`.

    `serving`: as the only process on a SQLite file. `trying`: whoever asks for it tries the database and Slack itself;
    `team` is empty.
    """
    settings = configuration.settings
    timings = Timings().scaled(settings.time_scale)
    async with AsyncExitStack() as stack:
        store = Store(settings.database_url.get_secret_value())
        stack.push_async_callback(store.close)
        if serving:
            store.hold_alone()
        if not trying:
            await store.prepare()
        accounts = Accounts(store, settings.token_keys.get_secret_value() if settings.token_keys else "")
        options = _http_options(settings, timings)
        clock, metrics = Clock(), Metrics()
        told: dict[str, Any] = {"response": [lambda answer: clock.note(answer.headers.get("Date", ""))]}
        entra = stack.enter_context(httpx.Client(**options | {"timeout": timings.entra, "event_hooks": told}))
        variable, credential = _credential(settings)
        msal = MsalApps(_authority(settings, credential), entra)
        tokens = Tokens(msal, accounts, timings.saved_elsewhere)
        stack.push_async_callback(tokens.close)
        health = CredentialHealth(tokens, settings.resource, variable, timings.credential_again)
        stack.push_async_callback(health.close)
        counted = _counted(metrics, clock)
        http = await stack.enter_async_context(httpx.AsyncClient(**options, event_hooks=counted))
        urls = {Service.GRAPH: settings.graph_url, Service.ARM: settings.arm_url}
        wires = (
            Wire(http, urls[service], audience, tokens, timings.whole, service=service)
            for service, audience in settings.audiences.items()
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        token = settings.slack_bot_token.get_secret_value()
        slack = web_client(token, settings.slack_api_url, session, timings.slack_call)
        yield Services(
            store=store,
            accounts=accounts,
            msal=msal,
            tokens=tokens,
            credential=health,
            graph=GraphClient(*wires),
            slack=slack,
            session=session,
            team="" if trying else await _team(slack),
            timings=timings,
            context=options["verify"],
            clock=clock,
            metrics=metrics,
        )


def _authority(settings: Settings, credential: Any) -> Authority:
    return Authority(settings.azure_authority_host, settings.azure_tenant_id, settings.azure_client_id, credential)


def _credential(settings: Settings) -> tuple[str, Any]:
    """The first credential that is configured: its variable, and the credential in MSAL's form."""
    secret = settings.azure_client_secret
    configured = {
        "AZURE_FEDERATED_TOKEN_FILE": _federated(settings.azure_federated_token_file),
        "AZURE_CLIENT_CERTIFICATE_PATH": _certificate(settings.azure_client_certificate_path),
        "AZURE_CLIENT_SECRET": secret.get_secret_value() if secret else "",
    }
    used, *ignored = [name for name, value in configured.items() if value]
    if ignored:
        log.warning("several_credentials", used=used, ignored=ignored)
    return used, configured[used]


def _federated(file: Path | None) -> Any:
    # The platform renews the file, so it is read for each assertion.
    return {"client_assertion": lambda: file.read_text(encoding="utf-8").strip()} if file else None


def _certificate(file: Path | None) -> Any:
    pem = file.read_text(encoding="utf-8", errors="replace") if file else ""
    return {"private_key": pem, "public_certificate": pem} if pem else None


def _http_options(settings: Settings, timings: Timings) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=settings.ca_bundle)
    # Nothing of the environment may lead a token elsewhere: an outgoing proxy is configured as GRAPH_URL.
    return {
        "verify": context,
        "timeout": httpx.Timeout(timings.read, connect=timings.connect),
        "follow_redirects": False,
        "trust_env": False,
    }


def _counted(metrics: Metrics, clock: Clock) -> dict[str, list[Callable[..., Awaitable[None]]]]:
    """What counts each exchange with Graph, and compares the clocks."""

    async def sent(request: httpx.Request) -> None:
        metrics.graph_sent(request.method)

    async def answered(response: httpx.Response) -> None:
        metrics.graph_answered(response.request.method, response.status_code)
        clock.note(response.headers.get("Date", ""))

    return {"request": [sent], "response": [answered]}


async def _team(slack: AsyncWebClient) -> str:
    try:
        return str((await slack.auth_test())["team_id"])
    except FAULTS as error:
        raise refused_token(error, slack, "SLACK_BOT_TOKEN") from error


def refused_token(error: BaseException, slack: AsyncWebClient, variable: str) -> Unavailable:
    """What is said of a token that Slack does not take, or when Slack cannot be asked."""
    if isinstance(error, SlackApiError):
        return Unavailable(f"Slack did not accept the token ({error_of(error)}).", f"Check {variable}.")
    return Unavailable(f"Slack could not be reached at {slack.base_url} ({error_of(error)}).", "Check SLACK_API_URL.")
