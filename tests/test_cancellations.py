"""A wish is recorded whole or not at all, one runs for each target, and whoever joined hears of it or comes next."""

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from bot.accounts import Accounts
from bot.audit import Audit, Event
from bot.cancellation import Actor, Cancellation
from bot.cancellations import Cancellations, Running
from bot.errors import Unavailable
from bot.graph.signin import SignedIn
from bot.graph.tokens import Account
from bot.keys import Sealer
from bot.outcome import Outcome, Reason, as_detail
from bot.resources import Target
from bot.runs import Begun, Run, Runs
from bot.sandbox.people import ALICE, BOB, TEAM_ID, TENANT_ID
from bot.store import Store, now
from bot.tables import audit_people, audit_rows, cancellations, claims

SECRET = b"the key of these tests, long enough"
KEY, ANOTHER = "approvalitem//6f1f8b3a", "approvalitem//another"
IN_TIME = math.inf
AT = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
FIRST = Cancellation(
    id="d" * 32,
    actor=Actor(TEAM_ID, ALICE.slack_id, "C0", visible=False),
    target=Target("governance-role", "6F1F8B3A", "azureResources"),
    justification="canary Ünwanted ☕",
    at=AT,
    card_id="c" * 32,
    response_url="https://hooks.example.test/canary",
)
# Later than the first, though their ids come before it.
SECOND = replace(FIRST, id="b" * 32, actor=Actor(TEAM_ID, BOB.slack_id, "C1"), at=AT + timedelta(seconds=1))
THIRD = replace(SECOND, id="a" * 32, at=AT + timedelta(seconds=2))
OF_FIRST = Running(ALICE.slack_id, AT, ended=False)
CANCELLED = Outcome(Reason.DONE, state="Canceled", status=200)


@pytest.fixture
def accounts(store: Store) -> Accounts:
    return Accounts(store, Fernet.generate_key().decode())


def of_instance(store: Store, accounts: Accounts, instance: str = "one") -> Cancellations:
    return Cancellations(store, accounts, Audit(store, SECRET), Sealer(SECRET), instance)


@pytest.fixture
def kept(store: Store, accounts: Accounts) -> Cancellations:
    return of_instance(store, accounts)


async def record(to: Cancellations, *wishes: Cancellation) -> list[Running | None]:
    return [await to.record(wish, KEY, {"rule": "own"}, IN_TIME) for wish in wishes]


async def rows(store: Store, table: sa.Table, *columns: str) -> Sequence[tuple[Any, ...]]:
    found = sa.select(*(table.c[name] for name in columns)).order_by(table.c[columns[0]])
    return [tuple(row) for row in await store.rows(found)]


async def trail(store: Store) -> Sequence[tuple[Any, ...]]:
    return await rows(store, audit_rows, "seq", "cancellation_id", "event", "detail")


async def test_recorded(store: Store, kept: Cancellations) -> None:
    assert await record(kept, FIRST) == [None]
    assert await rows(store, claims, "key", "cancellation_id") == [(KEY, FIRST.id)]
    assert await trail(store) == [(1, FIRST.id, "requested", {"rule": "own"})]
    assert await Runs(store).open("one") == [Run(FIRST.id, 0)]
    assert await kept.record(SECOND, ANOTHER, {}, IN_TIME) is None


async def test_second_joins_the_first(store: Store, kept: Cancellations) -> None:
    assert await record(kept, FIRST, SECOND) == [None, OF_FIRST]
    assert await rows(store, claims, "cancellation_id") == [(FIRST.id,)]
    assert (await trail(store))[1:] == [(2, SECOND.id, "joined", {"joined": FIRST.id})]
    assert await Runs(store).open("one") == [Run(FIRST.id, 0)]


async def test_same_dialog_again(store: Store, kept: Cancellations) -> None:
    """Slack sends a submission again when it heard nothing: each time the answer is the same."""
    await record(kept, FIRST, SECOND)
    before = await trail(store)
    assert await record(kept, FIRST, SECOND) == [OF_FIRST, OF_FIRST]
    await kept.release(FIRST.id, hand_on=False)
    assert await record(kept, FIRST, SECOND) == [replace(OF_FIRST, ended=True)] * 2
    assert (await rows(store, claims, "key"), await trail(store)) == ([], before)


