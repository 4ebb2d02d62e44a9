"""Follows a cancellation that the service has accepted but not finished."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from bot.errors import BotError, NoDatabase, ServiceError
from bot.graph.client import Answer, GraphClient, Operation
from bot.graph.wire import Caller
from bot.outcome import Look, Outcome, Reason
from bot.resources import CancelCall, Resource, Standing
from bot.timings import Timings

# approvalOperation's states (microsoft-graph-docs-contrib: beta/api/approvaloperation-get.md).
_SUCCEEDED: Final = "succeeded"
_ENDED_OTHERWISE: Final = frozenset({"failed", "timeout"})


class Follower:
    """Polls the operation that a 202 named or, without a usable address, the target itself."""

    def __init__(self, graph: GraphClient, timings: Timings) -> None:
        self._graph = graph
        self._timings = timings

    async def follow(
        self,
        resource: Resource,
        call: CancelCall,
        answer: Answer,
        caller: Caller,
        look: Callable[[], Awaitable[Look]],
    ) -> Outcome:
        """How it ended, or that it had not ended when there was no time left. `look` reads the target again.

        Raises `NoDatabase`.
        """
        deadline = time.monotonic() + self._timings.operation_longest
        last = False
        while not last:
            last = time.monotonic() >= deadline  # whatever the looks cost, one is made after the time is over
            operation, pause = await self._operation(resource, call, answer, caller)
            outcome = _of_operation(operation, answer) if operation else None
            if outcome is None and (operation is None or _failed(operation)):
                outcome = _of_target(await _quietly(look), operation, answer)
            if outcome:
                return outcome
            # However long the operation is not to be asked for, the target may tell before.
            await asyncio.sleep(max(self._timings.operation_poll, min(pause, self._timings.throttled)))
        return answered(Reason.IN_PROGRESS, answer)

    async def _operation(
        self, resource: Resource, call: CancelCall, answer: Answer, caller: Caller
    ) -> tuple[Operation | None, float]:
        """The operation, and how long the service asks to wait; without one, the target may tell."""
        try:
            return await self._graph.operation(resource, call, answer.location, caller), 0.0
        except ServiceError as error:
            return None, error.retry_after or 0.0
        except NoDatabase:
            raise
        except BotError:
            return None, 0.0


def _failed(operation: Operation) -> bool:
    return operation.status.casefold() in _ENDED_OTHERWISE


def _of_operation(operation: Operation, answer: Answer) -> Outcome | None:
    succeeded = operation.status.casefold() == _SUCCEEDED
    return answered(Reason.DONE, answer) if succeeded else None


def _of_target(look: Look, operation: Operation | None, answer: Answer) -> Outcome | None:
    """What the target's state tells; None while it tells nothing yet."""
    if look.snapshot and look.snapshot.cancelled:
        return answered(Reason.CONFIRMED, answer, look.state)
    if look.snapshot and look.snapshot.standing is Standing.FINAL:
        return answered(Reason.TOO_LATE, answer, look.state)
    if operation:
        code = operation.error_code or operation.status
        return answered(Reason.OPERATION_FAILED, answer, look.state, code)
    return None


async def _quietly(look: Callable[[], Awaitable[Look]]) -> Look:
    try:
        return await look()
    except NoDatabase:
        raise
    except BotError:
        return Look()


def answered(reason: Reason, answer: Answer, state: str = "", code: str = "") -> Outcome:
    """The outcome of a call that the service has taken, with the ids of its answer."""
    return Outcome(
        reason,
        state,
        answer.status,
        code,
        request_id=answer.request_id,
        client_request_id=answer.client_request_id,
    )
