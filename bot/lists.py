"""Pending lists as the services show them: read once for everybody who may see them, and kept for a short time."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from bot.errors import BotError, ConsentNeeded, ServiceError
from bot.graph.client import GraphClient
from bot.graph.tokens import Account
from bot.graph.wire import Caller
from bot.resources import Resource, Snapshot, Standing, Target, TargetError, snapshot, target_of
from bot.tasks import Tasks
from bot.timings import Timings

log = structlog.get_logger(__name__)

MOST: Final = 5000
"""Targets of one list; what comes after them is not read."""

_KEPT: Final = 500  # lists, most of them of one person each


@dataclass(frozen=True)
class Listed:
    """One pending target, as its list showed it."""

    target: Target
    snapshot: Snapshot


@dataclass(frozen=True)
class Listing:
    """A whole list by the targets' keys, read at that moment of the monotonic clock; `more`: it is longer."""

    items: Mapping[str, Listed]
    at: float
    more: bool = False


@dataclass(frozen=True)
class _Failure:
    error: BotError
    until: float


_Key = tuple[str, Account | None]


class Lists:
    """Reads lists as the application or, with an account, as that person. What fails is asked again after a while."""

    def __init__(self, graph: GraphClient, timings: Timings) -> None:
        self._graph = graph
        self._timings = timings
        self._tasks = Tasks(awaited=True)
        self._kept: dict[_Key, Listing] = {}
        self._failed: dict[_Key, _Failure] = {}
        self._reading: dict[_Key, asyncio.Task[Listing]] = {}

    async def kept(self, resource: Resource, account: Account | None = None) -> Listing:
        """The list, at most two minutes old, and read anew beside when it is older than ten seconds.

        Raises what reading raises, and the same again for half a minute, or as long as the service asked for.
        """
        key = (resource.kind, account)
        found, failure = self._kept.get(key), self._failed.get(key)
        age = time.monotonic() - found.at if found else 0.0
        if found and age < self._timings.list_oldest:
            if age > self._timings.list_fresh and not (failure and failure.until > time.monotonic()):
                self._begin(resource, account)
            return found
        if failure and failure.until > time.monotonic():
            raise failure.error
        return await self.read(resource, account)

    async def read(self, resource: Resource, account: Account | None = None) -> Listing:
        """The list as it is now; raises `ServiceFailure`, or what getting a token raises."""
        # A caller that gives up must not end it for the others.
        return await asyncio.shield(self._begin(resource, account))

    async def close(self) -> None:
        """Ends what is being read."""
        await self._tasks.drain(0)

    def _begin(self, resource: Resource, account: Account | None) -> asyncio.Task[Listing]:
        """The one reading of this list that is under way."""
        key = (resource.kind, account)
        task = self._reading.get(key)
        if task is None:
            task = self._reading[key] = self._tasks.spawn(self._read(key, resource))
            task.add_done_callback(lambda _: self._reading.pop(key, None))
        return task

    async def _read(self, key: _Key, resource: Resource) -> Listing:
        try:
            listing = await self._listed(resource, key[1])
        except BotError as error:
            asked = getattr(error, "retry_after", None) or 0.0
            log.warning("list_not_read", kind=resource.kind, **_described(error))
            self._failed[key] = _Failure(error, time.monotonic() + max(asked, self._timings.list_again))
            raise
        self._failed.pop(key, None)
        self._kept[key] = listing
        self._forget()
        return listing

    async def _listed(self, resource: Resource, account: Account | None) -> Listing:
        calls = resource.lists_for(application=account is None)
        if not calls:
            raise ConsentNeeded("to list it")
        at, items = time.monotonic(), dict[str, Listed]()
        for call in calls:
            async for page in self._graph.pages(resource, call, Caller(account)):
                for entity in page:
                    listed = _listed(resource, entity)
                    if listed:
                        items[listed.target.key] = listed
                if len(items) >= MOST:
                    return Listing(items, at, more=True)
        return Listing(items, at)

    def _forget(self) -> None:
        if len(self._kept) <= _KEPT:
            return
        oldest = time.monotonic() - self._timings.list_oldest
        self._kept = {key: one for key, one in self._kept.items() if one.at > oldest}
        self._failed = {key: one for key, one in self._failed.items() if one.until > time.monotonic()}


def _listed(resource: Resource, entity: Mapping[str, object]) -> Listed | None:
    """What can still be cancelled, as far as is known; None for the rest, and for what has no usable id."""
    try:
        target = target_of(resource, str(entity.get("id", "")))
    except TargetError:
        log.warning("listed_id_unusable", kind=resource.kind)
        return None
    shown = snapshot(resource, entity)
    return None if shown.standing is Standing.FINAL or shown.cancelling else Listed(target, shown)


def _described(error: BotError) -> dict[str, object]:
    if isinstance(error, ServiceError):
        return {"code": error.code, "status": error.status, "service_code": error.service_code}
    return {"code": error.code}
