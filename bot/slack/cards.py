"""Cards: messages about one target that always tell its true state."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.cancellation import Cancellation
from bot.outcome import Look, Outcome, Reason, Result
from bot.resources import Registry, Standing, Target
from bot.slack import kind_text, outcome_text, text
from bot.slack.blocks import CardDetails, card, details_of, stored
from bot.slack.posting import GONE, Place, Poster
from bot.store import Card, Store, new_id, now

_UNSETTLED: Final = (Reason.LOST, Reason.STILL_OPEN)
_LIFETIME: Final = timedelta(days=30)


class Cards:
    """Posts cards and keeps them true. There are two sorts: notifications, with a button, and the roots of threads."""

    def __init__(self, store: Store, poster: Poster, registry: Registry, team: str) -> None:
        self._store = store
        self._poster = poster
        self._registry = registry
        self._team = team

    async def notify(self, channel: str, target: Target, look: Look, card_id: str = "") -> str:
        """Posts the notification of a target; its timestamp, empty when Slack refuses it; raises `Later`.

        With a `card_id` it is posted once, however often this is called.
        """
        known = await self._store.card(card_id) if card_id else None
        if known and known.ts:
            return known.ts
        details = details_of(self._registry[target.kind], target, look, now())
        return await self._post(card_id or new_id(), channel, target, details)

    async def find(self, card_id: str) -> bool:
        """Whether a notification was posted: it may have been without anybody recording it; raises `Later`."""
        one = await self._store.card(card_id)
        if one is None or one.ts:
            return one is not None
        ts = await self._poster.find(card_id)
        if ts:
            await self._store.card_posted(card_id, ts)
        else:
            await self._store.drop_card(card_id)
        return bool(ts)

    async def target(self, card_id: str) -> Target | None:
        """What the notification is about, while it has a button."""
        one = await self._store.card(card_id)
        return one.target if one and not one.closed else None

    async def keep_true(self, card_id: str, look: Look, turn: Callable[[], Awaitable[bool]]) -> bool:
        """A notification shows what was just seen of its target; whether nothing is left to change.

        What is over, or not there any more, has no button; nor has a notification that is too old. Nothing is drawn
        where the `turn`, awaited before that, says so. Raises `Later`.
        """
        one = await self._store.card(card_id)
        if one is None or one.closed:
            return True
        shown = CardDetails(**one.details)
        seen = details_of(self._registry[one.target.kind], one.target, look, now()) if look.snapshot else shown
        seen = replace(seen, ended=shown.ended, ended_by=shown.ended_by)
        over = kind_text.gone(self._registry[one.target.kind]) if look.missing else _over(look)
        old = now() - one.created_at > _LIFETIME
        close = bool(over or old)
        if not close and replace(seen, as_of=shown.as_of) == shown:
            return False
        if not await turn():
            return False
        one = await self._store.card(card_id)
        if one is None or one.closed:
            return True
        details = replace(seen, ended=over or text.OLD_CARD, ended_by="") if close else seen
        done = await self._redraw(one, details, close=close)
        if old and not done:  # whatever Slack says: its button has expired
            await self._store.close_card(one.id, stored(details))
        return done or old

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
        details = CardDetails(label, target.kind, target.id, by=actor.user, why=why, ended=outcome_text.CANCELLING)
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
        line = outcome_text.card_line(outcome, now())
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
                await self._redraw(one, replace(details, ended=outcome_text.ended_as(look.state)), close=True)

    async def _open_cards(self, target: Target) -> list[tuple[Card, CardDetails]]:
        return [(one, CardDetails(**one.details)) for one in await self._store.cards_of(target)]

    async def _redraw(self, one: Card, details: CardDetails, *, close: bool) -> bool:
        """Draws it again; whether it has no button any more, or is gone."""
        words = f"{details.label}: {details.ended or details.id}"
        drawn = card(details, "" if close else one.id)
        error = await self._poster.update(Place(one.id, one.channel), one.ts, words, drawn)
        gone = error in GONE
        # A card that Slack did not change still has its button: the next click on it shows the truth.
        if not error or gone or (close and details.by) or one.closed:
            written = await self._store.close_card(
                one.id, stored(details), closed=close or gone, known_closed=one.closed
            )
            latest = None if written else await self._store.card(one.id)
            if latest:  # somebody else has drawn its end in between, which counts
                return await self._redraw(latest, CardDetails(**latest.details), close=True)
        return gone or (close and not error)

    async def _post(self, card_id: str, channel: str, target: Target, details: CardDetails) -> str:
        """Records the card before it is posted, so that a button is never unknown."""
        await self._store.add_card(Card(card_id, self._team, channel, "", target, stored(details), False, now()))
        button = "" if details.by else card_id
        words = f"{details.label} {target.id}"
        ts = await self._poster.put(Place(card_id, channel), words, card(details, button))
        # A message that is there, and only cannot be changed now, has a button.
        ts = ts or await self._poster.find(card_id)
        if ts:
            await self._store.card_posted(card_id, ts)
        else:
            await self._store.drop_card(card_id)
        return ts


def _over(look: Look) -> str:
    final = look.snapshot and look.snapshot.standing is Standing.FINAL
    return outcome_text.ended_as(look.state) if final else ""
