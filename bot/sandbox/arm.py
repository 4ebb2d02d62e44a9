"""A strict stand-in of the parts of Azure Resource Manager that read and cancel schedule requests."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.sandbox.arm_facts import ARM_FACTS, VERSION
from bot.sandbox.arm_routes import PROVIDER, Filter, find_route
from bot.sandbox.entra import EntraStandIn
from bot.sandbox.graph_answers import json_answer
from bot.sandbox.graph_pages import SKIP_TOKEN
from bot.sandbox.graph_routes import Route
from bot.sandbox.graph_types import Call, Caller, Cancel, Entity, Facts, Item, Problem, Refused, Violation
from bot.sandbox.service import Ids, Service
from bot.sandbox.tls import ThrowAwayAuthority

AUDIENCE = "https://management.azure.com"
SUBSCRIPTION = "/subscriptions/5ab50000-5a4d-4b0c-9d00-0000000c0de0"


class ArmStandIn(Service):
    """Azure Resource Manager; all its public attributes may be changed while it runs.

    Its `admins` are user access administrators of every scope.
    """

    name = "Azure"
    id_header = "x-ms-client-request-id"

    def __init__(
        self,
        entra: EntraStandIn,
        authority: ThrowAwayAuthority,
        audience: str = AUDIENCE,
        facts: Sequence[Facts] = ARM_FACTS,
    ) -> None:
        super().__init__(entra, authority, audience, facts)
        self.application_actions = {action for one in facts for action in one.collections[0].read.application}
        """What the application's own Azure roles allow it at every scope: to read, and not to cancel."""

    def add(
        self,
        type_name: str,
        *,
        owner: str,
        state: str | None = None,
        id: str | None = None,  # noqa: A002 - as in Store.add
        scope: str = SUBSCRIPTION,
        age: float = 0.0,
        **props: Any,
    ) -> str:
        """Add a request that the person with the oid `owner` made `age` seconds ago, and return its whole id.

        `id` is its name, a GUID; `scope` is empty for the root. `props` replace members of its `properties`.
        """
        facts = self.facts[type_name]
        path = facts.collections[0].path
        # The specification's examples write the collection so, and its paths in camel case.
        whole = f"{scope}{PROVIDER}{path[0].upper()}{path[1:]}/{id or uuid.uuid4()}"
        created = (datetime.now(UTC) - timedelta(seconds=age)).isoformat().replace("+00:00", "Z")
        properties = facts.entity(whole, owner, created)["properties"] | props
        return super().add(type_name, owner=owner, state=state, id=whole, properties=properties)

    def _ids(self, _call: Call, /) -> Ids:
        return {"x-ms-request-id": str(uuid.uuid4()), "x-ms-correlation-request-id": str(uuid.uuid4())}

    def _error(self, problem: Problem, _ids: Ids, /) -> Entity:
        return {"error": {"code": problem.code, "message": problem.message}}

    def _answer(self, call: Call, caller: Caller | None) -> web.Response:
        # Without a version, Azure Resource Manager does not even ask who calls.
        self._check_version(call)
        caller = self._gate.admit(caller)
        if caller.app_only:
            caller = replace(caller, permissions=frozenset(self.application_actions))
        route = find_route(self.facts.values(), call.method, call.path)
        match route.action:
            case "cancel":
                return self._cancel(route, caller, call)
            case "get":
                return json_answer(self._read(route, caller, call).entity)
            case _:
                return self._list(route, caller, call)

    def _check_version(self, call: Call) -> None:
        given = call.query.get("api-version")
        if given == VERSION:
            return
        self.violations.append(f"{call.method} {call.path}: api-version {given}")
        if given is None:
            text = "The api-version query parameter (?api-version=) is required for all requests."
            raise Refused(Problem(400, "MissingApiVersionParameter", text))
        raise Refused(Problem(400, "InvalidApiVersionParameter", f"The api-version '{given}' is invalid."))

    def _cancel(self, route: Route, caller: Caller, call: Call) -> web.Response:
        facts = route.facts
        if call.body is not None or call.query.keys() != {"api-version"}:
            raise Violation("a cancel action takes no body and no other query option than api-version")
        if not route.collection.cancel.allow(caller):
            raise Refused(_denied(route, caller))
        item = self.find(facts.type_name, route.id, None)
        if item is None:
            raise Refused(self.unknown_id(facts))
        if facts.may_cancel(Cancel(caller, item, None, frozenset(self.admins))):
            raise Refused(_denied(route, caller))
        if not self.cancels(facts, item):
            raise Refused(facts.not_cancellable)
        self.cancel(item, caller.oid)
        return web.Response(status=self._success(facts).status)

    def _read(self, route: Route, caller: Caller, call: Call) -> Item:
        if call.query.keys() != {"api-version"}:
            raise Violation("a read of one takes no other query option than api-version")
        item = self.find(route.facts.type_name, route.id, None)
        if item is None:
            raise Refused(replace(route.facts.unknown_id, status=404))
        if not self._may_read(route, caller, item.owner, _principal(item)):
            raise Refused(_denied(route, caller))
        return item

    def _may_read(self, route: Route, caller: Caller, *people: str) -> bool:
        """Return whether the caller is one of these people, or sees what anybody has asked for."""
        return route.collection.read.allow(caller) and (caller.app_only or caller.oid in {*people, *self.admins})

    def _list(self, route: Route, caller: Caller, call: Call) -> web.Response:
        if call.query.keys() - {"api-version", "$filter", SKIP_TOKEN}:
            raise Violation("a list takes $filter alone")
        wanted = Filter.parse(call.query.get("$filter", ""), route.collection.filters)
        if not self._may_read(route, caller, *([caller.oid or ""] if wanted.own else ())):
            raise Refused(_denied(route, caller))
        found, start = self._begun(call, caller, lambda: self._found(route, caller, wanted))
        end = start + self.page_size
        answer: Entity = {"value": found.entities[start:end]}
        if link := self._next_link(call, found, end):
            answer["nextLink"] = link
        return json_answer(answer)

    def _found(self, route: Route, caller: Caller, wanted: Filter) -> list[Entity]:
        items = self.of_type(route.facts.type_name, None)
        return [item.entity for item in items if wanted.holds(item, route.id, caller.oid)]


def _principal(item: Item) -> str:
    return str(item.entity["properties"]["principalId"])


def _denied(route: Route, caller: Caller) -> Problem:
    scope = route.id.rpartition(PROVIDER)[0] or route.id or "/"
    verb = "cancel/action" if route.action == "cancel" else "read"
    action = f"Microsoft.Authorization/{route.collection.path}/{verb}"
    who = caller.oid or "of the application"
    text = f"The client with object id '{who}' does not have authorization to perform action '{action}' over scope"
    return Problem(403, "AuthorizationFailed", f"{text} '{scope}' or the scope is invalid.")
