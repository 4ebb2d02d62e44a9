"""A strict Slack on loopback: Web API, Socket Mode, signed HTTP deliveries, and people who type and click.

It plays Slack as its reference documents it (docs.slack.dev). What it knows is its own: it shares
nothing with the bot but the wire.
"""

from collections.abc import Mapping, Sequence
from secrets import token_hex

from aiohttp import web

from bot.sandbox.people import TEAM_ID, Person
from bot.sandbox.slack_access import Access
from bot.sandbox.slack_api import Api
from bot.sandbox.slack_chat import Chat
from bot.sandbox.slack_conversations import Conversations
from bot.sandbox.slack_dialogs import Dialogs
from bot.sandbox.slack_directory import Directory
from bot.sandbox.slack_http import HttpDelivery
from bot.sandbox.slack_oidc import AUTHORIZE, SignIn
from bot.sandbox.slack_payloads import TOKEN
from bot.sandbox.slack_records import Ack, Channel, Json
from bot.sandbox.slack_socket import SocketMode
from bot.sandbox.slack_view_side import ViewSide
from bot.sandbox.slack_world import World

SCOPES = {
    "commands",
    "chat:write",
    "users:read",
    "users:read.email",
    "channels:read",
    "groups:read",
    "usergroups:read",
    "channels:history",
    "groups:history",
    "im:history",
    "im:write",
}


class SlackStandIn(ViewSide):
    """The workspace and its people. Messages and views that it returns are live: they change as in Slack.

    `calls` has every request, `violations` what no correct app does, `faults` what goes wrong next, `limits`
    the times in seconds, `scopes` what the bot token may do, `manifest` what the app has, `pace` how fast it may
    write. For Sign in with Slack, `redirect_uris` are the
    registered ones, and `id_token_claims` replace claims of the next id tokens; None removes one.
    """

    def __init__(
        self,
        people: Sequence[Person],
        *,
        team_id: str = TEAM_ID,
        bot_token: str,
        app_token: str,
        signing_secret: str,
        app_id: str = "A0CANCEL",
        bot_user_id: str = "U0CANCELBOT",
        public_write: bool = False,
        client_id: str = "",
        client_secret: str = "",
    ) -> None:
        world = World(people, team_id, app_id, bot_user_id)
        dialogs, access = Dialogs(world), Access(world)
        super().__init__(world, dialogs, self._deliver)
        self.scopes, self.limits, self.faults = world.scopes, world.limits, world.faults
        self.calls, self.violations = world.calls, world.violations
        self.manifest, self.pace = world.manifest, world.pace
        self.scopes |= SCOPES | ({"chat:write.public"} if public_write else set())
        self.api_url = self.login_url = ""
        self.client_id, self.client_secret = client_id, client_secret
        self._sign_in = SignIn(world, client_id, client_secret)
        self._socket = SocketMode(world)
        self._http = HttpDelivery(world, signing_secret)
        methods = Chat(access).methods() | Conversations(access).methods() | Directory(access).methods()
        methods |= dialogs.methods() | self._sign_in.methods() | {"apps.connections.open": self._connections_open}
        self._api = Api(world, methods, bot_token, app_token)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._api.call)
        app.router.add_post("/{kind:actions|app|commands}/{team}/{key}", self._api.respond)
        app.router.add_get("/link/", self._socket.handle)
        app.router.add_get(AUTHORIZE, self._sign_in.authorize)
        app.router.add_post(AUTHORIZE, self._sign_in.authorize)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._world.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.api_url, self.login_url = f"{self._world.origin}/api/", f"{self._world.origin}{AUTHORIZE}"

    async def stop(self) -> None:
        await self._socket.disconnect(abrupt=True)
        await self._http.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    def _connections_open(self, _args: Json) -> Json:
        link = self._world.origin.replace("http", "ws", 1)
        return {"url": f"{link}/link/?ticket={self._socket.new_ticket()}&app_id={self._world.app_id}"}

    def deliver_to(self, url: str | None, host: str | None = None) -> None:
        """Deliver by HTTP to `url` with this `Host` header; None: over Socket Mode."""
        self._http.url, self._http.host = url, host

    def add_channel(
        self,
        channel_id: str,
        name: str,
        *,
        members: set[str],
        bot_is_member: bool = True,
        private: bool = False,
        ext_shared: bool = False,
    ) -> None:
        self._world.channels[channel_id] = Channel(channel_id, name, members, bot_is_member, private, ext_shared)

    def add_usergroup(self, group_id: str, members: set[str]) -> None:
        self._world.usergroups[group_id] = members

    @property
    def redirect_uris(self) -> set[str]:
        return self._sign_in.redirect_uris

    @property
    def id_token_claims(self) -> dict[str, object]:
        return self._sign_in.id_token_claims

    @property
    def connections(self) -> int:
        return self._socket.connections

    async def disconnect(self, *, abrupt: bool = False) -> None:
        """Drop the app's sockets: after a `disconnect` envelope, or as a broken line does."""
        await self._socket.disconnect(abrupt=abrupt)

    async def deliver_raw(self, body: bytes, headers: Mapping[str, str]) -> Ack:
        """Post anything to the app's request URL; see `sign` for the signature."""
        return await self._http.post(body, headers)

    def sign(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        return self._http.sign(body, timestamp)

    async def verify_url(self) -> tuple[str, Ack]:
        """Register the request URL of the Events API; returns the challenge, and the answer, which must repeat it."""
        challenge = token_hex(16)
        question = {"token": TOKEN, "challenge": challenge, "type": "url_verification"}
        return challenge, await self._http.deliver("events_api", question, 0)

    async def _deliver(self, kind: str, payload: Json, retry: int) -> Ack:
        transport = self._http if self._http.url else self._socket
        return await transport.deliver(kind, payload, retry)
