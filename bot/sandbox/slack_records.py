"""What the stand-in's Slack consists of: messages, channels, one-time ids, and records of what happened."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Method = Callable[[Json], Json]

OTHER_TEAM = "T0OTHER"
OK = 200


@dataclass
class Limits:
    """How long things last, in seconds, and how often they can be used; a test may shorten them."""

    ack: float = 3.0
    trigger: float = 3.0
    response_url: float = 30 * 60.0
    response_url_uses: int = 5
    sign_in_code: float = 10 * 60.0


class SlackError(Exception):
    """A Web API answer with `ok: false`; `more` are further fields of the answer."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


@dataclass(frozen=True)
class Ack:
    """What the app answered to a delivery; `status` is 200 for an ack over the socket and 0 for no answer."""

    status: int
    body: Json | str | None = None
    seconds: float = 0.0
    timed_out: bool = False


@dataclass(frozen=True)
class ApiCall:
    """One request to the Web API ("response_url" for those), with its arguments but without its secrets."""

    method: str
    args: Json
    ok: bool
    error: str | None


@dataclass(eq=False)
class Message:
    """A message as it is now; `deleted` and `edited` also reach those who kept it."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    ephemeral_to: str | None = None
    edited: bool = False
    deleted: bool = False


@dataclass(frozen=True)
class Channel:
    """A conversation; a direct message of the bot is one with a `D…` id and one member."""

    id: str
    name: str
    members: set[str]
    bot_is_member: bool
    private: bool
    ext_shared: bool

    @property
    def is_im(self) -> bool:
        return self.id.startswith("D")


@dataclass
class Trigger:
    """A trigger_id: for one person, once, for three seconds."""

    user_id: str
    born: float
    used: bool = False


@dataclass
class ResponseUrl:
    """A response_url: where its answers go, and how often it was used."""

    user_id: str
    channel_id: str
    message: Message | None
    born: float
    uses: int = 0


def bot_id(user_id: str) -> str:
    """Return the `B…` id of a bot's user."""
    return "B" + user_id[1:]
