"""Who acts, and what they want cancelled."""

from dataclasses import dataclass
from datetime import datetime

from bot.graph.tokens import Account
from bot.resources import Target


@dataclass(frozen=True)
class Actor:
    """The Slack user who acts, where, and the Entra account linked to them, if any.

    `visible`: the bot can see the channel.
    """

    team: str
    user: str
    channel: str
    visible: bool = True
    groups: frozenset[str] = frozenset()
    account: Account | None = None
    account_name: str = ""


@dataclass(frozen=True)
class Cancellation:
    """One person's wish to cancel one target. `place` is where it began, for whoever tells of it."""

    id: str
    actor: Actor
    target: Target
    justification: str
    place: str
    at: datetime
