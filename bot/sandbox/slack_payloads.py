"""The JSON by which Slack describes people, messages, dialogs and what people did to an app."""

import html
import time
from uuid import uuid4

from bot.sandbox.people import Person
from bot.sandbox.slack_records import OTHER_APP, OTHER_TEAM, Channel, Json, Message, bot_id
from bot.sandbox.slack_view import View
from bot.sandbox.slack_world import World

TOKEN = "sandbox-verification-token"  # noqa: S105 - the deprecated field, which nobody may rely on


def username(one: Person) -> str:
    return one.email.partition("@")[0]


def team_of(world: World, one: Person) -> str:
    return OTHER_TEAM if one.kind == "stranger" else world.team_id


def message_payload(world: World, message: Message, *, metadata: bool = True) -> Json:
    """Return a message as Slack shows it to an app."""
    shown: Json = {
        "type": "message",
        "user": message.user,
        **_author(world, message.user),
        "ts": message.ts,
        "text": message.text,
        "blocks": message.blocks,
    }
    replies = len(world.thread(message.channel, message.ts)) - 1
    if message.thread_ts or replies > 0:
        shown["thread_ts"] = message.thread_ts or message.ts
    if replies > 0:
        shown["reply_count"] = replies
    if message.attachments:
        shown["attachments"] = message.attachments
    if metadata and message.metadata:
        shown["metadata"] = message.metadata
    if message.edited:
        shown["edited"] = {"user": message.user, "ts": message.ts}
    return shown


def _author(world: World, user_id: str) -> Json:
    """Return whose message it is: this app's, another one's, or a person's."""
    one = world.people.get(user_id)
    if one is None:
        return {"bot_id": bot_id(user_id), "app_id": world.app_id, "team": world.team_id}
    if one.kind == "bot":
        return {"bot_id": bot_id(user_id), "app_id": OTHER_APP, "team": world.team_id}
    return {"team": team_of(world, one)}


def view_payload(world: World, view: View) -> Json:
    """Return a view with its state as Slack shows it to its app."""
    return {
        **view.payload(),
        "team_id": world.team_id,
        "app_id": world.app_id,
        "app_installed_team_id": world.team_id,
        "bot_id": bot_id(world.bot_user_id),
    }


def command_payload(world: World, one: Person, channel: Channel, command: str, text: str) -> Json:
    """Return the fields of a slash command; its text has &, < and > escaped, as Slack sends it."""
    return {
        "token": TOKEN,
        "team_id": world.team_id,
        "team_domain": "sandbox",
        "channel_id": channel.id,
        "channel_name": _name_of(channel),
        "user_id": one.slack_id,
        "user_name": username(one),
        "command": command,
        "text": html.escape(text, quote=False),
        "api_app_id": world.app_id,
        "is_enterprise_install": "false",
        "response_url": world.new_response_url("commands", one.slack_id, channel.id),
        "trigger_id": world.new_trigger(one.slack_id),
    }


def _name_of(channel: Channel) -> str:
    return "privategroup" if channel.private and not channel.is_im else channel.name


def _interaction(world: World, one: Person, kind: str) -> Json:
    return {
        "type": kind,
        "user": {
            "id": one.slack_id,
            "username": username(one),
            "name": username(one),
            "team_id": team_of(world, one),
        },
        "api_app_id": world.app_id,
        "token": TOKEN,
        "team": {"id": world.team_id, "domain": "sandbox"},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_action(world: World, one: Person, message: Message, action: Json) -> Json:
    """Return `block_actions` for a button in a message; an ephemeral message is not part of the payload."""
    channel = world.channels[message.channel]
    ephemeral = message.ephemeral_to is not None
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": ephemeral,
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
    }
    return {
        **_interaction(world, one, "block_actions"),
        "container": container,
        "trigger_id": world.new_trigger(one.slack_id),
        "channel": {"id": channel.id, "name": _name_of(channel)},
        **({} if ephemeral else {"message": message_payload(world, message)}),
        "state": {"values": {}},
        "response_url": world.new_response_url("actions", one.slack_id, channel.id, message),
        "actions": [action],
    }


def message_shortcut(world: World, one: Person, message: Message, callback_id: str) -> Json:
    """Return `message_action`: a shortcut from the menu of a message, with the whole message."""
    channel = world.channels[message.channel]
    return {
        **_interaction(world, one, "message_action"),
        "action_ts": world.new_ts(),
        "callback_id": callback_id,
        "trigger_id": world.new_trigger(one.slack_id),
        "response_url": world.new_response_url("app", one.slack_id, channel.id),
        "channel": {"id": channel.id, "name": _name_of(channel)},
        "message_ts": message.ts,
        "message": message_payload(world, message),
    }


def block_suggestion(world: World, one: Person, view: View, asked: Json) -> Json:
    """Return the question for options; `asked` has the external select's action_id and block_id, and what was typed."""
    return {
        **_interaction(world, one, "block_suggestion"),
        "container": {"type": "view", "view_id": view.id},
        "view": view_payload(world, view),
        **asked,
    }


def home_opened(world: World, one: Person, tab: str, view: View | None) -> Json:
    """Return the event `app_home_opened`; it has the Home tab where one was published before."""
    shown = {"view": view_payload(world, view)} if view and tab == "home" else {}
    event = {"type": "app_home_opened", "user": one.slack_id, "channel": world.dm(one.slack_id).id, "tab": tab}
    return _event(world, {**event, "event_ts": world.new_ts(), **shown})


def _event(world: World, event: Json) -> Json:
    """Return an event of the Events API, with what is around it."""
    return {
        "token": TOKEN,
        "team_id": world.team_id,
        "context_team_id": world.team_id,
        "context_enterprise_id": None,
        "api_app_id": world.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{uuid4().hex[:9].upper()}",
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": world.team_id,
                "user_id": world.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def view_action(world: World, one: Person, view: View, action: Json) -> Json:
    """Return `block_actions` for an element in a dialog or in the Home tab."""
    return {
        **_interaction(world, one, "block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": world.new_trigger(one.slack_id),
        "view": view_payload(world, view),
        "actions": [action],
    }


def view_submission(world: World, one: Person, view: View) -> Json:
    return {
        **_interaction(world, one, "view_submission"),
        "trigger_id": world.new_trigger(one.slack_id),
        "view": view_payload(world, view),
        "response_urls": [],
    }


def view_closed(world: World, one: Person, view: View) -> Json:
    return {**_interaction(world, one, "view_closed"), "view": view_payload(world, view), "is_cleared": False}
