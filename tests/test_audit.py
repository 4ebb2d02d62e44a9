"""Audit rows hold what was asked, decided and answered, are chained, and are only ever added."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.audit import GENESIS, Audit, Event, Head
from bot.cancellation import Actor, Cancellation
from bot.errors import Unavailable
from bot.graph.tokens import Account
from bot.outcome import Outcome, Reason, Result, as_detail
from bot.resources import Target
from bot.sandbox.people import ALICE, TEAM_ID, TENANT_ID
from bot.store import Store
from bot.tables import audit_people, audit_rows

KEY = b"the key of these tests, long enough"
TARGET = Target("governance-role", "6f1f8b3a-0000-4000-8000-0000000000aa", "azureResources")
ACTOR = Actor(TEAM_ID, ALICE.slack_id, "C0", account=Account(TENANT_ID, ALICE.oid))
REASON = "Ünwanted <!channel> 'quoted' ☕\r\nsecond line"
CANCELLATION = Cancellation(
    id="a" * 32, actor=ACTOR, target=TARGET, justification=REASON, at=datetime(2026, 3, 4, tzinfo=UTC)
)


@pytest.fixture
def audit(store: Store) -> Audit:
    return Audit(store, KEY)


async def rows(store: Store) -> Sequence[sa.Row[Any]]:
    both = sa.select(*audit_rows.c, *(column for column in audit_people.c if column.name != "seq"))
    both = both.join_from(audit_rows, audit_people, audit_rows.c.seq == audit_people.c.seq)
    return await store.rows(both.order_by(audit_rows.c.seq))


async def test_row(store: Store, audit: Audit) -> None:
    assert await audit.record(Event.REQUESTED, CANCELLATION, {"place": "C0"}, part=7)
    [row] = await rows(store)
    found = row._asdict()
    assert abs(found.pop("at") - datetime.now(UTC)) < timedelta(seconds=30)
    assert [len(found.pop(name)) for name in ("salt", "people", "mac")] == [64, 64, 64]
    assert found == {
        "seq": 1,
        "cancellation_id": CANCELLATION.id,
        "event": "requested",
        "part": 7,
        "team": TEAM_ID,
        "user": ALICE.slack_id,
        "oid": ALICE.oid,
        "kind": TARGET.kind,
        "target_id": TARGET.id,
        "scope": TARGET.scope,
        "justification": REASON,
        "detail": {"place": "C0"},
    }


async def test_format_of_the_chain(store: Store, audit: Audit) -> None:
    """Written out once more: whoever changes the format makes every trail that exists look forged."""
    for event in (Event.REQUESTED, Event.CALLED):
        await audit.record(event, CANCELLATION, {"state": "Büro", "codes": [1]})
    previous = GENESIS
    for row in await rows(store):
        people = (
            f'{row.salt}{{"justification":{json.dumps(REASON)},"oid":"{ALICE.oid}",'
            f'"team":"{TEAM_ID}","user":"{ALICE.slack_id}"}}'
        )
        assert row.people == hashlib.sha256(people.encode()).hexdigest()
        at = row.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        chained = (
            f'{previous}{{"at":"{at}","cancellation_id":"{CANCELLATION.id}",'
            f'"detail":{{"codes":[1],"state":"B\\u00fcro"}},"event":"{row.event}","kind":"{TARGET.kind}","part":0,'
            f'"people":"{row.people}","scope":"{TARGET.scope}","seq":{row.seq},"target_id":"{TARGET.id}"}}'
        )
        assert row.mac == hmac.new(KEY, chained.encode(), hashlib.sha256).hexdigest()
        previous = row.mac


async def test_salts_differ(store: Store, audit: Audit) -> None:
    """Else equal people would have equal hashes, and one could be recognised after it was erased."""
    for part in range(3):
        await audit.record(Event.CALLED, CANCELLATION, {}, part)
    found = await rows(store)
    assert len({row.salt for row in found}) == len({row.people for row in found}) == 3


async def test_actor_without_an_account(store: Store, audit: Audit) -> None:
    await audit.record(Event.REQUESTED, replace(CANCELLATION, actor=replace(ACTOR, account=None)), {})
    assert [row.oid for row in await rows(store)] == [""]


async def test_story_in_its_order(store: Store, audit: Audit) -> None:
    for event in Event:
        assert await audit.record(event, CANCELLATION, {})
    found = await rows(store)
    assert [row.event for row in found] == [event.value for event in Event]
    assert [row.seq for row in found] == list(range(1, len(Event) + 1))


@pytest.mark.parametrize("reason", Reason)
async def test_end(store: Store, audit: Audit, reason: Reason) -> None:
    outcome = Outcome(reason, state="Canceled")
    await audit.record(Event.ENDED, CANCELLATION, as_detail(outcome))
    [row] = await rows(store)
    assert row.detail == {"result": outcome.result.value, "reason": reason.value, "state": "Canceled"}
    assert row.detail["result"] in set(Result)


async def test_detail_is_what_is_read(store: Store, audit: Audit) -> None:
    given = {"z": None, "a": {"n": [1, -2.5, True, Reason.DONE], "t": ("x",), "10": 1, "2": 2}, "text": REASON}
    await audit.record(Event.CALLED, CANCELLATION, given)
    [row] = await rows(store)
    assert row.detail == {
        "z": None,
        "a": {"n": [1, -2.5, True, "done"], "t": ["x"], "10": 1, "2": 2},
        "text": REASON,
    }


@pytest.mark.parametrize("value", [object(), float("nan"), datetime.now(UTC), b"bytes"])
async def test_detail_that_is_no_json(store: Store, audit: Audit, value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        await audit.record(Event.CALLED, CANCELLATION, {"value": value})
    assert await rows(store) == []


async def test_once_per_cancellation_event_and_part(store: Store, audit: Audit, database_url: str) -> None:
    """Two instances of the bot, ten times each."""
    second = Store(database_url)
    writers = (audit, Audit(second, KEY))
    added = await asyncio.gather(*(one.record(Event.CALLED, CANCELLATION, {}) for _ in range(10) for one in writers))
    await second.close()
    assert added.count(True) == 1
    assert len(await rows(store)) == 1
    assert await audit.record(Event.CALLED, CANCELLATION, {}, part=1)
    assert await audit.record(Event.ENDED, CANCELLATION, {})
    assert await audit.record(Event.CALLED, replace(CANCELLATION, id="b" * 32), {})


async def test_two_hundred_at_once_leave_no_gap(store: Store, audit: Audit, database_url: str) -> None:
    second = Store(database_url)
    writers = (audit, Audit(second, KEY))
    added = await asyncio.gather(
        *(one.record(Event.CALLED, replace(CANCELLATION, id=f"{n}"), {}) for n, one in enumerate(writers * 100))
    )
    await second.close()
    assert all(added)
    assert [row.seq for row in await rows(store)] == list(range(1, 201))


async def test_within_the_callers_transaction(store: Store, audit: Audit) -> None:
    def half(connection: sa.Connection) -> None:
        assert audit.add(connection, Event.REQUESTED, CANCELLATION, {})
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(half)
    assert await audit.head() is None

    def whole(connection: sa.Connection) -> None:
        assert audit.add(connection, Event.REQUESTED, CANCELLATION, {})
        assert not audit.add(connection, Event.REQUESTED, CANCELLATION, {"said": "twice"})
        assert audit.add(connection, Event.CALLED, CANCELLATION, {})

    await store.write(whole)
    assert [row.seq for row in await rows(store)] == [1, 2]


async def test_head(store: Store, audit: Audit) -> None:
    assert await audit.head() is None
    await audit.record(Event.REQUESTED, CANCELLATION, {})
    await audit.record(Event.CALLED, CANCELLATION, {})
    head = await audit.head()
    assert head == Head(2, (await rows(store))[-1].mac)
    assert Head.parse(f" {head}\n") == head


@pytest.mark.parametrize(
    "text", ["", "1", ":", f"0:{GENESIS}", f"-1:{GENESIS}", f"1:{GENESIS}0", f"1:{'g' * 64}", "1:"]
)
def test_what_is_no_head(text: str) -> None:
    with pytest.raises(ValueError, match="N:HASH"):
        Head.parse(text)


@pytest.mark.parametrize("change", ["UPDATE audit_rows SET event = 'x'", "DELETE FROM audit_rows"])
async def test_rows_are_not_changed_by_accident(store: Store, audit: Audit, change: str) -> None:
    await audit.record(Event.REQUESTED, CANCELLATION, {})
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        await store.change(sa.text(change))


@pytest.mark.parametrize("table", [audit_rows, audit_people])
async def test_row_that_cannot_be_written_raises(store: Store, audit: Audit, table: sa.Table) -> None:
    await store.change(sa.schema.DropTable(table))
    with pytest.raises((Unavailable, sa.exc.SQLAlchemyError)):
        await audit.record(Event.REQUESTED, CANCELLATION, {})
