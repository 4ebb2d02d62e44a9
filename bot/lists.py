"""Pending lists as the services show them: read once for everybody who may see them, and kept for a short time."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from bot.errors import AnswerLost, BotError, ConsentNeeded, SignInNeeded
from bot.graph.client import GraphClient
from bot.graph.tokens import Account
from bot.graph.wire import Caller
from bot.resources import ListCall, Resource, Snapshot, Standing, Target, TargetError, snapshot, target_of
from bot.tasks import Tasks
from bot.timings import Timings

log = structlog.get_logger(__name__)

MOST: Final = 5000
"""Entities of one list, also of those that are over; what comes after them is not read."""

_AT_ONCE: Final = 250  # entities, about 10 ms
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
    """`asked` and `until` are on the monotonic clock: before the one, the service wants no other request."""

    error: BotError
    asked: float
    until: float


_Key = tuple[str, Account | None]
_Entities = dict[str, tuple[Mapping[str, object], Listed | None]]
"""What was read of each id, and what it says: comparing takes a twentieth of the time that reading takes."""


class Lists:
    """Reads lists as the application or, with an account, as that person. What fails is asked again after a while."""

    def __init__(self, graph: GraphClient, timings: Timings) -> None:
        self._graph = graph
        self._timings = timings
        self._tasks = Tasks(awaited=True)
        self._kept: dict[_Key, Listing] = {}
        self._failed: dict[_Key, _Failure] = {}
        self._reading: dict[_Key, asyncio.Task[Listing]] = {}
        self._before: dict[str, _Entities] = {}

    async def kept(self, resource: Resource, account: Account | None = None, *, fresh: bool = False) -> Listing:
        """The list, at most two minutes old, and read anew beside when it is older than ten seconds.

        With `fresh` it is at most ten seconds old. Raises what reading raises, and the same again for half a minute, or
        as long as the service asked for; for ten seconds where the person can mend it.
        """
        key = (resource.kind, account)
        found, failure = self._kept.get(key), self._failed.get(key)
        age = time.monotonic() - found.at if found else 0.0
        if found and age < (self._timings.list_fresh if fresh else self._timings.list_oldest):
            if age > self._timings.list_fresh and not (failure and failure.until > time.monotonic()):
                self._begin(resource, account)
            return found
        if failure and failure.until > time.monotonic():
            # Each raise would lengthen the traceback of the one before, and keep what its frames hold.
            raise failure.error.with_traceback(None)
        return await self.read(resource, account)

    async def read(self, resource: Resource, account: Account | None = None) -> Listing:
        """The list as it is now; raises `ServiceFailure`, or what getting a token raises.

        While the service has asked to wait, the same is raised again.
        """
        failure = self._failed.get((resource.kind, account))
        if failure and failure.asked > time.monotonic():
            raise failure.error.with_traceback(None)
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
            self._forget()
            task = self._reading[key] = self._tasks.spawn(self._read(key, resource))
            task.add_done_callback(lambda _: self._reading.pop(key, None))
        return task

    async def _read(self, key: _Key, resource: Resource) -> Listing:
        try:
            listing = await self._in_time(resource, key[1])
        except BotError as error:
            # Whoever has signed in since shall not be asked to again.
            mended = isinstance(error, SignInNeeded | ConsentNeeded)
            pause = self._timings.list_fresh if mended else self._timings.list_again
            asked = getattr(error, "retry_after", None) or 0.0
            described, before = _described(error), self._failed.get(key)
            if before is None or _described(before.error) != described:
                log.warning("list_not_read", kind=resource.kind, **described)
            self._failed[key] = _Failure(error, time.monotonic() + asked, time.monotonic() + max(asked, pause))
            raise
        except Exception:
            log.exception("list_broke", kind=resource.kind)  # a reading beside has nobody else to tell it to
            raise
        if self._failed.pop(key, None):
            log.info("list_read_again", kind=resource.kind)
        self._kept[key] = listing
        return listing

    async def _in_time(self, resource: Resource, account: Account | None) -> Listing:
        try:
            async with asyncio.timeout(self._timings.list_whole):
                return await self._listed(resource, account)
        except TimeoutError as error:
            raise AnswerLost(f"{resource.service.label} takes too long to list it.") from error

    async def _listed(self, resource: Resource, account: Account | None) -> Listing:
        calls = resource.lists_for(application=account is None)
        if not calls:
            raise ConsentNeeded("to list it")
        at, items, read, unusable = time.monotonic(), dict[str, Listed](), 0, 0
        before, seen = self._before.get(resource.kind, {}) if account is None else {}, _Entities()
        async for page in self._pages(resource, calls, account):
            for place, entity in enumerate(page[: MOST - read]):
                if place % _AT_ONCE == 0:
                    await asyncio.sleep(0)  # a click shall not wait for a whole page
                try:
                    listed = _listed_as(before, seen, resource, entity)
                except TargetError:
                    unusable += 1
                    continue
                if listed:
                    items[listed.target.key] = listed
            read += len(page)
            if read > MOST:
                break
        if account is None:
            self._before[resource.kind] = seen
        if unusable:
            log.warning("listed_ids_unusable", kind=resource.kind, number=unusable)
        return Listing(items, at, more=read > MOST)

    async def _pages(
        self, resource: Resource, calls: Iterable[ListCall], account: Account | None
    ) -> AsyncIterator[list[Mapping[str, object]]]:
        for call in calls:
            async for page in self._graph.pages(resource, call, Caller(account)):
                yield page

    def _forget(self) -> None:
        if max(len(self._kept), len(self._failed)) <= _KEPT:
            return
        oldest = time.monotonic() - self._timings.list_oldest
        self._kept = {key: one for key, one in self._kept.items() if one.at > oldest}
        self._failed = {key: one for key, one in self._failed.items() if one.until > time.monotonic()}


def _listed_as(before: _Entities, seen: _Entities, resource: Resource, entity: Mapping[str, object]) -> Listed | None:
    """The same as `_listed`, from before where nothing has changed."""
    entity_id = str(entity.get("id", ""))
    known = before.get(entity_id)
    listed = known[1] if known and known[0] == entity else _listed(resource, entity)
    seen[entity_id] = (entity, listed)
    return listed


def _listed(resource: Resource, entity: Mapping[str, object]) -> Listed | None:
    """What can still be cancelled, as far as is known; None for the rest. Raises `TargetError` for an unusable id."""
    shown = snapshot(resource, entity)
    if shown.standing is Standing.FINAL or shown.cancelling:
        return None
    return Listed(target_of(resource, str(entity.get("id", ""))), shown)


def _described(error: BotError) -> dict[str, object]:
    told = {name: getattr(error, name, None) for name in ("code", "status", "service_code")}
    return {name: value for name, value in told.items() if value}
