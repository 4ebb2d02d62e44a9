"""Submitted dialogs: what was entered is checked and the cancellation begun before it is acknowledged."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.blocks import Block

from bot.cancel import Canceller
from bot.cancellation import Actor, Cancellation
from bot.cancellations import Running
from bot.errors import BotError, InputError, SignInNeeded, Unavailable
from bot.justification import justification
from bot.keys import Sealer
from bot.metrics import Metrics
from bot.pending import Pending
from bot.resources import Target
from bot.slack import dialog, list_text, text
from bot.slack.answering import Answering
from bot.slack.blocks import drawn, joined, sign_in
from bot.slack.dialogs import Dialogs
from bot.slack.directory import Directory
from bot.slack.inbox import Click
from bot.slack.posting import Poster
from bot.slack.request import Parser
from bot.store import Dialog, Store, now
from bot.tasks import Tasks

log = structlog.get_logger(__name__)
T = TypeVar("T")

Response = dict[str, Any]
"""What a submitted dialog is acknowledged with."""

_GRACE: Final = 0.4  # Slack waits for three seconds, and the answer has a way to go
FINDING: Final = 1.0  # seconds in which a choice is looked up again


@dataclass(frozen=True)
class Tools:
    """What listeners for submitted dialogs share. `tasks` are awaited there; `late` tell what comes after the answer.

    A submission that is not recorded within `seconds` is not recorded at all. `link_url` is where people sign in, empty
    where they cannot.
    """

    store: Store
    dialogs: Dialogs
    pending: Pending
    directory: Directory
    canceller: Canceller
    poster: Poster
    sealer: Sealer
    answering: Answering
    metrics: Metrics
    tasks: Tasks
    late: Tasks
    seconds: float
    link_url: str


class Submitted(ABC, Generic[T]):
    """Bolt's listener for a dialog's button: what it begins comes to a `T`."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @abstractmethod
    async def _handle(self, click: Click, view: dict[str, Any], began: float) -> T:
        """Begins; raises `BotError` where nothing was begun."""

    @abstractmethod
    def _said(self, begun: T) -> Response:
        """The acknowledgement for what was begun."""

    async def __call__(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        """Acknowledges with what the dialog shall show: nothing (it closes), errors at its inputs, or a sentence."""
        click = Click.of_interaction(body)
        work = self._tools.tasks.spawn(self._handle(click, view, time.monotonic()))
        await asyncio.wait({work}, timeout=self._tools.seconds + _GRACE)
        if work.done():
            await ack(**await self._response(work))
            return
        self._tools.late.spawn(self._answer_late(click, work))
        await ack(**open_still(text.NOTHING_SENT))

    async def _answer_late(self, click: Click, work: asyncio.Task[T]) -> None:
        """The person was told that nothing was sent; a commit that hung can make that untrue, and then they hear it."""
        try:
            await work
        except SignInNeeded:
            pass  # it is kept, and they are being asked to sign in
        except BotError as error:
            log.info("not_recorded_in_time", code=error.code)
        else:
            await self._tools.poster.answer(click.user, click.response_url, text.RECORDED_LATE)

    async def _response(self, work: asyncio.Task[T]) -> Response:
        """The acknowledgement for what the submission came to."""
        try:
            return self._said(await work)
        except SignInNeeded as error:
            if not self._tools.link_url:
                return failed(error)
            return closed(sign_in(text.LINK_FIRST, self._tools.link_url))
        except BotError as error:
            return failed(error)
        except Exception:
            log.exception("submission_failed")
            return closed(dialog.sentence(text.OUR_FAULT))

    async def _opened(self, click: Click, view: Mapping[str, Any]) -> tuple[Dialog, Actor]:
        """The dialog, and who has submitted it; raises `Refused`, which is audited, and `Unavailable`."""
        async with self._tools.answering.noting(click):
            opened = await self._tools.dialogs.recorded(str(view.get("private_metadata") or ""), click)
            return opened, await self._tools.directory.in_time(click, channel=opened.channel)

    def _response_url(self, opened: Dialog) -> str:
        return self._tools.sealer.open(opened.id, opened.sealed).get("response_url", "")

    def _ask_to_sign_in(self, cancellation: Cancellation) -> None:
        """In a message too: the dialog may be closed before anybody has read it."""
        asked = drawn([sign_in(text.LINK_FIRST, self._tools.link_url)])
        words = f"{text.LINK_FIRST}{self._tools.link_url}"
        answer = self._tools.poster.answer(cancellation.actor.user, cancellation.response_url, words, asked)
        self._tools.late.spawn(answer)


class SubmittedDialog(Submitted[Running | None]):
    """For one request."""

    def __init__(self, tools: Tools, parser: Parser) -> None:
        super().__init__(tools)
        self._parser = parser

    async def _handle(self, click: Click, view: dict[str, Any], began: float) -> Running | None:
        """Begins; returns the cancellation of the same target that was running already, if there was one."""
        opened, actor = await self._opened(click, view)
        entered = dialog.entered(view)
        why = justification(entered.justification)
        target = await self._target(opened, entered, actor)
        cancellation = Cancellation(
            id=opened.id,
            actor=actor,
            target=target,
            justification=why,
            at=now(),
            card_id=opened.card_id,
            thread_ts=opened.thread_ts,
            response_url=self._response_url(opened),
        )
        try:
            running = await self._tools.canceller.submit(cancellation, began + self._tools.seconds)
        except SignInNeeded:
            if self._tools.link_url:
                self._ask_to_sign_in(cancellation)
            raise
        self._tools.metrics.recorded(time.monotonic() - began)
        return running

    async def _target(self, opened: Dialog, entered: dialog.Entered, actor: Actor) -> Target:
        if entered.pick:
            return await self._picked(opened, entered.pick, actor)
        if len(opened.offered) == 1 and not entered.kind and not entered.id:
            return opened.offered[0]
        card = await self._tools.store.card(opened.card_id) if opened.card_id else None
        if card:
            return card.target
        return self._parser.target(entered.kind, entered.id)

    async def _picked(self, opened: Dialog, digest: str, actor: Actor) -> Target:
        """What was chosen, also where it is submitted before it was recorded as chosen; raises `InputError`."""
        found = next((one for one in opened.offered if one.digest == digest), None)
        if found:
            return found
        try:
            async with asyncio.timeout(FINDING):
                listed = await self._tools.pending.find(actor, digest)
        except TimeoutError:
            listed = None
        if listed is None:
            raise InputError(dialog.PICK, list_text.CHOOSE_AGAIN)
        return listed.target

    def _said(self, begun: Running | None) -> Response:
        if begun is None or not begun.shown:
            return {}
        return closed(dialog.sentence(text.DONE_BEFORE) if begun.ended else joined(begun.user, begun.at))


def failed(error: BotError) -> Response:
    """The acknowledgement where nothing was begun."""
    if isinstance(error, InputError):
        return {"response_action": "errors", "errors": {error.field: text.of_error(error)}}
    if isinstance(error, Unavailable):
        # It may pass: the dialog stays open with what was typed.
        return open_still(text.of_error(error))
    log.info("declined", code=error.code, reason=getattr(error, "reason", ""))
    return closed(dialog.sentence(text.of_error(error)))


def open_still(words: str) -> Response:
    """The dialog stays open with what was entered, and says this."""
    return {"response_action": "errors", "errors": {dialog.JUSTIFICATION: words}}


def closed(*blocks: Block) -> Response:
    """The dialog shows this, and offers nothing to submit."""
    return {"response_action": "update", "view": dialog.closed(*blocks)}
