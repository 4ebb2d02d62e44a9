"""The JSON by which Slack describes people, messages, dialogs and what people did to an app."""

import html

from bot.sandbox.people import Person
from bot.sandbox.slack_records import OTHER_TEAM, Channel, Json, Message, bot_id
from bot.sandbox.slack_view import View
from bot.sandbox.slack_world import World

TOKEN = "sandbox-verification-token"  # noqa: S105 - the deprecated field, which nobody may rely on


def username(one: Person) -> str:
    return one.email.partition("@")[0]


def team_of(world: World, one: Person) -> str:
    return OTHER_TEAM if one.kind == "stranger" else world.team_id


def message_payload(world: World, message: Message, *, metadata: bool = True) -> Json:
    """Return a message as Slack shows it to the app that posted it."""
    shown: Json = {
        "type": "message",
        "user": message.user,
        "bot_id": bot_id(message.user),
        "app_id": world.app_id,
        "team": world.team_id,
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
        "response_url": world.new_response_url(one.slack_id, channel.id, None),
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
        "response_url": world.new_response_url(one.slack_id, channel.id, message),
        "actions": [action],
    }


def view_action(world: World, one: Person, view: View, action: Json) -> Json:
    """Return `block_actions` for an element in a dialog."""
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
