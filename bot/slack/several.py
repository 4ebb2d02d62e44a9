"""Several cancellations of one dialog, for one reason: choosing them, and beginning each as if it were the only one."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.blocks import Block

from bot.batches import Batches, member_id
from bot.cancellation import Actor, Cancellation
from bot.cancellations import Running
from bot.errors import SIGN_IN, BotError, InputError, Unavailable
from bot.justification import justification
from bot.resources import Target
from bot.slack import dialog, list_text, several_text, text
from bot.slack.answering import Answering
from bot.slack.blocks import joined_of
from bot.slack.dialogs import Dialogs, Shown
from bot.slack.directory import Directory
from bot.slack.inbox import Click, Used
from bot.slack.picker import Picker
from bot.slack.views import FINDING, Response, Submitted, Tools, closed, open_still
from bot.store import Dialog, now
from bot.tasks import Tasks

log = structlog.get_logger(__name__)

_SPARE: Final = 0.2  # seconds after the deadline: what is being recorded then is nearly always refused in time

_Begun = asyncio.Task[Running | None]


class ChooseSeveral:
    """Bolt's listener for the picker's button."""

    def __init__(
        self, *, dialogs: Dialogs, directory: Directory, picker: Picker, answering: Answering, tasks: Tasks
    ) -> None:
        self._dialogs = dialogs
        self._directory = directory
        self._picker = picker
        self._answering = answering
        self._tasks = tasks

    async def __call__(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Acknowledges at once."""
        await ack()
        self._tasks.spawn(self._handle(Click.of_interaction(body), Used.of(body, action)))

    async def _handle(self, click: Click, used: Used) -> None:
        async with self._answering.to(click):
            opened = await self._dialogs.recorded(used.dialog_id, click)
            actor = await self._directory.in_time(click, channel=opened.channel)
            await self._dialogs.update(Shown(used.view_id), await self._picker.several(opened.id, actor))


@dataclass
class Recording:
    """What became of so many choices. `begun` are recorded now, `before` were; `joined` others that run already.

    `refused` ended before they began, by why; `late` were not recorded in time.
    """

    count: int
    before: int
    begun: int = 0
    joined: list[Running] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    late: list[BotError] = field(default_factory=list)

    @property
    def recorded(self) -> int:
        """All that go on, or have ended."""
        return self.before + self.begun + len(self.joined)


class SubmittedSeveral(Submitted[Recording]):
    """For several requests. Each has an id of its own that follows from the dialog's: submitting it again adds none."""

    def __init__(self, tools: Tools, batches: Batches) -> None:
        super().__init__(tools)
        self._batches = batches

    async def _handle(self, click: Click, view: dict[str, Any], began: float) -> Recording:
        """Begins them; what is not recorded in time is not recorded, and the person is told how many are."""
        opened, actor = await self._opened(click, view)
        chosen = dialog.several(view)
        if not 0 < len(chosen.choices) <= dialog.MOST_AT_ONCE:
            raise InputError(chosen.input, several_text.too_many(dialog.MOST_AT_ONCE, len(chosen.choices)))
        why = justification(chosen.justification)
        batch = await self._batches.of(opened.id)
        if batch and batch.justification != why:
            raise InputError(dialog.JUSTIFICATION, several_text.another_reason(batch.count))
        members = batch.members if batch else frozenset()
        rest = {digest: name for digest, name in chosen.choices.items() if member_id(opened.id, digest) not in members}
        targets = await self._targets(actor, chosen.input, rest)
        wished = [self._cancellation(opened, actor, target, why) for target in targets]
        recording = await self._begin(click, wished, began + self._tools.seconds, len(chosen.choices) - len(rest))
        if recording.late and not (recording.recorded or recording.refused):
            raise recording.late[0]
        self._tools.metrics.recorded(time.monotonic() - began)
        return recording

    async def _targets(self, actor: Actor, block_id: str, wanted: Mapping[str, str]) -> list[Target]:
        """What these digests are of, among what this person may cancel now; raises `InputError`, `Unavailable`."""
        if not wanted:
            return []
        try:
            async with asyncio.timeout(FINDING):
                choices = await self._tools.pending.of(actor, dialog.kinds_of(block_id))
        except TimeoutError:
            raise Unavailable(several_text.CHOICE_UNREAD, "Press the button again.") from None
        found = {one.target.digest: one.target for one in choices.items if one.target.digest in wanted}
        if gone := [name for digest, name in wanted.items() if digest not in found]:
            missing = f"{list_text.NOT_ALL_READ}." if choices.unread or choices.longer else ""
            raise InputError(block_id, several_text.gone_of_several(gone), SIGN_IN if choices.sign_in else missing)
        return [found[digest] for digest in wanted]

    def _cancellation(self, opened: Dialog, actor: Actor, target: Target, why: str) -> Cancellation:
        return Cancellation(
            id=member_id(opened.id, target.digest),
            actor=actor,
            target=target,
            justification=why,
            at=now(),
            response_url=self._response_url(opened),
            batch=opened.id,
        )

    async def _begin(self, click: Click, wished: Sequence[Cancellation], deadline: float, before: int) -> Recording:
        """Submits them all at once, so that what one has to wait for costs no other its time."""
        recording = Recording(before + len(wished), before)
        if not wished:
            return recording
        work = [self._tools.tasks.spawn(self._tools.canceller.submit(one, deadline)) for one in wished]
        await asyncio.wait(work, timeout=max(deadline - time.monotonic(), 0) + _SPARE)
        for task in work:
            self._note(recording, task)
        if hanging := [task for task in work if not task.done()]:
            self._tools.late.spawn(self._tell_late(click, hanging))
        return recording

    @staticmethod
    def _note(recording: Recording, work: _Begun) -> None:
        if not work.done():
            recording.late.append(Unavailable(text.NOTHING_SENT))
            return
        try:
            running = work.result()
        except Unavailable as error:
            recording.late.append(error)
        except BotError as error:
            log.info("declined", code=error.code, reason=getattr(error, "reason", ""))
            recording.refused[text.of_error(error)] += 1
        except Exception:
            log.exception("submission_failed")
            recording.late.append(Unavailable(text.OUR_FAULT))
        else:
            if running is None or not running.shown:
                recording.begun += 1
            elif running.ended:
                recording.before += 1
            else:
                recording.joined.append(running)

    async def _tell_late(self, click: Click, hanging: Iterable[_Begun]) -> None:
        """The person was told how many are recorded; a commit that hung can make them more."""
        ends = await asyncio.gather(*hanging, return_exceptions=True)
        if any(not isinstance(end, BaseException) for end in ends):
            await self._tools.poster.answer(click.user, click.response_url, several_text.MORE_RECORDED_LATE)

    def _said(self, begun: Recording) -> Response:
        if begun.late:
            return open_still(several_text.recorded_of(begun.recorded, begun.count))
        told = list(self._told(begun))
        if told:
            return closed(*([dialog.sentence(several_text.begun_of(begun.begun))] if begun.begun else []), *told)
        return {} if begun.begun else closed(dialog.sentence(several_text.RECORDED_BEFORE))

    def _told(self, begun: Recording) -> Iterable[Block]:
        """What is told of those that did not begin as asked."""
        for user, count in Counter(one.user for one in begun.joined).items():
            yield joined_of(count, user, min(one.at for one in begun.joined if one.user == user))
        for why, count in begun.refused.items():
            yield dialog.sentence(several_text.not_begun(count, why))
