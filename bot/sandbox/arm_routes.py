"""Which call of Azure Resource Manager's a path is, and which requests a list holds."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.sandbox.graph_odata import Comparison
from bot.sandbox.graph_routes import Route
from bot.sandbox.graph_types import Facts, Item, Violation

PROVIDER = "/providers/Microsoft.Authorization/"
FUNCTIONS = frozenset({"atScope()", "asRequestor()", "asTarget()"})

_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAME = r"(?!\.{1,2}(?:/|$))[\w.()-]{1,260}"
_PATH = re.compile(
    rf"""
    (?:/providers/Microsoft\.Subscription(?=/subscriptions/))?  # as in the specification's examples
    (?P<scope>(?:
        /providers/Microsoft\.Management/managementGroups/{_NAME}
        | /subscriptions/{_GUID}(?:/resourceGroups/{_NAME})?(?:/providers/[\w.]+(?:/{_NAME}/{_NAME})+)?
    )?)
    /providers/Microsoft\.Authorization/(?P<collection>\w+)
    (?:/(?P<name>{_GUID})(?P<cancel>/cancel)?)?
    """,
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)


def find_route(table: Iterable[Facts], method: str, path: str) -> Route:
    """Return the call for a decoded path: its `id` is the whole id or, of a list, the scope.

    Raises:
        Violation: the specification has no such call, or the scope is none.
    """
    found = _PATH.fullmatch(path)
    if found:
        action = f"{method} {'cancel' if found['cancel'] else 'one' if found['name'] else 'all'}"
        for facts in table:
            collection = facts.collections[0]
            if found["collection"].casefold() != collection.path.casefold():
                continue
            whole = f"{found['scope']}{PROVIDER}{collection.path}/{found['name']}"
            match action:
                case "GET all":
                    return Route(facts, collection, "list", found["scope"])
                case "GET one":
                    return Route(facts, collection, "get", whole)
                case "POST cancel":
                    return Route(facts, collection, "cancel", whole)
    raise Violation(f"no document has {method} {path}")


@dataclass(frozen=True)
class Filter:
    """A list's $filter."""

    functions: frozenset[str]
    comparisons: Sequence[Comparison]

    @classmethod
    def parse(cls, text: str, fields: frozenset[str]) -> "Filter":
        """Read it.

        Raises:
            Violation: it is none that the specification knows.
        """
        parts = text.split(" and ") if text else []
        functions = FUNCTIONS.intersection(parts)
        return cls(functions, [Comparison.parse(part, fields) for part in parts if part not in functions])

    @property
    def own(self) -> bool:
        """Return whether only the caller's own are listed."""
        return bool(self.functions & {"asRequestor()", "asTarget()"})

    def holds(self, item: Item, scope: str, oid: str | None) -> bool:
        """Return whether the list at this scope shows the item to the caller with that oid."""
        properties = item.entity["properties"]
        mine = {"asRequestor()": item.owner, "asTarget()": properties["principalId"]}
        return (
            self._in_scope(_scope(item), scope)
            and all(oid == mine[one] for one in self.functions & mine.keys())
            and all(one.holds(properties) for one in self.comparisons)
        )

    def _in_scope(self, of_item: str, scope: str) -> bool:
        """At or above for atScope(), both ways for a principal, at or below otherwise."""
        if "atScope()" in self.functions:
            return _within(scope, of_item)
        by_principal = any(one.field == "principalId" for one in self.comparisons)
        return _within(of_item, scope) or (by_principal and _within(scope, of_item))


def _scope(item: Item) -> str:
    """Return the scope of a request: empty for the root."""
    return item.id.rpartition(PROVIDER)[0]


def _within(inner: str, outer: str) -> bool:
    return f"{inner}/".casefold().startswith(f"{outer}/".casefold())
