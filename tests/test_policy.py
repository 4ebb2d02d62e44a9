"""The policy's decisions, and that the order of its rules does not matter."""

from itertools import permutations
from typing import Any, Final

import pytest
from pydantic import ValidationError

from bot.policy import (
    OWN_REQUESTS_ONLY,
    Decision,
    Identity,
    Ownership,
    Question,
    Reason,
    Rule,
    decide,
    groups_named,
    may_approve,
)

ASKER: Final = "U0ROBIN"
SECOND: Final = "U0SECOND"
GROUP: Final = "S0HELPDESK"
CHANNEL: Final = "C0APPROVALS"
KIND: Final = "operation-approval"


def question(
    ownership: Ownership = Ownership.OTHER,
    *,
    user: str = ASKER,
    groups: frozenset[str] = frozenset(),
    channel: str = CHANNEL,
    visible: bool = True,
    kind: str = KIND,
    linked: bool = True,
) -> Question:
    return Question(user, groups, channel, visible, kind, ownership, linked)


def allow(
    kinds: tuple[str, ...] = ("*",),
    actors: tuple[str, ...] = ("*",),
    channels: tuple[str, ...] = ("*",),
    own_only: bool = False,
    identity: Identity = Identity.DELEGATED,
    second: tuple[str, ...] = (),
) -> Rule:
    approved: dict[str, Any] = {"second_person": second} if second else {}
    return Rule(
        effect="allow",
        kinds=kinds,
        actors=actors,
        channels=channels,
        own_only=own_only,
        identity=identity,
        **approved,
    )


def deny(kinds: tuple[str, ...] = ("*",), actors: tuple[str, ...] = ("*",), channels: tuple[str, ...] = ("*",)) -> Rule:
    return Rule(effect="deny", kinds=kinds, actors=actors, channels=channels)


@pytest.mark.parametrize(
    ("ownership", "reason", "possible"),
    [
        (Ownership.OWN, Reason.ALLOWED, True),
        (Ownership.OTHER, Reason.NOT_OWN, False),
        (Ownership.UNKNOWN, Reason.OWNERSHIP_UNKNOWN, True),
    ],
)
def test_without_a_file_people_cancel_their_own(ownership: Ownership, reason: Reason, possible: bool) -> None:
    decision = decide(OWN_REQUESTS_ONLY, question(ownership))
    assert (decision.reason, decision.possible, decision.own_only) == (reason, possible, True)
    assert decision.allowed is (reason is Reason.ALLOWED)


@pytest.mark.parametrize("ownership", Ownership)
def test_no_rule_means_no(ownership: Ownership) -> None:
    decision = decide((), question(ownership))
    assert (decision.reason, decision.rule, decision.possible) == (Reason.NO_RULE, None, False)


@pytest.mark.parametrize("ownership", Ownership)
def test_deny_wins_wherever_it_stands(ownership: Ownership) -> None:
    for rules in ((allow(), deny()), (deny(), allow())):
        decision = decide(rules, question(ownership))
        assert decision.reason is Reason.DENY_RULE
        assert decision.rule == rules.index(deny()) + 1


@pytest.mark.parametrize(
    ("rule", "asked", "allowed"),
    [
        (allow(kinds=(KIND,)), question(), True),
        (allow(kinds=("access-package", KIND)), question(), True),
        (allow(kinds=("access-package",)), question(), False),
        (allow(actors=(ASKER,)), question(), True),
        (allow(actors=("U0SOMEBODY",)), question(), False),
        (allow(actors=(GROUP,)), question(groups=frozenset({GROUP})), True),
        (allow(actors=(GROUP,)), question(groups=frozenset({"S0OTHERS"})), False),
        (allow(actors=(GROUP,)), question(), False),
        (allow(channels=(CHANNEL,)), question(), True),
        (allow(channels=(CHANNEL,)), question(channel="C0ELSEWHERE"), False),
        (allow(channels=(CHANNEL,)), question(channel=""), False),
        (allow(), question(channel=""), True),
    ],
)
def test_a_rule_matches_what_it_names(rule: Rule, asked: Question, allowed: bool) -> None:
    assert decide((rule,), asked).allowed is allowed
    forbidding = deny(rule.kinds, rule.actors, rule.channels)
    assert decide((allow(), forbidding), asked).allowed is not allowed


@pytest.mark.parametrize(("linked", "identity"), [(True, Identity.DELEGATED), (False, Identity.APPLICATION)])
def test_people_who_are_linked_act_as_themselves(linked: bool, identity: Identity) -> None:
    rules = (allow(identity=Identity.APPLICATION), allow())
    for ordered in (rules, rules[::-1]):
        assert decide(ordered, question(linked=linked)).identity is identity


def test_what_allows_comes_before_who_acts() -> None:
    """Somebody else's request: their own account allows nothing, the application does."""
    rules = (allow(own_only=True), allow(identity=Identity.APPLICATION))
    decision = decide(rules, question(Ownership.OTHER))
    assert (decision.reason, decision.identity, decision.rule) == (Reason.ALLOWED, Identity.APPLICATION, 2)


