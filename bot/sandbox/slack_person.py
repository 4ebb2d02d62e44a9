"""What people do and see in the stand-in's Slack."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from bot.sandbox.blockkit import elements_of
from bot.sandbox.people import Person
from bot.sandbox.slack_api import show
from bot.sandbox.slack_chat import content
from bot.sandbox.slack_dialogs import Dialogs
from bot.sandbox.slack_payloads import (
    command_payload,
    message_action,
    view_action,
    view_closed,
    view_submission,
)
from bot.sandbox.slack_records import OK, Ack, Channel, Json, Message, SlackError
from bot.sandbox.slack_view import CannotDo, View, action_of
from bot.sandbox.slack_world import World

T = TypeVar("T")
Deliver = Callable[[str, Json], Awaitable[Ack]]


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
        ack = await self._deliver("slash_commands", command_payload(self._world, one, channel, command, text))
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
        ack = await self._deliver("interactive", message_action(self._world, one, message, action))
        self._notice_failure(ack, user_id, channel_id, "The button")
        return ack

    async def submit(self, user_id: str, view_id: str, values: Mapping[str, str | None]) -> Ack:
        """Fill in the dialog on top, by block_id or action_id, and press its submit button."""
        view = self._on_top(user_id, view_id)
        view.enter_all(values)
        view.check_complete()
        ack = await self._deliver("interactive", view_submission(self._world, self._world.people[user_id], view))
        self._dialogs.react(view, ack)
        return ack

    async def send_again(self, user_id: str, view: View) -> Ack:
        """Send a filled-in dialog, in front or not: from a second device, or because the first try got no answer."""
        return await self._deliver("interactive", view_submission(self._world, self._world.people[user_id], view))

    async def close(self, user_id: str, view_id: str) -> Ack:
        """Close the dialog on top; the app is told if it asked for that."""
        view = self._on_top(user_id, view_id)
        self._dialogs.close(view)
        if not view.definition.get("notify_on_close"):
            return Ack(OK)
        return await self._deliver("interactive", view_closed(self._world, self._world.people[user_id], view))

    async def select_in_view(self, user_id: str, view_id: str, action_id: str, value: str | None) -> Ack:
        """Use an element of the dialog on top; the app is told, except of inputs without dispatch_action."""
        view = self._on_top(user_id, view_id)
        block, element = view.element(action_id)
        action = action_of(block, element, value, self._world.new_ts())
        if element["type"] not in ("button", "overflow"):
            view.enter(action_id, value)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Ack(OK)
        payload = view_action(self._world, self._world.people[user_id], view, action)
        return await self._deliver("interactive", payload)

    def type_in_view(self, view_id: str, block_or_action_id: str, text: str) -> None:
        """Type into a dialog without sending it."""
        view = self._dialogs.find(view_id)
        if view is None:
            raise CannotDo(f"no open dialog {view_id}")
        view.enter(block_or_action_id, text)

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

    def open_view(self, user_id: str) -> View | None:
        return self._dialogs.top(user_id)

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

    def _on_top(self, user_id: str, view_id: str) -> View:
        view = self._dialogs.top(user_id)
        if view is None or view.id != view_id:
            raise CannotDo(f"{user_id} does not have the dialog {view_id} in front")
        return view

    def _notice_failure(self, ack: Ack, user_id: str, channel_id: str, what: str) -> None:
        if ack.status != OK:
            error = "operation_timeout" if ack.timed_out else "dispatch_failed"
            self._world.whisper(user_id, channel_id, {"text": f'{what} failed with the error "{error}"'})


def _button(message: Message, action_id: str, value: str | None) -> tuple[Json, Json]:
    blocks = [*message.blocks, *(block for one in message.attachments for block in one["blocks"])]
    found = [(b, e) for b in blocks for e in elements_of(b) if e["action_id"] == action_id]
    if not found:
        raise CannotDo(f"the message {message.text!r} has no {action_id}")
    return next((pair for pair in found if pair[1].get("value") == value), found[0])
