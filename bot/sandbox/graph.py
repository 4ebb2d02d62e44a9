"""A strict stand-in of the parts of Microsoft Graph that read and cancel requests, driven by a table."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from bot.sandbox.entra import EntraStandIn
from bot.sandbox.graph_answers import error_body, json_answer, operation_entity
from bot.sandbox.graph_facts import FACTS
from bot.sandbox.graph_odata import Query
from bot.sandbox.graph_pages import SKIP_TOKEN
from bot.sandbox.graph_routes import Route, find_route
from bot.sandbox.graph_types import (
    DENIED,
    NOT_FOUND,
    Call,
    Caller,
    Cancel,
    Entity,
    Facts,
    Item,
    Problem,
    Refused,
    Violation,
)
from bot.sandbox.service import Ids, Service
from bot.sandbox.tls import ThrowAwayAuthority

GET_OPTIONS = frozenset({"$select", "$expand"})
LISTS = r"GET .*(?:Requests|approvalItems|\))$"
"""What a fault matches that is for lists alone."""


class GraphStandIn(Service):
    """Graph; all its public attributes may be changed while it runs.

    Its `admins` are administrators of entitlement management, of privileged roles and of groups.
    """

    name = "Graph"

    def __init__(
        self,
        entra: EntraStandIn,
        authority: ThrowAwayAuthority,
        audience: str = "https://graph.microsoft.com",
        facts: Sequence[Facts] = FACTS,
    ) -> None:
        super().__init__(entra, authority, audience, facts)
        self.retired = False
        """Types with a retirement answer give it."""
        self.retired_variant: dict[str, str] = {}
        """The retirement answer per type, where not the first of its facts."""
        self.generic_codes: set[str] = set()
        """Types whose 400 has the code BadRequest, and the documented name as its message."""
        self.inner_key = "innerError"
        """Documents write innerError and innererror."""
        self.location_override: str | None = None
        """Sent as Location instead of the operation's own URL."""

    def _ids(self, call: Call, /) -> Ids:
        return {"request-id": str(uuid.uuid4()), "client-request-id": call.client_request_id or ""}

    def _error(self, problem: Problem, ids: Ids, /) -> Entity:
        return error_body(problem, self.inner_key, ids)

    def _answer(self, call: Call, caller: Caller | None) -> web.Response:
        route = find_route(tuple(self.facts.values()), call.method, call.path)
        return self._perform(route, self._gate.admit(caller), call)

    def _perform(self, route: Route, caller: Caller, call: Call) -> web.Response:
        self._refuse_if_retired(route.facts)
        permissions = route.collection.cancel if route.action == "cancel" else route.collection.read
        if not permissions.allow(caller) or (route.action == "list own" and caller.app_only):
            raise Refused(DENIED)
        match route.action:
            case "cancel":
                if call.query:
                    raise Violation("a cancel action takes no query options")
                return self._cancel(route, caller, call.body)
            case "operation":
                return self._operation(route, caller)
            case "get":
                return self._get(route, caller, call.query)
            case "list" | "list own":
                _check_filter(route, call.query.get("$filter", ""))
                return self._list(route, caller, call)

    def _refuse_if_retired(self, facts: Facts) -> None:
        if (problem := self._retirement(facts)) is not None:
            raise Refused(self._named(facts, problem))

    def _emptied(self, facts: Facts) -> bool:
        return self.retired and bool(facts.retired) and self._retirement(facts) is None

    def _retirement(self, facts: Facts) -> Problem | None:
        if not (self.retired and facts.retired):
            return None
        return facts.retired[self.retired_variant.get(facts.type_name, next(iter(facts.retired)))]

    def _named(self, facts: Facts, problem: Problem) -> Problem:
        if facts.type_name in self.generic_codes and problem.status == HTTPStatus.BAD_REQUEST:
            return replace(problem, code="BadRequest", message=problem.code)
        return problem

    def _find(self, route: Route) -> Item | None:
        if self._emptied(route.facts):
            return None
        return self.find(route.facts.type_name, route.id, route.collection.provider)

    def _cancel(self, route: Route, caller: Caller, body: Entity | None) -> web.Response:
        facts = route.facts
        if wrong := route.collection.body_rule(body, route.id):
            raise Violation(wrong)
        if route.collection.of_all and body:
            route = replace(route, id=body["id"])
        item = self._find(route)
        if item is None:
            raise Refused(self._named(facts, self.unknown_id(facts) if route.id else facts.null_id or NOT_FOUND))
        cancel = Cancel(caller, item, body, frozenset(self.admins))
        if problem := facts.may_cancel(cancel):
            raise Refused(problem)
        if not self.cancels(facts, item):
            raise Refused(self._named(facts, facts.not_cancellable))
        success = self._success(facts)
        if success.operation:
            return self._accept(route, item, caller, success.status)
        self.cancel(item, caller.oid, (body or {}).get("justification"))
        answer = success.body(item.entity)
        return web.Response(status=success.status) if answer is None else json_answer(answer, success.status)

    def _accept(self, route: Route, item: Item, caller: Caller, status: int) -> web.Response:
        operation = self.begin_operation(item, caller.oid)
        location = f"{self.url}/{route.collection.version}/{route.facts.operations}/{operation}"
        return web.Response(status=status, headers={"Location": self.location_override or location})

    def _operation(self, route: Route, caller: Caller) -> web.Response:
        operation = self.operation(route.id)
        if operation is None or not route.facts.may_read(caller, operation.item):
            raise Refused(NOT_FOUND)
        self.advance(operation)
        item_url = f"{self.url}/{route.collection.version}/{route.collection.path}/{operation.item.id}"
        return json_answer(operation_entity(route.id, operation, item_url))

    def _get(self, route: Route, caller: Caller, options: Mapping[str, str]) -> web.Response:
        query = self._query(route, options, GET_OPTIONS)
        item = self._find(route)
        if item is None or not route.facts.may_read(caller, item):
            raise Refused(NOT_FOUND)
        [entity] = query.project([self._view(route, item)], route.collection)
        return json_answer({"@odata.context": f"{self._context(route)}/$entity", **entity})

    def _list(self, route: Route, caller: Caller, call: Call) -> web.Response:
        options = {name: value for name, value in call.query.items() if name != SKIP_TOKEN}
        query = self._query(route, options, route.collection.list_options)
        found, start = self._begun(call, caller, lambda: self._found(route, caller, query))
        end = start + (query.top or self.page_size)
        page = query.project(found.entities[start:end], route.collection)
        answer: Entity = {"@odata.context": self._context(route), "value": page}
        if query.count:
            answer["@odata.count"] = len(found.entities)
        if link := self._next_link(call, found, end):
            answer["@odata.nextLink"] = link
        return json_answer(answer)

    def _found(self, route: Route, caller: Caller, query: Query) -> list[Entity]:
        if self._emptied(route.facts):
            return []
        own = route.action == "list own"
        return query.choose(
            [
                self._view(route, item)
                for item in self.of_type(route.facts.type_name, route.collection.provider)
                if route.facts.may_read(caller, item) and (not own or route.facts.lists(caller, item))
            ]
        )

    def _query(self, route: Route, options: Mapping[str, str], allowed: frozenset[str]) -> Query:
        return Query.parse(options, allowed, route.collection, route.facts.properties(route.collection.version))

    def _view(self, route: Route, item: Item) -> Entity:
        return route.facts.view(self.read(item), route.collection.version)

    def _context(self, route: Route) -> str:
        return f"{self.url}/{route.collection.version}/$metadata#{route.collection.path}"


def _check_filter(route: Route, text: str) -> None:
    needed = route.collection.filtered_by if route.action == "list" else ()
    if needed and not any(part.startswith(f"{name} eq ") for name in needed for part in text.split(" and ")):
        raise Violation(f"this list needs a $filter by {' or '.join(sorted(needed))}")
