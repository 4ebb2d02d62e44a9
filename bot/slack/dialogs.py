"""Opens dialogs at once and fills them in afterwards, so that a slow service never costs Slack's trigger."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from slack_sdk.models.blocks import Block, RichTextBlock
from slack_sdk.web.async_client import AsyncWebClient

from bot.audit import Audit
from bot.cancellation import Actor
from bot.errors import BotError, Refused, ServiceError, ServiceFailure, SignInNeeded, Unavailable
from bot.gate import Gate
from bot.keys import Sealer
from bot.outcome import Look, rejected
from bot.policy import Ownership
from bot.reading import owner
from bot.resources import Standing, Target
from bot.slack import dialog, kind_text, list_text, outcome_text, text
from bot.slack.api import FAULTS, error_of
from bot.slack.blocks import details_of, facts
from bot.slack.cards import Cards
from bot.slack.inbox import Click
from bot.store import Dialog, Store, new_id, now
from bot.tasks import Tasks

log = structlog.get_logger(__name__)
T = TypeVar("T")

View = dict[str, Any]
Draw = Callable[[Block | None], View]
"""Draws a dialog with these details."""

_NORMAL = ("not_found", "hash_conflict")  # the person closed the dialog, or it has changed since
_LIFETIME: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Form:
    """A dialog of the bot's own id, and how it is drawn with details. `fixed`: nothing else can be chosen in it.

    `justification` is what it began with.
    """

    id: str
    draw: Draw
    fixed: bool = False
    justification: str = ""


@dataclass(frozen=True)
class Shown:
    """A dialog on somebody's screen. It is changed only while it has this hash; without one, whatever it has."""

    id: str
    hash: str = ""


