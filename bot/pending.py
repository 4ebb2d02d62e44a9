"""What one person may cancel now: the pending lists, seen through the policy and through whose request each is."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.cancellation import Actor
from bot.errors import BotError, ConsentNeeded, Refused, ServiceError, SignInNeeded
from bot.gate import Gate
from bot.lists import Listed, Listing, Lists
from bot.policy import Ownership
from bot.reading import owner
from bot.resources import ListCall, Resource

_UNDATED: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Choices:
    """What somebody may cancel, the newest first.

    `unread` are the kinds whose list could not be read, `sign_in` those that are shown once they have signed in,
    `longer` those of which there are more than can be read, `own_only` those of which they may cancel others', too, and
    Microsoft lists only their own.
    """

    items: tuple[Listed, ...] = ()
    unread: tuple[Resource, ...] = ()
    sign_in: tuple[Resource, ...] = ()
    longer: tuple[Resource, ...] = ()
    own_only: tuple[Resource, ...] = ()


@dataclass(frozen=True)
class _Part:
    resource: Resource
    items: tuple[Listed, ...] = ()
    unread: bool = False
    sign_in: bool = False
    longer: bool = False
    own_only: bool = False


class Pending:
    """Answers for a person. What they may not cancel is not in the answer."""

    def __init__(self, gate: Gate, lists: Lists) -> None:
        self._gate = gate
        self._lists = lists

    async def of(self, actor: Actor, kinds: Collection[str] = (), *, own: bool = False, fresh: bool = False) -> Choices:
        """What they may cancel now, of these kinds or of all; with `own`, only what they asked for themselves.

        Lists are at most two minutes old, with `fresh` ten seconds. A kind that cannot be read is named, and keeps no
        other from being shown.
        """
        wanted = [one for one in self._gate.registry if one.lists and (not kinds or one.kind in kinds)]
        parts = await asyncio.gather(*(self._part(actor, resource, own=own, fresh=fresh) for resource in wanted))
        items = (item for part in parts for item in part.items)
        return Choices(
            items=tuple(sorted(items, key=lambda one: one.snapshot.created or _UNDATED, reverse=True)),
            unread=tuple(part.resource for part in parts if part.unread),
            sign_in=tuple(part.resource for part in parts if part.sign_in),
            longer=tuple(part.resource for part in parts if part.longer),
            own_only=tuple(part.resource for part in parts if part.own_only),
        )

    async def find(self, actor: Actor, digest: str) -> Listed | None:
        """The one of that digest among what they may cancel now."""
        return next((one for one in (await self.of(actor)).items if one.target.digest == digest), None)

    async def _part(self, actor: Actor, resource: Resource, *, own: bool, fresh: bool) -> _Part:
        try:
            return await self._shown(actor, resource, own=own, fresh=fresh)
        except Refused:
            return _Part(resource)
        except SignInNeeded:
            return _Part(resource, sign_in=True)
        except BotError:  # it is logged where it was read
            return _Part(resource, unread=True)

    async def _shown(self, actor: Actor, resource: Resource, *, own: bool, fresh: bool) -> _Part:
        wanted = self._gate.visible(actor, resource)
        if own and not actor.account:
            raise SignInNeeded("Which requests are yours is not known yet.")
        if own:
            wanted &= {Ownership.OWN}
        if not wanted:
            return _Part(resource)
        calls, listing = await self._listing(actor, resource, fresh=fresh)
        # One's own list is not all that somebody may cancel who may cancel others', too.
        missing = all(call.own for call in calls) and wanted != {Ownership.OWN}
        shared = bool(resource.lists_for(application=True))
        return _Part(
            resource,
            tuple(_of(actor, listing.items.values(), wanted)),
            unread=missing and shared,
            longer=listing.more,
            own_only=missing and not shared,
        )

    async def _listing(self, actor: Actor, resource: Resource, *, fresh: bool) -> tuple[Sequence[ListCall], Listing]:
        """The list that everybody shares or, where the service refuses it to the application, the person's own."""
        shared, personal = resource.lists_for(application=True), resource.lists_for(application=False)
        if shared:
            try:
                return shared, await self._lists.kept(resource, fresh=fresh)
            except BotError as error:
                if not (personal and actor.account and _refused(error)):
                    raise
        if not personal or not actor.account:
            raise SignInNeeded("Microsoft shows this list only to you.")
        return personal, await self._lists.kept(resource, actor.account, fresh=fresh)


def _refused(error: BotError) -> bool:
    return isinstance(error, ConsentNeeded) or (isinstance(error, ServiceError) and error.status in (401, 403))


def _of(actor: Actor, items: Iterable[Listed], wanted: frozenset[Ownership]) -> Iterable[Listed]:
    return (one for one in items if owner(actor, one.snapshot) in wanted)
