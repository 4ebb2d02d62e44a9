"""Opens the dialog at once and fills it in afterwards, so that a slow service never costs Slack's trigger."""

from dataclasses import replace
from typing import Any

import structlog
from slack_sdk.models.blocks import Block, RichTextBlock
from slack_sdk.web.async_client import AsyncWebClient

from bot.audit import Audit
from bot.cancellation import Actor
from bot.errors import BotError, Refused, ServiceError, ServiceFailure, SignInNeeded, Unavailable
from bot.gate import Gate
from bot.keys import Sealer
from bot.outcome import Look, rejected
from bot.resources import Standing, Target
from bot.slack import dialog, text
from bot.slack.api import FAULTS, error_of
from bot.slack.blocks import details_of, facts
from bot.slack.cards import Cards
from bot.slack.inbox import Click
from bot.store import Dialog, Store, now
from bot.tasks import Tasks

log = structlog.get_logger(__name__)

_NORMAL = ("not_found", "hash_conflict")  # the person closed the dialog, or it has changed since


class Dialogs:
    """One dialog for commands and buttons alike."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        store: Store,
        sealer: Sealer,
        gate: Gate,
        cards: Cards,
        audit: Audit,
        tasks: Tasks,
    ) -> None:
        self._audit = audit
        self._client = client
        self._store = store
        self._sealer = sealer
        self._gate = gate
        self._cards = cards
        self._tasks = tasks

    async def open(
        self, click: Click, actor: Actor, prefilled: dialog.Prefilled, target: Target | None, card_id: str = ""
    ) -> None:
        """Opens it; raises `Unavailable` when Slack does not. A known target's details follow."""
        sealed = self._sealer.seal(prefilled.dialog_id, {"response_url": click.response_url})
        await self._store.add_dialog(
            Dialog(prefilled.dialog_id, click.team, click.user, click.channel, card_id, sealed, now())
        )
        details = dialog.loading() if target else None
        view = dialog.view(prefilled, self._gate.registry, details)
        try:
            answer = await self._client.views_open(trigger_id=click.trigger_id, view=view)
        except FAULTS as error:
            log.warning("dialog_not_opened", error=error_of(error))
            raise Unavailable(text.NO_DIALOG) from error
        if target:
            opened = answer["view"]
            self._tasks.spawn(self._fill(opened["id"], opened["hash"], actor, prefilled, target))

    async def _fill(
        self, view_id: str, view_hash: str, actor: Actor, prefilled: dialog.Prefilled, target: Target
    ) -> None:
        try:
            view = await self._filled(actor, prefilled, target)
        except Exception:
            log.exception("details_failed")
            view = self._view(prefilled, dialog.sentence(text.DETAILS_LATER))
        try:
            await self._client.views_update(view_id=view_id, hash=view_hash, view=view)
        except FAULTS as error:
            if error_of(error) not in _NORMAL:
                log.warning("dialog_not_filled", error=error_of(error))

    async def _filled(self, actor: Actor, prefilled: dialog.Prefilled, target: Target) -> dict[str, Any]:
        try:
            look = await self._gate.preview(actor, target)
        except Refused as error:
            await self._audit.denied(actor, error.reason, target)
            if prefilled.fixed:
                return dialog.closed(dialog.sentence(text.of_error(error)))
            return self._view(prefilled, dialog.sentence(text.of_error(error)))
        except ServiceFailure as failure:
            return self._view(prefilled, dialog.sentence(self._unread(failure, target)))
        except BotError as error:
            words = text.LINK_LATER if isinstance(error, SignInNeeded) else text.of_error(error)
            return self._view(prefilled, dialog.sentence(words))
        if look.snapshot and look.snapshot.standing is Standing.FINAL:
            await self._cards.ended_elsewhere(target, look)
            if prefilled.fixed:
                return dialog.closed(self._facts(target, look), dialog.sentence(text.ended_as(look.state)))
        return self._view(prefilled, self._details(target, look))

    def _view(self, prefilled: dialog.Prefilled, details: Block) -> dict[str, Any]:
        return dialog.view(prefilled, self._gate.registry, details)

    def _details(self, target: Target, look: Look) -> Block:
        if look.missing:
            return dialog.sentence(text.MISSING_DETAILS)
        return self._facts(target, look)

    def _facts(self, target: Target, look: Look) -> RichTextBlock:
        moment = now()
        details = details_of(self._gate.registry[target.kind], target, look, moment)
        if look.snapshot and look.snapshot.created:
            details = replace(details, created=f"{details.created}, {text.age(look.snapshot.created, moment)}")
        return facts(details)

    def _unread(self, failure: ServiceFailure, target: Target) -> str:
        """Why the details are missing; the cancellation itself may still be tried."""
        if not isinstance(failure, ServiceError):
            return text.DETAILS_LATER
        resource = self._gate.registry[target.kind]
        told = text.told(rejected(resource, failure, Look(), 0), resource)
        return " ".join(filter(None, (told.sentence, told.next_step, told.reference)))
