"""Tells people what becomes of a cancellation: thread, cards, audit channel, and privately what is not for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.audit import Event
from bot.cancellation import Answer, Cancellation
from bot.errors import BotError
from bot.outcome import Outcome, Result
from bot.resources import Registry
from bot.slack import blocks, outcome_text, text
from bot.slack.cards import Cards
from bot.slack.home import Home
from bot.slack.posting import Alone, Place, Poster
from bot.slack.requestors import Requestors
from bot.slack.roots import Roots
from bot.store import Store, now
from bot.told import question_id
from bot.verdict import Wait


@dataclass(frozen=True)
class _Thread:
    """Where a cancellation is told. Without `ts` nothing can be posted there.

    `of_card`: it is the thread of a notification, or of somebody's message, which does not say who cancels and why.
    `shared`: it does not say what is cancelled.
    """

    channel: str
    ts: str
    of_card: bool
    shared: bool = False


class SlackTeller:
    """Tells in Slack. Each cancellation has one thread reply, whose content changes while it is provisional."""

    def __init__(
        self,
        *,
        store: Store,
        poster: Poster,
        cards: Cards,
        roots: Roots,
        registry: Registry,
        requestors: Requestors,
        home: Home,
        audit_channel: str | None,
    ) -> None:
        self._requestors = requestors
        self._home = home
        self._store = store
        self._poster = poster
        self._cards = cards
        self._roots = roots
        self._registry = registry
        self._audit_channel = audit_channel

    async def begun(self, cancellation: Cancellation) -> bool:
        """The root of the thread, in the channel of the command; a card has its own."""
        thread = await self._thread(cancellation)
        if cancellation.batch and thread.ts:
            await self._roots.grown(cancellation.batch)
        return bool(thread.ts)

    async def waiting(self, cancellation: Cancellation, wait: Wait) -> bool:
        """A long wait, in the thread."""
        return await self._note(cancellation, outcome_text.waiting(wait))

    async def accepted(self, cancellation: Cancellation) -> bool:
        """The service is still finishing it."""
        return await self._note(cancellation, outcome_text.ACCEPTED)

    async def asked(
        self, cancellation: Cancellation, approval_id: str, second_person: Sequence[str], until: datetime
    ) -> bool:
        """The question, in the thread, as a message of its own."""
        label = self._registry[cancellation.target.kind].label
        drawn = blocks.asked(cancellation, label, second_person, until, approval_id)
        return await self._question(cancellation, text.SECOND_NEEDED, drawn, text.WAITING_FOR_SECOND)

    async def answered(self, cancellation: Cancellation, answer: Answer, user: str) -> bool:
        """The answer, in the place of the question."""
        label = self._registry[cancellation.target.kind].label
        drawn = blocks.answered(cancellation, label, text.ANSWERS[answer], user)
        return await self._question(cancellation, text.ANSWERS[answer], drawn, outcome_text.CANCELLING)

    async def alone(self, cancellation: Cancellation, outcome: Outcome) -> bool:
        """The reason of a refusal, for the person alone."""
        return await self._alone(cancellation, "alone", self._told(cancellation, outcome))

    async def ended(self, cancellation: Cancellation, outcome: Outcome, *, alone: bool = False) -> bool:
        """The reply; of a refusal only that there was one, and what the thread does not take goes to the person."""
        if outcome.result is Result.REFUSED:
            return await self._note(cancellation, text.REFUSED_HERE if alone else text.REFUSED_UNTOLD)
        told = self._told(cancellation, outcome)
        thread = await self._thread(cancellation)
        full = blocks.outcome(told, cancellation.actor.user, cancellation.justification if thread.of_card else "")
        if await self._reply(cancellation, thread, f"{told.headline}. {told.sentence}", full):
            return True
        # From the App Home there is no channel to invite the bot to.
        where = text.INVITE if cancellation.actor.channel else self._name(cancellation)
        return await self._alone(cancellation, "instead", told, *blocks.note(where))

    async def cards(self, cancellation: Cancellation, outcome: Outcome) -> bool:
        """Every open card of the target."""
        await self._cards.ended(cancellation, outcome)
        return True

    async def audited(self, cancellation: Cancellation, outcome: Outcome, event: Event) -> bool:
        """One line in the audit channel."""
        if not self._audit_channel:
            return False
        told, target = self._told(cancellation, outcome), cancellation.target
        line = blocks.audit_line(told, cancellation)
        place = Place(f"{cancellation.id}:{event}", self._audit_channel)
        return bool(await self._poster.put(place, f"{told.headline}: {target.kind} {target.id}", line))

    async def joined_ended(self, cancellation: Cancellation, outcome: Outcome) -> bool:
        """Tells whoever came second, or was approved when another one ran; only the latter has a thread of its own."""
        if cancellation.approver:
            await self.answered(cancellation, Answer.APPROVED, cancellation.approver)
        await self._cards.shows(cancellation, outcome_text.card_line(outcome, now()), over=True)
        return await self._alone(cancellation, "joined", self._told(cancellation, outcome))

    async def settled(self, cancellation: Cancellation, outcome: Outcome) -> bool:
        """Tells the person, who may not look at the changed reply again."""
        return await self._alone(
            cancellation, "told_later", self._told(cancellation, outcome), *blocks.note(outcome_text.SETTLED_LATER)
        )

    async def requestor(self, cancellation: Cancellation) -> bool:
        """By direct message, where it is certain who that is in Slack."""
        return await self._requestors.tell(cancellation)

    async def batch(self, cancellation: Cancellation) -> bool:
        """On the root."""
        return await self._roots.redraw(cancellation.batch)

    def changed(self, cancellation: Cancellation) -> None:
        """In the App Home."""
        self._home.refresh(cancellation.actor.user)

    async def linked(self, link_id: str, user: str, account_name: str, begun: int) -> bool:
        """By direct message: whoever has somebody else's Slack session in a browser cannot keep it from its owner."""
        self._home.refresh(user)
        words = text.linked(account_name, begun)
        return await self._poster.alone(Alone(f"{link_id}:linked", user, "", now()), words, blocks.note(words))

    async def not_resumed(self, cancellation: Cancellation, error: BotError) -> bool:
        """What they had begun before they signed in."""
        words = f"{cancellation.target.kind} {cancellation.target.id}: {text.of_error(error)}"
        one = Alone(f"{cancellation.id}:resumed", cancellation.actor.user, cancellation.response_url, cancellation.at)
        return await self._poster.alone(one, words, blocks.note(words))

    async def _question(self, cancellation: Cancellation, words: str, drawn: blocks.Blocks, card_line: str) -> bool:
        thread = await self._thread(cancellation)
        if not thread.ts:
            return False
        await self._cards.shows(cancellation, card_line)
        return bool(
            await self._poster.put(Place(question_id(cancellation.id), thread.channel, thread.ts), words, drawn)
        )

    def _name(self, cancellation: Cancellation) -> str:
        """What was to be cancelled, for a place where nothing else says it."""
        target = cancellation.target
        return f"{self._registry[target.kind].label}: {target.kind} {target.id}"

    def _told(self, cancellation: Cancellation, outcome: Outcome) -> outcome_text.Told:
        return outcome_text.told(outcome, self._registry[cancellation.target.kind])

    async def _alone(
        self, cancellation: Cancellation, what: str, told: outcome_text.Told, *more: dict[str, object]
    ) -> bool:
        user = cancellation.actor.user
        one = Alone(f"{cancellation.id}:{what}", user, cancellation.response_url, cancellation.at)
        named = blocks.note(self._name(cancellation)) if cancellation.batch else []
        return await self._poster.alone(one, told.sentence, [*blocks.outcome(told, user, ""), *named, *more])

    async def _thread(self, cancellation: Cancellation) -> _Thread:
        """The card's, or the one that the command's channel has, or gets now; raises `Later`."""
        channel, visible = cancellation.actor.channel, cancellation.actor.visible
        if cancellation.batch:
            root = await self._roots.begin(cancellation.batch) if visible else ""
            return _Thread(channel, root, of_card=False, shared=True)
        card = await self._store.card(cancellation.card_id) if cancellation.card_id else None
        if card:
            return _Thread(card.channel, card.ts, of_card=True)
        if cancellation.thread_ts:
            return _Thread(channel, cancellation.thread_ts if visible else "", of_card=True, shared=True)
        return _Thread(channel, await self._cards.begin_thread(cancellation) if visible else "", of_card=False)

    async def _note(self, cancellation: Cancellation, words: str) -> bool:
        return await self._reply(cancellation, await self._thread(cancellation), words, blocks.note(words))

    async def _reply(self, cancellation: Cancellation, thread: _Thread, words: str, drawn: blocks.Blocks) -> bool:
        """The thread's one reply of this cancellation; whether the thread shows it."""
        if not thread.ts:
            return False
        named = blocks.note(self._name(cancellation)) if thread.shared else []
        place = Place(f"{cancellation.id}:reply", thread.channel, thread.ts)
        return bool(await self._poster.put(place, words, [*drawn, *named]))
