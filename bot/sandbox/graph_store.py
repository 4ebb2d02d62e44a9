"""The requests that the Graph stand-in holds, and what happens to them."""

import copy
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.sandbox.graph_types import Effect, Entity, Facts, Item, Problem
from bot.sandbox.people import Person

OPERATION_SCRIPT = ("scheduled", "inProgress", "succeeded")


@dataclass
class Operation:
    """An accepted cancel that goes on in the background; each read of it is one step of `script`."""

    item: Item
    oid: str | None
    created: str
    script: tuple[str, ...]
    steps: int = 0
    status: str = ""


class Store:
    """All items by type and id (ids without case), operations, and the effects so far."""

    def __init__(self, table: Sequence[Facts]) -> None:
        self.facts = {facts.type_name: facts for facts in table}
        self.effects: list[Effect] = []
        self.operation_script: list[str] = list(OPERATION_SCRIPT)
        self.finishes_on_read = True
        """A request in its passing state is cancelled at the next read."""
        self.cancels_uncertain = True
        """Whether the states on which the documents are silent (`Facts.uncertain`) can be cancelled."""
        self.unknown_id_as_seen = False
        """Whether an unknown id is answered as somebody saw it (`Facts.unknown_id_seen`), and not as documented."""
        self._items: dict[str, dict[str, Item]] = {name: {} for name in self.facts}
        self._operations: dict[str, Operation] = {}

    def add(
        self,
        type_name: str,
        *,
        owner: str,
        state: str | None = None,
        id: str | None = None,  # noqa: A002 - Graph's own name for it
        provider: str | None = None,
        age: float = 0.0,
        **props: Any,
    ) -> str:
        """Add a request that the person with the oid `owner` made `age` seconds ago, and return its id.

        `props` replace properties of the realistic default; `provider` is for collections that are split by
        provider (default: the first).
        """
        facts = self.facts[type_name]
        item_id = id or str(uuid.uuid4())
        entity = facts.entity(item_id, owner, now(-age)) | props
        if state is not None or not facts.state(entity):
            facts.set_state(entity, state or facts.initial)
        place = provider or facts.collections[0].provider
        self._items[type_name][item_id.casefold()] = Item(type_name, item_id, owner, place, entity)
        return item_id

    def add_many(self, type_name: str, number: int, *, owner: str, age: float = 0.0, **props: Any) -> list[str]:
        """Add so many requests, each a second younger than the one before, and return their ids."""
        ages = (age + number - 1 - index for index in range(number))
        return [self.add(type_name, owner=owner, age=one, **props) for one in ages]

    def remove(self, type_name: str, id: str) -> None:  # noqa: A002 - as in add
        """Forget a request, as services do some time after it is over."""
        del self._items[type_name][id.casefold()]

    def get(self, type_name: str, id: str) -> Entity:  # noqa: A002 - as in add
        """Return a copy of the entity as it is stored.

        Raises:
            KeyError: there is none.
        """
        return copy.deepcopy(self._items[type_name][id.casefold()].entity)

    def set_state(self, type_name: str, id: str, state: str) -> None:  # noqa: A002 - as in add
        self.facts[type_name].set_state(self._items[type_name][id.casefold()].entity, state)

    def decide(self, type_name: str, id: str, state: str, *, by: Person | None = None) -> None:  # noqa: A002 - as in add
        """Bring a request to another state, as people do elsewhere; without `by`, as the service does by itself."""
        entity, facts = self._items[type_name][id.casefold()].entity, self.facts[type_name]
        facts.set_state(entity, state)
        facts.decide(entity, by.oid if by else None, now())

    def find(self, type_name: str, item_id: str, provider: str | None) -> Item | None:
        item = self._items[type_name].get(item_id.casefold())
        return item if item is not None and provider in (None, item.provider) else None

    def of_type(self, type_name: str, provider: str | None) -> list[Item]:
        return [item for item in self._items[type_name].values() if provider in (None, item.provider)]

    def cancellable(self, item: Item) -> bool:
        """Return whether any action of its type would cancel it."""
        facts = self.facts[item.type_name]
        return any(self.cancels(one, item) for one in (facts, *facts.others))

    def cancels(self, facts: Facts, item: Item) -> bool:
        """Return whether the action of these facts would cancel it."""
        state = facts.state(item.entity).casefold()
        return state in facts.cancellable or (self.cancels_uncertain and state in facts.uncertain)

    def unknown_id(self, facts: Facts) -> Problem:
        """Return what the action of these facts answers to an unknown id."""
        return facts.unknown_id_seen if self.unknown_id_as_seen and facts.unknown_id_seen else facts.unknown_id

    def cancel(self, item: Item, oid: str | None, justification: str | None = None) -> None:
        """Cancel a cancellable item, and note the effect."""
        facts = self.facts[item.type_name]
        facts.set_state(item.entity, facts.passing or facts.cancelled)
        self.effects.append(Effect(item.type_name, item.id, oid, justification, datetime.now(UTC)))

    def read(self, item: Item) -> Entity:
        """Return the entity as the next reader finds it."""
        facts = self.facts[item.type_name]
        if self.finishes_on_read and facts.state(item.entity) == facts.passing:
            facts.set_state(item.entity, facts.cancelled)
        return item.entity

    def begin_operation(self, item: Item, oid: str | None) -> str:
        """Accept a cancel that happens later; return the operation's id."""
        operation_id = str(uuid.uuid4())
        self._operations[operation_id] = Operation(item, oid, now(), tuple(self.operation_script))
        return operation_id

    def operation(self, operation_id: str) -> Operation | None:
        return self._operations.get(operation_id.casefold())

    def advance(self, operation: Operation) -> None:
        """Take the operation one step further; it fails when its item has become final in the meantime."""
        if operation.status in ("succeeded", "failed"):
            return
        operation.status = operation.script[min(operation.steps, len(operation.script) - 1)]
        operation.steps += 1
        if operation.status == "succeeded" and not self.cancellable(operation.item):
            operation.status = "failed"
        if operation.status == "succeeded":
            self.cancel(operation.item, operation.oid)


def now(seconds: float = 0.0) -> str:
    """Return the time, or that many seconds after it, as Graph writes it."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
