"""Cancellations that were entered together, in one dialog with one reason: which they are, and how far."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.keys import Sealer
from bot.outcome import Result
from bot.recorded import OUTCOME
from bot.resources import Target
from bot.store import Store
from bot.tables import cancellations


@dataclass(frozen=True)
class Batch:
    """All that are recorded of a dialog, by whom, where and why.

    Of each target the latest attempt counts. `results`: how many have ended how; `elsewhere`: how many that had joined
    another cancellation have ended with it.
    """

    id: str
    user: str
    channel: str
    justification: str
    members: frozenset[str]
    count: int
    results: Mapping[Result, int]
    elsewhere: int

    @property
    def ended(self) -> int:
        """How many have ended."""
        return sum(self.results.values()) + self.elsewhere


class Batches:
    """Reads the rows of cancellations."""

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    async def of(self, batch_id: str) -> Batch | None:
        """What is recorded of it now; None where nothing is."""
        oldest = cancellations.c.created_at, cancellations.c.id
        query = sa.select(cancellations).where(cancellations.c.batch == batch_id).order_by(*oldest)
        rows = await self._store.rows(query)
        if not rows:
            return None
        latest = {Target(row.kind, row.target_id, row.scope).key: row for row in rows}.values()
        ends = Counter(_result(row) for row in latest if row.outcome or row.ended_at)
        elsewhere = ends.pop(None, 0)
        results = {result: ends[result] for result in Result if ends[result]}
        first = rows[0]
        why = self._sealer.open(first.id, first.sealed).get("justification", "")
        members = frozenset(row.id for row in rows)
        return Batch(batch_id, first.user, first.channel, why, members, len(latest), results, elsewhere)


def member_id(batch_id: str, digest: str) -> str:
    """The id of the cancellation of one target, by its digest: the same one however often the dialog is submitted."""
    return hashlib.sha256(f"{batch_id} {digest}".encode()).hexdigest()[:32]


def _result(row: sa.Row[Any]) -> Result | None:
    return OUTCOME.validate_python(row.outcome).result if row.outcome else None
