"""What in a policy is possible but hardly meant: rules without effect, and rules that allow more than they seem to."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from bot.notify_rules import NotifyRule
from bot.policy import ANY, Identity, Rule, is_user
from bot.resources import Registry

Numbered = Sequence[tuple[int, Rule]]


def warnings(rules: Sequence[Rule], enabled: Registry) -> Iterator[tuple[int, str]]:
    """Number and warning, in the rules' order."""
    numbered = list(enumerate(rules, 1))
    for number, rule in numbered:
        others = [(n, other) for n, other in numbered if n != number]
        if not rule_kinds(rule, enabled):
            yield number, "none of its kinds is switched on, so it has no effect"
        elif without := _without_effect(number, rule, others):
            yield number, without
        else:
            yield from ((number, sentence) for check in _CHECKS if (sentence := check(rule, others, enabled)))


def uncovered(rules: Sequence[Rule], enabled: Registry) -> tuple[str, ...]:
    """The kinds that are switched on, but that no rule allows anybody to cancel."""
    effective = [rule for rule in rules if rule.effect == "allow" and not _denied(rule, list(enumerate(rules, 1)))]
    covered = {kind for rule in effective for kind in rule_kinds(rule, enabled)}
    denied = {kind for rule in rules if _denies_all(rule) for kind in rule_kinds(rule, enabled)}
    return tuple(resource.kind for resource in enabled if resource.kind not in covered - denied)


def notify_warnings(rules: Sequence[NotifyRule], enabled: Registry) -> Iterator[tuple[int, str]]:
    """Number and warning of each `[[notify]]` that names what nobody can be notified of, in their order."""
    for number, rule in enumerate(rules, 1):
        if ANY in rule.kinds:
            if not any(resource.lists_for(application=True) for resource in enabled):
                yield number, "it has no effect: the application can list none of the kinds that are switched on"
            yield from ((number, sentence) for sentence in _twice(rule, rules))
        else:
            yield from ((number, sentence) for kind in rule.kinds if (sentence := _unlisted(kind, enabled)))


def _twice(rule: NotifyRule, rules: Sequence[NotifyRule]) -> Iterator[str]:
    """Of a rule for every kind: the kinds that are also told elsewhere, since "*" is not what is left over."""
    for kind in dict.fromkeys(kind for one in rules for kind in one.kinds if ANY not in one.kinds):
        others = dict.fromkeys(one.channel for one in rules if kind in one.kinds and one.channel != rule.channel)
        if others:
            yield f'"*" adds to the other tables: {kind} is told here and in {", ".join(others)}'


def _unlisted(kind: str, enabled: Registry) -> str:
    """Why nobody is notified of that kind by itself; empty where somebody can be."""
    resource = enabled.find(kind)
    if resource is None:
        return f"{kind} is not switched on, so nobody is notified of it"
    if resource.lists_for(application=True):
        return ""
    if resource.retirement:
        return f"Microsoft has retired {kind} and lists none, so nobody is notified of it"
    return f"Microsoft lists {kind} only for people and not for the application, so nobody is notified of it"


def rule_kinds(rule: Rule, enabled: Registry) -> frozenset[str]:
    """The kinds that the rule concerns, of those that are switched on."""
    return frozenset(resource.kind for resource in enabled if {ANY, resource.kind} & set(rule.kinds))


def _without_effect(number: int, rule: Rule, others: Numbered) -> str:
    if rule.effect == "allow" and (denying := _denied(rule, others)):
        return f"it never allows anything: rule {denying} denies all of it"
    for n, other in others:
        if _at_least(other, rule) and (n < number or not _at_least(rule, other)):
            return f"it adds nothing to rule {n}"
    return ""


def _at_least(wide: Rule, narrow: Rule) -> bool:
    """Whether the one rule does all that the other does."""
    if wide.effect != narrow.effect or wide.identity is not narrow.identity or not _covers(wide, narrow):
        return False
    asks_no_more = not wide.second_person or (
        bool(narrow.second_person) and _among(wide.second_person, narrow.second_person)
    )
    return asks_no_more and (narrow.own_only or not wide.own_only)


def _covers(wide: Rule, narrow: Rule) -> bool:
    """Whether the one matches wherever the other does."""
    pairs = ((wide.kinds, narrow.kinds), (wide.actors, narrow.actors), (wide.channels, narrow.channels))
    return all(_among(outer, inner) for outer, inner in pairs)


def _among(outer: Collection[str], inner: Collection[str]) -> bool:
    return ANY in outer or set(inner) <= set(outer)


def _denied(rule: Rule, others: Numbered) -> int | None:
    return next((n for n, other in others if other.effect == "deny" and _covers(other, rule)), None)


def _denies_all(rule: Rule) -> bool:
    return rule.effect == "deny" and ANY in rule.actors and ANY in rule.channels


def _everybody(rule: Rule, _others: Numbered, _enabled: Registry) -> str:
    if rule.effect == "deny" or rule.own_only or rule.second_person or ANY not in rule.actors:
        return ""
    if rule.identity is Identity.APPLICATION:
        return "it lets everybody in the team cancel anybody's requests with the application's permissions"
    return "it lets everybody in the team cancel anybody's requests, as far as Microsoft lets them"


def _unreadable(rule: Rule, _others: Numbered, enabled: Registry) -> str:
    if rule.effect == "deny" or rule.identity is Identity.DELEGATED or not rule.own_only:
        return ""
    unread = sorted(k for k in rule_kinds(rule, enabled) if not enabled[k].read.permissions.application)
    if unread:
        return f"it never allows {', '.join(unread)}: own_only, and the application cannot read whose a request is"
    return "own_only with identity application allows only people who have linked their Microsoft account"


def _nobody_approves(rule: Rule, others: Numbered, _enabled: Registry) -> str:
    second = set(rule.second_person)
    if len(second) == 1 and second == set(rule.actors) and all(map(is_user, second)):
        return "nobody can approve: its second_person is the very person who asks"
    if not second:
        return ""
    approvers = rule.model_copy(update={"actors": rule.second_person})
    denying = _denied(approvers, others)
    return f"nobody can approve: rule {denying} denies all of its second_person" if denying else ""


_CHECKS: Final[tuple[Callable[[Rule, Numbered, Registry], str], ...]] = (
    _everybody,
    _unreadable,
    _nobody_approves,
)