@pytest.mark.parametrize("recorded_before", [[], [FIRST]])
async def test_too_late(store: Store, kept: Cancellations, recorded_before: list[Cancellation]) -> None:
    """Fails when anything of it stays: the person is told that nothing was sent, and presses again."""
    await record(kept, *recorded_before)
    with pytest.raises(Unavailable, match="took too long"):
        await kept.record(SECOND, KEY, {}, time.monotonic() - 1)
    for table in (cancellations, claims, audit_rows, audit_people):
        assert len(await rows(store, table, table.c[0].name)) == len(recorded_before)
    assert await record(kept, SECOND) == ([OF_FIRST] if recorded_before else [None])


async def test_at_once(store: Store, accounts: Accounts, database_url: str) -> None:
    """Fails when two instances both hold one target."""
    other = Store(database_url)
    to = [of_instance(one, accounts) for one in (store, other)]
    wishes = [replace(FIRST, id=f"{number}", actor=replace(FIRST.actor, user=f"U{number}")) for number in range(6)]
    told = await asyncio.gather(*(to[n % 2].record(wish, KEY, {}, IN_TIME) for n, wish in enumerate(wishes)))
    await other.close()
    [(holder,)] = await rows(store, claims, "cancellation_id")
    running = Running(f"U{holder}", AT, ended=False)
    assert told == [None if wish.id == holder else running for wish in wishes]
    assert sorted(event for _, _, event, _ in await trail(store)) == ["joined"] * 5 + ["requested"]


async def test_other_conflicts_are_raised(store: Store, kept: Cancellations) -> None:
    """Fails when whatever the database refuses is taken for a dialog that it knows."""
    await record(kept, FIRST)
    await store.change(sa.text("CREATE UNIQUE INDEX narrow ON cancellations (team)"))
    with pytest.raises(sa.exc.IntegrityError):
        await kept.record(SECOND, ANOTHER, {}, IN_TIME)
    assert await rows(store, claims, "cancellation_id") == [(FIRST.id,)]


async def test_words_are_sealed_at_rest(store: Store, kept: Cancellations) -> None:
    await record(kept, FIRST)
    [row] = await store.rows(sa.text("SELECT * FROM cancellations"))
    assert "canary" not in repr(row)
    assert await kept.load(FIRST.id) == FIRST
    assert await kept.load("none") is None


async def test_words_of_another_row_stay_sealed(store: Store, kept: Cancellations) -> None:
    """Fails when whoever can write to the database puts one person's words into another's mouth."""
    await record(kept, FIRST, SECOND)
    other = cancellations.alias()
    sealed = sa.select(other.c.sealed).where(other.c.id == FIRST.id).scalar_subquery()
    await store.change(cancellations.update().values(sealed=sealed))
    assert await kept.load(SECOND.id) == replace(SECOND, justification="", response_url="")


async def test_account_is_the_one_that_is_linked_now(kept: Cancellations, accounts: Accounts) -> None:
    await record(kept, FIRST)
    account = Account(TENANT_ID, ALICE.oid)
    await accounts.link(TEAM_ID, ALICE.slack_id, SignedIn(account, ALICE.email, "{}"))
    actor = replace(FIRST.actor, account=account, account_name=ALICE.email)
    assert await kept.load(FIRST.id) == replace(FIRST, actor=actor)


async def test_begun_again(store: Store, kept: Cancellations) -> None:
    await record(kept, FIRST)
    run, runs = Run(FIRST.id, 0), Runs(store)
    assert await runs.begun(run) == Begun(current=True)
    for part in range(2):
        await Audit(store, SECRET).record(Event.CALLED, FIRST, {}, part)
    assert await runs.begun(run) == Begun(current=True, calls=2)
    assert sorted(await asyncio.gather(*(runs.again(run, name) for name in ("one", "two", "")))) == [False, False, True]
    assert await runs.begun(run) == Begun(current=False)
    assert [await runs.open(name) for name in ("one", "two", "")].count([Run(FIRST.id, 1)]) in (1, 3)
    await kept.settle(FIRST, CANCELLED, Event.ENDED)
    assert await runs.begun(Run(FIRST.id, 1)) == Begun(current=True, calls=2, outcome=CANCELLED)
    await kept.release(FIRST.id, hand_on=False)
    for ended in (Run(FIRST.id, 1), Run("none", 0)):
        assert await runs.begun(ended) == Begun(current=False)


