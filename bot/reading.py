"""Reads a target as the person or, where that is refused and the service allows it, as the application."""

from bot.cancellation import Actor
from bot.errors import ConsentNeeded, ServiceError, SignInNeeded
from bot.graph.client import GraphClient
from bot.graph.wire import Caller
from bot.outcome import Look, documented
from bot.policy import Identity, Ownership
from bot.resources import ErrorMeaning, Resource, Snapshot, Target, snapshot


class Reader:
    """The one way a target is read."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def look(self, resource: Resource, target: Target, actor: Actor, identity: Identity) -> Look:
        """What can be seen; raises `ServiceFailure` when reading failed, `SignInNeeded`, `Unavailable`."""
        if identity is Identity.DELEGATED:
            if actor.account is None:
                raise SignInNeeded("Your Slack account is not linked to a Microsoft account.")
            look = await self._try(resource, target, Caller(actor.account))
            if look.conclusive:
                return look
            shared = await self.as_application(resource, target)
            return shared if shared.conclusive else look
        return await self.as_application(resource, target)

    async def as_application(self, resource: Resource, target: Target) -> Look:
        """What the bot's own application can see: nothing, where the service lets only people read."""
        if not resource.read.permissions.application:
            return Look()
        return await self._try(resource, target, Caller())

    async def _try(self, resource: Resource, target: Target, caller: Caller) -> Look:
        """An empty look, with the refusal, when this caller may not read it."""
        try:
            entity = await self._graph.read(resource, target, caller)
        except ConsentNeeded as error:
            return Look(refusal=error)
        except ServiceError as error:
            known = documented(resource, error)
            if error.status == 404 or (known and known.meaning is ErrorMeaning.NOT_FOUND):
                return Look(missing=True, refusal=error)
            if error.status in (401, 403):
                return Look(refusal=error)
            raise
        return Look(snapshot(resource, entity))


def ownership(actor: Actor, look: Look) -> Ownership:
    """Whether the target is the actor's own. Nothing never equals nothing."""
    return owner(actor, look.snapshot)


def owner(actor: Actor, snapshot: Snapshot | None) -> Ownership:
    """The same of what was seen of it, in a list too."""
    requestor = snapshot.requestor_oid if snapshot else ""
    if not requestor or actor.account is None:
        return Ownership.UNKNOWN
    return Ownership.OWN if requestor.casefold() == actor.account.oid.casefold() else Ownership.OTHER
