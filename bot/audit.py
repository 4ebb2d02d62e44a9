"""The audit trail: what was asked, decided and answered, one row an event, written before anything is sent.

A row's `mac` covers the row and the `mac` before it, so a change shows. Who and why stand in a side row, of which the
chain holds only a salted hash: retention can erase people and leave the chain whole.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Self

import sqlalchemy as sa
import structlog

from bot.cancellation import Actor, Cancellation
from bot.errors import NoDatabase
from bot.resources import Target
from bot.store import Store, new_id, now
from bot.tables import audit_people, audit_rows

log = structlog.get_logger(__name__)

GENESIS: Final = "0" * 64
"""What stands for the mac before the first row."""

CHAINED: Final = tuple(column.name for column in audit_rows.c if column.name != "mac")
PEOPLE: Final = tuple(column.name for column in audit_people.c if column.name not in ("seq", "salt"))

_LOCK: Final = 0x6175646974  # "audit"; nothing else in the database takes this number
_LAST: Final = sa.select(audit_rows.c.seq, audit_rows.c.mac).order_by(audit_rows.c.seq.desc()).limit(1)
_OTHER: Final = audit_rows.alias()
_SAME: Final = [_OTHER.c[name] == sa.bindparam(name) for name in ("cancellation_id", "event", "part")]
_LAST_AND_KNOWN: Final = _LAST.add_columns(sa.select(_OTHER.c.seq).where(*_SAME).exists().label("known"))
_HEAD: Final = re.compile(r"([1-9][0-9]{0,9}):([0-9a-f]{64})")


class Event(StrEnum):
    """What a row tells. `DENIED`: a stranger, or whoever used what is not theirs, was turned away at the door.

    `WAITING`: its person must sign in first. `REFUSED`: it ended before it began. `ASKED`, `APPROVED`, `DECLINED`: a
    second person. `SETTLED`: an unknown end became known later.
    """

    DENIED = "denied"
    WAITING = "waiting"
    REFUSED = "refused"
    REQUESTED = "requested"
    JOINED = "joined"
    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"
    CALLED = "called"
    ENDED = "ended"
    SETTLED = "settled"


@dataclass(frozen=True)
class Head:
    """The last row of the trail at some time: who knows it can tell whether rows before it were changed or cut off."""

    seq: int
    mac: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.mac}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The head printed as `N:HASH`; raises `ValueError`."""
        found = _HEAD.fullmatch(text.strip())
        if not found:
            raise ValueError("must be N:HASH, a row's number and its 64 hexadecimal digits")
        return cls(int(found[1]), found[2])


def moment(at: datetime) -> str:
    """The moment as the chain has it: UTC, to the microsecond; such texts sort as their moments do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def mac_of(key: bytes, previous: str, row: Mapping[str, object]) -> str:
    """The HMAC-SHA256 of a row, whose `at` is a text, and of the mac before it."""
    text = f"{previous}{_canonical({name: row[name] for name in CHAINED})}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def people_of(salt: str, row: Mapping[str, object]) -> str:
    """The salted hash of who and why."""
    text = f"{salt}{_canonical({name: row[name] for name in PEOPLE})}"
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: object) -> str:
    # Only a row that somebody else changed holds what is no JSON; then its text is as good as any to differ.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr)


class Audit:
    """Adds rows. A row that cannot be written raises, and then nothing may be sent."""

    def __init__(self, store: Store, key: bytes) -> None:
        self._store = store
        self._key = key

    async def record(
        self, event: Event, cancellation: Cancellation, detail: Mapping[str, object], part: int = 0
    ) -> bool:
        """One durable row; False when it was there already (same cancellation, event and part). Raises `NoDatabase`."""
        return await self._store.write(lambda connection: self.add(connection, event, cancellation, detail, part))

    async def denied(self, actor: Actor, reason: str, target: Target | None = None) -> None:
        """One row for somebody who was turned away. One that cannot be written is logged: nothing is done anyway."""
        nothing = Cancellation(new_id(), actor, target or Target("", ""), "", now())
        try:
            await self.record(Event.DENIED, nothing, {"reason": reason})
        except NoDatabase:
            log.error("denial_not_recorded", reason=reason, user=actor.user)

    def add(
        self,
        connection: sa.Connection,
        event: Event,
        cancellation: Cancellation,
        detail: Mapping[str, object],
        part: int = 0,
    ) -> bool:
        """The same within the caller's transaction, which must be READ COMMITTED on PostgreSQL.

        Until that transaction ends, no other row can be added: let this be its last part.
        """
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        chained = _chained(event, cancellation, detail, part)
        last, known = _last(connection, chained)
        if known:
            return False
        people = _people(cancellation)
        chained |= {"seq": last.seq + 1 if last else 1, "people": people_of(people["salt"], people)}
        mac = mac_of(self._key, last.mac if last else GENESIS, chained | {"at": moment(chained["at"])})
        connection.execute(audit_people.insert(), people | {"seq": chained["seq"]})
        connection.execute(audit_rows.insert(), chained | {"mac": mac})
        return True

    async def has(self, event: Event, cancellation: Cancellation, part: int) -> bool:
        """Whether this row was written before; raises `NoDatabase`."""
        same = (
            (audit_rows.c.cancellation_id == cancellation.id)
            & (audit_rows.c.event == event)
            & (audit_rows.c.part == part)
        )
        return await self._store.row(sa.select(audit_rows.c.seq).where(same)) is not None

    async def head(self) -> Head | None:
        """The last row; None while there is none."""
        row = await self._store.row(_LAST)
        return Head(row.seq, row.mac) if row else None


def _chained(event: Event, cancellation: Cancellation, detail: Mapping[str, object], part: int) -> dict[str, Any]:
    target = cancellation.target
    return {
        "at": now(),
        "cancellation_id": cancellation.id,
        "event": event.value,
        "part": part,
        "kind": target.kind,
        "target_id": target.id,
        "scope": target.scope,
        # As it will be read: tuples become lists, and keys strings.
        "detail": json.loads(json.dumps(dict(detail), allow_nan=False)),
    }


def _people(cancellation: Cancellation) -> dict[str, str]:
    actor = cancellation.actor
    return {
        "salt": secrets.token_hex(32),
        "team": actor.team,
        "user": actor.user,
        "oid": actor.account.oid if actor.account else "",
        "justification": cancellation.justification,
    }


def _last(connection: sa.Connection, chained: Mapping[str, Any]) -> tuple[Head | None, bool]:
    """The last row, and whether there is one of this cancellation, event and part."""
    row = connection.execute(_LAST_AND_KNOWN, chained).one_or_none()
    return (Head(row.seq, row.mac), bool(row.known)) if row else (None, False)
