"""The submitted dialog: checks what was entered, begins the cancellation, and only then acknowledges."""

import asyncio
from datetime import timedelta
from typing import Any, Final

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.blocks import Block

from bot.cancel import Canceller
from bot.cancellation import Actor, Cancellation
from bot.errors import BotError, InputError, Refused, Unavailable
from bot.justification import justification
from bot.resources import Target
from bot.slack import dialog, text
from bot.slack.answering import answering
from bot.slack.blocks import drawn, joined
from bot.slack.directory import Directory
from bot.slack.inbox import Click
from bot.slack.posting import Poster
from bot.slack.request import Parser
from bot.store import Dialog, Store, new_id, now
from bot.tasks import Tasks

log = structlog.get_logger(__name__)

_Response = dict[str, Any]
_LIFETIME: Final = timedelta(hours=24)
_ACK_SECONDS: Final = 2.4  # Slack waits for three, and the answer has a way to go


class SubmittedDialog:
    """Bolt's listener for the dialog's button. `tasks` are awaited here; `late` tell what comes after the answer."""

    def __init__(
        self,
        *,
        store: Store,
        parser: Parser,
        directory: Directory,
        canceller: Canceller,
        poster: Poster,
        tasks: Tasks,
        late: Tasks,
    ) -> None:
        self._store = store
        self._parser = parser
        self._directory = directory
        self._canceller = canceller
        self._poster = poster
        self._tasks = tasks
        self._late = late

    async def __call__(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        """Acknowledges with what the dialog shall show: nothing (it closes), errors at its inputs, or a sentence.

        What takes too long for that goes on, and is told by direct message.
        """
        click = Click.of_interaction(body)
        work = self._tasks.spawn(self._handle(click, view))
        await asyncio.wait({work}, timeout=_ACK_SECONDS)
        if work.done():
            await ack(**await _response(work))
            return
        self._late.spawn(self._answer_late(click, work))
        await ack(**_closed(dialog.sentence(text.TAKES_LONGER)))

    async def _answer_late(self, click: Click, work: asyncio.Task[Cancellation | None]) -> None:
        async with answering(self._poster, click, new_id()):
            running = await work
            if running:
                block = joined(running.actor.user, running.at)
                await self._poster.tell(click.user, "", text.JOINED, drawn([block]))

    async def _handle(self, click: Click, view: dict[str, Any]) -> Cancellation | None:
        """Begins; returns the cancellation of the same target that was running already, if there was one."""
        opened = _checked(await self._store.dialog(str(view.get("private_metadata") or "")), click)
        entered = dialog.entered(view)
        why = justification(entered.justification)
        target = await self._target(opened, entered)
        actor = await self._directory.in_time(click, channel=opened.channel)
        return await self._begin(opened, actor, target, why)

    async def _target(self, opened: Dialog, entered: dialog.Entered) -> Target:
        card = await self._store.card(opened.card_id) if opened.card_id else None
        return card.target if card else self._parser.target(entered.kind, entered.id)

    async def _begin(self, opened: Dialog, actor: Actor, target: Target, why: str) -> Cancellation | None:
        cancellation = Cancellation(new_id(), actor, target, why, place=opened.id, at=now())
        if not await self._store.claim_dialog(opened.id, cancellation.id):
            raise Refused("used_dialog", text.OLD_DIALOG)
        return await self._canceller.submit(cancellation)


async def _response(work: asyncio.Task[Cancellation | None]) -> _Response:
    """The acknowledgement for what the submission came to."""
    try:
        running = await work
    except InputError as error:
        return {"response_action": "errors", "errors": {error.field: text.of_error(error)}}
    except Unavailable as error:
        # It may pass: the dialog stays open with what was typed.
        return {"response_action": "errors", "errors": {dialog.JUSTIFICATION: text.of_error(error)}}
    except BotError as error:
        log.info("declined", code=error.code, reason=getattr(error, "reason", ""))
        return _closed(dialog.sentence(text.of_error(error)))
    except Exception:
        log.exception("submission_failed")
        return _closed(dialog.sentence(text.OUR_FAULT))
    return _closed(joined(running.actor.user, running.at)) if running else {}


def _checked(opened: Dialog | None, click: Click) -> Dialog:
    """The dialog, if the bot opened it for this very person and not too long ago; raises `Refused`."""
    if opened is None or (opened.team, opened.user) != (click.team, click.user):
        raise Refused("forged_dialog", text.OLD_DIALOG)
    if now() - opened.created_at > _LIFETIME:
        raise Refused("old_dialog", text.OLD_DIALOG)
    return opened


def _closed(block: Block) -> _Response:
    return {"response_action": "update", "view": dialog.closed(block)}
