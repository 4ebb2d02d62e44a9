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


class Used(BaseModel):
    """Something that was used in a dialog: which dialog, and what was typed or chosen there. None of it is believed."""

    model_config = ConfigDict(frozen=True)

    dialog_id: SlackId
    view_id: SlackId
    at: SlackId
    value: str

    @classmethod
    def of(cls, body: Mapping[str, Any], action: Mapping[str, Any]) -> "Used":
        """What the payload says; `action` is the body itself where Slack asks for options."""
        view = body.get("view") or {}
        option = action.get("selected_option") or {}
        value = option.get("value") if "selected_option" in action else action.get("value")
        return cls(
            dialog_id=_id(view.get("private_metadata")),
            view_id=_id(view.get("id")),
            at=_id(action.get("action_ts")),
            value=value[:_LONGEST] if isinstance(value, str) else "",
        )


class Marked(BaseModel):
    """The message on which somebody used a shortcut, as Slack sent it; the first of its thread, where it is in one."""

    model_config = ConfigDict(frozen=True)

    thread_ts: SlackId
    content: Mapping[str, Any] = Field(repr=False)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Marked":
        """What the payload of a message shortcut says."""
        found = body.get("message")
        message = found if isinstance(found, Mapping) else {}
        return cls(thread_ts=_id(message.get("thread_ts")) or _id(body.get("message_ts")), content=message)


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
    def of_event(cls, body: Mapping[str, Any]) -> "Click":
        """An event, which nobody can be answered on."""
        event = body.get("event") or {}
        return cls(team=_id(body.get("team_id")), user=_id(event.get("user")))

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
