"""Who may cancel what: rules as data, and one pure decision. No matching rule means no; a deny rule wins."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator

ANY = "*"
ALLOW_ONLY: Final = ("own_only", "identity", "second_person")
"""What only an allow rule says."""

_ACTOR: Final = re.compile(r"[UWS][A-Z0-9]+")
_CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]+")
# In a message Slack writes them as <@U…>, <!subteam^S…|@name> and <#C…|name>.
_MENTION: Final = re.compile(r"<(?:[@#]|!subteam\^)([A-Z0-9]+)(?:\|[^<>]*)?>")


class Identity(StrEnum):
    """As whom the service is called: the person, or the bot's own application."""

    DELEGATED = "delegated"
    APPLICATION = "application"


class Ownership(StrEnum):
    """Whether the request is the actor's own; `UNKNOWN` until it was read, and where nobody can read it."""

    OWN = "own"
    OTHER = "other"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a decision fell as it did."""

    ALLOWED = "allowed"
    DENY_RULE = "deny_rule"
    NO_RULE = "no_rule"
    NOT_OWN = "not_own"
    OWNERSHIP_UNKNOWN = "ownership_unknown"


def is_user(value: str) -> bool:
    """Whether this is the id of a Slack user; that of a group, or a name, is none."""
    return bool(_ACTOR.fullmatch(value)) and not value.startswith("S")


def is_channel(value: str) -> bool:
    """Whether this is the id of a channel or of a direct message."""
    return bool(_CHANNEL.fullmatch(value))


def _actor(value: str) -> str:
    if value != ANY and not _ACTOR.fullmatch(value):
        raise ValueError(f"{no_id(value, _ACTOR)} of a Slack user (U…, W…) or user group (S…)")
    return value


def _channel(value: str) -> str:
    if value != ANY and not is_channel(value):
        raise ValueError(f"{no_id(value, _CHANNEL)} of a channel (C…, G…, D…)")
    return value


def no_id(value: str, pattern: re.Pattern[str]) -> str:
    """That it is no such id, since a name would never match; first what it should have been, where that can be told."""
    mention = _MENTION.fullmatch(value)
    meant = mention[1] if mention else value.strip().upper()
    known = pattern.fullmatch(meant) and (mention or meant[1].isdigit())
    return f"{'write ' + meant + ': ' if known else ''}{value[:60]!r} is no id"


Actor = Annotated[str, AfterValidator(_actor)]
Channel = Annotated[str, AfterValidator(_channel)]


class Rule(BaseModel):
    """One rule of `policy.toml`. `second_person`: one of these must approve; people and places are Slack's ids."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    effect: Literal["allow", "deny"]
    kinds: tuple[str, ...] = Field(min_length=1)
    actors: tuple[Actor, ...] = Field(min_length=1)
    channels: tuple[Channel, ...] = Field(default=(ANY,), min_length=1)
    own_only: StrictBool = True
    identity: Identity = Identity.DELEGATED
    second_person: tuple[Actor, ...] = Field(default=(), min_length=1)

    @model_validator(mode="after")
    def _deny_is_plain(self) -> Self:
        if self.effect == "deny" and self.model_fields_set.intersection(ALLOW_ONLY):
            raise ValueError(f"a deny rule takes none of {', '.join(ALLOW_ONLY)}: it always denies")
        return self


OWN_REQUESTS_ONLY: tuple[Rule, ...] = (Rule(effect="allow", kinds=(ANY,), actors=(ANY,)),)


@dataclass(frozen=True)
class Question:
    """Who wants to cancel a request of which kind, from where. `visible`: the bot can see that channel."""

    user: str
    groups: frozenset[str]
    channel: str
    visible: bool
    kind: str
    ownership: Ownership
    linked: bool


@dataclass(frozen=True)
class Decision:
    """The answer. `rule` counts from 1 in the file; `own_only` tells that only ownership allowed it.

    `second_person` are the Slack users and user groups of whom one must approve: those of the rule and, since
    permissions add up, of every other that allows the same as it does.
    """

    reason: Reason
    rule: int | None = None
    identity: Identity = Identity.DELEGATED
    own_only: bool = True
    second_person: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the call may be made."""
        return self.reason is Reason.ALLOWED

    @property
    def possible(self) -> bool:
        """Whether the call may be made, or might be once the request was read."""
        return self.reason in (Reason.ALLOWED, Reason.OWNERSHIP_UNKNOWN)


def decide(rules: Sequence[Rule], question: Question) -> Decision:
    """The decision, whatever the rules' order.

    Permissions add up: whoever may by one rule without a second person needs none because of another, and where all
    ask for one, whom any of them names will do. Next, acting as the person is preferred where they are linked.

    What is allowed comes before what may turn out to be: before it is known whose the request is, a rule that allows
    anybody's with a second person stands before one that allows only one's own without. So whether a second person is
    needed is certain only once that is known; what needs none before needs none afterwards.
    """
    matching = [(n, rule) for n, rule in enumerate(rules, 1) if _matches(rule, question)]
    if denied := _denied(matching):
        return denied
    decisions = [_allow(n, rule, question.ownership) for n, rule in matching]
    if not decisions:
        return Decision(Reason.NO_RULE)
    best = min(decisions, key=lambda d: (_preference(d, question.linked), d.own_only))
    alike = (d for d in decisions if _preference(d, question.linked) == _preference(best, question.linked))
    return replace(best, second_person=tuple(dict.fromkeys(who for d in alike for who in d.second_person)))


def may_approve(rules: Sequence[Rule], second_person: tuple[str, ...], question: Question) -> Decision:
    """Whether this person may be the second one, of those that a decision asks for; ownership does not matter."""
    matching = [(n, rule) for n, rule in enumerate(rules, 1) if _matches(rule, question)]
    if denied := _denied(matching):
        return denied
    named = _named(second_person, {question.user, *question.groups})
    return Decision(Reason.ALLOWED if named else Reason.NO_RULE)


def groups_named(rules: Sequence[Rule]) -> frozenset[str]:
    """The Slack user groups whose members must be looked up."""
    named = (name for rule in rules for name in (*rule.actors, *rule.second_person))
    return frozenset(name for name in named if name.startswith("S"))


def _matches(rule: Rule, question: Question) -> bool:
    return (
        _named(rule.kinds, {question.kind})
        and _named(rule.actors, {question.user, *question.groups})
        and _named(rule.channels, _channels(rule, question))
    )


def _denied(matching: Sequence[tuple[int, Rule]]) -> Decision | None:
    return next((Decision(Reason.DENY_RULE, n) for n, rule in matching if rule.effect == "deny"), None)


def _channels(rule: Rule, question: Question) -> set[str]:
    """A channel that the bot cannot see allows nothing by its name; a deny rule holds for it all the same."""
    return {question.channel} if question.visible or rule.effect == "deny" else set()


def _named(listed: Collection[str], names: set[str]) -> bool:
    return ANY in listed or not names.isdisjoint(listed)


def _allow(number: int, rule: Rule, ownership: Ownership) -> Decision:
    reason = Reason.ALLOWED
    if rule.own_only and ownership is not Ownership.OWN:
        reason = Reason.NOT_OWN if ownership is Ownership.OTHER else Reason.OWNERSHIP_UNKNOWN
    possible = reason is not Reason.NOT_OWN
    return Decision(reason, number, rule.identity, rule.own_only, rule.second_person if possible else ())


def _preference(decision: Decision, linked: bool) -> tuple[bool, bool, bool, bool]:
    as_person, second = decision.identity is Identity.DELEGATED, bool(decision.second_person)
    return (not decision.allowed, not decision.possible, second, as_person is not linked)
