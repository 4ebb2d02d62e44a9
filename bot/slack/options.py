"""What a picker offers: of what somebody may cancel, that in which what they typed stands."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.errors import BotError, Refused
from bot.lists import Listed
from bot.pending import Choices, Pending
from bot.resources import Registry
from bot.slack import dialog, list_text, text
from bot.slack.answering import Answering
from bot.slack.dialogs import Dialogs
from bot.slack.directory import Directory
from bot.slack.inbox import Click, Used
from bot.slack.listing import option_text
from bot.store import now
from bot.tasks import Tasks

log = structlog.get_logger(__name__)

MOST: Final = 100
"""Options of one answer, says Slack."""

_OPTIONS: Final = 2.0  # Slack waits for three
_NONE: Final = "-"


class Options:
    """Bolt's listener for what is typed in a picker, of one or of several. Who may not use it is offered nothing."""

    def __init__(
        self,
        *,
        dialogs: Dialogs,
        directory: Directory,
        pending: Pending,
        registry: Registry,
        answering: Answering,
        tasks: Tasks,
    ) -> None:
        self._dialogs = dialogs
        self._directory = directory
        self._pending = pending
        self._registry = registry
        self._answering = answering
        self._tasks = tasks

    async def __call__(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Acknowledges with the options that are known in time."""
        kinds = dialog.kinds_of(body.get("block_id"))
        work = self._tasks.spawn(self._options(Click.of_interaction(body), Used.of(body, body), kinds))
        await asyncio.wait({work}, timeout=_OPTIONS)
        usable = work.done() and not work.cancelled() and not work.exception()
        await ack(**(work.result() if usable else _hint(list_text.STILL_READING, list_text.NOT_YET)))

    async def _options(self, click: Click, used: Used, kinds: Collection[str]) -> dict[str, Any]:
        try:
            async with self._answering.noting(click):
                opened = await self._dialogs.recorded(used.dialog_id, click)
                actor = await self._directory.in_time(click, channel=opened.channel)
        except Refused as error:
            log.info("declined", code=error.code, reason=error.reason, user=click.user)
            return {"options": []}
        except BotError as error:
            return _hint(list_text.STILL_READING, text.clip(error.sentence, 75))
        return offers(await self._pending.of(actor, kinds), used.value, self._registry, now())


def offers(choices: Choices, typed: str, registry: Registry, moment: datetime) -> dict[str, Any]:
    """The options for what was typed: those in which every word stands, the newest first.

    Slack says "no results" of none: only where that is certain.
    """
    words = typed.casefold().split()
    matching = [one for one in choices.items if _has(one, words, registry)] if words else choices.items
    partly = bool(choices.unread or choices.sign_in or choices.longer)
    if not matching:
        certain = not (partly or choices.own_only)
        return {"options": []} if certain else _hint(list_text.NOT_ALL_READ, list_text.NO_MATCH)
    options = [
        _option(one.target.digest, option_text(one, registry[one.target.kind], moment)) for one in matching[:MOST]
    ]
    newest = list_text.newest_of(MOST, len(matching)) if len(matching) > MOST else ""
    label = " · ".join(filter(None, (newest, list_text.NOT_ALL_READ if partly else "")))
    return {"option_groups": [_group(label, options)]} if label else {"options": options}


def _has(one: Listed, words: Sequence[str], registry: Registry) -> bool:
    shown, target = one.snapshot, one.target
    named = f"{registry[target.kind].label} {target.kind} {target.id} {shown.title} {shown.requestor_name}"
    everything = f"{named} {shown.requestor_email}".casefold()
    return all(word in everything for word in words)


def _hint(label: str, words: str) -> dict[str, Any]:
    """A line that cannot be chosen for anything: Slack shows no group without an option."""
    return {"option_groups": [_group(label, [_option(_NONE, words)])]}


def _group(label: str, options: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"label": _plain(label), "options": options}


def _option(value: str, words: str) -> dict[str, Any]:
    return {"text": _plain(words), "value": value}


def _plain(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words, "emoji": False}
