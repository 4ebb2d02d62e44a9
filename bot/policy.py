"""Who may cancel what: rules as data, and one pure decision. No matching rule means no; a deny rule wins."""

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.errors import ConfigError

ANY = "*"


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


class Rule(BaseModel):
    """One rule of `policy.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    effect: Literal["allow", "deny"]
    kinds: tuple[str, ...] = Field(min_length=1)
    actors: tuple[str, ...] = Field(min_length=1)
    channels: tuple[str, ...] = Field(default=(ANY,), min_length=1)
    own_only: bool = True
    identity: Identity = Identity.DELEGATED

    @model_validator(mode="after")
    def _deny_is_plain(self) -> Self:
        if self.effect == "deny" and self.model_fields_set & {"own_only", "identity"}:
            raise ValueError("a deny rule takes no own_only and no identity: it always denies")
        return self


OWN_REQUESTS_ONLY: tuple[Rule, ...] = (Rule(effect="allow", kinds=(ANY,), actors=(ANY,)),)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    rule: tuple[Rule, ...] = ()


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
    """The answer. `rule` counts from 1 in the file; `own_only` tells that only ownership allowed it."""

    reason: Reason
    rule: int | None = None
    identity: Identity = Identity.DELEGATED
    own_only: bool = True

    @property
    def allowed(self) -> bool:
        """Whether the call may be made."""
        return self.reason is Reason.ALLOWED

    @property
    def possible(self) -> bool:
        """Whether the call may be made, or might be once the request was read."""
        return self.reason in (Reason.ALLOWED, Reason.OWNERSHIP_UNKNOWN)


def decide(rules: Sequence[Rule], question: Question) -> Decision:
    """The decision, whatever the rules' order. Acting as the person is preferred where they are linked."""
    matching = [(n, rule) for n, rule in enumerate(rules, 1) if _matches(rule, question)]
    denying = [n for n, rule in matching if rule.effect == "deny"]
    if denying:
        return Decision(Reason.DENY_RULE, denying[0])
    decisions = [_allow(n, rule, question.ownership) for n, rule in matching]
    return min(decisions, key=lambda d: _preference(d, question.linked), default=Decision(Reason.NO_RULE))


def load_policy(path: Path) -> tuple[Rule, ...]:
    """The rules of the file, or own requests only without one; raises `ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8")
        return _File.model_validate(tomllib.loads(text)).rule
    except FileNotFoundError:
        return OWN_REQUESTS_ONLY
    except ValidationError as error:
        raise ConfigError([_problem(path, detail["loc"], detail["msg"]) for detail in error.errors()]) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError([f"POLICY_FILE: {path}: {error}"]) from None


def groups_named(rules: Sequence[Rule]) -> frozenset[str]:
    """The Slack user groups whose members must be looked up."""
    return frozenset(actor for rule in rules for actor in rule.actors if actor.startswith("S"))


def _matches(rule: Rule, question: Question) -> bool:
    return (
        _named(rule.kinds, {question.kind})
        and _named(rule.actors, {question.user, *question.groups})
        and _named(rule.channels, _channels(rule, question))
    )


def _channels(rule: Rule, question: Question) -> set[str]:
    """A channel that the bot cannot see allows nothing by its name; a deny rule holds for it all the same."""
    return {question.channel} if question.visible or rule.effect == "deny" else set()


def _named(listed: Collection[str], names: set[str]) -> bool:
    return ANY in listed or not names.isdisjoint(listed)


def _allow(number: int, rule: Rule, ownership: Ownership) -> Decision:
    reason = Reason.ALLOWED
    if rule.own_only and ownership is not Ownership.OWN:
        reason = Reason.NOT_OWN if ownership is Ownership.OTHER else Reason.OWNERSHIP_UNKNOWN
    return Decision(reason, number, rule.identity, rule.own_only)


def _preference(decision: Decision, linked: bool) -> tuple[bool, bool, bool, bool]:
    as_person = decision.identity is Identity.DELEGATED
    return (not decision.allowed, not decision.possible, as_person is not linked, decision.own_only)


def _problem(path: Path, loc: tuple[int | str, ...], message: str) -> str:
    where = " ".join(str(part + 1) if isinstance(part, int) else part for part in loc)
    return f"POLICY_FILE: {path}: {where}: {message.removeprefix('Value error, ')}"
