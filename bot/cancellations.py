"""Cancellations in the database: recorded before they are acknowledged, one running for each target."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
import structlog

from bot.accounts import Accounts
from bot.audit import Audit, Event
from bot.cancellation import Actor, Answer, Cancellation
from bot.errors import NoDatabase, Unavailable
from bot.keys import Sealer
from bot.outcome import Outcome, as_detail
from bot.recorded import OUTCOME
from bot.resources import Target
from bot.store import Store, now
from bot.tables import approvals, cancellations, claims

log = structlog.get_logger(__name__)

_APPROVED: Final = sa.select(cancellations, approvals.c.user.label("approver")).outerjoin(
    approvals, (approvals.c.cancellation_id == cancellations.c.id) & (approvals.c.answer == Answer.APPROVED)
)
_LATE: Final = ("Recording this took too long, so nothing was sent.", "Press the button again.")


@dataclass(frozen=True)
class Running:
    """Whose cancellation of the target is under way, since when; `ended`: it was, and is over.

    `shown`: whoever joined it may know of it now, not only when it was found that they may cancel this target.
    """

    user: str
    at: datetime
    ended: bool
    shown: bool = True


class Cancellations:
    """Records, joins, ends. `instance` is the process that sees through what is recorded here."""

    def __init__(self, store: Store, accounts: Accounts, audit: Audit, sealer: Sealer, instance: str) -> None:
        self._store = store
        self._accounts = accounts
        self._audit = audit
        self._sealer = sealer
        self._instance = instance

    async def record(
        self, cancellation: Cancellation, key: str, detail: Mapping[str, object], deadline: float
    ) -> Running | None:
        """Makes it durable; returns the running one of the same target, if there is one, which it then has joined.

        The same cancellation recorded again returns itself, or the one it joined. `deadline` is on the monotonic clock:
        after it nothing is recorded and `Unavailable` is raised, as without a database.
        """

        def work(connection: sa.Connection) -> Running | None:
            if time.monotonic() > deadline:  # it has waited so long in line: nobody behind it need wait, too
                raise Unavailable(*_LATE)
            running = self._record(connection, cancellation, key, detail)
            if time.monotonic() > deadline:
                raise Unavailable(*_LATE)
            return running

        try:
            return await self._store.write(work)
        except sa.exc.IntegrityError:  # this dialog was recorded before
            known = await self._store.read(lambda connection: _running(connection, cancellation.id))
            if known is None:
                raise
            return known

    def _record(
        self, connection: sa.Connection, cancellation: Cancellation, key: str, detail: Mapping[str, object]
    ) -> Running | None:
        holder = self._claim(connection, key, cancellation.id)
        if holder == cancellation.id:
            connection.execute(cancellations.insert(), self._row(cancellation, None))
            self._audit.add(connection, Event.REQUESTED, cancellation, detail)
            return None
        connection.execute(cancellations.insert(), self._row(cancellation, holder))
        self._audit.add(connection, Event.JOINED, cancellation, {"joined": holder})
        return _running(connection, cancellation.id)

    async def load(self, cancellation_id: str) -> Cancellation | None:
        """The cancellation, with the account that its person is linked to now."""
        row = await self._store.row(_APPROVED.where(cancellations.c.id == cancellation_id))
        if row is None:
            return None
        found = self._of(row)
        linked = await self._accounts.linked(found.actor.team, found.actor.user)
        if linked:
            found = replace(found, actor=replace(found.actor, account=linked.account, account_name=linked.name))
        return found

    async def settle(self, cancellation: Cancellation, outcome: Outcome, event: Event) -> None:
        """Records what became of it, in its row and in the trail, unless that is recorded; raises `NoDatabase`.

        What else keeps the rows from being written is logged: the call is made, and people have to hear the end.
        """
        dumped = OUTCOME.dump_python(outcome, mode="json")
        told = cancellations.update().where(cancellations.c.id == cancellation.id).values(outcome=dumped)

        def work(connection: sa.Connection) -> None:
            if self._audit.add(connection, event, cancellation, as_detail(outcome)):
                connection.execute(told)

        try:
            await self._store.write(work)
        except NoDatabase:
            raise
        except Exception:
            log.exception("outcome_not_recorded", cancellation=cancellation.id, result=outcome.result)

    async def stopped(self, event: Event, cancellation: Cancellation, outcome: Outcome) -> None:
        """Records a wish that has not begun, for this reason."""
        await self._audit.record(event, cancellation, as_detail(outcome))

    async def release(self, cancellation_id: str, *, hand_on: bool) -> str:
        """Frees the target; with `hand_on`, the first that joined takes it over, and its id is returned.

        The others that had joined stay with the one that ended or, handed on, with the one that comes next.
        """

        def work(connection: sa.Connection) -> str:
            connection.execute(_ended(cancellation_id))
            return self.free(connection, cancellation_id, hand_on=hand_on)

        return await self._store.write(work)

    def free(self, connection: sa.Connection, cancellation_id: str, *, hand_on: bool) -> str:
        """The same within the caller's transaction, for one that has not ended."""
        heir = _heir(connection, cancellation_id) if hand_on else ""
        mine = claims.c.cancellation_id == cancellation_id
        if not heir:
            connection.execute(claims.delete().where(mine))
            return ""
        connection.execute(claims.update().where(mine).values(cancellation_id=heir))
        connection.execute(cancellations.update().where(_waiting(cancellation_id)).values(joined_to=heir))
        first = {"joined_to": None, "instance": self._instance}
        connection.execute(cancellations.update().where(cancellations.c.id == heir).values(first))
        return heir

    def next_run(self, connection: sa.Connection, cancellation: Cancellation, number: int) -> bool:
        """Leaves it to the workflow after that of this number, within the caller's transaction; False when it ended."""
        mine = (cancellations.c.id == cancellation.id) & (cancellations.c.run == number)
        left = cancellations.update().where(mine & cancellations.c.ended_at.is_(None))
        return connection.execute(left.values(run=number + 1, instance=self._instance)).rowcount == 1

    def claim_again(self, connection: sa.Connection, cancellation: Cancellation, key: str) -> str:
        """Takes the target for it, or joins whoever has it, within the caller's transaction; the id of that one."""
        holder = self._claim(connection, key, cancellation.id)
        if holder != cancellation.id:
            mine = cancellations.c.id == cancellation.id
            connection.execute(cancellations.update().where(mine).values(joined_to=holder))
            # The first of these rows is that of its submission, which may have joined another one.
            self._audit.add(connection, Event.JOINED, cancellation, {"joined": holder}, part=1)
        return holder

    async def joined(self, cancellation_id: str) -> list[str]:
        """The ids of those that had joined it and were not told the end yet, oldest first."""
        return [row.id for row in await self._store.rows(_first_joined(cancellation_id))]

    async def told(self, cancellation_id: str) -> None:
        """Whoever had joined has heard the end."""
        await self._store.change(_ended(cancellation_id))

    async def forget(self, before: datetime) -> None:
        """Deletes what ended before this moment; the trail stays."""
        await self._store.change(cancellations.delete().where(cancellations.c.ended_at < before))

    def _claim(self, connection: sa.Connection, key: str, cancellation_id: str) -> str:
        """The cancellation that holds the target: this one, if nobody did."""
        claim = (
            self._store.insert(claims)
            .values(key=key, cancellation_id=cancellation_id)
            .on_conflict_do_nothing(index_elements=[claims.c.key])
            .returning(claims.c.cancellation_id)
        )
        # Locked, so that whoever holds it cannot end without seeing who has joined.
        held = sa.select(claims.c.cancellation_id).where(claims.c.key == key).with_for_update()
        while True:
            for query in (claim, held):
                holder = connection.execute(query).scalar_one_or_none()
                if holder is not None:
                    return str(holder)

    def _row(self, cancellation: Cancellation, joined: str | None) -> dict[str, Any]:
        actor, target = cancellation.actor, cancellation.target
        words = {"justification": cancellation.justification, "response_url": cancellation.response_url}
        return {
            "id": cancellation.id,
            "run": 0,
            "team": actor.team,
            "user": actor.user,
            "channel": actor.channel,
            "visible": int(actor.visible),
            "card_id": cancellation.card_id or None,
            "kind": target.kind,
            "target_id": target.id,
            "scope": target.scope,
            "sealed": self._sealer.seal(cancellation.id, words),
            "joined_to": joined,
            "instance": self._instance,
            "created_at": cancellation.at,
            "thread_ts": cancellation.thread_ts or None,
            "batch": cancellation.batch or None,
        }

    def _of(self, row: sa.Row[Any]) -> Cancellation:
        words = self._sealer.open(row.id, row.sealed)
        return Cancellation(
            id=row.id,
            actor=Actor(row.team, row.user, row.channel, visible=bool(row.visible)),
            target=Target(row.kind, row.target_id, row.scope),
            justification=words.get("justification", ""),
            at=row.created_at,
            card_id=row.card_id or "",
            response_url=words.get("response_url", ""),
            approver=row.approver or "",
            thread_ts=row.thread_ts or "",
            batch=row.batch or "",
        )


