"""Whatever is changed in the audit trail is found; what retention erases and what is added meanwhile is no change."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.audit import GENESIS, Audit, Event, Head, people_of
from bot.store import Store
from bot.tables import audit_people, audit_rows
from bot.trail import MOST_FINDINGS, Verdict, erase, export, verify
from tests.trail.conftest import (
    CANCELLATION,
    KEY,
    LONG_AGO,
    edited,
    fill,
    head,
    moved,
    removed,
    tamper,
    verdict,
    write,
)

ROW_3 = "row 3 is not as it was written, or does not follow the row before it"


async def test_trail_as_it_was_written(store: Store) -> None:
    last = await head(store)
    second = [Head(entry.seq, entry.mac) async for entry in export(store, None, None)][1]
    for expected in (None, last, second):
        assert await verdict(store, expected) == Verdict(rows=6, erased=0, head=last, problems=0, findings=())


async def test_empty_trail(empty: Store) -> None:
    assert await verdict(empty) == Verdict(0, 0, None, 0, ())
    assert (await verdict(empty, Head(3, GENESIS))).findings == (
        "rows 1 to 3 are missing: the end of the trail was cut off",
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'2021-01-01 00:00:00'"),
        ("cancellation_id", "'x'"),
        ("event", "'ended'"),
        ("part", "77"),
        ("kind", "'x'"),
        ("target_id", "'x'"),
        ("scope", "''"),
        ("detail", """'{"number": 3}'"""),
        ("mac", f"'{GENESIS}'"),
    ],
)
async def test_changed_row(store: Store, column: str, value: str) -> None:
    await tamper(store, edited(audit_rows, 3, **{column: value}))
    assert (await verdict(store)).findings == (ROW_3,)


async def test_changed_people_with_the_hash_that_fits(store: Store) -> None:
    people = {"team": "T0", "user": "UOTHER", "oid": "", "justification": ""}
    forged = {name: f"'{value}'" for name, value in people.items()}
    await tamper(
        store,
        edited(audit_people, 3, salt="'1'", **forged),
        edited(audit_rows, 3, people=f"'{people_of('1', people)}'"),
    )
    assert (await verdict(store)).findings == (ROW_3,)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'x'"),
        ("at", "5"),
        ("at", "'0001-01-01 00:00:00+23:00'"),
        ("detail", "'x'"),
        ("detail", "5"),
        ("detail", f"'{'[' * 9999}'"),
        ("part", "'x'"),
        ("event", "x'ff'"),
        ("people", "x'ff'"),
        ("mac", "x'ff'"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_value_that_nobody_can_read_in_sqlite(store: Store, column: str, value: str) -> None:
    await tamper(store, edited(audit_rows, 3, **{column: value}))
    found = await verdict(store)
    assert found.findings[0] == ROW_3
    assert all(finding.startswith("row 3") for finding in found.findings)
    assert [entry.seq async for entry in export(store, None, None)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("column", "value", "finding"),
    [
        ("at", "'infinity'", "row 1 or one soon after it cannot be read any more: it has been changed"),
        ("detail", f"'{'[' * 2000}{']' * 2000}'", "row 1 or one soon after it cannot be read any more"),
        ("detail", "'5'", ROW_3),
    ],
)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_value_that_nobody_can_read_in_postgresql(store: Store, column: str, value: str, finding: str) -> None:
    noted = await head(store)
    await tamper(store, edited(audit_rows, 3, **{column: value}))
    [found] = (await verdict(store, noted)).findings
    assert found.startswith(finding)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_people_that_are_gone_from_a_row_without_a_moment(store: Store) -> None:
    await tamper(store, edited(audit_rows, 3, at="5"), audit_people.delete().where(audit_people.c.seq == 3))
    assert ROW_3 in (await verdict(store)).findings


@pytest.mark.parametrize("column", ["salt", "user"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_people_that_nobody_can_read_in_sqlite(store: Store, column: str) -> None:
    await tamper(store, edited(audit_people, 3, **{column: "x'ff'"}))
    assert (await verdict(store)).findings == ("row 3: who and why are not as they were written",)


@pytest.mark.parametrize(
    ("first", "last", "finding"),
    [
        (3, 3, "row 3 is missing, without which row 4 cannot be checked"),
        (1, 1, "row 1 is missing, without which row 2 cannot be checked"),
        (2, 4, "rows 2 to 4 are missing, without which row 5 cannot be checked"),
    ],
)
async def test_removed_rows(store: Store, first: int, last: int, finding: str) -> None:
    await tamper(store, *removed(first, last))
    assert (await verdict(store)).findings == (finding,)


async def test_removed_row_with_the_rest_moved_up(store: Store) -> None:
    up = [move for table in (audit_rows, audit_people) for move in moved(table, (4, 3), (5, 4), (6, 5))]
    await tamper(store, *removed(3, 3), *up)
    found = await verdict(store)
    assert (found.rows, ROW_3 in found.findings) == (5, True)


async def test_swapped_rows(store: Store) -> None:
    swapped = [move for table in (audit_rows, audit_people) for move in moved(table, (3, 99), (4, 3), (99, 4))]
    await tamper(store, *swapped)
    assert ROW_3 in (await verdict(store)).findings


@pytest.mark.parametrize("seq", [-1, 0, 7])
async def test_inserted_row(store: Store, seq: int) -> None:
    await tamper(store, *(_copied(table, seq) for table in (audit_rows, audit_people)))
    [finding] = (await verdict(store)).findings
    assert finding.startswith(f"row {seq} ")


def _copied(table: sa.Table, seq: int) -> sa.Executable:
    replaced = {"seq": sa.literal(seq), "part": sa.literal(99)}
    columns = [replaced.get(column.name, column) for column in table.c]
    return table.insert().from_select(list(table.c), sa.select(*columns).where(table.c.seq == 6))


async def test_cut_tail_is_found_with_a_head_only(store: Store) -> None:
    noted = await head(store)
    await tamper(store, *removed(5, 6))
    assert (await verdict(store)).problems == 0
    assert (await verdict(store, noted)).findings == ("rows 5 to 6 are missing: the end of the trail was cut off",)


async def test_trail_that_was_written_anew_with_the_key(store: Store) -> None:
    noted = await head(store)
    await tamper(store, *removed(1, 6))
    await write(store, 8)
    assert (await verdict(store)).problems == 0
    assert (await verdict(store, noted)).findings == (
        "row 6 has not the hash of the given head: the trail was written anew",
    )


async def test_other_key(empty: Store) -> None:
    await write(empty, MOST_FINDINGS + 10)
    found = await verify(empty, b"x" * 32, None, LONG_AGO)
    assert found.problems == MOST_FINDINGS + 10
    assert ["AUDIT_KEY" in finding for finding in found.findings] == [True] + [False] * (MOST_FINDINGS - 1)


@pytest.mark.parametrize("column", ["salt", "team", "user", "oid", "justification"])
async def test_changed_people(store: Store, column: str) -> None:
    await tamper(store, edited(audit_people, 3, **{column: "''"}))
    assert (await verdict(store)).findings == ("row 3: who and why are not as they were written",)


async def test_swapped_people(store: Store) -> None:
    await tamper(store, *moved(audit_people, (3, 99), (5, 3), (99, 5)))
    expected = tuple(f"row {seq}: who and why are not as they were written" for seq in (3, 5))
    assert (await verdict(store)).findings == expected


async def test_people_that_are_gone_too_early(store: Store) -> None:
    await tamper(store, audit_people.delete().where(audit_people.c.seq == 3))
    assert (await verdict(store)).findings == (
        "row 3: who and why are gone, and it is too young for that to be retention",
    )


async def test_erased_people_leave_the_chain_whole(empty: Store) -> None:
    await fill(empty, 10)
    before = LONG_AGO + timedelta(days=6)
    assert (await erase(empty, before), await erase(empty, before)) == (5, 0)
    found = await verify(empty, KEY, None, before)
    assert (found.rows, found.erased, found.problems) == (10, 5, 0)
    assert (await verify(empty, KEY, None, before - timedelta(days=1))).findings == (
        "row 5: who and why are gone, and it is too young for that to be retention",
    )
    left = await empty.rows(sa.select(audit_people.c.seq))
    assert sorted(row.seq for row in left) == [6, 7, 8, 9, 10]


async def test_people_that_are_invented_after_they_were_erased(empty: Store) -> None:
    await fill(empty, 3)
    before = LONG_AGO + timedelta(days=3)
    await erase(empty, before)
    invented = {"seq": 1, "salt": "1", "team": "T0", "user": "UOTHER", "oid": "", "justification": ""}
    await tamper(empty, audit_people.insert().values(invented))
    found = await verify(empty, KEY, None, before)
    assert (found.erased, found.findings) == (1, ("row 1: who and why are not as they were written",))


async def test_trail_that_grows_while_it_is_verified(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.trail.BATCH", 3)
    noted = await head(store)
    audit = Audit(store, KEY)
    writing = asyncio.gather(
        *(audit.record(Event.CALLED, replace(CANCELLATION, id=f"{number}"), {}) for number in range(50))
    )
    beside = Store(database_url)
    seen = [noted.seq if noted else 0]
    while not writing.done():
        found = await verdict(beside, noted)
        assert found.findings == ()
        seen.append(found.rows)
    await writing
    assert seen[0] < seen[-1]
    assert (await verdict(beside, noted)).rows == 56
    await beside.close()
