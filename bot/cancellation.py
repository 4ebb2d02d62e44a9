"""Who acts, and what they want cancelled."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

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


class Answer(StrEnum):
    """What became of asking a second person."""

    NONE = ""
    APPROVED = "approved"
    DECLINED = "declined"
    LAPSED = "lapsed"


@dataclass(frozen=True)
class Cancellation:
    """One person's wish to cancel one target; `id` is that of the dialog in which it was entered.

    `card_id` is the notification that it began from; `response_url` answers the click that opened the dialog.
    `approver` is the Slack user who approved it as the second person, where one had to. `thread_ts`: the thread that
    hears of it, where somebody began it from a message. `batch`: the dialog in which it was entered with others.
    """

    id: str
    actor: Actor
    target: Target
    justification: str
    at: datetime
    card_id: str = ""
    response_url: str = field(default="", repr=False)
    approver: str = ""
    thread_ts: str = ""
    batch: str = ""
