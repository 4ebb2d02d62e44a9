"""Each kind in its most ordinary situation, and the requests of the stand-ins that faults are aimed at.

A kind that is declared is played: its case follows from its `Resource` and from the stand-ins' own table of it. What
neither of the two tells is a row of `_ROWS`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final
from zlib import crc32

import pytest

from bot.resources import Resource, Service, load
from bot.sandbox.graph_types import Facts
from bot.sandbox.people import ALICE, BOB, CAROL, Person
from tests.kinds import KNOWN, facts_of, pending_of

_LISTED: Final = {re.escape(call.path.rpartition("/")[2]) for resource in load() for call in resource.lists}

POST: Final = r"POST .*/\w+$"
LISTS: Final = rf"/(?:{'|'.join(sorted(_LISTED))})$"
"""What the picker reads beside."""
READ: Final = rf"GET (?!.*/operations/|.*{LISTS})"
"""Of one request."""
OPERATION: Final = r"GET .*/operations/"
MODES: Final = ("socket", "http")


@dataclass(frozen=True)
class Row:
    """How a kind is played; what is not said here is so with most kinds.

    `person` cancels a request of `owner`, as the bot's own application or not. `for_others`: what becomes of it when
    the help desk cancels somebody else's, and words that are told then. `uncertain`: states that a document names, and
    that the stand-in does not cancel. `in_both_modes`: each test of it, and not each other one.
    """

    person: Person = ALICE
    owner: Person = ALICE
    as_application: bool = False
    for_others: tuple[str, str] = ("cancelled", "")
    uncertain: tuple[str, ...] = ()
    in_both_modes: bool = False


OWN_ONLY: Final = "You may not cancel this request, or it does not exist. Nothing was sent."
_ON_ITS_WAY: Final = Row(uncertain=("PendingProvisioning",))

_ROWS: Final[Mapping[str, Row]] = {
    "approval-item": Row(for_others=("failed", "Only the owner of an approval can cancel it"), in_both_modes=True),
    "operation-approval": Row(
        person=CAROL, owner=BOB, as_application=True, uncertain=("needsApproval", "unknown"), in_both_modes=True
    ),
    "operation-approval-withdraw": Row(for_others=("refused", OWN_ONLY), uncertain=("approved", "unknown")),
    "access-package": Row(uncertain=("Delivering",), in_both_modes=True),
    "privileged-role": Row(
        for_others=("failed", "You may not cancel this role request, or it does not exist"),
        uncertain=("NotStarted", "Approved"),
        in_both_modes=True,
    ),
    "governance-role": Row(uncertain=("PendingEvaluation",), in_both_modes=True),
    "role-assignment": _ON_ITS_WAY,
    "role-eligibility": _ON_ITS_WAY,
    "group-assignment": _ON_ITS_WAY,
    "group-eligibility": _ON_ITS_WAY,
    "azure-role-assignment": _ON_ITS_WAY,
    "azure-role-eligibility": _ON_ITS_WAY,
}


@dataclass(frozen=True)
class Case:
    """A kind and its situation.

    `permission` is the least that the call needs. `variant` is the stand-in's plain success; `pending` and `cancelled`
    are its words for these states, `over` is one in which what was asked for was given, or at least is final.
    """

    kind: str
    graph_type: str
    variant: str
    permission: str
    pending: str
    cancelled: str
    over: str
    row: Row = field(compare=False, repr=False)
    resource: Resource = field(compare=False, repr=False)
    facts: Facts = field(compare=False, repr=False)

    @property
    def person(self) -> Person:
        """Who cancels."""
        return self.row.person

    @property
    def owner(self) -> Person:
        """Whose request it is."""
        return self.row.owner

    @property
    def azure(self) -> bool:
        """Whether Azure Resource Manager has it, and not Graph."""
        return self.resource.service is Service.ARM

    def played_in(self, mode: str, test: str) -> bool:
        """Whether this test of it is played in that mode: what a service does is the same in either."""
        return self.row.in_both_modes or MODES[crc32(f"{self.kind} {test}".encode()) % 2] == mode


def case_of(resource: Resource, table: Sequence[Facts] = KNOWN) -> Case:
    """The case of a kind; raises `LookupError` where the stand-ins cannot play it."""
    facts, row = facts_of(resource, table), _ROWS.get(resource.kind, Row())
    needed = resource.call_for(own=row.person is row.owner).permissions.delegated[0]
    given = sorted(resource.states.active or resource.states.final - resource.states.cancelled)
    return Case(
        kind=resource.kind,
        graph_type=resource.graph_type,
        variant=next(name for name, success in facts.success.items() if not success.operation),
        permission=needed.replace("{scope}", resource.scopes.get(resource.default_scope, "")),
        pending=pending_of(resource, facts),
        cancelled=facts.cancelled,
        over=given[0],
        row=row,
        resource=resource,
        facts=facts,
    )


CASES: Final = tuple(case_of(resource) for resource in load())
_BY_KIND: Final = {case.kind: case for case in CASES}

APPROVAL_ITEM: Final = _BY_KIND["approval-item"]
OPERATION_APPROVAL: Final = _BY_KIND["operation-approval"]
ACCESS_PACKAGE: Final = _BY_KIND["access-package"]
PRIVILEGED_ROLE: Final = _BY_KIND["privileged-role"]
GOVERNANCE_ROLE: Final = _BY_KIND["governance-role"]

each_kind = pytest.mark.parametrize("case", CASES, ids=attrgetter("kind"))

each_sort = pytest.mark.parametrize(
    "case",
    [*(case for case in CASES if case.row.in_both_modes), next(case for case in CASES if case.azure)],
    ids=attrgetter("kind"),
)
"""For tests that start a bot of their own: the kinds that differ in how they are read and called."""
