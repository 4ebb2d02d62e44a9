"""The scenes of the demo: what somebody wants cancelled, what Microsoft does, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.people import ALICE, BOB, CAROL, DAVE, Person
from bot.sandbox.tenant import Tenant

WRONG = "Asked for the wrong thing"


@dataclass(frozen=True)
class Scene:
    """One cancellation.

    `expect` must stand in the last words to the person, `effects` is how often the request was cancelled. `card`: it
    begins with the button of a notification, else with the command; `picked`: what they type to find it in the list
    instead of naming it; `private`: the answer is for the person alone;
    `links`: they link their accounts on the way; `approver`: the second person, where one is needed.
    """

    title: str
    person: Person
    kind: str
    graph_type: str
    owner: Person
    expect: str
    effects: int = 1
    why: str = WRONG
    state: str | None = None
    card: bool = False
    picked: str = ""
    private: bool = False
    url: str = ""
    unknown: bool = False
    links: bool = False
    approver: Person | None = None
    prepare: Callable[[Tenant], None] = field(default=lambda _tenant: None)


SAMPLES: tuple[tuple[str, str, Person, str | None], ...] = (
    ("access-package", "accessPackageAssignmentRequest", ALICE, None),
    ("operation-approval", "operationApprovalRequest", BOB, None),
    ("approval-item", "approvalItem", ALICE, None),
    ("approval-item", "approvalItem", BOB, None),
    ("privileged-role", "privilegedRoleAssignmentRequest", ALICE, None),
    ("governance-role", "governanceRoleAssignmentRequest", BOB, None),
    ("approval-item", "approvalItem", ALICE, "completed"),
    ("access-package", "accessPackageAssignmentRequest", CAROL, None),
)
"""What there is to play with: kind, Graph type, whose, and the state where it is not the usual one."""


def variant(graph_type: str, name: str) -> Callable[[Tenant], None]:
    """Microsoft answers with that documented success."""
    return lambda tenant: tenant.graph.variant.update({graph_type: name})


def fault(**what: object) -> Callable[[Tenant], None]:
    """Something goes wrong with the next cancel call."""
    return lambda tenant: tenant.graph.faults.add(Fault(r"POST .*/cancel\w*$", **what))  # type: ignore[arg-type]  # passed on as they are


def _retired(graph: GraphStandIn, retired: bool) -> None:
    graph.retired = retired


ITEM, PACKAGE = "approvalItem", "accessPackageAssignmentRequest"
INTUNE, OLDEST, OLD = "operationApprovalRequest", "privilegedRoleAssignmentRequest", "governanceRoleAssignmentRequest"
TOO_LATE = "can no longer be cancelled"

SCENES = (
    Scene("A Teams approval, by command (202 and an operation)", ALICE, "approval-item", ITEM, ALICE, "✔ Cancelled"),
    Scene("The same, answered 204", BOB, "approval-item", ITEM, BOB, "✔ Cancelled", prepare=variant(ITEM, "204")),
    Scene(
        "Her own access package, from the button of a notification",
        ALICE,
        "access-package",
        PACKAGE,
        ALICE,
        "✔ Cancelled",
        card=True,
    ),
    Scene(
        "Another one of hers, picked from what she may cancel",
        ALICE,
        "access-package",
        PACKAGE,
        ALICE,
        "✔ Cancelled",
        picked="sales",
    ),
    Scene("Bob's access package, by the help desk", CAROL, "access-package", PACKAGE, BOB, "✔ Cancelled"),
    Scene(
        "An approval that Intune had given, as the application, from the button",
        CAROL,
        "operation-approval",
        INTUNE,
        BOB,
        "✔ Cancelled",
        why="Change 23423 is not needed any more",
        card=True,
    ),
    Scene(
        "The same by Bob, who needs a second person",
        BOB,
        "operation-approval",
        INTUNE,
        ALICE,
        "✔ Cancelled",
        approver=CAROL,
    ),
    Scene(
        "A directory role in PIM iteration 1 (kept for old tenants)",
        ALICE,
        "privileged-role",
        OLDEST,
        ALICE,
        "✔ Cancelled",
    ),
    Scene(
        "A role in PIM iteration 2, by its URL",
        ALICE,
        "governance-role",
        OLD,
        ALICE,
        "✔ Cancelled",
        url="https://graph.microsoft.com/beta/privilegedAccess/azureResources/roleAssignmentRequests/{id}",
    ),
    Scene(
        "Somebody else's approval",
        ALICE,
        "approval-item",
        ITEM,
        BOB,
        "You may not cancel this request",
        0,
        private=True,
    ),
    Scene(
        "Not linked yet: he signs in, and what he had begun goes on",
        DAVE,
        "approval-item",
        ITEM,
        DAVE,
        "✔ Cancelled",
        links=True,
    ),
    Scene(
        "It was completed meanwhile",
        ALICE,
        "approval-item",
        ITEM,
        ALICE,
        "already ended as “completed”",
        0,
        state="completed",
    ),
    Scene(
        "Intune: not approved yet",
        CAROL,
        "operation-approval",
        INTUNE,
        BOB,
        "code BadRequest",
        0,
        state="needsApproval",
    ),
    Scene("Iteration 1: no such request", CAROL, "privileged-role", OLDEST, CAROL, "no such", 0, unknown=True),
    Scene(
        "Iteration 1: not in a state to be cancelled",
        ALICE,
        "privileged-role",
        OLDEST,
        ALICE,
        "Only a scheduled request",
        0,
        state="NotStarted",
    ),
    Scene(
        "Iteration 1: not allowed",
        CAROL,
        "privileged-role",
        OLDEST,
        BOB,
        "You may not cancel this role request",
        0,
    ),
    Scene("Iteration 2: no such request", CAROL, "governance-role", OLD, CAROL, "no such", 0, unknown=True),
    Scene(
        "Iteration 2: not in a state to be cancelled",
        ALICE,
        "governance-role",
        OLD,
        ALICE,
        "Only a request that is granted",
        0,
        state="PendingProvisioning",
    ),
    Scene(
        "Iteration 1, after Microsoft retired it",
        CAROL,
        "privileged-role",
        OLDEST,
        CAROL,
        "its successor is unifiedRoleAssignmentScheduleRequest",
        0,
        prepare=lambda tenant: _retired(tenant.graph, retired=True),
    ),
    Scene(
        "Microsoft asks to slow down (429), then takes it",
        ALICE,
        "approval-item",
        ITEM,
        ALICE,
        "✔ Cancelled",
        prepare=fault(status=429, headers={"Retry-After": "1"}),
    ),
    Scene(
        "The answer is lost after Microsoft carried it out",
        ALICE,
        "access-package",
        PACKAGE,
        ALICE,
        "Reading it back confirmed",
        prepare=fault(drop=True, after_effect=True),
    ),
    Scene(
        "Microsoft fails without an answer, then recovers (503)",
        ALICE,
        "approval-item",
        ITEM,
        ALICE,
        "✔ Cancelled",
        prepare=fault(status=503),
    ),
)