def test_ownership_is_told_only_where_it_decided() -> None:
    rules = (allow(own_only=True), allow())
    assert not decide(rules, question(Ownership.OWN)).own_only
    assert decide(rules[:1], question(Ownership.OWN)).own_only


def test_who_needs_no_second_person_by_one_rule_needs_none_by_another() -> None:
    """Fails when acting as the person comes first, or when rules with a second person stand before those without."""
    rules = (allow(second=(SECOND,)), allow(identity=Identity.APPLICATION))
    for ordered in permutations(rules):
        decision = decide(ordered, question(linked=True))
        assert (decision.identity, decision.second_person) == (Identity.APPLICATION, ())
    assert decide(rules[:1], question()).second_person == (SECOND,)


def test_a_second_person_for_what_is_not_ones_own() -> None:
    """Needed while nobody knows whose it is, and no longer once it is one's own. Fails when that is decided once."""
    rules = (allow(own_only=True), allow(second=(SECOND,)))
    for ordered in permutations(rules):
        needed = {owned: decide(ordered, question(owned)) for owned in Ownership}
        assert all(decision.allowed for decision in needed.values())
        assert {owned for owned, decision in needed.items() if decision.second_person} == {
            Ownership.OTHER,
            Ownership.UNKNOWN,
        }


def test_whom_any_rule_names_may_approve() -> None:
    """Fails when of two rules only one counts; the other's identity is not meant."""
    other = allow(identity=Identity.APPLICATION, second=("U0OTHER",))
    rules = (allow(own_only=True, second=(GROUP, SECOND)), allow(second=("S0LEADS", SECOND)), other)
    for ordered in permutations(rules):
        assert set(decide(ordered, question(Ownership.OWN)).second_person) == {GROUP, SECOND, "S0LEADS"}
        assert set(decide(ordered, question(Ownership.OTHER)).second_person) == {SECOND, "S0LEADS"}
    assert decide(rules[:1], question(Ownership.OWN)).second_person == (GROUP, SECOND)


def test_who_is_not_allowed_is_told_no_second_person() -> None:
    assert decide([allow(own_only=True, second=(SECOND,))], question(Ownership.OTHER)) == Decision(Reason.NOT_OWN, 1)


@pytest.mark.parametrize(
    ("second", "asked", "rules", "answer"),
    [
        ((SECOND,), question(user=SECOND), (allow(),), Decision(Reason.ALLOWED)),
        ((GROUP,), question(user=SECOND, groups=frozenset({GROUP})), (), Decision(Reason.ALLOWED)),
        (("*",), question(user=SECOND), (allow(actors=(ASKER,)),), Decision(Reason.ALLOWED)),
        ((SECOND,), question(), (allow(),), Decision(Reason.NO_RULE)),
        ((), question(user=SECOND), (allow(),), Decision(Reason.NO_RULE)),
        (("*",), question(user=SECOND), (allow(), deny(actors=(SECOND,))), Decision(Reason.DENY_RULE, 2)),
        (("*",), question(user=SECOND), (deny(kinds=("access-package",)),), Decision(Reason.ALLOWED)),
        (("*",), question(user=SECOND, visible=False), (deny(channels=(CHANNEL,)),), Decision(Reason.DENY_RULE, 1)),
    ],
)
def test_who_may_approve(second: tuple[str, ...], asked: Question, rules: tuple[Rule, ...], answer: Decision) -> None:
    assert may_approve(rules, second, asked) == answer


@pytest.mark.parametrize(
    "wrong",
    [
        {"actors": ("robin",)},
        {"actors": ("U0ROBIN", "@robin")},
        {"actors": ("u0robin",)},
        {"actors": (CHANNEL,)},
        {"actors": (f"{ASKER}\n",)},
        {"channels": ("#it-ops",)},
        {"channels": (ASKER,)},
        {"second_person": ("robin",)},
        {"second_person": ()},
        {"own_only": "false"},
    ],
    ids=str,
)
def test_what_would_never_match_is_no_rule(wrong: dict[str, Any]) -> None:
    """Fails when a name, an empty list, or a text in place of true or false is taken."""
    with pytest.raises(ValidationError):
        Rule(**{"effect": "allow", "kinds": ("*",), "actors": ("*",)} | wrong)


def test_groups_are_found_in_all_rules() -> None:
    rules = (allow(actors=(ASKER, GROUP), second=(SECOND, "S0LEADS")), deny(actors=("S0INTERNS", "*")))
    assert groups_named(rules) == {GROUP, "S0INTERNS", "S0LEADS"}


def test_channel_that_the_bot_cannot_see() -> None:
    """It allows nothing by its name; a deny rule holds all the same. Fails when its name is forgotten."""
    by_name = allow(channels=(CHANNEL,))
    assert decide([by_name], question(visible=False)).reason is Reason.NO_RULE
    denied = Rule(effect="deny", kinds=("*",), actors=("*",), channels=(CHANNEL,))
    assert decide([allow(), denied], question(visible=False)).reason is Reason.DENY_RULE
