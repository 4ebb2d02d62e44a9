"""Looking again at what was not known when a cancellation ended, for a day, until it is."""

from typing import Final

from bot.attempt import Attempts
from bot.audit import Event
from bot.cancellation import Cancellation
from bot.cancellations import Cancellations
from bot.durable import Engine, patiently
from bot.outcome import Outcome, Result, settled_later
from bot.policy import Ownership
from bot.recorded import LOOKED, NOTHING, Sight
from bot.timings import Timings
from bot.told import Teller, Telling

WATCH: Final = "watch"


class Unsettled:
    """Registers the workflow `WATCH`, which only reads; whoever ends a cancellation starts it."""

    def __init__(
        self, *, attempts: Attempts, cancellations: Cancellations, engine: Engine, teller: Teller, timings: Timings
    ) -> None:
        self._attempts = attempts
        self._cancellations = cancellations
        self._engine = engine
        self._teller = teller
        self._timings = timings
        self._telling = Telling(engine, timings)
        engine.register(WATCH, self._watch)

    async def _watch(self, cancellation_id: str) -> None:
        cancellation = await patiently(lambda: self._cancellations.load(cancellation_id))
        if cancellation is None:
            return
        found = await self._watched(cancellation)
        if found is None:
            return
        outcome, sight = found
        await self._engine.step(
            "settled", lambda: self._cancellations.settle(cancellation, outcome, Event.SETTLED), NOTHING
        )
        self._teller.changed(cancellation)
        await self._telling.until_told("reply", lambda: self._teller.ended(cancellation, outcome))
        await self._telling.until_told("cards", lambda: self._teller.cards(cancellation, outcome))
        await self._telling.of_batch(self._teller, cancellation)
        await self._telling.until_told("audit_post", lambda: self._teller.audited(cancellation, outcome, Event.SETTLED))
        await self._telling.until_told("settled_alone", lambda: self._teller.settled(cancellation, outcome))
        if outcome.result is Result.CANCELLED and sight.ownership is not Ownership.OWN:
            await self._telling.until_told("requestor", lambda: self._teller.requestor(cancellation))

    async def _watched(self, cancellation: Cancellation) -> tuple[Outcome, Sight] | None:
        """The end, and the look that showed it; None when none did."""
        resource, waited = self._attempts.resource(cancellation), 0.0
        for pause in self._timings.watch:
            await self._engine.sleep(pause)
            waited += pause
            sight = await self._engine.step("watch", lambda: self._attempts.look(cancellation), LOOKED)
            if isinstance(sight, Sight):
                patient = waited >= self._timings.watch_patient
                outcome = settled_later(resource, sight.look, patient=patient)
                if outcome:
                    return outcome, sight
        return None
