"""What the requests of Privileged Identity Management's third iteration have in common, in Graph and in ARM."""

from typing import Final

from bot.resources._spec import DocumentedError, ErrorMeaning, States

YES: Final = frozenset({"Granted"})
"""The one state that is documented as one that can be cancelled; what waits for approval is attempted."""

FINAL: Final = frozenset({"Canceled", "Denied", "Failed", "Provisioned", "Revoked"})

ACTIVE: Final = frozenset({"Provisioned"})

ASSIGNMENT: Final = States(paths=("status",), yes=YES, final=FINAL, cancelled=frozenset({"Canceled"}), active=ACTIVE)

ELIGIBILITY: Final = States(
    # Cancelled, it ends as Revoked.
    paths=("status",),
    yes=YES,
    final=FINAL,
    cancelled=frozenset({"Canceled", "Revoked"}),
    active=ACTIVE,
)

PENDING: Final = ("PendingApproval", "Granted")
"""The states that are listed, one call each: no filter by several is documented."""

TOO_LATE: Final = (
    "What is active is removed, not cancelled: deactivate it in Privileged Identity Management under “My roles”, "
    "or ask an administrator to remove it."
)

_NO_SUCH: Final = (
    "There is no such request here.",
    "Check the id and the kind: requests of Azure resources are another one.",
)

ERRORS: Final = (
    # Documented as 400 for the second iteration, and seen as 404 in this one.
    DocumentedError(400, "RoleAssignmentRequestNotFound", ErrorMeaning.NOT_FOUND, *_NO_SUCH),
    DocumentedError(404, "RoleAssignmentRequestNotFound", ErrorMeaning.NOT_FOUND, *_NO_SUCH),
    DocumentedError(
        400,
        "RequestCannotBeCancelled",
        ErrorMeaning.NOT_CANCELLABLE,
        "Microsoft does not cancel a request in this state ({state}).",
        "While it waits for approval, an approver can deny it; once it is active, end it yourself or have it removed.",
    ),
)
