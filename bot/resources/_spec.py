"""What one kind of cancellable request is, as data: its calls, states, permissions, errors and dates.

A module of this package declares one `Resource` and nothing else names its kind. Property names are Microsoft's, given
as dotted paths into the entity (`"requestor.user.id"`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Literal

GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Cloud = Literal["global", "usgov", "usgovdod", "china"]
ALL_CLOUDS: Final[frozenset[Cloud]] = frozenset({"global", "usgov", "usgovdod", "china"})


class Service(StrEnum):
    """Whose call it is: each service has its own host, its own audience, and its own way to name a version."""

    GRAPH = "graph"
    ARM = "arm"

    @property
    def label(self) -> str:
        """What people call it."""
        return {Service.GRAPH: "Microsoft Graph", Service.ARM: "Azure Resource Manager"}[self]


Version = Literal["v1.0", "beta", "2020-10-01"]
"""Graph's stand in the path, Azure Resource Manager's are the query's `api-version`."""


class Slot(StrEnum):
    """A place in a documented body that each call fills."""

    ID = "id"
    JUSTIFICATION = "justification"


class Meaning(StrEnum):
    """What a documented success status says."""

    DONE = "done"
    ACCEPTED = "accepted"


class Standing(StrEnum):
    """Whether a request can still be cancelled; what is not certain is attempted, and the service decides."""

    YES = "yes"
    FINAL = "final"
    UNKNOWN = "unknown"


class ErrorMeaning(StrEnum):
    """What a documented error says of the target."""

    NOT_FOUND = "not_found"
    NOT_CANCELLABLE = "not_cancellable"
    NOT_ALLOWED = "not_allowed"
    RETIRED = "retired"
    BAD_REQUEST = "bad_request"


@dataclass(frozen=True)
class Permissions:
    """Documented permissions, least privileged first; any one suffices. `{scope}` stands for the provider's name."""

    delegated: tuple[str, ...] = ()
    application: tuple[str, ...] = ()


@dataclass(frozen=True)
class CancelCall:
    """One documented call that cancels.

    `only_own` marks a call that the service itself limits to the caller's own requests. `clouds`: where this call is
    offered, among those that offer the kind.
    """

    version: Version
    path: str
    success: Mapping[int, Meaning]
    permissions: Permissions
    body: Mapping[str, str | Slot] | None = None
    method: Literal["POST"] = "POST"
    only_own: bool = False
    clouds: frozenset[Cloud] = ALL_CLOUDS


@dataclass(frozen=True)
class ReadCall:
    """How one request is read. `listed`: no call for a single one is documented, so it is looked for in the list."""

    version: Version
    path: str
    permissions: Permissions
    query: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False


@dataclass(frozen=True)
class ListCall:
    """How pending requests are listed: all that the caller may see or, with `own`, only those that the caller made.

    `query` narrows it as far as the documents allow; what is left is judged by its state.
    """

    version: Version
    path: str
    permissions: Permissions
    query: Mapping[str, str] = field(default_factory=dict)
    own: bool = False


@dataclass(frozen=True)
class States:
    """The properties that hold the state, and what their documented values mean; values not listed are unknown.

    `paths`: several may be present; one final value makes the request final. `allowed`: a boolean that, when false,
    makes a cancellable request uncertain. `cancelled` and `active` are subsets of `final`: `cancelling` is on its way
    to the one, and with the other, what was asked for may have been given.
    """

    paths: tuple[str, ...]
    yes: frozenset[str]
    final: frozenset[str]
    cancelled: frozenset[str]
    cancelling: frozenset[str] = frozenset()
    active: frozenset[str] = frozenset()
    allowed: str = ""


@dataclass(frozen=True)
class Requestor:
    """Where the Entra object id of whoever asked is found.

    `when` names a property and the prefix it must have for the id to count as the requestor's. `email`: their address,
    where the service tells it.
    """

    oid: str
    names: tuple[str, ...] = ()
    email: str = ""
    when: tuple[str, str] | None = None


@dataclass(frozen=True)
class DocumentedError:
    """An error that the documents name. `token` is its code, or the words of its message where no code is given.

    `{state}` in the sentence stands for what reading shows after it.
    """

    status: int
    token: str
    meaning: ErrorMeaning
    sentence: str
    next_step: str


@dataclass(frozen=True)
class Retirement:
    """When Microsoft ended a kind, and the type that replaces it, in Microsoft's words; `kinds`: the same in ours."""

    on: date
    successor: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resource:
    """One kind. `cancel` lists its calls, the one limited to own requests first; `urls` the paths that people paste.

    `scopes` maps the providers that a path's `{scope}` may name to their name in permissions, the default first.
    `operations` is the path of the long-running operation that a 202 points to. `who` says who may cancel, for a 403;
    `too_late` what to do when it can no longer be cancelled. `expires` is where a pending request says until when it
    waits, `decided_by` who has decided on it.
    """

    kind: str
    graph_type: str
    label: str
    cancel: tuple[CancelCall, ...]
    read: ReadCall
    states: States
    requestor: Requestor
    titles: tuple[str, ...]
    created: str
    urls: tuple[str, ...]
    clouds: frozenset[Cloud]
    who: str
    too_late: str
    sources: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    expires: str = ""
    decided_by: tuple[str, ...] = ()
    lists: tuple[ListCall, ...] = ()
    errors: tuple[DocumentedError, ...] = ()
    scopes: Mapping[str, str] = field(default_factory=dict)
    operations: str = ""
    retirement: Retirement | None = None
    id_pattern: re.Pattern[str] = GUID
    service: Service = Service.GRAPH

    @property
    def only_own(self) -> bool:
        """Whether the service lets people cancel nothing but what they asked for themselves."""
        return all(call.only_own for call in self.cancel)

    @property
    def default_scope(self) -> str:
        """The provider that a bare id means; empty for kinds that have none."""
        return next(iter(self.scopes), "")

    def lists_for(self, *, application: bool) -> tuple[ListCall, ...]:
        """The calls that list what is pending, for the application or for a person: of their own, if possible."""
        if application:
            return tuple(call for call in self.lists if call.permissions.application)
        usable = tuple(call for call in self.lists if call.permissions.delegated)
        return tuple(call for call in usable if call.own) or usable

    def call_for(self, own: bool | None) -> CancelCall:
        """The call for one's own request, for somebody else's, or (None) for one that nobody could read.

        An unread request gets the call that the service limits to own requests, if there is one: it can do no more.
        """
        wanted = own is not False
        return next((call for call in self.cancel if call.only_own is wanted), self.cancel[-1])
