"""The few OData query options that the documents of the kinds allow."""

import operator
import re
from collections.abc import Callable, Mapping
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
    def parse(cls, options: Mapping[str, str], allowed: frozenset[str], collection: Collection) -> "Query":
        """Read the options.

        Raises:
            Violation: an option, property or value that no document of the collection allows.
        """
        if unsupported := options.keys() - allowed:
            raise Violation(f"{', '.join(sorted(unsupported))} is not supported here")
        expand = _names(options.get("$expand"))
        if unknown := expand - collection.expands:
            raise Violation(f"cannot expand {', '.join(sorted(unknown))}")
        top = options.get("$top")
        if top is not None and not (top.isdecimal() and int(top)):
            raise Violation("$top must be a positive number")
        parts = options["$filter"].split(" and ") if "$filter" in options else []
        return cls(
            comparisons=tuple(Comparison.parse(part, collection.filters) for part in parts),
            select=_names(options.get("$select")),
            expand=expand,
            orderby=options.get("$orderby", ""),
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

    def project(self, entity: Entity, collection: Collection) -> Entity:
        """Return the entity with the selected properties, and without what was not expanded."""
        hidden = collection.expands - self.expand
        shown = {name: value for name, value in entity.items() if name not in hidden}
        if not self.select:
            return shown
        if unknown := self.select - shown.keys():
            raise Violation(f"cannot select {', '.join(sorted(unknown))}")
        return {name: value for name, value in shown.items() if name in self.select | self.expand}


def _names(text: str | None) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",")) if text else frozenset()
