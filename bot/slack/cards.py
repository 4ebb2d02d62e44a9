"""Cards: messages about one target that always tell its true state."""

from dataclasses import replace
from typing import Final

from bot.cancellation import Cancellation
from bot.outcome import Look, Outcome, Reason, Result
from bot.resources import Registry, Target
from bot.slack import text
from bot.slack.blocks import CardDetails, card, details_of, stored
from bot.slack.posting import GONE, Place, Poster
from bot.store import Card, Store, new_id, now

_UNSETTLED: Final = (Reason.LOST, Reason.STILL_OPEN)


class Cards:
    """Posts cards and keeps them true. There are two sorts: notifications, with a button, and the roots of threads."""

    def __init__(self, store: Store, poster: Poster, registry: Registry, team: str) -> None:
        self._store = store
        self._poster = poster
        self._registry = registry
        self._team = team

    async def notify(self, channel: str, target: Target, look: Look) -> str:
        """Posts the notification of a target; its timestamp, empty when Slack refuses it; raises `Later`."""
        return await self._post(new_id(), channel, target, details_of(self._registry[target.kind], target, look, now()))

    async def begin_thread(self, cancellation: Cancellation) -> str:
        """Posts who wants what cancelled, and why: nothing that was read. Its timestamp, or empty.

        Posted once for each cancellation, however often this is called; raises `Later`.
        """
        target, actor = cancellation.target, cancellation.actor
        known = await self._store.card(cancellation.id)
        if known and known.ts:
            return known.ts
        label = self._registry[target.kind].label
        why = cancellation.justification
        details = CardDetails(label, target.kind, target.id, by=actor.user, why=why, ended=text.CANCELLING)
        return await self._post(cancellation.id, actor.channel, target, details)

    async def shows(self, cancellation: Cancellation, line: str, *, over: bool = False) -> None:
        """The root that this cancellation's thread began with says this; a notification stays as it is.

        Raises `Later`.
        """
        own = await self._store.card(cancellation.id)
        if own and own.ts:
            await self._redraw(own, replace(CardDetails(**own.details), ended=line), close=over)

    async def ended(self, cancellation: Cancellation, outcome: Outcome) -> None:
        """The cancellation's own card and the target's notifications show its end; what is over has no button.

        Raises `Later`.
        """
        over = outcome.result in (Result.CANCELLED, Result.ACCEPTED, Result.ALREADY_FINAL)
        line = text.card_line(outcome, now())
        own = await self._store.card(cancellation.card_id or cancellation.id)
        notices = [one for one in await self._open_cards(cancellation.target) if not one[1].by]
        others = [(one, details) for one, details in notices if own is None or one.id != own.id]
        for one, details in [*([(own, CardDetails(**own.details))] if own and own.ts else []), *others]:
            if details.by or over or outcome.reason in _UNSETTLED:
                ended = replace(details, ended=line, ended_by=cancellation.actor.user)
                await self._redraw(one, ended, close=over or bool(details.by))

    async def ended_elsewhere(self, target: Target, look: Look) -> None:
        """The target's notifications show that it was found to be over."""
        for one, details in await self._open_cards(target):
            if not details.by:
                await self._redraw(one, replace(details, ended=text.ended_as(look.state)), close=True)

    async def _open_cards(self, target: Target) -> list[tuple[Card, CardDetails]]:
        return [(one, CardDetails(**one.details)) for one in await self._store.cards_of(target)]

    async def _redraw(self, one: Card, details: CardDetails, *, close: bool) -> None:
        words = f"{details.label}: {details.ended}"
        drawn = card(details, "" if close else one.id)
        error = await self._poster.update(Place(one.id, one.channel), one.ts, words, drawn)
        # A card that Slack did not change still has its button: the next click on it shows the truth.
        if (close and (not error or error in GONE or details.by)) or one.closed:
            await self._store.close_card(one.id, stored(details), closed=close)

    async def _post(self, card_id: str, channel: str, target: Target, details: CardDetails) -> str:
        """Records the card before it is posted, so that a button is never unknown."""
        await self._store.add_card(Card(card_id, self._team, channel, "", target, stored(details), False, now()))
        button = "" if details.by else card_id
        words = f"{details.label} {target.id}"
        ts = await self._poster.put(Place(card_id, channel), words, card(details, button))
        if ts:
            await self._store.card_posted(card_id, ts)
        else:
            await self._store.drop_card(card_id)
        return ts
