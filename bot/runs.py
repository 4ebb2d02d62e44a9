"""The workflows that see cancellations through: which ones are open, whose they are, and where one takes up."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from bot.audit import Event
from bot.cancellation import Answer
from bot.outcome import Outcome
from bot.recorded import OUTCOME
from bot.store import Store
from bot.tables import approvals, audit_rows, cancellations

CANCEL: Final = "cancel"
"""The workflow that sees a cancellation through."""

_MOST: Final = 20


@dataclass(frozen=True)
class Run:
    """A cancellation that has to be seen through; `number` counts the workflows that were begun for it."""

    id: str
    number: int

    @property
    def workflow_id(self) -> str:
        """The workflow that sees it through."""
        return f"{self.id}.{self.number}" if self.number else self.id

    @property
    def exhausted(self) -> bool:
        """Whether only an operator begins another one."""
        return self.number + 1 >= _MOST


@dataclass(frozen=True)
class Begun:
    """Where a workflow takes up: what an earlier one of the same cancellation has done. `current`: it is to go on.

    `asked`: the earlier one has asked a second person; `answer` and `answered_by`: what they said, and who it was.
    """

    current: bool
    calls: int = 0
    outcome: Outcome | None = None
    asked: bool = False
    answer: Answer = Answer.NONE
    answered_by: str = ""


class Runs:
    """The rows of cancellations, as whoever runs their workflows needs them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begun(self, run: Run) -> Begun:
        """What has been done already, for a workflow that begins."""
        called = (audit_rows.c.cancellation_id == run.id) & (audit_rows.c.event == Event.CALLED)
        calls = sa.select(sa.func.count()).where(called).scalar_subquery().label("calls")
        query = sa.select(cancellations, calls, approvals.c.answer, approvals.c.user.label("answered_by")).outerjoin(
            approvals, approvals.c.cancellation_id == cancellations.c.id
        )
        row = await self._store.row(query.where(cancellations.c.id == run.id))
        if row is None or row.ended_at or row.run != run.number:
            return Begun(current=False)
        outcome = OUTCOME.validate_python(row.outcome) if row.outcome else None
        asked = row.answer is not None
        return Begun(True, row.calls, outcome, asked, Answer(row.answer or ""), row.answered_by or "")

    async def latest(self, cancellation_id: str) -> Run:
        """The workflow that has to see this cancellation through."""
        row = await self._store.row(sa.select(cancellations.c.run).where(cancellations.c.id == cancellation_id))
        return Run(cancellation_id, row.run if row else 0)

    async def open(self, instance: str) -> list[Run]:
        """What this process, or nobody in particular, has to see through."""
        mine = cancellations.c.instance.in_((instance, ""))
        unfinished = mine & cancellations.c.ended_at.is_(None) & cancellations.c.joined_to.is_(None)
        rows = await self._store.rows(sa.select(cancellations.c.id, cancellations.c.run).where(unfinished))
        return [Run(row.id, row.run) for row in rows]

    async def inherit(self, dead: str, instance: str) -> None:
        """What the dead process had to see through is this one's from now on."""
        left = (cancellations.c.instance == dead) & cancellations.c.ended_at.is_(None)
        await self._store.change(cancellations.update().where(left).values(instance=instance))

    async def again(self, run: Run, instance: str) -> bool:
        """Has another workflow begun for it, by this process or, where none is named, by any; false when one was."""
        same = (cancellations.c.id == run.id) & (cancellations.c.run == run.number)
        next_one = cancellations.update().where(same).values(run=run.number + 1, instance=instance)
        found = next_one.returning(cancellations.c.id)
        return await self._store.write(lambda connection: connection.execute(found).one_or_none() is not None)
