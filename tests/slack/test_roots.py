"""The message above several cancellations: posted once, and whatever is drawn late is not what stays."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from cryptography.fernet import Fernet
from slack_sdk.web.async_client import AsyncWebClient

from bot.accounts import Accounts
from bot.audit import Audit, Event
from bot.batches import Batches, member_id
from bot.cancellation import Actor, Cancellation
from bot.cancellations import Cancellations
from bot.errors import Later
from bot.keys import Sealer
from bot.outcome import Outcome, Reason
from bot.pace import Pace
from bot.posts import Posts
from bot.resources import Target
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, TEAM_ID
from bot.sandbox.tenant import CHANNEL, Tenant
from bot.slack.posting import Poster
from bot.slack.roots import Roots
from bot.store import Store, now
from tests.scenarios.play import Play, words

KEY: Final = b"the key of these tests, long enough"
BATCH: Final = "d" * 32
DONE: Final = Outcome(Reason.DONE)


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    async with Tenant(tmp_path) as started:
        yield started


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'roots.db'}")
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
def kept(store: Store) -> Cancellations:
    accounts = Accounts(store, Fernet.generate_key().decode())
    return Cancellations(store, accounts, Audit(store, KEY), Sealer(KEY), "one")


def roots_of(tenant: Tenant, store: Store, patience: float = 20.0) -> Roots:
    """Those of one process."""
    client = AsyncWebClient(token=tenant.bot_token, base_url=tenant.slack.api_url)
    poster = Poster(client, Posts(store), tenant.slack.api_url, patience)
    return Roots(Batches(store, Sealer(KEY)), poster, Pace(0.0))


async def recorded(kept: Cancellations, count: int) -> list[Cancellation]:
    """So many more in the batch, each of a target of its own."""
    targets = [Target("access-package", f"00000000-0000-4000-8000-{number:012}") for number in range(count)]
    actor = Actor(TEAM_ID, ALICE.slack_id, CHANNEL)
    wished = [
        Cancellation(member_id(BATCH, one.digest), actor, one, "one reason", now(), batch=BATCH) for one in targets
    ]
    for one in wished:
        assert await kept.record(one, one.target.id, {}, math.inf) is None
    return wished


def root(tenant: Tenant) -> str:
    [message] = Play(tenant, ALICE).roots()
    return words(message.blocks)


def drawn(tenant: Tenant) -> int:
    return sum(call.method == "chat.update" for call in tenant.slack.calls)


async def test_posted_once_by_many(tenant: Tenant, store: Store, kept: Cancellations) -> None:
    """Fails without the line of those that begin: each finds that nobody has posted it."""
    await recorded(kept, 25)
    roots = roots_of(tenant, store)
    tenant.slack.faults.add(Fault("chat.postMessage", delay=0.3))
    found = await asyncio.gather(*(roots.begin(BATCH) for _ in range(25)))
    assert len(set(found)) == 1
    assert "25 requests to cancel, for one reason" in root(tenant)
    assert [call.method for call in tenant.slack.calls if call.method != "chat.postMessage"] == []


async def test_nobody_waits_for_slack_one_after_the_other(tenant: Tenant, store: Store, kept: Cancellations) -> None:
    """Calls come after it. Fails when each in line tries for as long as the first one did in vain."""
    await recorded(kept, 10)
    roots = roots_of(tenant, store, patience=1.0)
    tenant.slack.faults.add(Fault("chat.postMessage", delay=3.0, times=-1))
    began = time.monotonic()
    found = await asyncio.gather(*(roots.begin(BATCH) for _ in range(10)), return_exceptions=True)
    assert [type(one) for one in found] == [Later] * 10
    assert time.monotonic() - began < 5
    tenant.slack.faults.clear()
    await tenant.slack.until(Play(tenant, ALICE).roots)
    assert await roots.begin(BATCH) == Play(tenant, ALICE).roots()[0].ts
    assert len(Play(tenant, ALICE).roots()) == 1


async def test_many_ends_are_few_changes(tenant: Tenant, store: Store, kept: Cancellations) -> None:
    """Fails when whoever waited for a change makes another one that shows nothing new."""
    wished = await recorded(kept, 12)
    roots = roots_of(tenant, store)
    await roots.begin(BATCH)

    async def end(one: Cancellation) -> None:
        await kept.settle(one, DONE, Event.ENDED)
        assert await roots.redraw(BATCH)

    tenant.slack.faults.add(Fault("chat.update", delay=0.5))
    await asyncio.gather(*(end(one) for one in wished))
    assert "All 12 have ended: 12 cancelled" in root(tenant)
    assert drawn(tenant) <= 3


async def test_a_late_change_is_not_the_last(tenant: Tenant, store: Store, kept: Cancellations) -> None:
    """Another process has shown the end, then this one's older news arrive. Fails without a look after the change."""
    one, two = await recorded(kept, 2)
    ours, theirs = roots_of(tenant, store), roots_of(tenant, store)
    await ours.begin(BATCH)
    await kept.settle(one, DONE, Event.ENDED)
    late = Fault("chat.update", delay=1.0)
    tenant.slack.faults.add(late)
    slow = asyncio.create_task(ours.redraw(BATCH))
    await tenant.slack.until(lambda: late.times == 0)
    await kept.settle(two, Outcome(Reason.NOT_YOURS), Event.ENDED)
    assert await theirs.redraw(BATCH)
    assert "All 2 have ended: 1 cancelled, 1 not carried out" in root(tenant)
    assert await slow
    assert "All 2 have ended: 1 cancelled, 1 not carried out" in root(tenant)
    assert drawn(tenant) == 3


async def test_what_is_recorded_later_is_counted(tenant: Tenant, store: Store, kept: Cancellations) -> None:
    """Fails when the root says that all have ended while another one begins."""
    (one,) = await recorded(kept, 1)
    roots = roots_of(tenant, store)
    await roots.begin(BATCH)
    await kept.settle(one, DONE, Event.ENDED)
    await roots.redraw(BATCH)
    assert "It has ended: 1 cancelled" in root(tenant)
    another = replace(one, id="e" * 32, target=Target("access-package", "another"))
    await kept.record(another, "another", {}, math.inf)
    await roots.grown(BATCH)
    assert "1 of 2 have ended: 1 cancelled" in root(tenant)
    before = drawn(tenant)
    await roots.grown(BATCH)
    assert drawn(tenant) == before


async def test_the_latest_attempt_counts(tenant: Tenant, store: Store, kept: Cancellations) -> None:
    """Somebody has signed in again, and it goes on as a cancellation of its own."""
    (one,) = await recorded(kept, 1)
    roots = roots_of(tenant, store)
    await roots.begin(BATCH)
    await kept.settle(one, Outcome(Reason.SIGN_IN), Event.ENDED)
    await kept.release(one.id, hand_on=False)
    again = replace(one, id="e" * 32, at=now())
    await kept.record(again, one.target.id, {}, math.inf)
    await roots.redraw(BATCH)
    assert "1 request to cancel, for one reason" in root(tenant)
    assert "Being cancelled" in root(tenant)


async def test_one_that_was_deleted_stays_away(tenant: Tenant, store: Store, kept: Cancellations) -> None:
    (one,) = await recorded(kept, 1)
    roots = roots_of(tenant, store)
    ts = await roots.begin(BATCH)
    Play(tenant, ALICE).roots()[0].deleted = True
    await kept.settle(one, DONE, Event.ENDED)
    assert not await roots.redraw(BATCH)
    assert await roots.begin(BATCH) == ts
    assert Play(tenant, ALICE).roots() == []
