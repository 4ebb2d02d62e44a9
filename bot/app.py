"""The composition root of a serving process: every part is built here, and nowhere else."""

import asyncio
import time
from typing import Final
from urllib.parse import urlsplit

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bot.attempt import Attempts
from bot.audit import Audit
from bot.cancel import Canceller
from bot.configuration import Configuration
from bot.errors import ConfigError
from bot.gate import Gate
from bot.policy import groups_named
from bot.reading import Reader
from bot.services import Services, refused_token
from bot.slack.actions import CancelButton
from bot.slack.api import FAULTS
from bot.slack.blocks import CANCEL_ACTION
from bot.slack.cards import Cards
from bot.slack.commands import Commands
from bot.slack.dialog import CALLBACK
from bot.slack.dialogs import Dialogs
from bot.slack.directory import Directory
from bot.slack.posting import Poster
from bot.slack.request import Parser
from bot.slack.telling import SlackTeller
from bot.slack.text import COMMAND
from bot.slack.views import SubmittedDialog
from bot.tasks import Tasks
from bot.web.edge import Edge
from bot.web.verifier import Verifier

log = structlog.get_logger(__name__)

_SOCKET_ALIVE: Final = 5.0  # seconds between pings


class Bot:
    """The running bot."""

    def __init__(self, configuration: Configuration, services: Services) -> None:
        self._settings = configuration.settings
        self._services = services
        self._clicks = Tasks()
        self._submissions = Tasks(awaited=True)
        self._bolt = _bolt(configuration, services)
        self._canceller = self._build(configuration)
        self._socket = self._socket_handler()
        self._edge = Edge(self._bolt, self._verifier(), self._public_host(), self._ready)

    @property
    def port(self) -> int:
        """Where the HTTP edge listens."""
        return self._edge.port

    async def start(self) -> None:
        """Begins to listen: for HTTP always, and in Socket Mode for Slack's payloads.

        Raises `ConfigError` when the address is taken, `Unavailable` when Slack does not take the socket.
        """
        try:
            await self._edge.start(self._settings.host, self._settings.port)
        except OSError as error:
            raise ConfigError([f"HOST, PORT: cannot listen there: {error.strerror}"]) from error
        if self._socket:
            await self._try_app_token(self._socket.app_token)
            await self._socket.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
        log.info("serving", mode="socket" if self._socket else "http", host=self._settings.host, port=self.port)

    async def stop(self) -> None:
        """Takes no new clicks, and lets what was begun end."""
        if self._socket:
            await self._socket.close_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
        await self._edge.stop()
        timings = self._services.timings
        answered = await asyncio.gather(
            *(tasks.drain(timings.drain_clicks) for tasks in (self._clicks, self._submissions))
        )
        if not await self._canceller.drain(timings.drain) or not all(answered):
            log.error("stopped_with_work_left")

    async def _try_app_token(self, token: str) -> None:
        """The socket would retry a wrong token for ever."""
        try:
            await self._services.slack.apps_connections_open(app_token=token)
        except FAULTS as error:
            raise refused_token(error, self._services.slack, "SLACK_APP_TOKEN") from error

    def _build(self, configuration: Configuration) -> Canceller:
        services, registry = self._services, configuration.enabled
        settings = configuration.settings
        poster = Poster(services.slack, settings.slack_api_url, services.timings.slack_patience)
        cards = Cards(services.store, poster, registry, services.team)
        directory = Directory(
            services.slack,
            services.accounts,
            services.team,
            groups_named(configuration.rules),
            services.timings.before_dialog,
        )
        gate = Gate(registry, configuration.rules, directory, Reader(services.graph))
        audit = Audit(services.store)
        teller = SlackTeller(services.store, poster, cards, registry, settings.audit_channel)
        attempts = Attempts(gate, services.graph, audit, teller, services.timings)
        canceller = Canceller(gate, attempts, audit, teller, services.timings)
        dialogs = Dialogs(services.slack, services.store, gate, cards, self._clicks)
        parser = Parser(configuration.everything, registry, settings.azure_cloud, settings.graph_hosts)
        self._bolt.command(COMMAND)(
            Commands(parser=parser, directory=directory, gate=gate, dialogs=dialogs, poster=poster, tasks=self._clicks)
        )
        self._bolt.action(CANCEL_ACTION)(
            CancelButton(
                store=services.store,
                directory=directory,
                gate=gate,
                dialogs=dialogs,
                poster=poster,
                tasks=self._clicks,
            )
        )
        self._bolt.view(CALLBACK)(
            SubmittedDialog(
                store=services.store,
                parser=parser,
                directory=directory,
                canceller=canceller,
                poster=poster,
                tasks=self._submissions,
                late=self._clicks,
            )
        )
        return canceller

    def _socket_handler(self) -> AsyncSocketModeHandler | None:
        token = self._settings.slack_app_token
        if not token:
            return None
        return AsyncSocketModeHandler(self._bolt, token.get_secret_value(), ping_interval=_SOCKET_ALIVE)

    def _verifier(self) -> Verifier | None:
        secret = self._settings.slack_signing_secret
        return None if self._settings.socket_mode or not secret else Verifier(secret.get_secret_value(), time.time)

    def _public_host(self) -> str:
        return urlsplit(self._settings.public_url or "").netloc

    async def _ready(self) -> bool:
        connected = self._socket is None or await self._socket.client.is_connected()
        return connected and await self._services.store.reachable()


def _bolt(configuration: Configuration, services: Services) -> AsyncApp:
    settings = configuration.settings
    token = settings.slack_bot_token.get_secret_value()

    async def authorize() -> AuthorizeResult:
        # Given explicitly, or Bolt takes SLACK_CLIENT_ID in the environment for a distributed app and refuses all.
        return AuthorizeResult(enterprise_id=None, team_id=services.team, bot_token=token)

    secret = settings.slack_signing_secret
    bolt = AsyncApp(
        client=services.slack,
        authorize=authorize,
        signing_secret=secret.get_secret_value() if secret else "unused in Socket Mode",
    )

    @bolt.error
    async def failed(error: Exception) -> BoltResponse:
        log.error("listener_failed", error=type(error).__name__, exc_info=error)
        return BoltResponse(status=200, body="")

    return bolt
