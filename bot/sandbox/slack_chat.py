"""chat.* of the Web API, with the errors that Slack documents for it."""

import json
from collections.abc import Iterator
from typing import Any

from bot.sandbox import blockkit
from bot.sandbox.slack_access import Access, required
from bot.sandbox.slack_payloads import message_payload
from bot.sandbox.slack_records import Channel, Json, Message, Method, SlackError
from bot.sandbox.slack_view import identify
from bot.sandbox.slack_world import World

POST_TEXT_LIMIT = 40_000
UPDATE_TEXT_LIMIT = 4_000
BLOCKS_TEXT_LIMIT = 13_000  # about 13,200 characters were seen refused; Slack documents no number
METADATA_LIMIT = 8_000


def checked_blocks(world: World, what: str, blocks: Any) -> list[Json]:
    """Return the blocks of a message, with ids, or raise `invalid_blocks`, which a correct app never sees."""
    if not blocks:
        return []
    problems = blockkit.check(blocks, "message")
    if problems:
        world.violation(f"{what}: {'; '.join(problems)}")
        raise SlackError(
            "invalid_blocks",
            errors=problems,
            response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]},
        )
    if sum(map(len, _texts(blocks))) > BLOCKS_TEXT_LIMIT:
        raise SlackError("msg_blocks_too_long")
    return identify(blocks)


def content(world: World, what: str, args: Json, limit: int = POST_TEXT_LIMIT) -> Json:
    """Return text, blocks, attachments and metadata of a message, checked."""
    text, attachments = args.get("text") or "", args.get("attachments") or []
    blocks = checked_blocks(world, what, args.get("blocks"))
    if not isinstance(text, str) or not isinstance(attachments, list):
        raise SlackError("invalid_arguments")
    attachments = [
        {**one, "blocks": checked_blocks(world, f"{what} attachment", one.get("blocks"))} for one in attachments
    ]
    if not (text or blocks or attachments):
        raise SlackError("no_text")
    if len(text) > limit:
        raise SlackError("msg_too_long")
    return {"text": text, "blocks": blocks, "attachments": attachments, "metadata": _metadata(args)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from [one] if key == "text" and isinstance(one, str) else _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _metadata(args: Json) -> Json | None:
    metadata = args.get("metadata") or None
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata)) > METADATA_LIMIT:
        raise SlackError("metadata_too_large")
    return metadata


class Chat:
    """Posting, changing and deleting the app's messages."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._world = access.world

    def methods(self) -> dict[str, Method]:
        return {
            "chat.postMessage": self._post,
            "chat.postEphemeral": self._whisper,
            "chat.update": self._update,
            "chat.delete": self._delete,
        }

    def _post(self, args: Json) -> Json:
        self._access.need("chat:write")
        (channel_id,) = required(args, "channel")
        if channel_id in self._world.people:
            channel_id = self._world.dm(channel_id).id
        channel = self._access.writable(channel_id)
        body = content(self._world, "chat.postMessage", args)
        message = Message(
            channel.id,
            self._world.new_ts(),
            self._world.bot_user_id,
            thread_ts=self._root(channel, args.get("thread_ts")),
            **body,
        )
        self._world.post(message)
        return {"channel": channel.id, "ts": message.ts, "message": message_payload(self._world, message)}

    def _root(self, channel: Channel, thread_ts: str | None) -> str | None:
        if not thread_ts:
            return None
        root = self._world.find(channel.id, thread_ts)
        if root is None:
            raise SlackError("thread_not_found")
        if root.thread_ts:
            self._world.violation(f"thread_ts {root.ts} is a reply; its thread is {root.thread_ts}")
        return root.thread_ts or root.ts

    def _whisper(self, args: Json) -> Json:
        self._access.need("chat:write")
        channel_id, user_id = required(args, "channel", "user")
        channel = self._access.writable(channel_id)
        if user_id not in channel.members:
            raise SlackError("user_not_in_channel")
        body = content(self._world, "chat.postEphemeral", args)
        sent = self._world.whisper(user_id, channel.id, {**body, "thread_ts": args.get("thread_ts")})
        return {"message_ts": sent.ts}

    def _update(self, args: Json) -> Json:
        """Change what is given; text without blocks removes the blocks (reference of chat.update)."""
        self._access.need("chat:write")
        message = self._own(args, "cant_update_message")
        body = content(self._world, "chat.update", args, UPDATE_TEXT_LIMIT)
        given = {*args, "blocks"} if "text" in args else set(args)
        for name in given & set(body):
            setattr(message, name, body[name])
        message.edited = True
        self._world.changed()
        shown = message_payload(self._world, message)
        return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}

    def _delete(self, args: Json) -> Json:
        self._access.need("chat:write")
        message = self._own(args, "cant_delete_message")
        message.deleted = True
        self._world.changed()
        return {"channel": message.channel, "ts": message.ts}

    def _own(self, args: Json, refusal: str) -> Message:
        channel_id, ts = required(args, "channel", "ts")
        message = self._world.find(self._access.visible(channel_id).id, ts)
        if message is None:
            raise SlackError("message_not_found")
        if message.user != self._world.bot_user_id:
            raise SlackError(refusal)
        return message
