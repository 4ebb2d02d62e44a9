"""The second person: asked in the thread, for exactly one cancellation, while nobody holds its target."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from pydantic import TypeAdapter

from bot.approvals import Approval, Approvals, Asked, digest_of
from bot.cancellation import Actor, Answer, Cancellation
from bot.cancellations import Cancellations
from bot.durable import Engine
from bot.errors import BotError, NoDatabase, Refused, Unavailable
from bot.gate import Gate
from bot.outcome import Outcome, Reason
from bot.policy import Ownership
from bot.posts import Posts
from bot.recorded import Failed, Sight
from bot.resources import Registry, Resource, Target
from bot.runs import CANCEL, Begun, Run
from bot.store import now
from bot.timings import Timings
from bot.told import Teller, Telling, question_id

log = structlog.get_logger(__name__)

_ASKED: Final = TypeAdapter(Asked)
_LAPSED: Final = TypeAdapter(bool)

_OLD: Final = ("This button is no longer valid.", "Whoever wants it cancelled can ask again.")
_ANSWERED: Final = ("This was answered already, or nobody did in time.", "The thread shows what became of it.")
_EARLY: Final = ("This message is still being posted.", "Press the button again.")


@dataclass(frozen=True)
class Asking:
    """An open question, and the cancellation that it is about."""

    approval: Approval
    cancellation: Cancellation


@dataclass(frozen=True)
class Where:
    """The message whose button was pressed."""

    team: str
    channel: str
    ts: str


class SecondPerson:
    """Asks, takes the answer, and makes sure of it before the call."""

    def __init__(
        self,
        *,
        gate: Gate,
        approvals: Approvals,
        cancellations: Cancellations,
        posts: Posts,
        everything: Registry,
        engine: Engine,
        teller: Teller,
        timings: Timings,
    ) -> None:
        self._gate = gate
        self._approvals = approvals
        self._cancellations = cancellations
        self._posts = posts
        self._everything = everything
        self._engine = engine
        self._teller = teller
        self._timings = timings
        self._telling = Telling(engine, timings)

    async def wait(
        self, run: Run, cancellation: Cancellation, sight: Sight, start: Callable[[str], Awaitable[None]]
    ) -> Outcome | None:
        """Part of a workflow: asks and waits. The end where nobody approved; None when another workflow goes on.

        `start` begins the cancellation that takes the target over.
        """
        seconds, whose = self._timings.second_person, sight.ownership
        asked = await self._engine.step("ask", lambda: self._approvals.ask(run, cancellation, whose, seconds), _ASKED)
        if asked.heir:
            await start(asked.heir)
        who = sight.decision.second_person
        told = await self._telling.until_told("asked", lambda: self._ask(cancellation, asked, who))
        if told:
            await self._engine.sleep((asked.until - now()).total_seconds())
        if not await self._engine.step("lapse", lambda: self._approvals.lapse(run), _LAPSED):
            return None
        return Outcome(Reason.LAPSED if told else Reason.NOBODY_ASKED)

    async def _ask(self, cancellation: Cancellation, asked: Asked, who: Sequence[str]) -> bool:
        """Asks; done again after a crash, it must not draw the question over an answer that was given meanwhile."""
        before = await self._approvals.of(cancellation.id)
        told = bool(before and before.answer) or await self._teller.asked(cancellation, asked.id, who, asked.until)
        after = await self._approvals.of(cancellation.id)
        if after and after.answer and not (before and before.answer):
            await self._teller.answered(cancellation, after.answer, after.user)
        return told

    async def answer(self, asking: Asking, by: Actor, answer: Answer) -> None:
        """What a button does. Raises `Refused`, `SignInNeeded`, `Unavailable`; then nothing has changed."""
        approval, cancellation = asking.approval, asking.cancellation
        target = cancellation.target
        # Whoever asked may take it back.
        if not (answer is Answer.DECLINED and by.user == cancellation.actor.user):
            await self._gate.second(cancellation.actor, by, target, approval.ownership)
        key = claim_key(self._everything[target.kind], target)
        holder = await self._approvals.answer(approval, cancellation, by, answer, key)
        if holder is None:
            raise Refused("used_button", *_ANSWERED)
        try:
            if holder in ("", cancellation.id):
                await self._begin(Run(cancellation.id, approval.run + 1))
            else:  # joined: shown again when the other one has ended
                await self._teller.answered(cancellation, answer, by.user)
        except Exception:  # it is recorded, and others see it through
            log.exception("answer_followed_later", cancellation=cancellation.id)

    async def _begin(self, run: Run) -> None:
        await self._engine.start(CANCEL, run.workflow_id, run.id, run.number)

    async def assured(self, cancellation: Cancellation, owned: Ownership) -> Failed | None:
        """Right before the call: whether who approved still may, and exactly this; raises `NoDatabase`."""
        resource = self._everything[cancellation.target.kind]
        try:
            approval = await self._approvals.of(cancellation.id)
            if approval is None or approval.answer is not Answer.APPROVED:
                raise Refused("not_approved", *_OLD)
            self._same(approval, cancellation)
            await self._gate.still_second(cancellation.actor, cancellation.approver, cancellation.target, owned)
        except NoDatabase:
            raise
        except BotError as error:
            return Failed.of(error, resource)
        return None

    async def asked(self, approval_id: str, where: Where) -> Asking:
        """What this very button is about, while it can be answered; raises `Refused`, `Unavailable`."""
        approval = await self._approvals.get(approval_id)
        cancellation = await self._cancellations.load(approval.cancellation_id) if approval else None
        if approval is None or cancellation is None:
            raise Refused("forged_button", *_OLD)
        post = await self._posts.of(question_id(cancellation.id))
        if post is None or not post.ts:
            raise Unavailable(*_EARLY)
        if Where(cancellation.actor.team, post.channel, post.ts) != where:
            raise Refused("forged_button", *_OLD)
        if not approval.open:
            raise Refused("used_button" if approval.answer else "expired_button", *_ANSWERED)
        self._same(approval, cancellation)
        return Asking(approval, cancellation)

    def _same(self, approval: Approval, cancellation: Cancellation) -> None:
        if approval.digest != digest_of(cancellation):
            raise Refused("changed", *_OLD)


def unapproved(begun: Begun, cancellation: Cancellation) -> Outcome | None:
    """The end of a cancellation for which somebody was asked; None where nobody was, or they approved."""
    if begun.answer is Answer.DECLINED:
        return Outcome(Reason.WITHDRAWN if begun.answered_by == cancellation.actor.user else Reason.DECLINED)
    if begun.answer is Answer.LAPSED:
        return Outcome(Reason.LAPSED)
    # Whoever waited for the answer failed, and nobody holds the target any more.
    return Outcome(Reason.NOT_READY, detail="asking_failed") if begun.asked and not begun.answer else None


def claim_key(resource: Resource, target: Target) -> str:
    """What names the target for its one running cancellation: Graph type, scope and id, without case."""
    return f"{resource.graph_type}/{target.scope}/{target.id}".casefold()
