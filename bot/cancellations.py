"""Cancellations in the database: recorded before they are acknowledged, one running for each target."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.accounts import Accounts
from bot.audit import Audit, Event
from bot.cancellation import Actor, Cancellation
from bot.errors import Unavailable
from bot.keys import Sealer
from bot.outcome import Outcome, as_detail
from bot.resources import Target
from bot.store import Store, now
from bot.tables import audit_rows, cancellations, claims

_OUTCOME: Final = TypeAdapter(Outcome)
_LATE: Final = ("Recording this took too long, so nothing was sent.", "Press the button again.")
_MOST_RUNS: Final = 20


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
        return self.number + 1 >= _MOST_RUNS


@dataclass(frozen=True)
class Running:
    """Whose cancellation of the target is under way, since when; `ended`: it was, and is over."""

    user: str
    at: datetime
    ended: bool


@dataclass(frozen=True)
class Begun:
    """Where a workflow takes up: what an earlier one of the same cancellation has done. `current`: it is to go on."""

    current: bool
    calls: int = 0
    outcome: Outcome | None = None


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
        try:
            return await self._record(cancellation, key, detail, deadline)
        except sa.exc.IntegrityError:  # this dialog was recorded before
            async with self._store.read() as connection:
                known = await self._running(connection, cancellation.id)
            if known is None:
                raise
            return known

    async def _record(
        self, cancellation: Cancellation, key: str, detail: Mapping[str, object], deadline: float
    ) -> Running | None:
        async with self._store.begin() as connection:
            holder = await self._claim(connection, key, cancellation.id)
            joined = holder if holder != cancellation.id else None
            await connection.execute(cancellations.insert().values(**self._row(cancellation, key, joined)))
            event = Event.JOINED if joined else Event.REQUESTED
            await self._audit.add(connection, event, cancellation, {"joined": joined} if joined else detail)
            running = await self._running(connection, cancellation.id) if joined else None
            if time.monotonic() > deadline:
                raise Unavailable(*_LATE)
        return running

    async def load(self, cancellation_id: str) -> Cancellation | None:
        """The cancellation, with the account that its person is linked to now."""
        async with self._store.read() as connection:
            row = (await connection.execute(_select(cancellations.c.id == cancellation_id))).one_or_none()
        if row is None:
            return None
        found = self._of(row)
        linked = await self._accounts.linked(found.actor.team, found.actor.user)
        if linked:
            found = replace(found, actor=replace(found.actor, account=linked.account, account_name=linked.name))
        return found

    async def begun(self, run: Run) -> Begun:
        """What has been done already, for a workflow that begins."""
        calls = sa.select(sa.func.count()).where(
            (audit_rows.c.cancellation_id == run.id) & (audit_rows.c.event == Event.CALLED)
        )
        async with self._store.read() as connection:
            row = (await connection.execute(_select(cancellations.c.id == run.id))).one_or_none()
            made = (await connection.execute(calls)).scalar_one()
        if row is None or row.ended_at or row.run != run.number:
            return Begun(current=False)
        return Begun(True, made, _OUTCOME.validate_python(row.outcome) if row.outcome else None)

    async def settle(self, cancellation: Cancellation, outcome: Outcome, event: Event) -> None:
        """Records what became of it, in its row and in the trail."""
        dumped = _OUTCOME.dump_python(outcome, mode="json")
        async with self._store.begin() as connection:
            await connection.execute(
                cancellations.update().where(cancellations.c.id == cancellation.id).values(outcome=dumped)
            )
            await self._audit.add(connection, event, cancellation, as_detail(outcome))

    async def refused(self, cancellation: Cancellation, outcome: Outcome) -> None:
        """Records a wish that ended before it began."""
        await self._audit.record(Event.REFUSED, cancellation, as_detail(outcome))

    async def release(self, cancellation_id: str, *, hand_on: bool) -> str:
        """Frees the target; with `hand_on`, the first that joined takes it over, and its id is returned.

        The others that had joined stay with the one that ended or, handed on, with the one that comes next.
        """
        async with self._store.begin() as connection:
            await connection.execute(
                cancellations.update()
                .where((cancellations.c.id == cancellation_id) & cancellations.c.ended_at.is_(None))
                .values(ended_at=now())
            )
            heir = await self._heir(connection, cancellation_id) if hand_on else None
            mine = claims.c.cancellation_id == cancellation_id
            if heir is None:
                await connection.execute(claims.delete().where(mine))
                return ""
            await connection.execute(claims.update().where(mine).values(cancellation_id=heir))
            waiting = cancellations.c.joined_to == cancellation_id
            await connection.execute(cancellations.update().where(waiting).values(joined_to=heir))
            await connection.execute(
                cancellations.update().where(cancellations.c.id == heir).values(joined_to=None, instance=self._instance)
            )
        return str(heir)

    async def joined(self, cancellation_id: str) -> list[str]:
        """The ids of those that had joined it and were not told the end yet, oldest first."""
        waiting = (cancellations.c.joined_to == cancellation_id) & cancellations.c.ended_at.is_(None)
        async with self._store.read() as connection:
            query = (
                sa.select(cancellations.c.id).where(waiting).order_by(cancellations.c.created_at, cancellations.c.id)
            )
            return list((await connection.execute(query)).scalars())

    async def told(self, cancellation_id: str) -> None:
        """Whoever had joined has heard the end."""
        async with self._store.begin() as connection:
            await connection.execute(
                cancellations.update().where(cancellations.c.id == cancellation_id).values(ended_at=now())
            )

    async def running(self, instance: str) -> list[Run]:
        """What this process, or nobody in particular, has to see through."""
        mine = cancellations.c.instance.in_((instance, ""))
        open_ones = mine & cancellations.c.ended_at.is_(None) & cancellations.c.joined_to.is_(None)
        async with self._store.read() as connection:
            rows = await connection.execute(sa.select(cancellations.c.id, cancellations.c.run).where(open_ones))
            return [Run(row.id, row.run) for row in rows]

    async def inherit(self, dead: str, instance: str) -> None:
        """What the dead process had to see through is this one's from now on."""
        async with self._store.begin() as connection:
            await connection.execute(
                cancellations.update()
                .where((cancellations.c.instance == dead) & cancellations.c.ended_at.is_(None))
                .values(instance=instance)
            )

    async def again(self, run: Run) -> bool:
        """Has another workflow begun for it; false when somebody else did."""
        same = (cancellations.c.id == run.id) & (cancellations.c.run == run.number)
        async with self._store.begin() as connection:
            changed = await connection.execute(
                cancellations.update().where(same).values(run=run.number + 1).returning(cancellations.c.id)
            )
            return changed.one_or_none() is not None

    async def forget(self, before: datetime) -> None:
        """Deletes what ended before this moment; the trail stays."""
        async with self._store.begin() as connection:
            await connection.execute(cancellations.delete().where(cancellations.c.ended_at < before))

    async def _running(self, connection: AsyncConnection, cancellation_id: str) -> Running | None:
        """The one that this cancellation waits for: itself, or the one it joined. None when it was never recorded."""
        one, other = cancellations.alias(), cancellations.alias()
        query = (
            sa.select(other.c.user, other.c.created_at, other.c.ended_at)
            .join(one, other.c.id == sa.func.coalesce(one.c.joined_to, one.c.id))
            .where(one.c.id == cancellation_id)
        )
        row = (await connection.execute(query)).one_or_none()
        return Running(row.user, row.created_at, row.ended_at is not None) if row else None

    async def _claim(self, connection: AsyncConnection, key: str, cancellation_id: str) -> str:
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
                holder = (await connection.execute(query)).scalar_one_or_none()
                if holder is not None:
                    return str(holder)

    async def _heir(self, connection: AsyncConnection, cancellation_id: str) -> str | None:
        # The claim first: nobody joins from here to the end of the transaction.
        held = sa.select(claims.c.key).where(claims.c.cancellation_id == cancellation_id).with_for_update()
        if (await connection.execute(held)).one_or_none() is None:
            return None
        waiting = (cancellations.c.joined_to == cancellation_id) & cancellations.c.ended_at.is_(None)
        first = sa.select(cancellations.c.id).where(waiting).order_by(cancellations.c.created_at, cancellations.c.id)
        return (await connection.execute(first.limit(1))).scalar_one_or_none()

    def _row(self, cancellation: Cancellation, key: str, joined: str | None) -> dict[str, Any]:
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
            "claim_key": key,
            "sealed": self._sealer.seal(cancellation.id, words),
            "joined_to": joined,
            "instance": self._instance,
            "created_at": cancellation.at,
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
        )


def _select(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(cancellations).where(condition)
