"""The dialog in which people look for what they may cancel: its opening, its options, and what they choose in it."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.cancellation import Actor
from bot.pending import Choices, Pending
from bot.resources import Registry, Resource, Target
from bot.slack import dialog, list_text
from bot.slack.answering import Answering
from bot.slack.dialogs import Dialogs, Draw, Form, Shown, View
from bot.slack.directory import Directory
from bot.slack.inbox import Click, Used
from bot.slack.listing import gaps, short_target
from bot.store import Dialog, Store, new_id
from bot.tasks import Tasks

_AT_HAND: Final = 0.5  # seconds that a dialog waits for what can be chosen in it
_TRIGGER: Final = 2.2  # of the three that Slack's trigger lives: the rest is for opening the dialog


class Picker:
    """Opens it: `/cancel-approval` without arguments, or for several."""

    def __init__(self, *, dialogs: Dialogs, pending: Pending, registry: Registry, tasks: Tasks, link_url: str) -> None:
        self._dialogs = dialogs
        self._pending = pending
        self._registry = registry
        self._tasks = tasks
        self._link_url = link_url

    async def open(
        self, click: Click, actor: Actor, began: float, kind: Resource | None = None, *, several: bool = False
    ) -> None:
        """Opens it for a click of that moment of the monotonic clock; raises `Unavailable` when Slack does not.

        It offers what is of this kind, or all; `several` of it can be chosen at once. Where there is nothing to choose,
        it is the form for kind and id, which says so.
        """
        dialog_id = new_id()
        await self._dialogs.record(click, dialog_id)
        reading = self._tasks.spawn(self._pending.of(actor, [kind.kind] if kind else []))
        draw = partial(self._drawn, dialog_id, kind, several)
        await self._dialogs.show_soon(click, reading, at_hand(began), draw)

    async def several(self, dialog_id: str, actor: Actor) -> View:
        """The same dialog, for several."""
        return await self._drawn(dialog_id, None, True, await self._pending.of(actor))

    async def _drawn(self, dialog_id: str, kind: Resource | None, several: bool, choices: Choices) -> View:
        unseen = gaps(choices, self._link_url)
        if choices.items and several:
            return dialog.choosing(dialog_id, kind.kind if kind else "", unseen)
        if choices.items:
            return dialog.picking(dialog.Picking(dialog_id, notes=tuple(unseen)), None)
        words = list_text.NOTHING_SEEN if unseen else list_text.NOTHING_TO_CANCEL
        notes = [dialog.sentence(f"{words} {list_text.BY_HAND}"), *unseen]
        return dialog.view(dialog.Prefilled(dialog_id, kind), self._registry, None, notes)


class Chosen:
    """Bolt's listener for what is chosen there, of a search or of what was found in a message: shows its details."""

    def __init__(
        self,
        *,
        store: Store,
        dialogs: Dialogs,
        directory: Directory,
        pending: Pending,
        registry: Registry,
        answering: Answering,
        tasks: Tasks,
        link_url: str,
    ) -> None:
        self._store = store
        self._dialogs = dialogs
        self._directory = directory
        self._pending = pending
        self._registry = registry
        self._answering = answering
        self._tasks = tasks
        self._link_url = link_url
        self._latest: dict[str, str] = {}

    async def __call__(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Acknowledges at once."""
        await ack()
        used = Used.of(body, action)
        self._latest[used.view_id] = used.at
        self._tasks.spawn(self._handle(Click.of_interaction(body), used))

    async def _handle(self, click: Click, used: Used) -> None:
        try:
            async with self._answering.to(click) as about:
                opened = await self._dialogs.recorded(used.dialog_id, click)
                actor = await self._directory.in_time(click, channel=opened.channel)
                target, draw = await self._choice(opened, actor, used.value)
                about.target = target
                await self._show(used, actor, target, draw)
        finally:
            if self._is_latest(used):
                del self._latest[used.view_id]

    async def _choice(self, opened: Dialog, actor: Actor, digest: str) -> tuple[Target | None, Draw]:
        """What was chosen, if it can be, and how the dialog is drawn; what was searched for is recorded as offered."""
        found = next((one for one in opened.offered if one.digest == digest), None)
        if len(opened.offered) > 1:
            return found, partial(dialog.picking, among(opened.id, opened.offered, self._registry))
        choices = await self._pending.of(actor)
        target = found or next((one.target for one in choices.items if one.target.digest == digest), None)
        if target and not found:
            await self._store.offer(opened.id, target)
        notes = tuple(gaps(choices, self._link_url))
        return target, partial(dialog.picking, dialog.Picking(opened.id, notes=notes))

    async def _show(self, used: Used, actor: Actor, target: Target | None, draw: Draw) -> None:
        if not self._is_latest(used):
            return
        if target is None:
            await self._dialogs.update(Shown(used.view_id), draw(dialog.sentence(list_text.CHOOSE_AGAIN)))
            return
        shown = await self._dialogs.update(Shown(used.view_id), draw(dialog.loading()))
        if shown:
            # Only while it says that it loads: a later choice has a place of its own.
            await self._dialogs.fill(shown, actor, target, Form(used.dialog_id, draw))

    def _is_latest(self, used: Used) -> bool:
        return self._latest.get(used.view_id) == used.at


class ByHand:
    """Bolt's listener for the button that asks for kind and id instead."""

    def __init__(self, *, dialogs: Dialogs, registry: Registry, answering: Answering, tasks: Tasks) -> None:
        self._dialogs = dialogs
        self._registry = registry
        self._answering = answering
        self._tasks = tasks

    async def __call__(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Acknowledges at once."""
        await ack()
        self._tasks.spawn(self._handle(Click.of_interaction(body), Used.of(body, action)))

    async def _handle(self, click: Click, used: Used) -> None:
        async with self._answering.to(click):
            opened = await self._dialogs.recorded(used.dialog_id, click)
            form = dialog.view(dialog.Prefilled(opened.id), self._registry, None)
            await self._dialogs.update(Shown(used.view_id), form)


def among(dialog_id: str, targets: Sequence[Target], registry: Registry, count: int = 0) -> dialog.Picking:
    """A choice of these, out of so many: their kinds and ids, which whoever has found them can see anyway."""
    options = tuple((one.digest, short_target(one, registry[one.kind])) for one in targets)
    cut = [dialog.sentence(list_text.found_more(len(targets), count))] if count > len(targets) else []
    return dialog.Picking(dialog_id, options, tuple(cut))


def at_hand(began: float) -> float:
    """The seconds that a dialog may wait for something, so that Slack's trigger does not end."""
    return max(0.0, min(_AT_HAND, began + _TRIGGER - time.monotonic()))
