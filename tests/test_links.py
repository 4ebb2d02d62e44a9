"""One account for one Slack user, whoever comes at the same moment, on both databases."""

import asyncio

import pytest
from cryptography.fernet import Fernet

from bot.accounts import Accounts, Linked
from bot.errors import Refused
from bot.graph.signin import SignedIn
from bot.graph.tokens import Account
from bot.sandbox.people import ALICE, BOB, TEAM_ID, TENANT_ID, Person
from bot.store import Store

ROUNDS = 20
ALICES, BOBS = (Account(TENANT_ID, one.oid) for one in (ALICE, BOB))


@pytest.fixture
def known(store: Store) -> Accounts:
    return Accounts(store, Fernet.generate_key().decode())


async def link(known: Accounts, person: Person, account: Account, tokens: str = "{}") -> None:
    await known.link(TEAM_ID, person.slack_id, SignedIn(account, person.email, tokens))


@pytest.mark.parametrize(
    ("person", "account", "sentence"),
    [(BOB, ALICES, "is linked to another Slack user"), (ALICE, BOBS, "is linked to another Microsoft account")],
)
async def test_uniqueness_both_ways(known: Accounts, person: Person, account: Account, sentence: str) -> None:
    await link(known, ALICE, ALICES)
    with pytest.raises(Refused, match=sentence) as caught:
        await link(known, person, account, "stolen")
    assert caught.value.reason == "linked_elsewhere"
    [one] = await known.links()
    assert (one.user, one.linked) == (ALICE.slack_id, Linked(ALICES, ALICE.email))
    assert (await known.load(ALICES), await known.load(BOBS)) == ("{}", None)


@pytest.mark.parametrize("second", [(BOB, ALICES), (ALICE, BOBS)])
async def test_two_at_once(known: Accounts, second: tuple[Person, Account]) -> None:
    """Fails when a link ends another one that was made after the look."""
    for _ in range(ROUNDS):
        both = (link(known, ALICE, ALICES), link(known, *second))
        ended = await asyncio.gather(*both, return_exceptions=True)
        [failed] = [one for one in ended if one]
        assert isinstance(failed, Refused)
        [one] = await known.links()
        assert await known.load(one.linked.account)
        assert [await known.unlink(TEAM_ID, user.slack_id) for user in (ALICE, BOB)].count(True) == 1
        assert (await known.load(ALICES), await known.load(BOBS)) == (None, None)


async def test_one_person_in_two_tabs(known: Accounts) -> None:
    """Fails when the second hears that somebody else has the account."""
    for _ in range(ROUNDS):
        await asyncio.gather(*(link(known, ALICE, ALICES) for _ in range(2)))
        assert [one.user for one in await known.links()] == [ALICE.slack_id]
        await known.unlink(TEAM_ID, ALICE.slack_id)
