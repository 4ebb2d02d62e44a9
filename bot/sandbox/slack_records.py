"""What the stand-in's Slack consists of: messages, channels, one-time ids, and records of what happened."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Method = Callable[[Json], Json]

OTHER_TEAM = "T0OTHER"
OTHER_APP = "A0OTHER"
OK = 200
RETRY_REASON = "http_timeout"


@dataclass
class Limits:
    """How long things last, in seconds, and how often they can be used; a test may shorten them."""

    ack: float = 3.0
    trigger: float = 3.0
    response_url: float = 30 * 60.0
    response_url_uses: int = 5
    sign_in_code: float = 10 * 60.0


@dataclass
class Manifest:
    """What the app's manifest switches on; a test may switch it off."""

    home_tab: bool = True


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


class RateLimited(SlackError):
    """HTTP 429; `seconds` go into Retry-After."""

    def __init__(self, seconds: int) -> None:
        super().__init__("ratelimited")
        self.seconds = seconds


@dataclass(frozen=True)
class Suggested:
    """What a person was shown in an external select: the `answer` of the app, which took so many `seconds`.

    `groups` has the labels in order, when there are groups; `options` are those of all groups.
    """

    answer: Json
    seconds: float

    @property
    def groups(self) -> list[str]:
        return [str(one["label"]["text"]) for one in self.answer.get("option_groups", [])]

    @property
    def options(self) -> list[Json]:
        groups = self.answer.get("option_groups", [])
        return [*self.answer.get("options", []), *(option for group in groups for option in group["options"])]

    @property
    def texts(self) -> list[str]:
        return [str(one["text"]["text"]) for one in self.options]

    @property
    def values(self) -> list[str]:
        return [str(one["value"]) for one in self.options]


@dataclass(frozen=True)
class ApiCall:
    """One request to the Web API ("response_url" for those), with its arguments but without its secrets.

    `at` is when it was answered, in seconds of `time.monotonic()`.
    """

    method: str
    args: Json
    ok: bool
    error: str | None
    at: float = field(default_factory=time.monotonic)


@dataclass(eq=False)
class Message:
    """A message as it is now, of the app or of whoever `user` is; `deleted` and `edited` also reach who kept it."""

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
