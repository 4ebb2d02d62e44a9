"""The scenes of the demo: what somebody wants cancelled, what Microsoft does, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB, CAROL, DAVE, Person
from bot.sandbox.tenant import Tenant

WRONG = "Asked for the wrong thing"
PROVISIONED = "may be active.\nWhat is active is removed, not cancelled"


class Kind(NamedTuple):
    """A kind of request: as the bot calls it, and as Microsoft does."""

    name: str
    type_name: str


ITEM = Kind("approval-item", "approvalItem")
PACKAGE = Kind("access-package", "accessPackageAssignmentRequest")
INTUNE = Kind("operation-approval", "operationApprovalRequest")
WITHDRAWAL = Kind("operation-approval-withdraw", "operationApprovalRequest")
OLDEST = Kind("privileged-role", "privilegedRoleAssignmentRequest")
OLD = Kind("governance-role", "governanceRoleAssignmentRequest")
ROLE = Kind("role-assignment", "unifiedRoleAssignmentScheduleRequest")
ELIGIBLE = Kind("role-eligibility", "unifiedRoleEligibilityScheduleRequest")
GROUP = Kind("group-assignment", "privilegedAccessGroupAssignmentScheduleRequest")
MEMBER = Kind("group-eligibility", "privilegedAccessGroupEligibilityScheduleRequest")
AZURE = Kind("azure-role-assignment", "roleAssignmentScheduleRequest")
AZURE_ELIGIBLE = Kind("azure-role-eligibility", "roleEligibilityScheduleRequest")


@dataclass(frozen=True)
class Scene:
    """One cancellation.

    `expect` must stand in the last words to the person, `effects` is how often the request was cancelled. `card`: it
    begins with the button of a notification, else with the command; `picked`: what they type to find it in the list
    instead of naming it; `private`: the answer is for the person alone; `offered`: the kind whose action the dialog
    offers instead, by the request's state; `links`: they link their accounts on the way; `approver`: the second person,
    where one is needed.
    """

    title: str
    person: Person
    kind: Kind
    owner: Person
    expect: str
    effects: int = 1
    why: str = WRONG
    state: str | None = None
    card: bool = False
    picked: str = ""
    private: bool = False
    offered: Kind | None = None
    url: str = ""
    unknown: bool = False
    links: bool = False
    approver: Person | None = None
    prepare: Callable[[Tenant], None] = field(default=lambda _tenant: None)


SAMPLES: tuple[tuple[Kind, Person, str | None], ...] = (
    (PACKAGE, ALICE, None),
    (INTUNE, BOB, None),
    (ITEM, ALICE, None),
    (ITEM, BOB, None),
    (OLDEST, ALICE, None),
    (OLD, BOB, None),
    (ITEM, ALICE, "completed"),
    (PACKAGE, CAROL, None),
    (ROLE, ALICE, None),
    (MEMBER, BOB, None),
    (AZURE, ALICE, None),
    (WITHDRAWAL, ALICE, "needsApproval"),
)
"""What there is to play with: kind, whose, and the state where it is not the usual one."""


def variant(kind: Kind, name: str) -> Callable[[Tenant], None]:
    """Microsoft answers with that documented success."""
    return lambda tenant: tenant.graph.variant.update({kind.type_name: name})


def fault(**what: object) -> Callable[[Tenant], None]:
    """Something goes wrong with the next cancel call."""
    return lambda tenant: tenant.graph.faults.add(Fault(r"POST .*/cancel\w*$", **what))  # type: ignore[arg-type]  # passed on as they are


def _retired(graph: GraphStandIn, retired: bool) -> None:
    graph.retired = retired


def _silent(graph: GraphStandIn) -> None:
    graph.cancels_uncertain = False


SCENES = (
    Scene("A Teams approval, by command (202 and an operation)", ALICE, ITEM, ALICE, "✔ Cancelled"),
    Scene("The same, answered 204", BOB, ITEM, BOB, "✔ Cancelled", prepare=variant(ITEM, "204")),
    Scene("Her own access package, from the button of a notification", ALICE, PACKAGE, ALICE, "✔ Cancelled", card=True),
    Scene("Another one of hers, picked from what she may cancel", ALICE, PACKAGE, ALICE, "✔ Cancelled", picked="sales"),
    Scene("Bob's access package, by the help desk", CAROL, PACKAGE, BOB, "✔ Cancelled"),
    Scene(
        "An approval that Intune had given, as the application, from the button",
        CAROL,
        INTUNE,
        BOB,
        "✔ Cancelled",
        why="Change 23423 is not needed any more",
        card=True,
    ),
    Scene("The same by Bob, who needs a second person", BOB, INTUNE, ALICE, "✔ Cancelled", approver=CAROL),
    Scene("A directory role in PIM iteration 1 (kept for old tenants)", ALICE, OLDEST, ALICE, "✔ Cancelled"),
    Scene(
        "A role in PIM iteration 2, by its URL",
        ALICE,
        OLD,
        ALICE,
        "✔ Cancelled",
        url="https://graph.microsoft.com/beta/privilegedAccess/azureResources/roleAssignmentRequests/{id}",
    ),
    Scene("A directory role of today, from the button", ALICE, ROLE, ALICE, "✔ Cancelled", card=True),
    Scene("An eligible directory role, which ends as Revoked", BOB, ELIGIBLE, BOB, "✔ Cancelled"),
    Scene("A membership of a group", ALICE, GROUP, ALICE, "✔ Cancelled"),
    Scene("An eligible membership of Bob's, by the help desk", CAROL, MEMBER, BOB, "✔ Cancelled"),
    Scene(
        "A role of an Azure resource, by its whole address",
        ALICE,
        AZURE,
        ALICE,
        "✔ Cancelled",
        url="https://management.azure.com{id}",
    ),
    Scene("An eligible Azure role of Bob's, by the help desk", CAROL, AZURE_ELIGIBLE, BOB, "✔ Cancelled"),
    Scene(
        "Her own request at Intune, not approved yet: the dialog offers to withdraw it",
        ALICE,
        INTUNE,
        ALICE,
        "✔ Cancelled",
        state="needsApproval",
        offered=WITHDRAWAL,
    ),
    Scene("Somebody else's approval", ALICE, ITEM, BOB, "You may not cancel this request", 0, private=True),
    Scene("Not linked yet: he signs in, and what he had begun goes on", DAVE, ITEM, DAVE, "✔ Cancelled", links=True),
    Scene("It was completed meanwhile", ALICE, ITEM, ALICE, "already ended as “completed”", 0, state="completed"),
    Scene("Intune: not approved yet", CAROL, INTUNE, BOB, "code BadRequest", 0, state="needsApproval"),
    Scene("A role that she has already", ALICE, ROLE, ALICE, PROVISIONED, 0, state="Provisioned"),
    Scene(
        "A role that waits for approval, and Microsoft does not cancel that",
        ALICE,
        ROLE,
        ALICE,
        "code RequestCannotBeCancelled",
        0,
        state="PendingApproval",
        prepare=lambda tenant: _silent(tenant.graph),
    ),
    Scene("Iteration 1: no such request", CAROL, OLDEST, CAROL, "no such", 0, unknown=True),
    Scene(
        "Iteration 1: not in a state to be cancelled",
        ALICE,
        OLDEST,
        ALICE,
        "Only a scheduled request",
        0,
        state="NotStarted",
    ),
    Scene("Iteration 1: not allowed", CAROL, OLDEST, BOB, "You may not cancel this role request", 0),
    Scene("Iteration 2: no such request", CAROL, OLD, CAROL, "no such", 0, unknown=True),
    Scene(
        "Iteration 2: not in a state to be cancelled",
        ALICE,
        OLD,
        ALICE,
        "Only a request that is granted",
        0,
        state="PendingProvisioning",
    ),
    Scene(
        "Iteration 1, after Microsoft retired it",
        CAROL,
        OLDEST,
        CAROL,
        "its successor is unifiedRoleAssignmentScheduleRequest",
        0,
        prepare=lambda tenant: _retired(tenant.graph, retired=True),
    ),
    Scene(
        "Microsoft asks to slow down (429), then takes it",
        ALICE,
        ITEM,
        ALICE,
        "✔ Cancelled",
        prepare=fault(status=429, headers={"Retry-After": "1"}),
    ),
    Scene(
        "The answer is lost after Microsoft carried it out",
        ALICE,
        PACKAGE,
        ALICE,
        "Reading it back confirmed",
        prepare=fault(drop=True, after_effect=True),
    ),
    Scene(
        "Microsoft fails without an answer, then recovers (503)",
        ALICE,
        ITEM,
        ALICE,
        "✔ Cancelled",
        prepare=fault(status=503),
    ),
)
