"""What `policy check` warns of."""

import pytest

from bot.notify_rules import NotifyRule
from bot.policy import Identity, Rule
from bot.policy_lint import notify_warnings, uncovered, warnings
from bot.resources import Registry, load
from tests.test_policy import allow, deny

ENABLED = load().only(("access-package", "approval-item", "operation-approval"), "global")
OWN = allow(own_only=True)
HELP = allow(("access-package",), ("S0HELP",))


PEOPLE_ONLY = "Microsoft lists approval-item only for people and not for the application, so nobody is notified of it"
OFF = "privileged-role is not switched on, so nobody is notified of it"
RETIRED = "Microsoft has retired privileged-role and lists none, so nobody is notified of it"


def second(*who: str, actors: tuple[str, ...] = ("S0HELP",)) -> Rule:
    return allow(("access-package",), actors, second=who)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ((OWN,), []),
        ((OWN, HELP, deny(actors=("U0BOB",))), []),
        ((OWN, OWN), [(2, "it adds nothing to rule 1")]),
        ((allow(("access-package",), own_only=True), OWN), [(1, "it adds nothing to rule 2")]),
        ((HELP, allow(("access-package",), ("S0HELP", "U0BOB"))), [(1, "it adds nothing to rule 2")]),
        ((HELP, second("U0BOB")), [(2, "it adds nothing to rule 1")]),
        ((second("*"), second("U0BOB")), [(2, "it adds nothing to rule 1")]),
        ((HELP, allow(("access-package",), ("S0HELP",), own_only=True)), [(2, "it adds nothing to rule 1")]),
        ((deny(actors=("U0BOB",)), deny(actors=("U0BOB",), channels=("C0A",))), [(2, "it adds nothing to rule 1")]),
        ((HELP, deny(("access-package",))), [(1, "it never allows anything: rule 2 denies all of it")]),
        ((HELP, deny(("access-package",), channels=("C0A",))), []),
        ((HELP, deny(("access-package",), ("U0BOB",))), []),
        ((allow(("privileged-role",), ("S0HELP",)),), [(1, "none of its kinds is switched on, so it has no effect")]),
        ((allow(("privileged-role", "access-package"), ("S0HELP",)),), []),
        ((allow(),), [(1, "it lets everybody in the team cancel anybody's requests, as far as Microsoft lets them")]),
        (
            (allow(("operation-approval",), identity=Identity.APPLICATION),),
            [(1, "it lets everybody in the team cancel anybody's requests with the application's permissions")],
        ),
        ((allow(second=("S0LEADS",)),), []),
        (
            (allow(("operation-approval",), own_only=True, identity=Identity.APPLICATION),),
            [(1, "own_only with identity application allows only people who have linked their Microsoft account")],
        ),
        (
            (second("U0BOB", actors=("U0BOB",)),),
            [(1, "nobody can approve: its second_person is the very person who asks")],
        ),
        ((second("S0HELP"),), []),
        (
            (second("U0BOB"), deny(actors=("U0BOB",))),
            [(1, "nobody can approve: rule 2 denies all of its second_person")],
        ),
        ((second("U0BOB", "S0LEADS"), deny(actors=("U0BOB",))), []),
        ((second("S0A"), second("S0B", actors=("*",))), []),
    ],
)
def test_warnings(rules: tuple[Rule, ...], told: list[tuple[int, str]]) -> None:
    assert list(warnings(rules, ENABLED)) == told


@pytest.mark.parametrize(
    ("rules", "kinds"),
    [
        ((), ("access-package", "approval-item", "operation-approval")),
        ((OWN,), ()),
        ((HELP,), ("approval-item", "operation-approval")),
        ((HELP, deny()), ("access-package", "approval-item", "operation-approval")),
        ((OWN, deny(("access-package",))), ("access-package",)),
        ((OWN, deny(("access-package",), ("U0BOB",))), ()),
        ((HELP, deny(actors=("S0HELP",))), ("access-package", "approval-item", "operation-approval")),
    ],
)
def test_kinds_that_nobody_may_cancel(rules: tuple[Rule, ...], kinds: tuple[str, ...]) -> None:
    assert uncovered(rules, ENABLED) == kinds


@pytest.mark.parametrize(
    ("switched_on", "kinds", "told"),
    [
        (ENABLED, [("access-package", "operation-approval")], []),
        (ENABLED, [("*",)], []),
        (ENABLED, [("approval-item",)], [(1, PEOPLE_ONLY)]),
        (ENABLED, [("*",), ("access-package", "approval-item", "privileged-role")], [(2, PEOPLE_ONLY), (2, OFF)]),
        (load().only(("privileged-role",), "global"), [("privileged-role",)], [(1, RETIRED)]),
        (
            load().only(("approval-item", "privileged-role"), "global"),
            [("*",)],
            [(1, "it has no effect: the application can list none of the kinds that are switched on")],
        ),
    ],
    ids=["listed", "any", "people only", "off", "retired", "any of none"],
)
def test_kinds_that_nobody_is_notified_of(
    switched_on: Registry, kinds: list[tuple[str, ...]], told: list[tuple[int, str]]
) -> None:
    """Fails when somebody waits in that channel for what never comes."""
    rules = [NotifyRule(kinds=named, channel="C0A") for named in kinds]
    assert list(notify_warnings(rules, switched_on)) == told


def test_every_kind_is_not_what_is_left_over() -> None:
    """Told in the same channel, nothing is told twice. Fails when whoever means "the rest" is not told otherwise."""
    tables = [(("*",), "C0A"), (("access-package",), "C0B"), (("access-package",), "C0C"), (("approval-item",), "C0A")]
    rules = [NotifyRule(kinds=kinds, channel=channel) for kinds, channel in tables]
    twice = '"*" adds to the other tables: access-package is told here and in C0B, C0C'
    assert list(notify_warnings(rules, ENABLED)) == [(1, twice), (4, PEOPLE_ONLY)]
