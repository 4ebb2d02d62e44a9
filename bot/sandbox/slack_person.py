"""What people do and see in the channels of the stand-in's Slack."""

from collections.abc import Awaitable, Callable, Sequence
from copy import deepcopy
from typing import TypeVar

from bot.sandbox.blockkit import check, elements_of
from bot.sandbox.people import Person
from bot.sandbox.slack_api import show
from bot.sandbox.slack_chat import content
from bot.sandbox.slack_dialogs import Dialogs
from bot.sandbox.slack_payloads import command_payload, message_action, message_shortcut
from bot.sandbox.slack_records import OK, Ack, Channel, Json, Message, SlackError
from bot.sandbox.slack_view import CannotDo, action_of, identify
from bot.sandbox.slack_world import World

T = TypeVar("T")
Deliver = Callable[[str, Json, int], Awaitable[Ack]]
"""Takes the sort of delivery, its payload, and how often it was sent before."""


class PersonSide:
    """The hands and eyes of the people; `deliver` takes what they do to the app.

    Raises:
        CannotDo: from every action that Slack would not let this person do.
    """

    def __init__(self, world: World, dialogs: Dialogs, deliver: Deliver) -> None:
        self._world = world
        self._dialogs = dialogs
        self._deliver = deliver

    async def command(self, user_id: str, channel_id: str, text: str, *, command: str = "/cancel-approval") -> Ack:
        """Type a slash command; the answer, or Slack's own failure notice, is shown to this person."""
        one, channel = self._present(user_id, channel_id)
        if one.kind == "stranger":
            raise CannotDo("people of another organisation have no slash command")
        ack = await self._deliver("slash_commands", command_payload(self._world, one, channel, command, text), 0)
        self._notice_failure(ack, user_id, channel_id, command)
        if ack.status == OK and ack.body:
            answer = {"text": ack.body} if isinstance(ack.body, str) else ack.body
            try:
                show(self._world, user_id, channel_id, {**answer, **content(self._world, "ack", answer)})
            except SlackError as refusal:
                self._world.violation(f"answer to {command} not shown: {refusal.error}")
        return ack

    async def click(self, user_id: str, channel_id: str, ts: str, action_id: str, *, value: str | None = None) -> Ack:
        """Click a button of a message that this person sees; `value` picks one of several, or is forged."""
        one, _ = self._present(user_id, channel_id)
        seen = [*self.messages(channel_id), *self.ephemerals(user_id)]
        message = next((one for one in seen if (one.channel, one.ts) == (channel_id, ts)), None)
        if message is None:
            raise CannotDo(f"{user_id} sees no message {ts} in {channel_id}")
        block, element = _button(message, action_id, value)
        action = action_of(block, element, value, self._world.new_ts())
        ack = await self._deliver("interactive", message_action(self._world, one, message, action), 0)
        self._notice_failure(ack, user_id, channel_id, "The button")
        return ack

    async def shortcut(self, user_id: str, channel_id: str, ts: str, callback_id: str) -> Ack:
        """Choose the app's shortcut in the menu of a message; ephemeral messages have none."""
        one, _ = self._present(user_id, channel_id)
        message = self._world.find(channel_id, ts)
        if message is None:
            raise CannotDo(f"{user_id} finds no shortcut at {ts} in {channel_id}")
        ack = await self._deliver("interactive", message_shortcut(self._world, one, message, callback_id), 0)
        self._notice_failure(ack, user_id, channel_id, "The shortcut")
        return ack

    def say(
        self,
        user_id: str,
        channel_id: str,
        text: str,
        *,
        blocks: Sequence[Json] = (),
        attachments: Sequence[Json] = (),
        thread_ts: str | None = None,
    ) -> Message:
        """Post a message as a person or, where `user_id` is a bot, as another app; `text` is as Slack stores it."""
        _, channel = self._present(user_id, channel_id)
        problems = check([*blocks], "message") if blocks else []
        if problems:
            raise CannotDo(f"no such blocks: {'; '.join(problems)}")
        if thread_ts and self._world.find(channel.id, thread_ts) is None:
            raise CannotDo(f"there is no thread {thread_ts} in {channel_id}")
        message = Message(channel.id, self._world.new_ts(), user_id, text, thread_ts=thread_ts)
        message.blocks, message.attachments = identify([*blocks]), deepcopy([*attachments])
        return self._world.post(message)

    def delete(self, channel_id: str, ts: str) -> None:
        """Delete a message, the app's or another, as an administrator or its author may."""
        message = self._world.find(channel_id, ts)
        if message is None:
            raise CannotDo(f"there is no message {ts} in {channel_id}")
        message.deleted = True
        self._world.changed()

    @property
    def people(self) -> list[Person]:
        return list(self._world.people.values())

    def channels(self, user_id: str) -> list[Channel]:
        """Return the conversations in this person's sidebar: the bot's direct messages come last."""
        one = self._world.people[user_id]
        rooms = [room for room in self._world.channels.values() if not room.is_im]
        joins = one.kind == "member"  # guests and people of another organisation see only where they were invited
        seen = [room for room in rooms if user_id in room.members or (joins and not room.private)]
        return [*seen, self._world.dm(user_id)]

    def messages(self, channel_id: str) -> list[Message]:
        """Return what everybody sees in a channel, replies included, in order; without what was deleted."""
        return self._world.visible(channel_id)

    def thread(self, channel_id: str, ts: str) -> list[Message]:
        return self._world.thread(channel_id, ts)

    def ephemerals(self, user_id: str) -> list[Message]:
        return [one for one in self._world.posted if one.ephemeral_to == user_id and not one.deleted]

    def dms(self, user_id: str) -> list[Message]:
        return self.messages(self._world.dm(user_id).id)

    async def until(self, check: Callable[[], T | bool | None], timeout: float = 20.0) -> T:
        """Wait until `check()` is truthy and return it.

        Raises:
            AssertionError: it did not happen in `timeout` seconds; the text shows what is there instead.
        """
        return await self._world.until(check, timeout)

    def _present(self, user_id: str, channel_id: str) -> tuple[Person, Channel]:
        """Return a person and the channel that they see."""
        channel = self._world.channels.get(channel_id)
        if channel is None or user_id not in self._world.people:
            raise CannotDo(f"there is no {channel_id} or no {user_id}")
        if channel.private and user_id not in channel.members:
            raise CannotDo(f"{user_id} does not see {channel_id}")
        return self._world.people[user_id], channel

    def _notice_failure(self, ack: Ack, user_id: str, channel_id: str, what: str) -> None:
        if ack.status != OK:
            error = "operation_timeout" if ack.timed_out else "dispatch_failed"
            self._world.whisper(user_id, channel_id, {"text": f'{what} failed with the error "{error}"'})


def _button(message: Message, action_id: str, value: str | None) -> tuple[Json, Json]:
    blocks = [*message.blocks, *(block for one in message.attachments for block in one.get("blocks", []))]
    found = [(b, e) for b in blocks for e in elements_of(b) if e["action_id"] == action_id]
    if not found:
        raise CannotDo(f"the message {message.text!r} has no {action_id}")
    return next((pair for pair in found if pair[1].get("value") == value), found[0])
