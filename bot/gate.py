"""The one place that decides who may cancel, and that shows a target only to somebody who may."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from bot.cancellation import Actor
from bot.errors import Refused, SignInNeeded
from bot.outcome import Look, Reason, forbidden
from bot.policy import Decision, Identity, Ownership, Question, Rule, decide, may_approve
from bot.reading import Reader, ownership
from bot.resources import Registry, Resource, Target

_NOT_HERE: Final = ("You may not cancel this kind of request here.", "Ask whoever runs this bot.")
_NOT_YOURS: Final = (
    "You may not cancel this request, or it does not exist.",
    "Check the id, or ask whoever made it.",
)
_NO_MORE_SECOND: Final = ("Whoever approved this may not do so any more. Nothing was sent.", "Ask for it again.")
_NOT_FIRST: Final = ("Whoever asked for this may no longer cancel it.", "Nothing was sent; they can ask again.")
_NOT_SECOND: Final = ("You may not approve this.", "Whoever may is named in the message.")
_SAME: Final = (
    "You cannot approve what you asked for yourself; that takes another Slack user with another Microsoft account.",
    "Ask somebody of those whom the message names.",
)
_TWO_ACCOUNTS: Final = "This needs a second person, so your own Microsoft account must be known, too."
_NOWHERE: Final = (
    "This needs a second person's approval, for which I ask in a channel.",
    "Use /cancel-approval in a channel that I am in.",
)
_NOT_LINKED: Final = "This is cancelled as you, but your Slack account is not linked to a Microsoft account yet."


class People(Protocol):
    """Knows who acts."""

    async def again(self, actor: Actor) -> Actor:
        """The same person as they are now; raises `Refused` for somebody who may not use the bot, `Unavailable`."""


@dataclass(frozen=True)
class Seen:
    """What one fresh look showed, and the decision on it."""

    actor: Actor
    look: Look
    ownership: Ownership
    decision: Decision


class Gate:
    """Authorises, before anything is read and again on what was read. `linking`: people can link their accounts."""

    def __init__(
        self, registry: Registry, rules: Sequence[Rule], people: People, reader: Reader, *, linking: bool
    ) -> None:
        self.registry = registry
        self._linking = linking
        self._rules = rules
        self._people = people
        self._reader = reader

    def admit(self, actor: Actor, resource: Resource) -> Decision:
        """What can be decided before reading; raises `Refused` or `SignInNeeded`."""
        decision = self._decide(actor, resource, Ownership.UNKNOWN)
        if not decision.possible:
            raise Refused(decision.reason, *_NOT_HERE)
        if decision.identity is Identity.DELEGATED and actor.account is None:
            raise SignInNeeded(_NOT_LINKED)
        if decision.second_person and actor.account is None:
            raise SignInNeeded(_TWO_ACCOUNTS)
        return decision

    async def second(self, first: Actor, second: Actor, target: Target, owned: Ownership) -> None:
        """Whether one person may still cancel it, and the other approve that.

        `owned`: what reading showed. Raises `Refused`, `SignInNeeded` for the second person, and whatever looking
        people up raises.
        """
        resource = self.resource(target.kind)
        if second.user == first.user:
            raise Refused("same_person", *_SAME)
        first, decision = await self._first(first, resource, owned)
        answer = may_approve(self._rules, decision.second_person, question_of(second, resource, owned))
        if not answer.allowed:
            raise Refused(f"second_{answer.reason}", *_NOT_SECOND)
        if second.account is None:
            raise SignInNeeded(_TWO_ACCOUNTS)
        if second.account == first.account:
            raise Refused("same_account", *_SAME)

    async def _first(self, first: Actor, resource: Resource, owned: Ownership) -> tuple[Actor, Decision]:
        """Whoever asked, as they are now; what keeps them from it is told to somebody else."""
        try:
            first = await self._people.again(first)
        except Refused as error:
            raise Refused(f"first_{error.reason}", *_NOT_FIRST) from error
        decision = self._decide(first, resource, owned)
        if not decision.possible or first.account is None:
            reason = "not_linked" if decision.possible else decision.reason
            raise Refused(f"first_{reason}", *_NOT_FIRST)
        return first, decision

    async def still_second(self, first: Actor, second: str, target: Target, owned: Ownership) -> None:
        """The same for the Slack user who has approved, as they are now; the first person is told."""
        try:
            await self.second(first, await self._people.again(replace(first, user=second)), target, owned)
        except (Refused, SignInNeeded) as error:
            reason = error.reason if isinstance(error, Refused) else "not_linked"
            if reason.startswith("first_"):
                raise
            raise Refused(f"approver_{reason}", *_NO_MORE_SECOND) from error

    def identity(self, actor: Actor, resource: Resource) -> Identity:
        """As whom this person's call would be made, as far as that can be told before reading."""
        return self._decide(actor, resource, Ownership.UNKNOWN).identity

    def resource(self, kind: str) -> Resource:
        """The kind, while it is switched on; raises `Refused`."""
        resource = self.registry.find(kind)
        if resource is None:
            raise Refused("kind_off", f"{kind} is no longer switched on here.", _NOT_HERE[1])
        return resource

    def welcome(self, actor: Actor, resource: Resource) -> None:
        """As `admit`, for a dialog; whoever can link their accounts may enter it before."""
        try:
            self.admit(actor, resource)
        except SignInNeeded:
            if not self._linking:
                raise

    def visible(self, actor: Actor, resource: Resource) -> frozenset[Ownership]:
        """Whose requests of this kind the person may see in a list: what they may cancel; raises like `admit`."""
        self.admit(actor, resource)
        return frozenset(owned for owned in Ownership if self._decide(actor, resource, owned).allowed)

    async def see(self, actor: Actor, target: Target) -> Seen:
        """Who acts now, what is there now, and the decision; raises what reading raises, `Refused`, `SignInNeeded`."""
        resource = self.resource(target.kind)
        actor = await self._people.again(actor)
        identity = self.admit(actor, resource).identity
        look = await self._reader.look(resource, target, actor, identity)
        owned = ownership(actor, look)
        return Seen(actor, look, owned, self._decide(actor, resource, owned))

    async def preview(self, actor: Actor, target: Target) -> Look:
        """The target as shown to somebody who may cancel it; an empty look where nobody could read it.

        Raises `Refused` alike for what is not theirs and what does not exist, and whatever `see` raises.
        """
        seen = await self.see(actor, target)
        refused = forbidden(self.resource(target.kind), seen.look, seen.decision)
        if refused and refused.reason in (Reason.NOT_YOURS, Reason.POLICY):
            raise Refused(refused.detail, *_NOT_YOURS)
        if seen.decision.second_person and seen.ownership is not Ownership.UNKNOWN and not actor.channel:
            raise Refused("second_not_asked", *_NOWHERE)
        return seen.look

    def _decide(self, actor: Actor, resource: Resource, owned: Ownership) -> Decision:
        return decide(self._rules, question_of(actor, resource, owned))


def question_of(actor: Actor, resource: Resource, owned: Ownership) -> Question:
    """What the policy is asked about this person."""
    return Question(
        user=actor.user,
        groups=actor.groups,
        channel=actor.channel,
        visible=actor.visible,
        kind=resource.kind,
        ownership=owned,
        linked=actor.account is not None,
    )
