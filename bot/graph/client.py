"""The one client of Microsoft Graph: reads a request, cancels it, follows an operation."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bot.errors import AnswerLost, ServiceError
from bot.graph.links import operation_path, own_path
from bot.graph.wire import Caller, Wire
from bot.resources import CancelCall, ListCall, Meaning, Permissions, ReadCall, Resource, Slot, Target, path_of

_PAGES: Final = 20
_LIST_PAGES: Final = 200


@dataclass(frozen=True)
class Answer:
    """A documented success. `location` is where a 202 sends us; `entity` the answer's JSON object, if there was one."""

    meaning: Meaning
    status: int
    request_id: str
    client_request_id: str
    location: str
    entity: Mapping[str, object]


@dataclass(frozen=True)
class Operation:
    """A long-running operation as the service showed it."""

    status: str
    error_code: str


class GraphClient:
    """The documented calls of every kind. Errors are `ServiceFailure`s, or what getting a token raises."""

    def __init__(self, wire: Wire, url: str, audience: str) -> None:
        self._wire = wire
        self._hosts = frozenset({urlsplit(url).netloc, urlsplit(audience).netloc})

    async def read(self, resource: Resource, target: Target, caller: Caller) -> Mapping[str, object]:
        """The request's entity. A listed kind that lacks it raises the `ServiceError` 404 that a single read would."""
        call = resource.read
        path = f"/{call.version}{path_of(resource, call.path, target)}"
        permissions = scoped(call.permissions, resource, target)
        if not call.listed:
            return await self._get(path, permissions, caller, call.query)
        return await self._find(path, permissions, caller, call, target)

    async def cancel(
        self, resource: Resource, call: CancelCall, target: Target, justification: str, caller: Caller
    ) -> Answer:
        """Makes the cancel call once. Only a documented success returns."""
        response = await self._wire.send(
            call.method,
            f"/{call.version}{path_of(resource, call.path, target)}",
            scoped(call.permissions, resource, target),
            caller,
            body=_body(call.body, target, justification),
        )
        entity = response.entity()
        if response.status not in call.success or entity is None:
            raise response.failure()
        return Answer(
            call.success[response.status],
            response.status,
            response.request_id,
            response.client_request_id,
            response.headers.get("location", ""),
            entity,
        )

    async def pages(self, call: ListCall, caller: Caller) -> AsyncIterator[list[Mapping[str, object]]]:
        """The entities of a list, page by page; raises `AnswerLost` at a page that is none or leads elsewhere.

        So it does after 200 pages.
        """
        async for page in self._pages(f"/{call.version}{call.path}", call.permissions, caller, call.query, _LIST_PAGES):
            yield page

    async def operation(self, resource: Resource, call: CancelCall, location: str, caller: Caller) -> Operation | None:
        """The operation that a 202 named; None when the address is not one of this service's operations."""
        path = operation_path(resource, location, self._hosts)
        if not path:
            return None
        entity = await self._get(path, call.permissions, caller, {})
        error = entity.get("error")
        code = error.get("code") if isinstance(error, Mapping) else ""
        return Operation(str(entity.get("status", "")), str(code or ""))

    async def _find(
        self, path: str, permissions: Permissions, caller: Caller, call: ReadCall, target: Target
    ) -> Mapping[str, object]:
        async for page in self._pages(path, permissions, caller, call.query, _PAGES):
            for item in page:
                if str(item.get("id", "")).casefold() == target.id.casefold():
                    return item
        raise ServiceError(404, (), "")

    async def _pages(
        self, path: str, permissions: Permissions, caller: Caller, query: Mapping[str, str], most: int
    ) -> AsyncIterator[list[Mapping[str, object]]]:
        for _ in range(most):
            page = await self._get(path, permissions, caller, query)
            items = page.get("value")
            if not isinstance(items, list):
                raise AnswerLost("Microsoft Graph answered with something that is no list.")
            yield [item for item in items if isinstance(item, dict)]
            link = page.get("@odata.nextLink")
            if not link:
                return
            path, query = own_path(str(link), self._hosts), {}
        raise AnswerLost(f"Microsoft Graph's list has more than {most} pages.")

    async def _get(
        self, path: str, permissions: Permissions, caller: Caller, query: Mapping[str, str]
    ) -> Mapping[str, object]:
        response = await self._wire.send("GET", path, permissions, caller, query=query)
        entity = response.entity()
        if response.status != 200 or entity is None:
            raise response.failure()
        return entity


def scoped(permissions: Permissions, resource: Resource, target: Target) -> Permissions:
    """The permissions with the name of the target's provider in them."""
    name = resource.scopes.get(target.scope, "")
    return Permissions(
        tuple(permission.replace("{scope}", name) for permission in permissions.delegated),
        tuple(permission.replace("{scope}", name) for permission in permissions.application),
    )


def _body(template: Mapping[str, str | Slot] | None, target: Target, justification: str) -> dict[str, str] | None:
    if template is None:
        return None
    slots: dict[str | Slot, str] = {Slot.ID: target.id, Slot.JUSTIFICATION: justification}
    return {name: slots[value] if isinstance(value, Slot) else value for name, value in template.items()}
