"""What a second person is asked: a row for each cancellation that needs one, for exactly what it is, answered once."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.audit import Audit, Event
from bot.cancellation import Actor, Answer, Cancellation
from bot.cancellations import Cancellations
from bot.policy import Ownership
from bot.runs import Run
from bot.store import Store, new_id, now
from bot.tables import approvals

_EVENTS: Final = {Answer.APPROVED: Event.APPROVED, Answer.DECLINED: Event.DECLINED}


@dataclass(frozen=True)
class Approval:
    """What was asked. `run`: the workflow that waits; `ownership`: whose request it is; `user`: who has answered."""

    id: str
    cancellation_id: str
    run: int
    ownership: Ownership
    digest: str
    until: datetime
    answer: Answer
    user: str

    @property
    def open(self) -> bool:
        """Whether it can still be answered."""
        return not self.answer and now() < self.until


@dataclass(frozen=True)
class Asked:
    """Asking has begun, and the target is free. `heir`: the cancellation that takes it over, if one had joined."""

    id: str
    until: datetime
    heir: str


class _Over(Exception):
    """The cancellation has ended in the meantime."""


def digest_of(cancellation: Cancellation) -> str:
    """SHA-256 of what exactly is to be approved: target and justification."""
    target = cancellation.target
    wish = [cancellation.id, target.kind, target.scope, target.id, cancellation.justification]
    return hashlib.sha256(json.dumps(wish).encode()).hexdigest()


class Approvals:
    """The rows. While one waits for its answer, its cancellation holds no claim."""

    def __init__(self, store: Store, cancellations: Cancellations, audit: Audit) -> None:
        self._store = store
        self._cancellations = cancellations
        self._audit = audit

    async def ask(self, run: Run, cancellation: Cancellation, ownership: Ownership, seconds: float) -> Asked:
        """Records that somebody is asked for so long, and frees the target; raises `NoDatabase`.

        Asked again, what was asked first stands: its end, and its answer.
        """
        asked = {
            "id": new_id(),
            "ownership": ownership,
            "digest": digest_of(cancellation),
            "until": now() + timedelta(seconds=seconds),
            "answer": Answer.NONE,
            "user": "",
        }
        row = self._store.insert(approvals).values(cancellation_id=cancellation.id, run=run.number, **asked)
        kept = row.on_conflict_do_update(index_elements=[approvals.c.cancellation_id], set_={"run": run.number})

        def work(connection: sa.Connection) -> Asked:
            made = connection.execute(kept.returning(approvals.c.id, approvals.c.until)).one()
            heir = self._cancellations.free(connection, cancellation.id, hand_on=True)
            detail = {"digest": asked["digest"], "until": made.until.isoformat(timespec="seconds")}
            self._audit.add(connection, Event.ASKED, cancellation, detail)
            return Asked(made.id, made.until, heir)

        return await self._store.write(work)

    async def get(self, approval_id: str) -> Approval | None:
        """What was asked by the buttons that carry this id."""
        return await self._one(approvals.c.id == approval_id)

    async def of(self, cancellation_id: str) -> Approval | None:
        """What was asked for this cancellation."""
        return await self._one(approvals.c.cancellation_id == cancellation_id)

    async def answer(
        self, approval: Approval, cancellation: Cancellation, by: Actor, answer: Answer, key: str
    ) -> str | None:
        """Records the answer and leaves the cancellation to its next workflow; raises `NoDatabase`.

        Approved, it takes the target, named by `key`. Returns the cancellation that then has the target, nothing after
        a refusal, and None when it can no longer be answered.
        """
        waiting = (approvals.c.id == approval.id) & (approvals.c.answer == Answer.NONE) & (approvals.c.until > now())

        def work(connection: sa.Connection) -> str:
            answered = approvals.update().where(waiting).values(answer=answer, user=by.user)
            if not connection.execute(answered).rowcount:
                raise _Over
            if not self._cancellations.next_run(connection, cancellation, approval.run):
                raise _Over
            holder = ""
            if answer is Answer.APPROVED:
                holder = self._cancellations.claim_again(connection, cancellation, key)
            self._audit.add(connection, _EVENTS[answer], replace(cancellation, actor=by), {"digest": approval.digest})
            return holder

        try:
            return await self._store.write(work)
        except _Over:
            return None

    async def lapse(self, run: Run) -> bool:
        """Ends the asking of this workflow; False when somebody has answered and another one goes on."""
        mine = (approvals.c.cancellation_id == run.id) & (approvals.c.run == run.number)
        waiting = mine & (approvals.c.answer == Answer.NONE)

        def work(connection: sa.Connection) -> bool:
            connection.execute(approvals.update().where(waiting).values(answer=Answer.LAPSED))
            answer = connection.execute(sa.select(approvals.c.answer).where(mine)).scalar_one_or_none()
            return answer == Answer.LAPSED

        return await self._store.write(work)

    async def forget(self, before: datetime) -> None:
        """Deletes what was to be answered before this moment."""
        await self._store.change(approvals.delete().where(approvals.c.until < before))

    async def _one(self, condition: sa.ColumnElement[bool]) -> Approval | None:
        row = await self._store.row(sa.select(approvals).where(condition))
        if row is None:
            return None
        return Approval(
            row.id,
            row.cancellation_id,
            row.run,
            Ownership(row.ownership),
            row.digest,
            row.until,
            Answer(row.answer),
            row.user,
        )
