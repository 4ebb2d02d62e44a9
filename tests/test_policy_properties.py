"""What holds of every policy and every question."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.policy import Decision, Identity, Ownership, Question, Reason, Rule, decide, may_approve
from tests.test_policy import allow, deny

PEOPLE = st.lists(st.sampled_from(["*", "U0A", "S0B"]), min_size=1, max_size=2).map(tuple)
KINDS = st.lists(st.sampled_from(["*", "a", "b"]), min_size=1, max_size=2).map(tuple)
CHANNELS = st.lists(st.sampled_from(["*", "C0A", "C0B"]), min_size=1, max_size=2).map(tuple)
SECONDS = st.one_of(st.just(()), PEOPLE)
ALLOWING = st.builds(allow, KINDS, PEOPLE, CHANNELS, st.booleans(), st.sampled_from(Identity), SECONDS)
DENYING = st.builds(deny, KINDS, PEOPLE, CHANNELS)
RULES = st.lists(st.one_of(ALLOWING, ALLOWING, DENYING), max_size=6)
QUESTIONS = st.builds(
    Question,
    user=st.sampled_from(["U0A", "U0C"]),
    groups=st.frozensets(st.sampled_from(["S0B", "S0D"])),
    channel=st.sampled_from(["C0A", "C0B", "C0C"]),
    visible=st.booleans(),
    kind=st.sampled_from(["a", "b", "c"]),
    ownership=st.sampled_from(Ownership),
    linked=st.booleans(),
)


def names(rule: Rule, asked: Question) -> bool:
    """Whether a deny rule matches, in the plainest words."""
    people = [asked.user, *asked.groups, "*"]
    return (
        any(kind in rule.kinds for kind in (asked.kind, "*"))
        and any(person in rule.actors for person in people)
        and any(channel in rule.channels for channel in (asked.channel, "*"))
    )


@given(rules=RULES, asked=QUESTIONS)
def test_deny_wins(rules: list[Rule], asked: Question) -> None:
    """Fails when a deny rule is one among others."""
    denied = any(rule.effect == "deny" and names(rule, asked) for rule in rules)
    assert (decide(rules, asked).reason is Reason.DENY_RULE) is denied


@given(rules=RULES, asked=QUESTIONS)
def test_what_no_rule_names_is_not_allowed(rules: list[Rule], asked: Question) -> None:
    """Fails when one of kind, actor and channel is not looked at."""
    assume(not any(names(rule, asked) for rule in rules))
    assert decide(rules, asked) == Decision(Reason.NO_RULE)


def but_the_number(decision: Decision) -> tuple[object, ...]:
    return decision.reason, decision.identity, decision.own_only, frozenset(decision.second_person)


@given(rules=RULES, asked=QUESTIONS, data=st.data())
def test_the_order_of_rules_changes_nothing(rules: list[Rule], asked: Question, data: st.DataObject) -> None:
    """Fails when of several lists of second persons the first counts."""
    shuffled = data.draw(st.permutations(rules))
    assert but_the_number(decide(rules, asked)) == but_the_number(decide(shuffled, asked))


@given(rules=RULES, denying=DENYING, asked=QUESTIONS, data=st.data())
def test_one_more_deny_rule_never_allows(
    rules: list[Rule], denying: Rule, asked: Question, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rules)))
    after = decide([*rules[:place], denying, *rules[place:]], asked)
    if after.reason is not Reason.DENY_RULE:
        assert but_the_number(after) == but_the_number(decide(rules, asked))


@given(rules=RULES, asked=QUESTIONS, data=st.data())
def test_one_allow_rule_less_never_allows_more(rules: list[Rule], asked: Question, data: st.DataObject) -> None:
    """Nor without a second person. Fails when one who is needed comes after who acts."""
    assume(any(rule.effect == "allow" for rule in rules))
    dropped = data.draw(st.sampled_from([n for n, rule in enumerate(rules) if rule.effect == "allow"]))
    before, after = decide(rules, asked), decide(rules[:dropped] + rules[dropped + 1 :], asked)
    assert before.allowed or not after.allowed
    assert before.possible or not after.possible
    if after.allowed and not after.second_person:
        assert not before.second_person
    if after.allowed and before.second_person and before.identity is after.identity:
        assert set(after.second_person) <= set(before.second_person)


@given(rules=RULES, asked=QUESTIONS, owned=st.sampled_from(Ownership))
def test_reading_never_adds_a_second_person(rules: list[Rule], asked: Question, owned: Ownership) -> None:
    before = decide(rules, replace(asked, ownership=Ownership.UNKNOWN))
    after = decide(rules, replace(asked, ownership=owned))
    if before.possible and not before.second_person:
        assert not after.second_person


@given(rules=RULES, asked=QUESTIONS)
def test_the_rule_that_is_named_is_the_reason(rules: list[Rule], asked: Question) -> None:
    decision = decide(rules, asked)
    if decision.rule is None:
        assert decision.reason is Reason.NO_RULE
        return
    alone = decide([rules[decision.rule - 1]], asked)
    assert (alone.reason, alone.identity, alone.own_only) == (decision.reason, decision.identity, decision.own_only)
    assert bool(alone.second_person) is bool(decision.second_person)
    assert set(alone.second_person) <= set(decision.second_person)


@given(rules=RULES, second=SECONDS, asked=QUESTIONS)
def test_a_second_person_is_named_and_not_denied(rules: list[Rule], second: tuple[str, ...], asked: Question) -> None:
    """Fails when deny rules are looked at only for who asks, or when being named by a rule's actors suffices."""
    denied = any(rule.effect == "deny" and names(rule, asked) for rule in rules)
    named = any(person in second for person in (asked.user, *asked.groups, "*"))
    assert may_approve(rules, second, asked).allowed is (named and not denied)
