"""Tells people what becomes of a cancellation: thread, cards, audit channel, and privately what is not for all."""

from dataclasses import dataclass

import structlog

from bot.attempt import Wait
from bot.cancellation import Cancellation
from bot.outcome import Outcome, Result
from bot.resources import Registry
from bot.slack import blocks, text
from bot.slack.cards import Cards
from bot.slack.posting import GONE, Poster
from bot.store import Store

log = structlog.get_logger(__name__)


@dataclass
class _Thread:
    """Where a cancellation is told. Without `ts` nothing can be posted there; `reply` is the one reply, once posted.

    `of_card`: it is the thread of a notification, whose root does not say who cancels and why.
    """

    channel: str
    ts: str
    reply: str = ""
    of_card: bool = False


class SlackTeller:
    """Tells in Slack. Each cancellation has one thread reply; what is provisional is edited."""

    def __init__(
        self, store: Store, poster: Poster, cards: Cards, registry: Registry, audit_channel: str | None
    ) -> None:
        self._store = store
        self._poster = poster
        self._cards = cards
        self._registry = registry
        self._audit_channel = audit_channel
        self._threads: dict[str, _Thread] = {}

    async def begun(self, cancellation: Cancellation) -> None:
        """Finds the card's thread, or begins one in the channel of the command."""
        try:
            self._threads[cancellation.id] = await self._thread(cancellation)
        except Exception:
            log.exception("telling_failed", cancellation=cancellation.id)
            self._threads[cancellation.id] = _Thread(cancellation.actor.channel, "")

    async def waiting(self, cancellation: Cancellation, wait: Wait) -> None:
        """A long wait, in the thread."""
        await self._provisionally(cancellation, text.waiting(wait))

    async def accepted(self, cancellation: Cancellation) -> None:
        """The service is still finishing it."""
        await self._provisionally(cancellation, text.ACCEPTED)

    async def ended(self, cancellation: Cancellation, outcome: Outcome) -> None:
        """The end, everywhere. One place that fails keeps no other from being told."""
        told = text.told(outcome, self._registry[cancellation.target.kind])
        for tell in (self._end_thread, self._end_cards, self._audit):
            try:
                await tell(cancellation, outcome, told)
            except Exception:
                log.exception("telling_failed", cancellation=cancellation.id, step=tell.__name__)
        self._threads.pop(cancellation.id, None)

    async def joined_ended(self, cancellation: Cancellation, outcome: Outcome) -> None:
        """Tells whoever came second."""
        told = text.told(outcome, self._registry[cancellation.target.kind])
        full = blocks.outcome(told, cancellation.actor.user, "")
        await self._poster.tell(cancellation.actor.user, cancellation.place, told.sentence, full)

    async def _provisionally(self, cancellation: Cancellation, words: str) -> None:
        try:
            await self._reply(cancellation, words, blocks.note(words))
        except Exception:
            log.exception("telling_failed", cancellation=cancellation.id)

    async def _thread(self, cancellation: Cancellation) -> _Thread:
        dialog = await self._store.dialog(cancellation.place)
        card = await self._store.card(dialog.card_id) if dialog and dialog.card_id else None
        if card:
            return _Thread(card.channel, card.ts, of_card=True)
        channel = cancellation.actor.channel
        visible = cancellation.actor.visible
        return _Thread(channel, await self._cards.begin_thread(cancellation) if visible else "")

    async def _end_thread(self, cancellation: Cancellation, outcome: Outcome, told: text.Told) -> None:
        """The reply; a refusal's reason goes to the person alone, and so does what the thread did not take."""
        user = cancellation.actor.user
        of_card = self._threads[cancellation.id].of_card
        full = blocks.outcome(told, user, cancellation.justification if of_card else "")
        if outcome.result is Result.REFUSED:
            known = await self._poster.tell(user, cancellation.place, told.sentence, full)
            words = text.REFUSED_HERE if known else text.REFUSED_UNTOLD
            await self._reply(cancellation, words, blocks.note(words))
            return
        if not await self._reply(cancellation, f"{told.headline}. {told.sentence}", full):
            await self._poster.tell(user, cancellation.place, told.sentence, [*full, *blocks.note(text.INVITE)])

    async def _end_cards(self, cancellation: Cancellation, outcome: Outcome, _told: text.Told) -> None:
        await self._cards.ended(cancellation, outcome)

    async def _audit(self, cancellation: Cancellation, _outcome: Outcome, told: text.Told) -> None:
        if self._audit_channel:
            target, actor = cancellation.target, cancellation.actor
            line = blocks.audit_line(told, target, actor.user, actor.account_name, cancellation.justification)
            words = f"{told.headline}: {target.kind} {target.id}"
            await self._poster.post(self._audit_channel, words, line)

    async def _reply(self, cancellation: Cancellation, words: str, drawn: blocks.Blocks) -> bool:
        """Posts the thread's one reply, or edits it; whether the thread shows it."""
        thread = self._threads[cancellation.id]
        if not thread.ts:
            return False
        if thread.reply:
            error = await self._poster.update(thread.channel, thread.reply, words, drawn)
            # Posted anew only where the old one is certainly gone: there is one reply.
            if error not in GONE:
                return not error
        thread.reply = await self._poster.post(thread.channel, words, drawn, thread.ts)
        return bool(thread.reply)
