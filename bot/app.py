"""The composition root of a serving process: every part is built here, and nowhere else."""

import asyncio
import contextlib
import time
from typing import Final
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bot.attempt import Attempts
from bot.audit import Audit
from bot.cancel import Canceller
from bot.cancellations import Cancellations
from bot.configuration import Configuration
from bot.durable import Engine
from bot.errors import ConfigError, NoDatabase
from bot.gate import Gate
from bot.housekeeping import Housekeeper
from bot.instances import Instance, TakenOver, Watchman
from bot.keys import Sealer, audit_key
from bot.policy import groups_named
from bot.posts import Posts
from bot.reading import Reader
from bot.runs import Runs
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
from bot.store import new_id
from bot.tasks import Tasks
from bot.unsettled import Unsettled
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
        self._background = Tasks(awaited=True)
        self._bolt = _bolt(configuration, services)
        self._instance = Instance(new_id(), services.store, services.timings)
        self._engine = Engine(services.store.url, self._instance.id)
        self._watch: list[asyncio.Task[None]] = []
        self._build(configuration)
        self._socket = self._socket_handler()
        self._edge = Edge(self._bolt, self._verifier(), self._public_host(), self._ready)

    @property
    def port(self) -> int:
        """Where the HTTP edge listens."""
        return self._edge.port

    async def start(self) -> None:
        """Goes on with what was left, and begins to listen: for HTTP always, in Socket Mode for Slack's payloads.

        Raises `ConfigError` when the address is taken, `Unavailable` when Slack does not take the socket.
        """
        await self._instance.join()
        await self._engine.launch()
        await self._watchman.take_over()
        self._watch = [self._background.spawn(self._watchman.watch()), self._background.spawn(self._housekeeper.keep())]
        try:
            await self._edge.start(self._settings.host, self._settings.port)
        except OSError as error:
            raise ConfigError([f"HOST, PORT: cannot listen there: {error.strerror}"]) from error
        if self._socket:
            await self._try_app_token(self._socket.app_token)
            await self._socket.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
        log.info("serving", mode="socket" if self._socket else "http", host=self._settings.host, port=self.port)

    async def run(self) -> None:
        """Returns never; raises what makes it impossible to go on, `TakenOver` among that."""
        try:
            await asyncio.gather(*self._watch)
        except TakenOver:
            self._engine.freeze()
            raise

    async def stop(self) -> None:
        """Takes no new clicks, and lets what was begun end, or be left in order for whoever goes on with it."""
        if self._socket:
            await self._socket.close_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
        await self._edge.stop()
        timings = self._services.timings
        answered = await asyncio.gather(
            *(tasks.drain(timings.drain_clicks) for tasks in (self._clicks, self._submissions))
        )
        await self._background.drain(0)
        begun = await self._canceller.drain(timings.drain_clicks)
        if not await self._engine.drain(timings.drain) or not begun or not all(answered):
            log.warning("stopped_with_work_left")
        await self._engine.close()
        with contextlib.suppress(NoDatabase):
            await self._instance.leave()

    async def _try_app_token(self, token: str) -> None:
        """The socket would retry a wrong token for ever."""
        try:
            await self._services.slack.apps_connections_open(app_token=token)
        except FAULTS as error:
            raise refused_token(error, self._services.slack, "SLACK_APP_TOKEN") from error

    def _build(self, configuration: Configuration) -> None:
        services, registry = self._services, configuration.enabled
        settings, store = configuration.settings, services.store
        key = audit_key(_secret(settings.audit_key), settings.database_url.get_secret_value())
        audit, sealer, posts = Audit(store, key), Sealer(key), Posts(store)
        poster = Poster(services.slack, posts, settings.slack_api_url, services.timings.slack_patience)
        cards = Cards(store, poster, configuration.everything, services.team)
        directory = Directory(
            services.slack,
            services.accounts,
            services.team,
            groups_named(configuration.rules),
            services.timings.before_dialog,
        )
        gate = Gate(registry, configuration.rules, directory, Reader(services.graph))
        cancellations = Cancellations(store, services.accounts, audit, sealer, self._instance.id)
        attempts = Attempts(
            gate=gate,
            everything=configuration.everything,
            graph=services.graph,
            audit=audit,
            fence=self._instance,
            timings=services.timings,
        )
        teller = SlackTeller(store, poster, cards, configuration.everything, settings.audit_channel)
        runs = Runs(store)
        self._canceller = Canceller(
            gate=gate,
            attempts=attempts,
            cancellations=cancellations,
            runs=runs,
            engine=self._engine,
            teller=teller,
            timings=services.timings,
        )
        Unsettled(
            attempts=attempts,
            cancellations=cancellations,
            engine=self._engine,
            teller=teller,
            timings=services.timings,
        )
        self._watchman = Watchman(self._instance, self._engine, runs, services.timings)
        self._housekeeper = Housekeeper(
            store=store,
            engine=self._engine,
            cancellations=cancellations,
            accounts=services.accounts,
            posts=posts,
            audit=audit,
            poster=poster,
            audit_channel=settings.audit_channel,
            retention_days=settings.audit_retention_days,
            timings=services.timings,
        )
        dialogs = Dialogs(client=services.slack, store=store, sealer=sealer, gate=gate, cards=cards, tasks=self._clicks)
        parser = Parser(configuration.everything, registry, settings.azure_cloud, settings.graph_hosts)
        self._listen(parser=parser, directory=directory, gate=gate, dialogs=dialogs, poster=poster, sealer=sealer)

    def _listen(
        self, *, parser: Parser, directory: Directory, gate: Gate, dialogs: Dialogs, poster: Poster, sealer: Sealer
    ) -> None:
        self._bolt.command(COMMAND)(
            Commands(
                parser=parser,
                directory=directory,
                accounts=self._services.accounts,
                gate=gate,
                dialogs=dialogs,
                poster=poster,
                tasks=self._clicks,
            )
        )
        self._bolt.action(CANCEL_ACTION)(
            CancelButton(
                store=self._services.store,
                directory=directory,
                gate=gate,
                dialogs=dialogs,
                poster=poster,
                tasks=self._clicks,
            )
        )
        self._bolt.view(CALLBACK)(
            SubmittedDialog(
                store=self._services.store,
                parser=parser,
                directory=directory,
                canceller=self._canceller,
                poster=poster,
                sealer=sealer,
                tasks=self._submissions,
                late=self._clicks,
                seconds=self._services.timings.record,
            )
        )

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


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""


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
