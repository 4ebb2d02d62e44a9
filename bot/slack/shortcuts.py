"""The message shortcut "Cancel this request": takes what a message names to the dialog."""

import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Final

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.cancellation import Actor
from bot.errors import BotError
from bot.gate import Gate
from bot.pending import Pending
from bot.resources import Registry, Target
from bot.slack import dialog, list_text
from bot.slack.answering import Answering
from bot.slack.dialogs import Dialogs, Form, View
from bot.slack.directory import Directory
from bot.slack.found import Finder, Found
from bot.slack.inbox import Click, Marked
from bot.slack.picker import among, at_hand
from bot.slack.posting import Poster
from bot.slack.private_lists import PrivateLists
from bot.store import new_id
from bot.tasks import Tasks

_MOST: Final = 20


class Shortcut:
    """Bolt's listener. The outcome goes into the message's thread."""

    def __init__(
        self,
        *,
        everything: Registry,
        hosts: Collection[str],
        directory: Directory,
        gate: Gate,
        pending: Pending,
        lists: PrivateLists,
        dialogs: Dialogs,
        poster: Poster,
        answering: Answering,
        tasks: Tasks,
    ) -> None:
        self._everything = everything
        self._finder = Finder(gate.registry, hosts)
        off = [one for one in everything if one.retirement and not gate.registry.find(one.kind)]
        self._ended = Finder(Registry(off), hosts)
        self._directory = directory
        self._gate = gate
        self._pending = pending
        self._lists = lists
        self._dialogs = dialogs
        self._poster = poster
        self._answering = answering
        self._tasks = tasks

    async def __call__(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Acknowledges at once."""
        await ack()
        self._tasks.spawn(self._handle(Click.of_interaction(body), Marked.of(body), time.monotonic()))

    async def _handle(self, click: Click, marked: Marked, began: float) -> None:
        async with self._answering.to(click) as about:
            actor = await self._directory.in_time(click)
            found = self._finder.found(marked.content)
            about.target = found.targets[0] if len(found.targets) == 1 else None
            targets = self._welcome(actor, found)
            ended = () if targets else self._ended.found(marked.content).targets
            if ended:
                await self._lists.instead(click, actor, self._everything[ended[0].kind])
                return
            if not targets and not found.ids:
                await self._poster.answer(
                    click.user, click.response_url, list_text.nothing_in_message(self._gate.registry)
                )
                return
            dialog_id = new_id()
            reading = self._tasks.spawn(self._all(actor, targets, found.ids))
            draw = partial(self._drawn, click, marked, dialog_id, found.ids)
            shown = await self._dialogs.show_soon(click, reading, at_hand(began), draw)
            if shown and not reading.exception() and len(reading.result()) == 1:
                (target,) = reading.result()
                filled = partial(dialog.view, self._fixed(dialog_id, target), self._gate.registry)
                await self._dialogs.fill(shown, actor, target, Form(dialog_id, filled, fixed=True))

    def _welcome(self, actor: Actor, found: Found) -> tuple[Target, ...]:
        """Those of kinds that this person may cancel; raises what keeps them from it where nothing else was found."""
        welcome, objection = [], None
        for target in found.targets:
            try:
                self._gate.welcome(actor, self._gate.resource(target.kind))
            except BotError as error:
                objection = objection or error
            else:
                welcome.append(target)
        if objection and not welcome and not found.ids:
            raise objection
        return tuple(welcome)

    async def _all(self, actor: Actor, targets: tuple[Target, ...], ids: Sequence[str]) -> tuple[Target, ...]:
        """With them, what the ids alone mean: something that this person may cancel now."""
        if not ids:
            return targets
        wanted = {one.casefold() for one in ids}
        choices = await self._pending.of(actor)
        known = (one.target for one in choices.items if one.target.id.casefold() in wanted)
        return tuple({target.key: target for target in (*targets, *known)}.values())

    async def _drawn(
        self, click: Click, marked: Marked, dialog_id: str, ids: Sequence[str], targets: tuple[Target, ...]
    ) -> View:
        offered = targets[:_MOST]
        await self._dialogs.record(click, dialog_id, thread_ts=marked.thread_ts, offered=offered)
        if not targets:
            form = dialog.Prefilled(dialog_id, id=ids[0])
            return dialog.view(form, self._gate.registry, None, [dialog.sentence(list_text.UNKNOWN_ID)])
        if len(targets) == 1:
            return dialog.view(self._fixed(dialog_id, targets[0]), self._gate.registry, dialog.loading())
        return dialog.picking(among(dialog_id, offered, self._gate.registry, len(targets)), None)

    def _fixed(self, dialog_id: str, target: Target) -> dialog.Prefilled:
        return dialog.Prefilled(dialog_id, self._gate.registry[target.kind], target.id, fixed=True)
