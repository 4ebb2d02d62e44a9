"""The buttons of the question to a second person."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.cancellation import Answer
from bot.second import SecondPerson, Where
from bot.slack.answering import Answering
from bot.slack.blocks import APPROVE_ACTION
from bot.slack.directory import Directory
from bot.slack.inbox import Click, Pressed
from bot.tasks import Tasks


class ApprovalButtons:
    """Approve and Decline. What they carry is only looked up, never believed; the message itself shows the answer."""

    def __init__(self, *, directory: Directory, second: SecondPerson, answering: Answering, tasks: Tasks) -> None:
        self._directory = directory
        self._second = second
        self._answering = answering
        self._tasks = tasks

    async def __call__(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Bolt's listener: acknowledges at once."""
        await ack()
        answer = Answer.APPROVED if action.get("action_id") == APPROVE_ACTION else Answer.DECLINED
        self._tasks.spawn(self._handle(Click.of_interaction(body), Pressed.of(body, action), answer))

    async def _handle(self, click: Click, pressed: Pressed, answer: Answer) -> None:
        async with self._answering.to(click) as about:
            actor = await self._directory.in_time(click)
            asking = await self._second.asked(pressed.value, Where(click.team, click.channel, pressed.ts))
            about.target = asking.cancellation.target
            await self._second.answer(asking, actor, answer)