def _running(connection: sa.Connection, cancellation_id: str) -> Running | None:
    """The one that this cancellation waits for: itself, or the one it joined. None when it was never recorded."""
    one, other = cancellations.alias(), cancellations.alias()
    query = (
        sa.select(other.c.user, other.c.created_at, other.c.ended_at)
        .join(one, other.c.id == sa.func.coalesce(one.c.joined_to, one.c.id))
        .where(one.c.id == cancellation_id)
    )
    row = connection.execute(query).one_or_none()
    return Running(row.user, row.created_at, row.ended_at is not None) if row else None


def _heir(connection: sa.Connection, cancellation_id: str) -> str:
    # The claim first: nobody joins from here to the end of the transaction.
    held = sa.select(claims.c.key).where(claims.c.cancellation_id == cancellation_id).with_for_update()
    if connection.execute(held).one_or_none() is None:
        return ""
    return str(connection.execute(_first_joined(cancellation_id).limit(1)).scalar_one_or_none() or "")


def _first_joined(cancellation_id: str) -> sa.Select[tuple[str]]:
    oldest = cancellations.c.created_at, cancellations.c.id
    return sa.select(cancellations.c.id).where(_waiting(cancellation_id)).order_by(*oldest)


def _waiting(cancellation_id: str) -> sa.ColumnElement[bool]:
    return (cancellations.c.joined_to == cancellation_id) & cancellations.c.ended_at.is_(None)


def _ended(cancellation_id: str) -> sa.Update:
    mine = (cancellations.c.id == cancellation_id) & cancellations.c.ended_at.is_(None)
    return cancellations.update().where(mine).values(ended_at=now())