class Dialogs:
    """One dialog for commands, buttons and shortcuts alike."""

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
        self,
        click: Click,
        actor: Actor,
        prefilled: dialog.Prefilled,
        target: Target | None,
        *,
        card_id: str = "",
        thread_ts: str = "",
    ) -> None:
        """Opens it; raises `Unavailable` when Slack does not. A known target's details follow."""
        offered = (target,) if target and prefilled.fixed and not card_id else ()
        await self.record(click, prefilled.dialog_id, card_id=card_id, thread_ts=thread_ts, offered=offered)
        draw = partial(dialog.view, prefilled, self._gate.registry)
        shown = await self.show(click, draw(dialog.loading() if target else None))
        if target:
            form = Form(prefilled.dialog_id, draw, prefilled.fixed, prefilled.justification)
            self._tasks.spawn(self.fill(shown, actor, target, form))

    async def record(
        self,
        click: Click,
        dialog_id: str,
        *,
        card_id: str = "",
        thread_ts: str = "",
        offered: tuple[Target, ...] = (),
    ) -> None:
        """Records a dialog that is about to be shown, and what can be chosen in it."""
        sealed = self._sealer.seal(dialog_id, {"response_url": click.response_url})
        await self._store.add_dialog(
            Dialog(dialog_id, click.team, click.user, click.channel, card_id, sealed, now(), thread_ts, offered)
        )

    async def recorded(self, dialog_id: str, click: Click) -> Dialog:
        """The dialog, if the bot opened it for this very person and not too long ago; raises `Refused`."""
        opened = await self._store.dialog(dialog_id)
        if opened is None or (opened.team, opened.user) != (click.team, click.user):
            raise Refused("forged_dialog", text.OLD_DIALOG)
        if now() - opened.created_at > _LIFETIME:
            raise Refused("old_dialog", text.OLD_DIALOG)
        return opened

    async def show(self, click: Click, view: View) -> Shown:
        """Opens a view; raises `Unavailable` when Slack does not."""
        try:
            answer = await self._client.views_open(trigger_id=click.trigger_id, view=view)
        except FAULTS as error:
            log.warning("dialog_not_opened", error=error_of(error))
            raise Unavailable(text.NO_DIALOG) from error
        return Shown(answer["view"]["id"], answer["view"]["hash"])

    async def show_soon(
        self, click: Click, reading: asyncio.Task[T], seconds: float, draw: Callable[[T], Awaitable[View]]
    ) -> Shown | None:
        """Opens what follows from that reading or, where it takes longer than so long, first says that it reads."""
        await asyncio.wait({reading}, timeout=seconds)
        if reading.done():
            return await self.show(click, await draw(reading.result()))
        shown = await self.show(click, dialog.closed(dialog.sentence(list_text.LOOKING)))
        try:
            view = await draw(await reading)
        except BotError as error:
            view = dialog.closed(dialog.sentence(text.of_error(error)))
        return await self.update(shown, view)

    async def update(self, shown: Shown, view: View) -> Shown | None:
        """Shows another view in its place; None where that was not possible any more."""
        try:
            answer = await self._client.views_update(view_id=shown.id, hash=shown.hash or None, view=view)
        except FAULTS as error:
            if error_of(error) not in _NORMAL:
                log.warning("dialog_not_filled", error=error_of(error))
            return None
        return Shown(answer["view"]["id"], answer["view"]["hash"])

    async def fill(self, shown: Shown, actor: Actor, target: Target, form: Form) -> None:
        """Reads the target, and shows what was read or why nothing could be."""
        try:
            view = await self._filled(actor, target, form)
        except Exception:
            log.exception("details_failed")
            view = form.draw(dialog.sentence(kind_text.details_later(self._gate.registry[target.kind])))
        await self.update(shown, view)

    async def _filled(self, actor: Actor, target: Target, form: Form) -> View:
        draw = form.draw
        try:
            look = await self._gate.preview(actor, target)
        except Refused as error:
            if other := await self._other(actor, target):
                return await self._instead(form, *other)
            await self._audit.denied(actor, error.reason, target)
            words = dialog.sentence(text.of_error(error))
            return dialog.closed(words) if form.fixed else draw(words)
        except ServiceFailure as failure:
            return draw(dialog.sentence(self._unread(failure, target)))
        except BotError as error:
            return draw(dialog.sentence(text.LINK_LATER if isinstance(error, SignInNeeded) else text.of_error(error)))
        return await self._seen(actor, target, look, form)

    async def _seen(self, actor: Actor, target: Target, look: Look, form: Form) -> View:
        standing = look.snapshot and look.snapshot.standing
        if standing is Standing.FINAL:
            await self._cards.ended_elsewhere(target, look)
            if form.fixed:
                return dialog.closed(self._facts(target, look), dialog.sentence(outcome_text.ended_as(look.state)))
        if standing is Standing.UNKNOWN and (other := await self._other(actor, target)):
            return await self._instead(form, *other)
        missing = look.missing and dialog.sentence(kind_text.missing(self._gate.registry[target.kind]))
        return form.draw(missing or self._facts(target, look))

    async def _other(self, actor: Actor, target: Target) -> tuple[Target, Look] | None:
        """The same request as of the kind whose action its state asks for, where this person may cancel it so."""
        for other in self._gate.registry.siblings(self._gate.registry[target.kind]):
            sibling = replace(target, kind=other.kind)
            try:
                look = await self._gate.preview(actor, sibling)
            except BotError:  # they asked for the first kind, and hear of that
                continue
            if look.snapshot and look.snapshot.standing is Standing.YES:
                theirs = owner(actor, look.snapshot) is Ownership.OWN
                return (sibling, look) if theirs or not other.only_own else None
        return None

    async def _instead(self, form: Form, target: Target, look: Look) -> View:
        """A dialog for that one alone, with an id of its own: what Slack still shows keeps its meaning."""
        registry, own_id = self._gate.registry, new_id()
        opened = await self._store.dialog(form.id)
        if opened is None:
            raise Refused("forged_dialog", text.OLD_DIALOG)
        sealed = self._sealer.seal(own_id, self._sealer.open(form.id, opened.sealed))
        await self._store.add_dialog(replace(opened, id=own_id, sealed=sealed, offered=(target,)))
        fixed = dialog.Prefilled(own_id, registry[target.kind], target.id, form.justification, fixed=True)
        why = dialog.sentence(kind_text.instead(registry[target.kind], look.state))
        return dialog.view(fixed, registry, self._facts(target, look), [why])

    def _facts(self, target: Target, look: Look) -> RichTextBlock:
        moment = now()
        details = details_of(self._gate.registry[target.kind], target, look, moment)
        if look.snapshot and look.snapshot.created:
            details = replace(details, created=f"{details.created}, {text.age(look.snapshot.created, moment)}")
        return facts(details)

    def _unread(self, failure: ServiceFailure, target: Target) -> str:
        """Why the details are missing; the cancellation itself may still be tried."""
        resource = self._gate.registry[target.kind]
        if not isinstance(failure, ServiceError):
            return kind_text.details_later(resource)
        told = outcome_text.told(rejected(resource, failure, Look(), 0), resource)
        return " ".join(filter(None, (told.sentence, told.next_step, told.reference)))
