"""The audit trail: what was asked, decided and answered, one row an event, written before anything is sent."""

from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum

from bot.cancellation import Cancellation
from bot.outcome import Outcome
from bot.store import Store, now
from bot.tables import audit


class Event(StrEnum):
    """What a row tells."""

    REQUESTED = "requested"
    JOINED = "joined"
    CALLED = "called"
    ENDED = "ended"


class Audit:
    """Adds rows. A row that cannot be written raises, and then nothing may be sent."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def record(self, event: Event, cancellation: Cancellation, detail: Mapping[str, object]) -> None:
        """One durable row."""
        actor, target = cancellation.actor, cancellation.target
        async with self._store.begin() as connection:
            await connection.execute(
                audit.insert().values(
                    at=now(),
                    cancellation_id=cancellation.id,
                    event=event,
                    team=actor.team,
                    user=actor.user,
                    oid=actor.account.oid if actor.account else "",
                    kind=target.kind,
                    target_id=target.id,
                    scope=target.scope,
                    justification=cancellation.justification,
                    detail=dict(detail),
                )
            )

    async def ended(self, cancellation: Cancellation, outcome: Outcome) -> None:
        """The row of the end."""
        detail = {name: value for name, value in asdict(outcome).items() if value}
        await self.record(Event.ENDED, cancellation, {"result": outcome.result, **detail})
