"""The policy: what a file may say, and that the decision does not depend on the order of its rules."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.policy import (
    OWN_REQUESTS_ONLY,
    Identity,
    Ownership,
    Question,
    Reason,
    Rule,
    decide,
    groups_named,
    load_policy,
)

ASKER: Final = "U0ROBIN"
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
) -> Rule:
    return Rule(effect="allow", kinds=kinds, actors=actors, channels=channels, own_only=own_only, identity=identity)


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
def test_without_a_file_people_cancel_their_own(
    tmp_path: Path, ownership: Ownership, reason: Reason, possible: bool
) -> None:
    rules = load_policy(tmp_path / "policy.toml")
    decision = decide(rules, question(ownership))
    assert rules == OWN_REQUESTS_ONLY
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
        (allow(actors=(ASKER.lower(),)), question(), False),
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


NAMES = st.lists(st.sampled_from(["*", "a", "b"]), min_size=1, max_size=2).map(tuple)
ALLOWING = st.builds(allow, NAMES, NAMES, NAMES, st.booleans(), st.sampled_from(Identity))
DENYING = st.builds(deny, NAMES, NAMES, NAMES)
RULES = st.lists(st.one_of(ALLOWING, ALLOWING, DENYING), max_size=6)
QUESTIONS = st.builds(
    Question,
    user=st.sampled_from(["a", "c"]),
    groups=st.frozensets(st.sampled_from(["b", "d"])),
    channel=st.sampled_from(["a", "b", "c"]),
    kind=st.sampled_from(["a", "b", "c"]),
    ownership=st.sampled_from(Ownership),
    linked=st.booleans(),
)


@given(rules=RULES, asked=QUESTIONS, data=st.data())
def test_the_order_of_rules_changes_nothing(rules: list[Rule], asked: Question, data: st.DataObject) -> None:
    first = decide(rules, asked)
    second = decide(data.draw(st.permutations(rules)), asked)
    assert (first.allowed, first.identity, first.reason, first.own_only) == (
        second.allowed,
        second.identity,
        second.reason,
        second.own_only,
    )


@given(rules=RULES, denying=DENYING, asked=QUESTIONS, data=st.data())
def test_one_more_deny_rule_never_allows(
    rules: list[Rule], denying: Rule, asked: Question, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rules)))
    after = decide([*rules[:place], denying, *rules[place:]], asked)
    before = decide(rules, asked)
    assert not after.allowed or before.allowed
    assert not after.possible or before.possible


@given(rules=RULES, asked=QUESTIONS)
def test_the_rule_that_is_named_is_the_reason(rules: list[Rule], asked: Question) -> None:
    decision = decide(rules, asked)
    if decision.rule is None:
        assert decision.reason is Reason.NO_RULE
        return
    alone = decide([rules[decision.rule - 1]], asked)
    assert (alone.reason, alone.identity) == (decision.reason, decision.identity)


def test_groups_are_found_in_all_rules() -> None:
    rules = (allow(actors=(ASKER, GROUP)), deny(actors=("S0INTERNS", "*")))
    assert groups_named(rules) == {GROUP, "S0INTERNS"}


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        f"""
        [[rule]]
        effect = "allow"
        kinds = ["{KIND}"]
        actors = ["{GROUP}"]
        own_only = false
        identity = "application"

        [[rule]]
        effect = "deny"
        kinds = ["*"]
        actors = ["*"]
        channels = ["C0PUBLIC"]
        """,
        encoding="utf-8",
    )
    assert load_policy(path) == (
        allow(kinds=(KIND,), actors=(GROUP,), identity=Identity.APPLICATION),
        deny(channels=("C0PUBLIC",)),
    )


def test_an_empty_file_allows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.touch()
    assert not decide(load_policy(path), question(Ownership.OWN)).possible


_ALLOW: Final = '[[rule]]\neffect = "allow"\nkinds = ["*"]\nactors = ["*"]\n'
_DENY: Final = _ALLOW.replace("allow", "deny")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (_ALLOW + 'actor = "*"', "rule 1 actor"),
        (_ALLOW + _ALLOW + "onw_only = false", "rule 2 onw_only"),
        ("[[rules]]\n", "rules"),
        (_DENY + "own_only = false", "rule 1: a deny rule takes no own_only"),
        (_DENY + "own_only = true", "no own_only"),
        (_DENY + 'identity = "application"', "no identity"),
        (_ALLOW.replace("allow", "permit"), "rule 1 effect"),
        (_ALLOW.replace('kinds = ["*"]', ""), "rule 1 kinds"),
        (_ALLOW.replace('actors = ["*"]', "actors = []"), "rule 1 actors"),
        (_ALLOW.replace('["*"]', '"*"', 1), "rule 1 kinds"),
        (_ALLOW + "channels = []", "rule 1 channels"),
        (_ALLOW + 'identity = "robot"', "rule 1 identity"),
        ('[[rule]]\neffect = "allow', "end of document"),
        ("rule = 1", "rule"),
        (_ALLOW + _ALLOW.replace("effect", "effect = 1\neffect"), "line"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_policy(path)
    problem = refused.value.problems[0]
    assert "POLICY_FILE" in problem
    assert str(path) in problem
    assert named in problem.removeprefix(f"POLICY_FILE: {path}: ")


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(_ALLOW + "one = 1\n" + _ALLOW + "two = 2\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_policy(path)
    assert len(refused.value.problems) == 2


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["not UTF-8", "a folder"])
def test_what_cannot_be_read_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "policy.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(ConfigError, match=str(path)):
        load_policy(path)


def test_channel_that_the_bot_cannot_see() -> None:
    """It allows nothing by its name; a deny rule holds all the same. Fails when its name is forgotten."""
    by_name = allow(channels=(CHANNEL,))
    assert decide([by_name], question(visible=False)).reason is Reason.NO_RULE
    denied = Rule(effect="deny", kinds=("*",), actors=("*",), channels=(CHANNEL,))
    assert decide([allow(), denied], question(visible=False)).reason is Reason.DENY_RULE
