"""Lists that somebody asked for in a command, as a message for them alone."""

import asyncio
import json
from collections.abc import Collection, Sequence
from typing import Final

from slack_sdk.models.blocks import Block

from bot.cancellation import Actor
from bot.pending import Choices, Pending
from bot.resources import Registry, Resource
from bot.slack import kind_text, list_text
from bot.slack.blocks import drawn
from bot.slack.dialog import sentence
from bot.slack.inbox import Click
from bot.slack.listing import gaps, listed
from bot.slack.posting import Poster
from bot.store import now
from bot.tasks import Tasks

_MOST: Final = 20
_ROOM: Final = 12_000  # of the some 13,000 characters that Slack takes in a message
_SOON: Final = 1.0  # seconds: who asks may take two to look up, and hears something within three


class PrivateLists:
    """`mine`, `pending`, and what replaces a kind that has ended: the newest of it, with a button each."""

    def __init__(self, *, pending: Pending, poster: Poster, registry: Registry, tasks: Tasks, link_url: str) -> None:
        self._pending = pending
        self._poster = poster
        self._registry = registry
        self._tasks = tasks
        self._link_url = link_url

    async def tell(self, click: Click, actor: Actor, kind: Resource | None, *, own: bool) -> None:
        """Answers with the list, of one kind or of all; where Microsoft takes long, first that it is being read."""
        if kind and not kind.lists:
            await self._poster.answer(click.user, click.response_url, list_text.unlisted(kind))
            return
        choices = await self._read(click, actor, [kind.kind] if kind else [], own=own)
        words = list_text.yours(len(choices.items), kind, own=own)
        await self._poster.answer(click.user, click.response_url, words, drawn(self._drawn(choices, words)))

    async def instead(self, click: Click, actor: Actor, ended: Resource) -> None:
        """Says what became of a kind that Microsoft has ended, above their own requests of what replaces it."""
        said, kinds = kind_text.ended_kind(ended, self._registry), kind_text.replacing(ended, self._registry)
        if not kinds:
            await self._poster.answer(click.user, click.response_url, said)
            return
        choices = await self._read(click, actor, [one.kind for one in kinds], own=True)
        listed = self._drawn(choices, list_text.yours(len(choices.items), None, own=True))
        await self._poster.answer(click.user, click.response_url, said, drawn([sentence(said), *listed]))

    async def _read(self, click: Click, actor: Actor, kinds: Collection[str], *, own: bool) -> Choices:
        reading = self._tasks.spawn(self._pending.of(actor, kinds, own=own, fresh=True))
        await asyncio.wait({reading}, timeout=_SOON)
        if not reading.done():
            await self._poster.answer(click.user, click.response_url, list_text.LOOKING)
        return await reading

    def _drawn(self, choices: Choices, words: str) -> list[Block]:
        unseen = gaps(choices, self._link_url)
        if not choices.items:
            return [sentence(list_text.NOTHING_SEEN if unseen else list_text.NOTHING_TO_CANCEL), *unseen]
        shown = fitting(listed(choices.items[:_MOST], self._registry, now()))
        more = len(choices.items) - len(shown)
        below = [sentence(list_text.more_pending(more))] if more else []
        return [sentence(words), *shown, *below, *unseen]


def fitting(sections: Sequence[Block]) -> list[Block]:
    """As many of them as one message takes: ids can be long."""
    room, fitting = _ROOM, list[Block]()
    for section in sections:
        room -= len(json.dumps(section.to_dict(), ensure_ascii=False))
        if room < 0:
            break
        fitting.append(section)
    return fitting
