"""The gate's question about a second person, with people as they are now."""

from dataclasses import replace
from typing import Final, cast

import pytest

from bot.cancellation import Actor
from bot.errors import Refused, SignInNeeded
from bot.gate import Gate
from bot.graph.tokens import Account
from bot.policy import Ownership, Rule
from bot.reading import Reader
from bot.resources import Target, load

KIND: Final = "operation-approval"
TARGET: Final = Target(KIND, "6f1f8b3a-0000-4000-8000-0000000000aa")
FIRST: Final = Actor("T0", "U0FIRST", "C0", account=Account("tenant", "first"))
SECOND: Final = Actor("T0", "U0SECOND", "C0", account=Account("tenant", "second"))
RULES: Final = (
    Rule(effect="allow", kinds=(KIND,), actors=("*",), own_only=False, second_person=("*",)),
    Rule(effect="deny", kinds=(KIND,), actors=("U0BANNED",)),
)


class Known:
    """Knows everybody as they are given; whoever is in `changed` is somebody else by now."""

    def __init__(self, *changed: Actor) -> None:
        self._changed = {one.user: one for one in changed}

    async def again(self, actor: Actor) -> Actor:
        return self._changed.get(actor.user, actor)


def gate(*changed: Actor) -> Gate:
    # Nothing is read for this question.
    return Gate(load(), RULES, Known(*changed), cast("Reader", None), linking=True)


async def test_another_person_with_another_account() -> None:
    await gate().second(FIRST, SECOND, TARGET, Ownership.OTHER)
    await gate(SECOND).still_second(FIRST, SECOND.user, TARGET, Ownership.OTHER)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (replace(SECOND, user=FIRST.user), "same_person"),
        (replace(SECOND, account=FIRST.account), "same_account"),
        (replace(SECOND, user="U0BANNED"), "second_deny_rule"),
    ],
    ids=["Slack user", "Entra account", "deny rule"],
)
async def test_nobody_approves_alone(second: Actor, reason: str) -> None:
    """Each fails without its check in `Gate.second`."""
    with pytest.raises(Refused) as refused:
        await gate().second(FIRST, second, TARGET, Ownership.OTHER)
    assert refused.value.reason == reason


@pytest.mark.parametrize("unlinked", [FIRST, SECOND], ids=["first", "second"])
async def test_both_accounts_are_known(unlinked: Actor) -> None:
    """Fails when somebody without an account counts as somebody with another one. Only the second can mend it here."""
    first, second = (replace(one, account=None) if one is unlinked else one for one in (FIRST, SECOND))
    with pytest.raises(Refused if unlinked is FIRST else SignInNeeded):
        await gate().second(first, second, TARGET, Ownership.OTHER)


async def test_the_first_person_may_still_cancel_it() -> None:
    """Fails when only the second person is asked about at the approval."""
    banned = replace(FIRST, user="U0BANNED")
    with pytest.raises(Refused) as refused:
        await gate().second(banned, SECOND, TARGET, Ownership.OTHER)
    assert refused.value.reason == "first_deny_rule"
    assert "Whoever asked" in refused.value.sentence


async def test_as_they_are_now() -> None:
    """Fails when who approved is taken as they were then: they have signed out since. The first person is told."""
    with pytest.raises(Refused) as refused:
        await gate(replace(SECOND, account=None)).still_second(FIRST, SECOND.user, TARGET, Ownership.OTHER)
    assert refused.value.reason == "approver_not_linked"
    assert "Whoever approved" in refused.value.sentence
