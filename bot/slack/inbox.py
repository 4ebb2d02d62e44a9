"""What Slack sends, reduced to what the bot uses and checked at the edge."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

_LONGEST: Final = 2000  # characters of a button's value, says Slack's reference; ids are shorter


def _id(value: object) -> str:
    """The id of `{"id": …}`, or the id itself; empty for anything else, and for what no id can be."""
    found = value.get("id") if isinstance(value, Mapping) else value
    usable = isinstance(found, str) and found.isascii() and found.isprintable() and len(found) <= _LONGEST
    return str(found) if usable else ""


SlackId = Annotated[str, Field(max_length=64)]


class Pressed(BaseModel):
    """A button of a message: what it carries, and the message's timestamp. Neither is believed."""

    model_config = ConfigDict(frozen=True)

    value: str = Field(default="", max_length=2000)
    ts: SlackId = ""

    @classmethod
    def of(cls, body: Mapping[str, Any], action: Mapping[str, Any]) -> "Pressed":
        """What the payload of a pressed button says."""
        container = body.get("container")
        ts = container.get("message_ts") if isinstance(container, Mapping) else ""
        return cls(value=_id(action.get("value")), ts=_id(ts))


class Click(BaseModel):
    """Who did something, where, and how to answer them. `user_team` is the person's own team, where Slack tells."""

    model_config = ConfigDict(frozen=True)

    team: SlackId
    user: SlackId
    user_team: SlackId = ""
    channel: SlackId = ""
    trigger_id: str = Field(default="", repr=False)
    response_url: str = Field(default="", repr=False)

    @classmethod
    def of_command(cls, body: Mapping[str, Any]) -> "Click":
        """A slash command."""
        return cls(
            team=_id(body.get("team_id")),
            user=_id(body.get("user_id")),
            channel=_id(body.get("channel_id")),
            trigger_id=body.get("trigger_id", ""),
            response_url=body.get("response_url", ""),
        )

    @classmethod
    def of_interaction(cls, body: Mapping[str, Any]) -> "Click":
        """A button, or a submitted view."""
        user = body.get("user") or {}
        return cls(
            team=_id(body.get("team")),
            user=_id(user),
            user_team=_id(user.get("team_id")),
            channel=_id(body.get("channel")),
            trigger_id=body.get("trigger_id", ""),
            response_url=body.get("response_url", ""),
        )
