"""What a person does in the page, and how it is done in the stand-ins."""

import html
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.sandbox.page_faults import Switches
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.slack_records import OK, Json
from bot.sandbox.slack_view import CannotDo

COMMAND, SHORTCUT = "/cancel-approval", "cancel_from_message"
_LINK = re.compile(r"https?://\S+")


class _Action(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Command(_Action):
    """Send a slash command; `text` is what follows its name."""

    do: Literal["command"]
    user: str
    channel: str
    text: str


class Say(_Action):
    """Write a message."""

    do: Literal["say"]
    user: str
    channel: str
    text: str


class Shortcut(_Action):
    """Choose the shortcut in the menu of a message."""

    do: Literal["shortcut"]
    user: str
    channel: str
    ts: str


class Home(_Action):
    """Open the Home tab."""

    do: Literal["home"]
    user: str


class Click(_Action):
    """Press a button of a message."""

    do: Literal["click"]
    user: str
    channel: str
    ts: str
    action_id: str
    value: str | None


Values = dict[str, str | list[str]]
"""What was entered, by block_id or action_id; a list where several can be chosen."""


class Fill(_Action):
    """Keep what was entered in the dialog."""

    do: Literal["fill"]
    view: str
    values: Values


class Suggest(_Action):
    """Type into a menu whose options come from the app."""

    do: Literal["suggest"]
    user: str
    view: str
    action_id: str
    typed: str


class Use(_Action):
    """Press a button of the dialog or the Home tab, or choose in a menu that tells the app at once."""

    do: Literal["use"]
    user: str
    view: str
    action_id: str
    value: str | list[str] | None
    values: Values


class Submit(_Action):
    do: Literal["submit"]
    user: str
    view: str
    values: Values


class Close(_Action):
    do: Literal["close"]
    user: str
    view: str


class Switch(_Action):
    """Turn a fault on or off."""

    do: Literal["fault"]
    key: str
    on: bool


Action = Command | Say | Shortcut | Home | Click | Fill | Suggest | Use | Submit | Close | Switch

ACTION: TypeAdapter[Action] = TypeAdapter(Annotated[Action, Field(discriminator="do")])


class Hands:
    """Does what the page asks for."""

    def __init__(self, slack: SlackStandIn, switches: Switches) -> None:
        self._slack = slack
        self._switches = switches

    async def do(self, action: Action) -> Json:
        """Do it; returns what only this person is shown of it.

        Raises:
            CannotDo: Slack would not let this person do it, or shows that it failed.
            KeyError: there is no such switch.
        """
        slack = self._slack
        match action:
            case Suggest(user=user, view=view, action_id=action_id, typed=typed):
                return (await slack.suggest(user, view, action_id, typed)).answer
            case Switch(key=key, on=on):
                self._switches.turn(key, on)
            case Command():
                await slack.command(action.user, action.channel, action.text, command=COMMAND)
            case Say():
                slack.say(action.user, action.channel, _stored(action.text))
            case Shortcut():
                await slack.shortcut(action.user, action.channel, action.ts, SHORTCUT)
            case Home():
                await slack.open_home(action.user)
            case Click():
                await slack.click(action.user, action.channel, action.ts, action.action_id, value=action.value)
            case _:
                await self._in_view(action)
        return {}

    async def _in_view(self, action: Fill | Use | Submit | Close) -> None:
        match action:
            case Fill():
                self._fill(action.view, action.values)
            case Use():
                self._fill(action.view, action.values)
                ack = await self._slack.select_in_view(action.user, action.view, action.action_id, action.value)
                if ack.status != OK:
                    raise CannotDo("the app did not acknowledge it")
            case Submit():
                await self._slack.submit(action.user, action.view, action.values)
            case Close():
                await self._slack.close(action.user, action.view)

    def _fill(self, view: str, values: Values) -> None:
        for name, value in values.items():
            self._slack.type_in_view(view, name, value)


def _stored(typed: str) -> str:
    """Return a message as Slack stores it: escaped, and with its links marked."""
    return _LINK.sub(lambda found: f"<{found.group()}>", html.escape(typed, quote=False))
