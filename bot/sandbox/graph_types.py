"""The words of the Graph stand-in's table: what a kind of request is, and how its service behaves."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Entity = dict[str, Any]

_ANY_TIME = "2026-01-01T00:00:00.000Z"


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


@dataclass(frozen=True)
class Caller:
    """Who a valid token speaks for; no `oid` means the application itself."""

    oid: str | None
    permissions: frozenset[str]
    takes_claims: bool = False
    """The client declared the capability cp1."""
    met_challenge: bool = False

    @property
    def app_only(self) -> bool:
        return self.oid is None


@dataclass
class Item:
    """One request in the service."""

    type_name: str
    id: str
    owner: str
    provider: str | None
    entity: Entity


@dataclass(frozen=True)
class Problem:
    """An error answer."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The service answers with `problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Violation(Exception):
    """The request is none that the documents know; the text says why."""


@dataclass(frozen=True)
class Permissions:
    """Any one of these suffices; empty means that this sort of token is not supported."""

    delegated: frozenset[str]
    application: frozenset[str] = frozenset()

    @classmethod
    def of(cls, delegated: str, application: str = "") -> "Permissions":
        """Return those whose names stand in the texts, with spaces between them."""
        return cls(words(delegated), words(application))

    def allow(self, caller: Caller) -> bool:
        return bool(caller.permissions & (self.application if caller.app_only else self.delegated))


@dataclass(frozen=True)
class Cancel:
    """One cancel call that is about to be judged; `body` is None when none was sent."""

    caller: Caller
    item: Item
    body: Entity | None
    admins: frozenset[str]


def no_body(body: Entity | None, _item_id: str) -> str | None:
    """The rule of actions without a body."""
    return None if body is None else "this action takes no body"


@dataclass(frozen=True)
class Collection:
    """One entity set at one version: its path, who may read and cancel there, and what may be asked."""

    version: str
    path: str
    read: Permissions
    cancel: Permissions
    action: str = "cancel"
    of_all: bool = False
    """The action is the collection's, not an item's: its body holds the id."""
    body_rule: Callable[[Entity | None, str], str | None] = no_body
    """Returns what is wrong with the body for the item with this id."""
    provider: str | None = None
    """The collection holds only the items of this provider."""
    get_one: bool = True
    own_lists: frozenset[str] = frozenset()
    """Functions below the collection that list the caller's own items."""
    list_options: frozenset[str] = frozenset({"$filter", "$select", "$top"})
    filters: frozenset[str] = frozenset()
    filtered_by: frozenset[str] = frozenset()
    """The list of all must be filtered by one of these."""
    orders: frozenset[str] = frozenset()
    expands: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Success:
    """A success answer of the cancel action.

    With `operation`, the effect comes only when the operation named in `Location` succeeds.
    """

    status: int
    body: Callable[[Entity], Entity | None] = lambda _entity: None
    operation: bool = False


NOT_FOUND = Problem(404, "ResourceNotFound", "The resource was not found.")
FORBIDDEN = Problem(403, "Forbidden", "Insufficient privileges to complete the operation.")
DENIED = Problem(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def anybody_reads(_caller: Caller, _item: Item) -> bool:
    """The rule of kinds whose read permission is enough."""
    return True


def requestor_lists(caller: Caller, item: Item) -> bool:
    """The rule of kinds where one's own requests are those that one has made."""
    return item.owner == caller.oid


def anybody_cancels(_cancel: Cancel) -> Problem | None:
    """The rule of kinds whose cancel permission is enough."""
    return None


@dataclass(frozen=True)
class Facts:
    """All that the stand-in knows of one Graph type."""

    type_name: str
    collections: tuple[Collection, ...]
    entity: Callable[[str, str, str], Entity]
    """Makes a realistic entity from id, owner's oid and the time now."""
    state_path: tuple[str, ...]
    initial: str
    cancellable: frozenset[str]
    """Small letters; states are compared without case."""
    cancelled: str
    success: Mapping[str, Success]
    """Named variants, the documented default first."""
    passing: str | None = None
    """The state between the cancel action and the next read."""
    view: Callable[[Entity, str], Entity] = lambda entity, _version: entity
    decide: Callable[[Entity, str | None, str], None] = lambda _entity, _by, _now: None
    """Notes who (their oid) brought the entity to its new state, and when, where the type tells."""
    may_read: Callable[[Caller, Item], bool] = anybody_reads
    lists: Callable[[Caller, Item], bool] = requestor_lists
    """Whether the functions of `own_lists` list it to the caller."""
    may_cancel: Callable[[Cancel], Problem | None] = anybody_cancels
    unknown_id: Problem = NOT_FOUND
    """The cancel action's answer to an unknown id; reading answers 404."""
    unknown_id_seen: Problem | None = None
    """What was seen in place of the documented answer."""
    not_cancellable: Problem = Problem(400, "BadRequest", "The request is not in a cancellable state.")
    null_id: Problem | None = None
    """The cancel action's answer to an empty id."""
    retired: Mapping[str, Problem | None] = field(default_factory=dict)
    """Named answers after retirement, the default first; None: the collection is empty."""
    operations: str | None = None
    """The path of the operations that its 202 names."""
    uncertain: frozenset[str] = frozenset()
    """States, as in `cancellable`, of which no document says whether they can be cancelled."""
    others: tuple["Facts", ...] = ()
    """The other cancel actions of the same type, and so of the same items."""

    def properties(self, version: str) -> frozenset[str]:
        """The names of all properties and relationships."""
        return frozenset(self.view(self.entity("", "", _ANY_TIME), version))

    def state(self, entity: Entity) -> str:
        value: Any = entity
        for name in self.state_path:
            value = value[name]
        return str(value)

    def set_state(self, entity: Entity, state: str) -> None:
        *parents, last = self.state_path
        for name in parents:
            entity = entity[name]
        entity[last] = state


@dataclass(frozen=True)
class Effect:
    """One cancel that changed something; no `oid` means the application did it."""

    type_name: str
    id: str
    oid: str | None
    justification: str | None
    at: datetime


@dataclass
class Call:
    """One request; `status` stays None while no answer was sent."""

    method: str
    path: str
    query: Mapping[str, str]
    version: str
    body: Any
    oid: str | None
    app_only: bool
    scopes: frozenset[str]
    client_request_id: str | None
    status: int | None = None
    at: float = field(default_factory=time.monotonic)
    """When it came, in seconds of `time.monotonic()`."""
