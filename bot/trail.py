"""Reading the audit trail: whether it is as it was written, exporting it, and erasing people from it."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from bot.audit import GENESIS, PEOPLE, Head, mac_of, moment, people_of
from bot.store import Store
from bot.tables import audit_people, audit_rows

MOST_FINDINGS: Final = 20
BATCH: Final = 500

# Without their types: a value that its type cannot read any more must become a finding, not an exception.
_STORED: Final = sa.select(
    *(sa.type_coerce(column, sa.types.NullType()).label(column.name) for column in audit_rows.c),
    *(audit_people.c[name] for name in ("salt", *PEOPLE)),
).outerjoin_from(audit_rows, audit_people, audit_rows.c.seq == audit_people.c.seq)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What verifying found. `findings` are the first `MOST_FINDINGS` of `problems`; `erased` rows have no people."""

    rows: int
    erased: int
    head: Head | None
    problems: int
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One row, as it is exported. `at` is UTC, to the microsecond; who and why are empty where they were erased."""

    seq: int
    at: str
    cancellation_id: str
    event: str
    part: int
    kind: str
    target_id: str
    scope: str
    team: str
    user: str
    oid: str
    justification: str
    detail: Any
    mac: str


async def verify(store: Store, key: bytes, expected: Head | None, erased_before: datetime) -> Verdict:
    """Recomputes every hash of the trail, which may grow meanwhile.

    `expected` is a head that was noted earlier. People of rows younger than `erased_before` must still be there.
    """
    chain = _Chain(key, expected, moment(erased_before))
    first: list[str] = []
    problems = 0
    async for finding in _findings(store, chain):
        problems += 1
        if problems <= MOST_FINDINGS:
            first.append(finding)
    return Verdict(chain.rows, chain.erased, chain.head, problems, tuple(first))


async def export(store: Store, since: datetime | None, until: datetime | None) -> AsyncGenerator[Entry, None]:
    """The rows written at or after `since` and before `until`, in their order."""
    since_then = audit_rows.c.at >= since if since else sa.true()
    until_then = audit_rows.c.at < until if until else sa.true()
    async for rows in _batches(store, since_then & until_then):
        for row in rows:
            yield Entry(**{field.name: row[field.name] for field in fields(Entry)})


async def erase(store: Store, before: datetime) -> int:
    """Erases who and why of the rows written before that moment; returns of how many."""
    old = sa.select(audit_rows.c.seq).where(audit_rows.c.at < before)
    erased = audit_people.delete().where(audit_people.c.seq.in_(old))
    return await store.write(lambda connection: connection.execute(erased).rowcount)


class _Chain:
    """The rows so far. `check` takes the next one, in the order of `seq`."""

    def __init__(self, key: bytes, expected: Head | None, erased_before: str) -> None:
        self._key = key
        self._expected = expected
        self._erased_before = erased_before
        self._previous = [GENESIS]
        self.seq = 0
        self.rows = 0
        self.erased = 0
        self.head: Head | None = None

    def check(self, row: Row) -> Iterator[str]:
        """What is wrong with this row."""
        self.rows += 1
        if row["seq"] < 1:
            yield f"row {row['seq']} was inserted: numbers begin at 1"
            return
        yield from self._check_place(row)
        yield from self._check_people(row)
        self.seq, self.head = row["seq"], Head(row["seq"], row["mac"])
        if self._expected and self.seq == self._expected.seq and self.head != self._expected:
            yield f"row {self.seq} has not the hash of the given head: the trail was written anew"

    def end(self) -> Iterator[str]:
        """What is wrong with the end."""
        if self._expected and self.seq < self._expected.seq:
            yield f"{_span(self.seq + 1, self._expected.seq)} missing: the end of the trail was cut off"

    def _check_place(self, row: Row) -> Iterator[str]:
        seq, stored = row["seq"], row["mac"]
        macs = [mac_of(self._key, previous, row) for previous in self._previous]
        self._previous = [stored]
        if seq > self.seq + 1:
            yield f"{_span(self.seq + 1, seq - 1)} missing, without which row {seq} cannot be checked"
        elif stored not in macs:
            other = "; or this AUDIT_KEY is not the one that the trail was written with" if seq == 1 else ""
            yield f"row {seq} is not as it was written, or does not follow the row before it{other}"
            # A changed row is one finding: the next may rest on the mac that stands here or on the one that stood here.
            self._previous.append(macs[-1])

    def _check_people(self, row: Row) -> Iterator[str]:
        if row["salt"] is None:
            self.erased += 1
            if str(row["at"]) >= self._erased_before:
                yield f"row {row['seq']}: who and why are gone, and it is too young for that to be retention"
        elif people_of(row["salt"], row) != row["people"]:
            yield f"row {row['seq']}: who and why are not as they were written"


async def _findings(store: Store, chain: _Chain) -> AsyncIterator[str]:
    try:
        async for rows in _batches(store, sa.true()):
            for row in rows:
                for finding in chain.check(row):
                    yield finding
    except (sa.exc.DataError, RecursionError):
        yield f"row {chain.seq + 1} or one soon after it cannot be read any more: it has been changed"
        return
    for finding in chain.end():
        yield finding


def _span(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"


async def _batches(store: Store, condition: sa.ColumnElement[bool]) -> AsyncIterator[list[Row]]:
    """Each batch is a transaction of its own: the bot writes in between, however slowly the rows are consumed."""
    after: sa.ColumnElement[bool] = sa.true()
    while True:
        query = _STORED.where(condition, after).order_by(audit_rows.c.seq).limit(BATCH)
        rows = [_read(row._asdict()) for row in await store.rows(query)]
        if not rows:
            return
        yield rows
        after = audit_rows.c.seq > rows[-1]["seq"]


def _read(stored: Row) -> Row:
    """SQLite gives moments and JSON as text, PostgreSQL as what they are. What no longer is any stays as it is."""
    return {
        **stored,
        "at": _or_as_it_is(stored["at"], _moment),
        "detail": _or_as_it_is(stored["detail"], lambda value: json.loads(value) if isinstance(value, str) else value),
        **{name: stored[name] or "" for name in PEOPLE},
    }


def _moment(value: Any) -> str:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment(at if at.tzinfo else at.replace(tzinfo=UTC))


def _or_as_it_is(value: Any, read: Callable[[Any], Any]) -> Any:
    try:
        return read(value)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return value
