"""What somebody has cancelled lately, and how it ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.outcome import Outcome
from bot.recorded import OUTCOME
from bot.resources import Target
from bot.store import Store
from bot.tables import cancellations

LAST: Final = 10
"""So many are looked up."""


@dataclass(frozen=True)
class Past:
    """One cancellation. `at`: when it ended or, while it has not, when it was asked for.

    `outcome` is empty before the end, and for one that had joined another person's: what became of that one was told as
    far as it concerned this person. `over`: it has ended.
    """

    target: Target
    at: datetime
    outcome: Outcome | None
    over: bool


class History:
    """Reads the rows of cancellations, which are kept for 30 days after their end."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, team: str, user: str) -> list[Past]:
        """The latest that this person asked for, the newest first."""
        theirs = (cancellations.c.team == team) & (cancellations.c.user == user)
        newest = cancellations.c.created_at.desc(), cancellations.c.id
        rows = await self._store.rows(sa.select(cancellations).where(theirs).order_by(*newest).limit(LAST))
        return [_past(row) for row in rows]


def _past(row: sa.Row[tuple[object, ...]]) -> Past:
    outcome = OUTCOME.validate_python(row.outcome) if row.outcome else None
    over = outcome is not None or row.ended_at is not None
    return Past(Target(row.kind, row.target_id, row.scope), row.ended_at or row.created_at, outcome, over)
