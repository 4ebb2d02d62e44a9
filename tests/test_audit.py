"""Audit rows hold what was asked, decided and answered, and are only ever added."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.audit import Audit, Event
from bot.cancellation import Actor, Cancellation
from bot.errors import Unavailable
from bot.graph.tokens import Account
from bot.outcome import Outcome, Reason, Result
from bot.resources import Target
from bot.sandbox.people import ALICE, TEAM_ID, TENANT_ID
from bot.store import Store
from bot.tables import audit

TARGET = Target("governance-role", "6f1f8b3a-0000-4000-8000-0000000000aa", "azureResources")
ACTOR = Actor(TEAM_ID, ALICE.slack_id, "C0", account=Account(TENANT_ID, ALICE.oid))
REASON = "Ünwanted <!channel> 'quoted' ☕\nsecond line"
CANCELLATION = Cancellation("a" * 32, ACTOR, TARGET, REASON, "C0", datetime.now(UTC))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    await store.migrate()
    yield store
    await store.close()


async def rows(store: Store) -> Sequence[sa.Row[Any]]:
    async with store.begin() as connection:
        return (await connection.execute(sa.select(audit).order_by(audit.c.seq))).all()


async def test_row(store: Store) -> None:
    await Audit(store).record(Event.REQUESTED, CANCELLATION, {"place": "C0", "nested": {"n": [1, None]}})
    [row] = await rows(store)
    found = row._asdict()
    assert found.pop("seq") == 1
    assert abs(found.pop("at") - datetime.now(UTC)) < timedelta(seconds=30)
    assert found == {
        "cancellation_id": CANCELLATION.id,
        "event": "requested",
        "team": TEAM_ID,
        "user": ALICE.slack_id,
        "oid": ALICE.oid,
        "kind": TARGET.kind,
        "target_id": TARGET.id,
        "scope": TARGET.scope,
        "justification": REASON,
        "detail": {"place": "C0", "nested": {"n": [1, None]}},
    }


async def test_actor_without_an_account(store: Store) -> None:
    actor = Actor(TEAM_ID, ALICE.slack_id, "C0")
    await Audit(store).record(Event.REQUESTED, Cancellation("b" * 32, actor, TARGET, "", "C0", datetime.now(UTC)), {})
    assert [row.oid for row in await rows(store)] == [""]


async def test_story_in_its_order(store: Store) -> None:
    trail = Audit(store)
    for event in (Event.REQUESTED, Event.JOINED, Event.CALLED):
        await trail.record(event, CANCELLATION, {})
    await trail.ended(CANCELLATION, Outcome(Reason.DONE, state="Canceled"))
    found = await rows(store)
    assert [row.event for row in found] == ["requested", "joined", "called", "ended"]
    assert [row.seq for row in found] == [1, 2, 3, 4]


@pytest.mark.parametrize("reason", Reason)
async def test_end(store: Store, reason: Reason) -> None:
    outcome = Outcome(reason, state="Canceled")
    await Audit(store).ended(CANCELLATION, outcome)
    [row] = await rows(store)
    assert row.detail == {"result": outcome.result.value, "reason": reason.value, "state": "Canceled"}
    assert row.detail["result"] in set(Result)


async def test_row_that_cannot_be_written_raises(store: Store) -> None:
    async with store.begin() as connection:
        await connection.execute(sa.text("DROP TABLE audit"))
    with pytest.raises(Unavailable):
        await Audit(store).record(Event.REQUESTED, CANCELLATION, {})
