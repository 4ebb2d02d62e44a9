"""Each kind in its most ordinary situation, and the requests of the stand-in that faults are aimed at."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Final

import pytest

from bot.sandbox.people import ALICE, BOB, CAROL, Person

POST: Final = r"POST .*/cancel(Approval)?$"
LISTS: Final = r"/(?:assignmentRequests|operationApprovalRequests|approvalItems)$"
"""What the picker reads beside."""
READ: Final = rf"GET (?!.*/operations/|.*{LISTS})"
"""Of one request."""
OPERATION: Final = r"GET .*/operations/"


@dataclass(frozen=True)
class Case:
    """`person` cancels a request of `owner`; `permission` is the least that the call needs.

    `variant` is the stand-in's plain success, `pending` and `cancelled` are its words for these states.
    """

    kind: str
    graph_type: str
    variant: str
    permission: str
    pending: str
    cancelled: str
    person: Person = ALICE
    owner: Person = ALICE


APPROVAL_ITEM = Case("approval-item", "approvalItem", "204", "ApprovalSolution.ReadWrite", "pending", "canceled")
OPERATION_APPROVAL = Case(
    "operation-approval",
    "operationApprovalRequest",
    "200",
    "DeviceManagementConfiguration.Read.All",
    "approved",
    "cancelled",
    person=CAROL,
    owner=BOB,
)
ACCESS_PACKAGE = Case(
    "access-package",
    "accessPackageAssignmentRequest",
    "204",
    "EntitlementMgmt-SubjectAccess.ReadWrite",
    "pendingApproval",
    "canceled",
)
PRIVILEGED_ROLE = Case(
    "privileged-role",
    "privilegedRoleAssignmentRequest",
    "entity",
    "PrivilegedAccess.ReadWrite.AzureAD",
    "PendingApproval",
    "Cancelled",
)
GOVERNANCE_ROLE = Case(
    "governance-role",
    "governanceRoleAssignmentRequest",
    "204",
    "PrivilegedAccess.ReadWrite.AzureResources",
    "PendingApproval",
    "Canceled",
)

CASES: Final = (APPROVAL_ITEM, OPERATION_APPROVAL, ACCESS_PACKAGE, PRIVILEGED_ROLE, GOVERNANCE_ROLE)

each_kind = pytest.mark.parametrize("case", CASES, ids=attrgetter("kind"))
