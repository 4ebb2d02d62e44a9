"""The one client of Microsoft Graph and Azure Resource Manager: reads and lists requests, cancels one, follows it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.errors import AnswerLost, ServiceError
from bot.graph.links import operation_path, own_path
from bot.graph.wire import Caller, Wire
from bot.resources import CancelCall, ListCall, Meaning, Permissions, Resource, Service, Slot, Target, path_of

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

    def __init__(self, *wires: Wire) -> None:
        self._wires = {wire.service: wire for wire in wires}

    async def read(self, resource: Resource, target: Target, caller: Caller) -> Mapping[str, object]:
        """The request's entity. A listed kind that lacks it raises the `ServiceError` 404 that a single read would."""
        call, wire = resource.read, self._wires[resource.service]
        path, query = _address(resource, call.version, path_of(resource, call.path, target), call.query)
        permissions = scoped(call.permissions, resource, target)
        if not call.listed:
            return await _get(wire, path, permissions, caller, query)
        async for page in _pages(wire, path, permissions, caller, query, most=_PAGES):
            for item in page:
                if str(item.get("id", "")).casefold() == target.id.casefold():
                    return item
        raise ServiceError(404, (), "")

    async def cancel(
        self, resource: Resource, call: CancelCall, target: Target, justification: str, caller: Caller
    ) -> Answer:
        """Makes the cancel call once. Only a documented success returns."""
        path, query = _address(resource, call.version, path_of(resource, call.path, target), {})
        response = await self._wires[resource.service].send(
            call.method,
            path,
            scoped(call.permissions, resource, target),
            caller,
            query=query,
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

    async def pages(
        self, resource: Resource, call: ListCall, caller: Caller
    ) -> AsyncIterator[list[Mapping[str, object]]]:
        """The entities of a list, page by page; raises `AnswerLost` at a page that is none or leads elsewhere.

        So it does after 200 pages.
        """
        path, query = _address(resource, call.version, call.path, call.query)
        wire = self._wires[resource.service]
        async for page in _pages(wire, path, call.permissions, caller, query, most=_LIST_PAGES):
            yield page

    async def operation(self, resource: Resource, call: CancelCall, location: str, caller: Caller) -> Operation | None:
        """The operation that a 202 named; None when the address is not one of this service's operations."""
        wire = self._wires[resource.service]
        path = operation_path(resource, location, wire.hosts)
        if not path:
            return None
        entity = await _get(wire, path, call.permissions, caller, {})
        error = entity.get("error")
        code = error.get("code") if isinstance(error, Mapping) else ""
        return Operation(str(entity.get("status", "")), str(code or ""))


async def _pages(
    wire: Wire, path: str, permissions: Permissions, caller: Caller, query: Mapping[str, str], *, most: int
) -> AsyncIterator[list[Mapping[str, object]]]:
    seen: set[str] = set()
    for _ in range(most):
        page = await _get(wire, path, permissions, caller, query)
        items = page.get("value")
        if not isinstance(items, list):
            raise AnswerLost(f"{wire.service.label} answered with something that is no list.")
        yield [item for item in items if isinstance(item, dict)]
        link = page.get("@odata.nextLink") or page.get("nextLink")
        if not link:
            return
        path, query = own_path(str(link), wire.hosts, versioned=wire.service is Service.GRAPH), {}
        if path in seen:
            raise AnswerLost(f"{wire.service.label}'s list leads back to a page that was read.")
        seen.add(path)
    raise AnswerLost(f"{wire.service.label}'s list has more than {most} pages.")


async def _get(
    wire: Wire, path: str, permissions: Permissions, caller: Caller, query: Mapping[str, str]
) -> Mapping[str, object]:
    response = await wire.send("GET", path, permissions, caller, query=query)
    entity = response.entity()
    if response.status != 200 or entity is None:
        raise response.failure()
    return entity


def _address(resource: Resource, version: str, path: str, query: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Where the service looks for the version: Graph in the path, Azure Resource Manager in the query."""
    if resource.service is Service.ARM:
        return path, {"api-version": version, **query}
    return f"/{version}{path}", query


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
