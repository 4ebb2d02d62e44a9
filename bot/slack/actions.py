"""The Cancel buttons: of a card, and of a list."""

from datetime import timedelta
from typing import Any, Final

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.errors import Refused
from bot.gate import Gate
from bot.resources import Resource, Target, TargetError, path_of
from bot.slack import text
from bot.slack.answering import Answering
from bot.slack.dialog import Prefilled
from bot.slack.dialogs import Dialogs
from bot.slack.directory import Directory
from bot.slack.inbox import Click, Pressed
from bot.slack.listing import target_in
from bot.store import Card, Store, new_id, now
from bot.tasks import Tasks

_LIFETIME: Final = timedelta(days=30)


class CancelButton:
    """Opens the dialog for the card's target. What the button carries is only looked up, never believed."""

    def __init__(
        self, *, store: Store, directory: Directory, gate: Gate, dialogs: Dialogs, answering: Answering, tasks: Tasks
    ) -> None:
        self._store = store
        self._directory = directory
        self._gate = gate
        self._dialogs = dialogs
        self._answering = answering
        self._tasks = tasks

    async def __call__(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Bolt's listener: acknowledges at once."""
        await ack()
        self._tasks.spawn(self._handle(Click.of_interaction(body), Pressed.of(body, action)))

    async def _handle(self, click: Click, pressed: Pressed) -> None:
        async with self._answering.to(click) as about:
            actor = await self._directory.in_time(click)
            card = _checked(await self._store.card(pressed.value), click, pressed.ts)
            about.target = card.target
            resource = self._gate.resource(card.target.kind)
            self._gate.welcome(actor, resource)
            prefilled = Prefilled(new_id(), resource, card.target.id, fixed=True)
            await self._dialogs.open(click, actor, prefilled, card.target, card_id=card.id)


class ListedButton:
    """Opens the dialog for a target of a list. What the button carries counts as if it had been typed."""

    def __init__(
        self, *, directory: Directory, gate: Gate, dialogs: Dialogs, answering: Answering, tasks: Tasks
    ) -> None:
        self._directory = directory
        self._gate = gate
        self._dialogs = dialogs
        self._answering = answering
        self._tasks = tasks

    async def __call__(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Bolt's listener: acknowledges at once."""
        await ack()
        self._tasks.spawn(self._handle(Click.of_interaction(body), Pressed.of(body, action)))

    async def _handle(self, click: Click, pressed: Pressed) -> None:
        async with self._answering.to(click) as about:
            actor = await self._directory.in_time(click)
            target = target_in(pressed.value)
            resource = self._gate.resource(target.kind)
            _check(resource, target)
            about.target = target
            self._gate.welcome(actor, resource)
            await self._dialogs.open(click, actor, Prefilled(new_id(), resource, target.id, fixed=True), target)


def _check(resource: Resource, target: Target) -> None:
    try:
        path_of(resource, resource.read.path, target)
    except TargetError:
        raise Refused("forged_button", text.OLD_BUTTON) from None


def _checked(card: Card | None, click: Click, ts: str) -> Card:
    """The card, if the button is the one that the bot put into this very message; raises `Refused`."""
    if card is None or (card.team, card.channel) != (click.team, click.channel):
        raise Refused("forged_button", text.OLD_BUTTON)
    if not card.ts:
        raise Refused("unposted_card", text.BEING_POSTED)
    if card.ts != ts:
        raise Refused("forged_button", text.OLD_BUTTON)
    if card.closed:
        raise Refused("closed_card", text.CLOSED_CARD)
    if now() - card.created_at > _LIFETIME:
        raise Refused("expired_button", text.OLD_BUTTON)
    return card
