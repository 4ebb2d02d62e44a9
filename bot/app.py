"""A serving process: it starts, listens, drains and stops. What it is made of is put together by `Parts`."""

import asyncio
import contextlib
import os
import time
from typing import Final
from urllib.parse import urlsplit

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bot.configuration import Configuration
from bot.durable import Engine
from bot.errors import ConfigError, NoDatabase
from bot.instances import Instance, TakenOver
from bot.parts import Parts
from bot.services import Services, refused_token
from bot.slack.api import FAULTS
from bot.store import new_id
from bot.tasks import Tasks
from bot.web.edge import Edge
from bot.web.scrape import MetricsListener
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
        self._parts = Parts(configuration, services, self._engine, self._instance)
        self._parts.listen(self._bolt, self._clicks, self._submissions)
        self._socket = self._socket_handler()
        self._edge = Edge(
            bolt=self._bolt,
            verifier=self._verifier(),
            public_host=self._public_host(),
            ready=self._ready,
            metrics=services.metrics,
            pages=self._parts.routes(),
        )
        self._scraped = MetricsListener(services.metrics)

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
        await self._parts.watchman.take_over()
        self._background.spawn(self._services.credential.accepted())  # said at once, and in time for who asks `_ready`
        self._watch = [
            self._background.spawn(self._parts.watchman.watch()),
            self._background.spawn(self._parts.housekeeper.keep()),
            self._background.spawn(self._parts.watch.run()),
        ]
        try:
            await self._edge.start(self._settings.host, self._settings.port)
        except OSError as error:
            raise ConfigError([f"HOST, PORT: cannot listen there: {error.strerror}"]) from error
        await self._listen_for_prometheus()
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
        await self._scraped.stop()
        timings = self._services.timings
        answered = await asyncio.gather(
            *(tasks.drain(timings.drain_clicks) for tasks in (self._clicks, self._submissions))
        )
        await self._background.drain(0)
        begun = await self._parts.canceller.drain(timings.drain_clicks)
        if not await self._engine.drain(timings.drain) or not begun or not all(answered):
            log.warning("stopped_with_work_left")
        await self._parts.close()
        await self._engine.close()
        for leave in (self._parts.watch.leave, self._instance.leave):
            with contextlib.suppress(NoDatabase):
                await leave()

    async def _listen_for_prometheus(self) -> None:
        port = self._settings.metrics_port
        if port is None:
            return
        try:
            await self._scraped.start(port)
        except OSError as error:
            raise ConfigError([f"METRICS_PORT: cannot listen there: {error.strerror}"]) from error

    async def _try_app_token(self, token: str) -> None:
        """The socket would retry a wrong token for ever."""
        try:
            await self._services.slack.apps_connections_open(app_token=token)
        except FAULTS as error:
            raise refused_token(error, self._services.slack, "SLACK_APP_TOKEN") from error

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
        services = self._services
        connected = self._socket is None or await self._socket.client.is_connected()
        return (
            connected
            and services.clock.right()
            and await services.store.reachable()
            and await services.credential.accepted()
        )


def _bolt(configuration: Configuration, services: Services) -> AsyncApp:
    settings = configuration.settings
    token = settings.slack_bot_token.get_secret_value()

    # Out of these two Bolt would make itself an app that others install; here they are for Sign in with Slack alone.
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        os.environ.pop(name, None)

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=services.team, bot_token=token)

    secret = settings.slack_signing_secret
    bolt = AsyncApp(
        client=services.slack,
        authorize=authorize,
        signing_secret=secret.get_secret_value() if secret else "unused in Socket Mode",
    )

    @bolt.error
    async def failed(error: Exception, response: BoltResponse | None) -> BoltResponse | None:
        log.error("listener_failed", error=type(error).__name__, exc_info=error)
        # After the acknowledgement there is no response any more to replace.
        return BoltResponse(status=200, body="") if response else None

    return bolt
