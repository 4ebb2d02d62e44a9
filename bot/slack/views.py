"""The submitted dialog: checks what was entered, begins the cancellation, and only then acknowledges."""

import asyncio
import time
from typing import Any, Final

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
from bot.slack import dialog, text
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

_Response = dict[str, Any]
_GRACE: Final = 0.4  # Slack waits for three seconds, and the answer has a way to go
_FINDING: Final = 1.0  # seconds in which a choice is looked up again


class SubmittedDialog:
    """Bolt's listener for the dialog's button. `tasks` are awaited here; `late` tell what comes after the answer.

    A submission that is not recorded within `seconds` is not recorded at all.
    """

    def __init__(
        self,
        *,
        store: Store,
        dialogs: Dialogs,
        pending: Pending,
        parser: Parser,
        directory: Directory,
        canceller: Canceller,
        poster: Poster,
        sealer: Sealer,
        tasks: Tasks,
        late: Tasks,
        seconds: float,
        link_url: str,
        answering: Answering,
        metrics: Metrics,
    ) -> None:
        self._metrics = metrics
        self._answering = answering
        self._link_url = link_url
        self._store = store
        self._dialogs = dialogs
        self._pending = pending
        self._sealer = sealer
        self._seconds = seconds
        self._parser = parser
        self._directory = directory
        self._canceller = canceller
        self._poster = poster
        self._tasks = tasks
        self._late = late

    async def __call__(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        """Acknowledges with what the dialog shall show: nothing (it closes), errors at its inputs, or a sentence."""
        click = Click.of_interaction(body)
        work = self._tasks.spawn(self._handle(click, view, time.monotonic()))
        await asyncio.wait({work}, timeout=self._seconds + _GRACE)
        if work.done():
            await ack(**await self._response(work))
            return
        self._late.spawn(self._answer_late(click, work))
        await ack(**_open_still(text.NOTHING_SENT))

    async def _answer_late(self, click: Click, work: asyncio.Task[Running | None]) -> None:
        """The person was told that nothing was sent; a commit that hung can make that untrue, and then they hear it."""
        try:
            await work
        except SignInNeeded:
            pass  # it is kept, and they are being asked to sign in
        except BotError as error:
            log.info("not_recorded_in_time", code=error.code)
        else:
            await self._poster.answer(click.user, click.response_url, text.RECORDED_LATE)

    async def _handle(self, click: Click, view: dict[str, Any], began: float) -> Running | None:
        """Begins; returns the cancellation of the same target that was running already, if there was one."""
        async with self._answering.noting(click):
            opened = await self._dialogs.recorded(str(view.get("private_metadata") or ""), click)
            actor = await self._directory.in_time(click, channel=opened.channel)
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
            response_url=self._sealer.open(opened.id, opened.sealed).get("response_url", ""),
        )
        try:
            running = await self._canceller.submit(cancellation, began + self._seconds)
        except SignInNeeded:
            if self._link_url:
                self._late.spawn(self._ask_to_sign_in(cancellation))
            raise
        self._metrics.recorded(time.monotonic() - began)
        return running

    async def _ask_to_sign_in(self, cancellation: Cancellation) -> None:
        """In a message too: the dialog may be closed before anybody has read it."""
        asked = drawn([sign_in(text.LINK_FIRST, self._link_url)])
        words = f"{text.LINK_FIRST}{self._link_url}"
        await self._poster.answer(cancellation.actor.user, cancellation.response_url, words, asked)

    async def _target(self, opened: Dialog, entered: dialog.Entered, actor: Actor) -> Target:
        if entered.pick:
            return await self._picked(opened, entered.pick, actor)
        if len(opened.offered) == 1 and not entered.kind and not entered.id:
            return opened.offered[0]
        card = await self._store.card(opened.card_id) if opened.card_id else None
        if card:
            return card.target
        return self._parser.target(entered.kind, entered.id)

    async def _picked(self, opened: Dialog, digest: str, actor: Actor) -> Target:
        """What was chosen, also where it is submitted before it was recorded as chosen; raises `InputError`."""
        found = next((one for one in opened.offered if one.digest == digest), None)
        if found:
            return found
        try:
            async with asyncio.timeout(_FINDING):
                listed = await self._pending.find(actor, digest)
        except TimeoutError:
            listed = None
        if listed is None:
            raise InputError(dialog.PICK, text.CHOOSE_AGAIN)
        return listed.target

    async def _response(self, work: asyncio.Task[Running | None]) -> _Response:
        """The acknowledgement for what the submission came to."""
        try:
            return _begun(await work)
        except SignInNeeded as error:
            if not self._link_url:
                return _failed(error)
            return _closed(sign_in(text.LINK_FIRST, self._link_url))
        except BotError as error:
            return _failed(error)
        except Exception:
            log.exception("submission_failed")
            return _closed(dialog.sentence(text.OUR_FAULT))


def _begun(running: Running | None) -> _Response:
    if running is None or not running.shown:
        return {}
    return _closed(dialog.sentence(text.DONE_BEFORE) if running.ended else joined(running.user, running.at))


def _failed(error: BotError) -> _Response:
    if isinstance(error, InputError):
        return {"response_action": "errors", "errors": {error.field: text.of_error(error)}}
    if isinstance(error, Unavailable):
        # It may pass: the dialog stays open with what was typed.
        return _open_still(text.of_error(error))
    log.info("declined", code=error.code, reason=getattr(error, "reason", ""))
    return _closed(dialog.sentence(text.of_error(error)))


def _open_still(words: str) -> _Response:
    return {"response_action": "errors", "errors": {dialog.JUSTIFICATION: words}}


def _closed(block: Block) -> _Response:
    return {"response_action": "update", "view": dialog.closed(block)}
