"""What somebody's last cancellations were, on both databases."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from cryptography.fernet import Fernet

from bot.accounts import Accounts
from bot.audit import Audit, Event
from bot.cancellation import Actor, Cancellation
from bot.cancellations import Cancellations
from bot.history import History, Past
from bot.keys import Sealer
from bot.outcome import Outcome, Reason
from bot.resources import Target
from bot.sandbox.people import ALICE, BOB, TEAM_ID
from bot.store import Store

AT: Final = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TARGET: Final = Target("governance-role", "6F1F8B3A", "azureResources")
ONE: Final = Cancellation("a" * 32, Actor(TEAM_ID, ALICE.slack_id, "C0"), TARGET, "canary", AT)
DONE: Final = Outcome(Reason.DONE, state="Canceled", status=200)


@pytest.fixture
def kept(store: Store) -> Cancellations:
    key = b"the key of these tests, long enough"
    return Cancellations(store, Accounts(store, Fernet.generate_key().decode()), Audit(store, key), Sealer(key), "one")


async def record(kept: Cancellations, one: Cancellation) -> None:
    await kept.record(one, one.target.key, {}, math.inf)


async def end(kept: Cancellations, one: Cancellation, outcome: Outcome) -> None:
    await kept.settle(one, outcome, Event.ENDED)
    await kept.release(one.id, hand_on=False)


async def of_alice(store: Store) -> list[Past]:
    return await History(store).of(TEAM_ID, ALICE.slack_id)


async def test_running_and_ended(store: Store, kept: Cancellations) -> None:
    await record(kept, ONE)
    assert await of_alice(store) == [Past(TARGET, AT, None, over=False)]
    await end(kept, ONE, DONE)
    [past] = await of_alice(store)
    assert (past.outcome, past.over, past.at > AT) == (DONE, True, True)


async def test_whoever_joined_reads_no_end(store: Store, kept: Cancellations) -> None:
    """The other one's end may not be for them."""
    await record(kept, replace(ONE, id="b" * 32, actor=replace(ONE.actor, user=BOB.slack_id)))
    await record(kept, ONE)
    assert [past.over for past in await of_alice(store)] == [False]
    await kept.told(ONE.id)
    assert [(past.over, past.outcome) for past in await of_alice(store)] == [(True, None)]


async def test_ten_of_theirs_the_newest_first(store: Store, kept: Cancellations) -> None:
    """Fails when others' are found too, or all of them."""
    for number in range(12):
        target = replace(TARGET, id=str(number))
        later = replace(ONE, id=f"{number:032}", target=target, at=AT + timedelta(seconds=number))
        await record(kept, later)
        await record(kept, replace(later, id=f"{number:031}x", actor=replace(ONE.actor, user=BOB.slack_id)))
    await record(kept, replace(ONE, id="c" * 32, actor=replace(ONE.actor, team="T0OTHER"), at=AT + timedelta(days=1)))
    assert [past.target.id for past in await of_alice(store)] == [str(number) for number in range(11, 1, -1)]
