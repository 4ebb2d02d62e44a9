"""What people wanted cancelled before Microsoft knew them, or knew them well enough: kept until they have signed in."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from bot.cancellation import Actor, Cancellation
from bot.graph.client import scoped
from bot.keys import Sealer
from bot.resources import Resource, Target
from bot.store import Store, now
from bot.tables import wishes

LIFETIME: Final = timedelta(minutes=15)
GOES_ON: Final = "If you sign in within 15 minutes, this goes on by itself."


@dataclass(frozen=True)
class Wish:
    """A cancellation that waits for its person, and the permissions that they must grant for it."""

    cancellation: Cancellation
    permissions: tuple[str, ...]


class Wishes:
    """The rows. One is used up when its cancellation is recorded, and good for nothing after a quarter of an hour."""

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    async def keep(self, cancellation: Cancellation, permissions: tuple[str, ...]) -> None:
        """Keeps it from this moment on, in place of what was entered in the same dialog before; raises `NoDatabase`."""
        actor, target = cancellation.actor, cancellation.target
        words = {"justification": cancellation.justification, "response_url": cancellation.response_url}
        entered = {
            "team": actor.team,
            "user": actor.user,
            "channel": actor.channel,
            "card_id": cancellation.card_id or None,
            "kind": target.kind,
            "target_id": target.id,
            "scope": target.scope,
            "sealed": self._sealer.seal(cancellation.id, words),
            "permissions": " ".join(permissions),
            "created_at": now(),
            "thread_ts": cancellation.thread_ts or None,
            "batch": cancellation.batch or None,
        }
        row = self._store.insert(wishes).values(id=cancellation.id, **entered)
        await self._store.change(row.on_conflict_do_update(index_elements=[wishes.c.id], set_=entered))

    async def of(self, team: str, user: str, at: datetime) -> list[Wish]:
        """What this person had begun at that moment, and not too long before, the oldest first."""
        theirs = (wishes.c.team == team) & (wishes.c.user == user) & wishes.c.created_at.between(at - LIFETIME, at)
        rows = await self._store.rows(sa.select(wishes).where(theirs).order_by(wishes.c.created_at, wishes.c.id))
        return [self._of(row) for row in rows]

    async def hold(self, held: Sequence[Wish]) -> None:
        """Their person is signing in: they are as good as begun now, in their order."""
        moment = now() - timedelta(microseconds=len(held))
        await self._store.change(
            *(
                wishes.update()
                .where(wishes.c.id == wish.cancellation.id)
                .values(created_at=moment + timedelta(microseconds=place))
                for place, wish in enumerate(held)
            )
        )

    async def get(self, wish_id: str) -> Wish | None:
        """The wish, however old; None when it was used up."""
        row = await self._store.row(sa.select(wishes).where(wishes.c.id == wish_id))
        return self._of(row) if row else None

    async def drop(self, wish_id: str) -> None:
        """It is used up."""
        await self._store.change(wishes.delete().where(wishes.c.id == wish_id))

    async def forget(self, before: datetime) -> None:
        """Deletes what was begun before this moment."""
        await self._store.change(wishes.delete().where(wishes.c.created_at < before))

    def _of(self, row: sa.Row[Any]) -> Wish:
        words = self._sealer.open(row.id, row.sealed)
        cancellation = Cancellation(
            id=row.id,
            actor=Actor(row.team, row.user, row.channel),
            target=Target(row.kind, row.target_id, row.scope),
            justification=words.get("justification", ""),
            at=row.created_at,
            card_id=row.card_id or "",
            response_url=words.get("response_url", ""),
            thread_ts=row.thread_ts or "",
            batch=row.batch or "",
        )
        return Wish(cancellation, tuple(row.permissions.split()))


def needed(resource: Resource, target: Target) -> tuple[str, ...]:
    """The least that cancelling this needs of a person: for their own request, as far as the service has that apart.

    Reading is asked for apart from it only where the service lets nobody else read, and would refuse to read with what
    cancelling needs.
    """
    call = resource.call_for(None)
    cancel = scoped(call.permissions, resource, target).delegated
    read = scoped(resource.read.permissions, resource, target)
    least = cancel[:1]
    if call.only_own or read.application or set(least) & set(read.delegated):
        return least
    return (*least, *read.delegated[:1])


def next_attempt(cancellation: Cancellation) -> Cancellation:
    """The same wish as a cancellation of its own, the same one each time: this one has ended."""
    return replace(cancellation, id=hashlib.sha256(f"after {cancellation.id}".encode()).hexdigest()[:32])
