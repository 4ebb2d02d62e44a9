"""What a person does in the page, and how it is done in the stand-ins."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.sandbox.page_faults import Switches
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.slack_records import OK
from bot.sandbox.slack_view import CannotDo

COMMAND = "/cancel-approval"


class _Action(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Command(_Action):
    """Send a slash command; `text` is what follows its name."""

    do: Literal["command"]
    user: str
    channel: str
    text: str


class Click(_Action):
    """Press a button of a message."""

    do: Literal["click"]
    user: str
    channel: str
    ts: str
    action_id: str
    value: str | None


class Fill(_Action):
    """Keep what was entered in the dialog, by block_id or action_id."""

    do: Literal["fill"]
    view: str
    values: dict[str, str]


class Use(_Action):
    """Press a button of the dialog, or choose in a menu that tells the app at once."""

    do: Literal["use"]
    user: str
    view: str
    action_id: str
    value: str | None
    values: dict[str, str]


class Submit(_Action):
    do: Literal["submit"]
    user: str
    view: str
    values: dict[str, str]


class Close(_Action):
    do: Literal["close"]
    user: str
    view: str


class Switch(_Action):
    """Turn a fault on or off."""

    do: Literal["fault"]
    key: str
    on: bool


Action = Command | Click | Fill | Use | Submit | Close | Switch

ACTION: TypeAdapter[Action] = TypeAdapter(Annotated[Action, Field(discriminator="do")])


class Hands:
    """Does what the page asks for."""

    def __init__(self, slack: SlackStandIn, switches: Switches) -> None:
        self._slack = slack
        self._switches = switches

    async def do(self, action: Action) -> None:
        """Do it.

        Raises:
            CannotDo: Slack would not let this person do it, or shows that it failed.
            KeyError: there is no such switch.
        """
        match action:
            case Fill(view=view, values=values):
                self._fill(view, values)
            case Switch(key=key, on=on):
                self._switches.turn(key, on)
            case Command():
                await self._slack.command(action.user, action.channel, action.text, command=COMMAND)
            case Click():
                await self._slack.click(action.user, action.channel, action.ts, action.action_id, value=action.value)
            case Use():
                self._fill(action.view, action.values)
                ack = await self._slack.select_in_view(action.user, action.view, action.action_id, action.value)
                if ack.status != OK:
                    raise CannotDo("the app did not acknowledge it")
            case Submit():
                await self._slack.submit(action.user, action.view, action.values)
            case Close():
                await self._slack.close(action.user, action.view)

    def _fill(self, view: str, values: dict[str, str]) -> None:
        for name, value in values.items():
            self._slack.type_in_view(view, name, value)
