"""The few OData query options that the documents of the kinds allow."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.graph_types import Collection, Entity, Violation

_COMPARISON = re.compile(r"(?P<field>[\w/]+) (?P<operator>eq|ne|ge|gt|le|lt) (?P<value>'(?:[^']|'')*'|\S+)")
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "ge", "gt", "le", "lt")
}


@dataclass(frozen=True)
class Comparison:
    """One part of a filter; values are compared as text, which suits ISO 8601 times."""

    field: str
    operator: str
    value: str

    @classmethod
    def parse(cls, text: str, filters: frozenset[str]) -> "Comparison":
        match = _COMPARISON.fullmatch(text)
        if match is None:
            raise Violation(f"cannot read the $filter '{text}'")
        if match["field"] not in filters:
            raise Violation(f"$filter on {match['field']} is not documented")
        value = match["value"]
        return cls(match["field"], match["operator"], value.strip("'").replace("''", "'"))

    def holds(self, entity: Entity) -> bool:
        value: Any = entity
        for name in self.field.split("/"):
            value = value.get(name) if isinstance(value, dict) else None
        return value is not None and _OPERATORS[self.operator](str(value), self.value)


@dataclass(frozen=True)
class Query:
    """The options of one read."""

    comparisons: tuple[Comparison, ...]
    select: frozenset[str]
    expand: frozenset[str]
    orderby: str
    top: int | None
    count: bool

    @classmethod
    def parse(
        cls, options: Mapping[str, str], allowed: frozenset[str], collection: Collection, properties: frozenset[str]
    ) -> "Query":
        """Read the options; `properties` are those that the type declares.

        Raises:
            Violation: an option, property or value that no document of the collection allows.
        """
        if unsupported := options.keys() - allowed:
            raise Violation(f"{', '.join(sorted(unsupported))} is not supported here")
        expand = _names(options.get("$expand"))
        if unknown := expand - collection.expands:
            raise Violation(f"cannot expand {', '.join(sorted(unknown))}")
        select = _names(options.get("$select"))
        if unknown := select - (properties - collection.expands):
            raise Violation(f"cannot select {', '.join(sorted(unknown))}")
        orderby = options.get("$orderby", "")
        if orderby and orderby.removesuffix(" asc").removesuffix(" desc") not in collection.orders:
            raise Violation(f"cannot order by {orderby}")
        top = options.get("$top")
        if top is not None and not (top.isdecimal() and int(top)):
            raise Violation("$top must be a positive number")
        parts = options["$filter"].split(" and ") if "$filter" in options else []
        return cls(
            comparisons=tuple(Comparison.parse(part, collection.filters) for part in parts),
            select=select,
            expand=expand,
            orderby=orderby,
            top=int(top) if top else None,
            count=options.get("$count") == "true",
        )

    def choose(self, entities: list[Entity]) -> list[Entity]:
        """Return those that pass the filter, in the order asked for."""
        chosen = [one for one in entities if all(part.holds(one) for part in self.comparisons)]
        if self.orderby:
            name, _, direction = self.orderby.partition(" ")
            chosen.sort(key=lambda one: str(one.get(name)), reverse=direction == "desc")
        return chosen

    def project(self, entities: Sequence[Entity], collection: Collection) -> list[Entity]:
        """Return the entities with the selected properties, and without what was not expanded."""
        if self.select:
            wanted = self.select | self.expand
            return [{name: value for name, value in one.items() if name in wanted} for one in entities]
        hidden = collection.expands - self.expand
        return [{name: value for name, value in one.items() if name not in hidden} for one in entities]


def _names(text: str | None) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",")) if text else frozenset()
