"""What an operator sees and does of cancellations, beside a serving process."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from bot.errors import InputError, Refused
from bot.runs import Run, Runs
from bot.store import Store
from bot.tables import audit_rows, cancellations
from bot.workflows import Job, Records

_MOST: Final = 200


@dataclass(frozen=True)
class Listed:
    """One cancellation. `state`: running, waiting (it joined another), beginning, stopped, or how it ended."""

    run: Run
    state: str
    kind: str
    target_id: str
    user: str
    created_at: datetime
    ended_at: datetime | None


class Jobs:
    """Lists, shows, and has a stopped cancellation begun again."""

    def __init__(self, store: Store, records: Records) -> None:
        self._store = store
        self._records = records

    async def listed(self, *, ended: bool) -> list[Listed]:
        """The open ones, or the latest of those that ended; the newest first, at most 200."""
        column = cancellations.c.ended_at
        condition = column.is_not(None) if ended else column.is_(None)
        query = sa.select(cancellations).where(condition).order_by(cancellations.c.created_at.desc()).limit(_MOST)
        rows = await self._store.rows(query)
        jobs = await asyncio.to_thread(self._records.jobs, [_run(row).workflow_id for row in rows])
        return [_listed(row, jobs.get(_run(row).workflow_id)) for row in rows]

    async def shown(self, cancellation_id: str) -> tuple[Listed, list[str], list[str]]:
        """One of them, its recorded steps, and its rows in the audit trail; raises `InputError`."""
        row = await self._row(cancellation_id)
        run = _run(row)
        job = (await asyncio.to_thread(self._records.jobs, [run.workflow_id])).get(run.workflow_id)
        steps = await asyncio.to_thread(self._records.steps, run.workflow_id) if job else []
        told = sa.select(audit_rows).where(audit_rows.c.cancellation_id == row.id).order_by(audit_rows.c.seq)
        events = await self._store.rows(told)
        trail = [f"{one.at:%Y-%m-%d %H:%M:%S} {one.event} {_codes(one.detail)}".rstrip() for one in events]
        return _listed(row, job), [f"{number} {name}" for number, name in steps], trail

    async def retry(self, cancellation_id: str) -> Run:
        """Has another workflow begun, by whichever process serves; raises `InputError`, or `Refused` where one runs."""
        row = await self._row(cancellation_id)
        found, _, _ = await self.shown(row.id)
        if found.state != "stopped":
            raise Refused("not_stopped", f"Only a stopped one begins again; it is: {found.state}.")
        # Nobody's, so every serving process looks after it: the one that had it may be gone.
        await Runs(self._store).again(found.run, "")
        return Run(row.id, row.run + 1)

    async def _row(self, cancellation_id: str) -> sa.Row[Any]:
        row = await self._store.row(sa.select(cancellations).where(cancellations.c.id == cancellation_id))
        if row is None:
            raise InputError("id", f"There is no cancellation {cancellation_id}.", "See: jobs list, jobs list --ended.")
        return row


def _run(row: sa.Row[Any]) -> Run:
    return Run(row.id, row.run)


def _listed(row: sa.Row[Any], job: Job | None) -> Listed:
    return Listed(_run(row), _state(row, job), row.kind, row.target_id, row.user, row.created_at, row.ended_at)


def _state(row: sa.Row[Any], job: Job | None) -> str:
    if row.ended_at:
        return str((row.outcome or {}).get("reason") or "told another's end")
    if row.joined_to:
        return f"waiting for {row.joined_to}"
    if job is None:
        return "beginning"
    return "running" if job.unfinished else "stopped"


def _codes(detail: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in detail.items() if name not in ("sentence", "next_step"))