def test_runs() -> None:
    assert [Run("id", number).workflow_id for number in (0, 1)] == ["id", "id.1"]
    assert [Run("id", number).exhausted for number in (0, 18, 19)] == [False, False, True]


async def test_work_of_a_dead_instance(store: Store, accounts: Accounts, kept: Cancellations) -> None:
    other, runs = of_instance(store, accounts, "two"), Runs(store)
    await record(kept, FIRST, SECOND)
    await other.record(THIRD, ANOTHER, {}, IN_TIME)
    assert await runs.open("two") == [Run(THIRD.id, 0)]
    await runs.inherit("one", "two")
    assert await runs.open("one") == []
    assert {run.id for run in await runs.open("two")} == {FIRST.id, THIRD.id}
    await runs.inherit("two", "")  # nobody's in particular is everybody's
    assert len(await runs.open("one")) == len(await runs.open("two")) == 2


async def test_settled_once(store: Store, kept: Cancellations) -> None:
    await record(kept, FIRST, SECOND)
    for outcome in (CANCELLED, CANCELLED, Outcome(Reason.LOST)):
        await kept.settle(FIRST, outcome, Event.ENDED)
    assert (await trail(store))[2:] == [(3, FIRST.id, "ended", as_detail(CANCELLED))]
    (_, joined), (_, settled) = await rows(store, cancellations, "id", "outcome")
    assert (joined, settled["reason"]) == (None, "done")


async def test_refused(store: Store, kept: Cancellations) -> None:
    refused = Outcome(Reason.POLICY, detail="no_rule")
    await kept.stopped(Event.REFUSED, FIRST, refused)
    assert await trail(store) == [(1, FIRST.id, "refused", as_detail(refused))]
    assert await Runs(store).open("one") == []


async def test_released(store: Store, kept: Cancellations) -> None:
    await record(kept, FIRST, SECOND, THIRD)
    assert await kept.release(FIRST.id, hand_on=False) == ""
    assert (await rows(store, claims, "key"), await Runs(store).open("one")) == ([], [])
    assert await kept.joined(FIRST.id) == [SECOND.id, THIRD.id]
    await kept.told(SECOND.id)
    assert await kept.joined(FIRST.id) == [THIRD.id]
    assert await record(kept, replace(FIRST, id="e" * 32)) == [None]


async def test_handed_on(store: Store, accounts: Accounts, kept: Cancellations) -> None:
    """The heir runs where the end was, and the step that is repeated after a crash takes nothing from it."""
    await record(of_instance(store, accounts, "dead"), FIRST, SECOND, THIRD)
    assert [await kept.release(FIRST.id, hand_on=True) for _ in range(2)] == [SECOND.id, ""]
    assert await rows(store, claims, "key", "cancellation_id") == [(KEY, SECOND.id)]
    assert await Runs(store).open("one") == [Run(SECOND.id, 0)]
    assert (await kept.joined(FIRST.id), await kept.joined(SECOND.id)) == ([], [THIRD.id])
    told = Running(SECOND.actor.user, SECOND.at, ended=False)
    assert await record(kept, SECOND, THIRD, replace(FIRST, id="e" * 32)) == [told] * 3


async def test_nobody_to_hand_on_to(store: Store, kept: Cancellations) -> None:
    await record(kept, FIRST, SECOND)
    await kept.told(SECOND.id)
    assert (await kept.release(FIRST.id, hand_on=True), await rows(store, claims, "key")) == ("", [])


async def test_forgotten(store: Store, kept: Cancellations) -> None:
    """What has not ended stays, however old it is; and so does the trail."""
    await record(kept, FIRST)
    await kept.record(SECOND, ANOTHER, {}, IN_TIME)
    await kept.release(FIRST.id, hand_on=False)
    for minutes, left in ((-1, [(SECOND.id,), (FIRST.id,)]), (1, [(SECOND.id,)])):
        await kept.forget(now() + timedelta(minutes=minutes))
        assert await rows(store, cancellations, "id") == left
    assert len(await trail(store)) == 2
