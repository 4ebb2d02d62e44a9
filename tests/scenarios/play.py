"""What a person does and sees in a scenario, in words that a test can read."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from bot.sandbox.people import Person
from bot.sandbox.slack_records import Ack, Message, Suggested
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import AUDIT, CHANNEL, Tenant

WHY = "Asked for by mistake"
NOTHING_SENT = "This could not be recorded in time, so nothing was sent. Press the button again."


def words(blocks: list[dict[str, Any]]) -> str:
    """All text in the blocks, as a person reads it; people as @U…, emoji as :name:."""
    return " ".join(_words(blocks)).replace(" \n ", "\n")


def _words(node: Any) -> list[str]:
    if isinstance(node, list):
        return [word for part in node for word in _words(part)]
    if not isinstance(node, dict):
        return []
    if node.get("type") == "user":
        return [f"@{node['user_id']}"]
    if node.get("type") == "emoji":
        return [f":{node['name']}:"]
    if isinstance(node.get("text"), str):
        return [node["text"]]
    return [word for value in node.values() for word in _words(value)]


def buttons(message: Message) -> list[str]:
    """The action ids of a message's buttons."""
    actions = [block for block in message.blocks if block["type"] == "actions"]
    return [element["action_id"] for block in actions for element in block["elements"]]


async def tampered(tenant: Tenant, statement: str) -> None:
    """Changes the bot's database behind its back."""

    def change() -> None:
        with closing(sqlite3.connect(tenant.directory / "bot.db")) as database, database:
            database.execute(statement)

    # The bot may be in the middle of a transaction, which ends only if the loop goes on.
    await asyncio.to_thread(change)


@dataclass
class Play:
    """One person at work in the tenant's channel."""

    tenant: Tenant
    person: Person
    channel: str = CHANNEL

    async def command(self, text: str) -> Ack:
        """Types the slash command."""
        return await self.tenant.slack.command(self.person.slack_id, self.channel, text)

    async def dialog(self, text: str = "") -> View:
        """Types the slash command and waits for its dialog; without more, for the one that asks for kind and id."""
        await self.command(text)
        if not text:
            return await self.by_hand()
        return await self.tenant.slack.until(lambda: self.tenant.slack.open_view(self.person.slack_id))

    async def by_hand(self) -> View:
        """The form of an open dialog, where it has to be asked for."""
        view = await self.view_with("kind", "pick_target")
        if "pick_target" in str(view.blocks):
            await self.tenant.slack.select_in_view(self.person.slack_id, view.id, "enter_by_hand", None)
        return await self.view_with("kind")

    async def picker(self) -> View:
        """Types the slash command alone, and waits for what can be chosen."""
        await self.command("")
        return await self.view_with("pick_target")

    async def view_with(self, *block_ids: str) -> View:
        """The dialog, once it has one of these blocks."""

        def found() -> View | None:
            view = self.tenant.slack.open_view(self.person.slack_id)
            return view if view and any(block["block_id"] in block_ids for block in view.blocks) else None

        return await self.tenant.slack.until(found)

    async def suggested(self, view: View, typed: str = "") -> Suggested:
        """What a dialog offers for what was typed."""
        return await self.tenant.slack.suggest(self.person.slack_id, view.id, "pick_target", typed)

    async def pick(self, view: View, target_id: str) -> View:
        """Looks for this target, chooses it, and waits for its details."""
        found = await self.suggested(view, target_id)
        await self.tenant.slack.choose(self.person.slack_id, view.id, "pick_target", found.values[0])
        return await self.view_saying(target_id)

    async def view_saying(self, part: str) -> View:
        """The dialog, once these words stand in it."""

        def found() -> View | None:
            view = self.tenant.slack.open_view(self.person.slack_id)
            return view if view and part in words(view.blocks) else None

        return await self.tenant.slack.until(found)

    async def loaded(self) -> View:
        """The dialog once its details were filled in."""

        def filled() -> View | None:
            view = self.tenant.slack.open_view(self.person.slack_id)
            return view if view and "Reading it from" not in words(view.blocks) else None

        return await self.tenant.slack.until(filled)

    async def submit(self, view: View, **values: str) -> Ack:
        """Presses the dialog's button with these inputs; again, as people do, where a busy machine was too slow."""
        for _ in range(3):
            ack = await self.tenant.slack.submit(self.person.slack_id, view.id, values)
            if NOTHING_SENT not in str(ack.body):
                break
        return ack

    async def cancel(self, kind: str, target_id: str, why: str = WHY) -> Message:
        """Cancels by slash command; the final reply in the thread."""
        before = len(self.tenant.slack.messages(AUDIT))
        view = await self.dialog(f"{kind} {target_id}")
        await self.submit(view, justification=why)
        return await self.reply(before)

    async def press(self, ts: str) -> View:
        """Presses Cancel on a card and waits for the dialog."""
        await self.tenant.slack.click(self.person.slack_id, self.channel, ts, "cancel_target")
        return await self.tenant.slack.until(lambda: self.tenant.slack.open_view(self.person.slack_id))

    async def reply(self, audited: int = 0) -> Message:
        """The last thread reply, once the audit channel has one line more than `audited`, and all is over."""
        await self.tenant.slack.until(lambda: len(self.tenant.slack.messages(AUDIT)) > audited)
        await self.over()
        return self.replies()[-1]

    async def over(self, target: str = "") -> None:
        """Waits until no cancellation (of this target) runs any more, and whoever had joined was told."""
        query = "SELECT 1 FROM cancellations WHERE ended_at IS NULL AND lower(target_id) LIKE lower(?) LIMIT 1"

        def ended() -> bool:
            with closing(sqlite3.connect(self.tenant.directory / "bot.db")) as connection:
                return connection.execute(query, (target or "%",)).fetchone() is None

        await self.tenant.slack.until(ended)

    def replies(self) -> list[Message]:
        """Every thread reply of the bot in this channel."""
        found = self.tenant.slack.messages(self.channel)
        return [message for message in found if message.thread_ts and message.thread_ts != message.ts]

    def roots(self) -> list[Message]:
        """Every message of the bot in this channel that began a thread, or may."""
        found = self.tenant.slack.messages(self.channel)
        return [message for message in found if not message.thread_ts or message.thread_ts == message.ts]

    async def told(self) -> str:
        """What the person was last told privately."""
        await self.tenant.slack.until(self.private)
        return self.private()[-1]

    async def told_times(self, times: int) -> None:
        """Waits until the person was told so often privately."""
        await self.tenant.slack.until(lambda: len(self.private()) >= times)

    def private(self) -> list[str]:
        """Everything that the person was told privately."""
        slack = self.tenant.slack
        return [
            words(m.blocks) or m.text
            for m in (*slack.ephemerals(self.person.slack_id), *slack.dms(self.person.slack_id))
        ]
