"""privilegedRoleAssignmentRequest: a directory role in the first iteration of PIM, which Microsoft retired in 2021."""

from datetime import date

from bot.resources._spec import (
    CancelCall,
    DocumentedError,
    ErrorMeaning,
    Meaning,
    Permissions,
    ReadCall,
    Requestor,
    Resource,
    Retirement,
    States,
)

_PERMISSIONS = Permissions(delegated=("PrivilegedAccess.ReadWrite.AzureAD", "Directory.AccessAsUser.All"))

RESOURCE = Resource(
    kind="privileged-role",
    graph_type="privilegedRoleAssignmentRequest",
    label="Directory role request (PIM iteration 1)",
    cancel=(
        CancelCall(
            version="beta",
            path="/privilegedRoleAssignmentRequests/{id}/cancel",
            success={200: Meaning.DONE},
            permissions=_PERMISSIONS,
        ),
    ),
    read=ReadCall(
        version="beta",
        path="/privilegedRoleAssignmentRequests",
        permissions=Permissions(
            delegated=("PrivilegedAccess.ReadWrite.AzureAD", "Directory.Read.All", "Directory.AccessAsUser.All")
        ),
        listed=True,
    ),
    states=States(
        paths=("status",),
        # The error text says PendingApproval where the enumeration has RequestedApproval: both count.
        yes=frozenset({"Scheduled", "PendingApproval", "RequestedApproval"}),
        final=frozenset({"Completed", "ApprovalDenied", "ApprovalAborted", "Cancelled", "Revoked", "RequestExpired"}),
        cancelled=frozenset({"Cancelled"}),
        active=frozenset({"Completed"}),
        cancelling=frozenset({"Cancelling"}),
    ),
    # The entity names no requestor: its subject counts as one only where they asked for themselves.
    requestor=Requestor(oid="userId", when=("type", "User")),
    titles=("roleId",),
    reasons=("reason",),
    created="requestedDateTime",
    urls=("/privilegedRoleAssignmentRequests/{id}",),
    clouds=frozenset({"global"}),
    who="Only whoever asked for the role, or a privileged role administrator, can cancel it.",
    too_late="A role that was already assigned is removed, not cancelled: ask a privileged role administrator.",
    errors=(
        DocumentedError(
            400,
            "RequestId cannot be Null",
            ErrorMeaning.BAD_REQUEST,
            "Microsoft Graph received no request id.",
            "Check the id and try again.",
        ),
        DocumentedError(
            400,
            "Request with request ID not found",
            ErrorMeaning.NOT_FOUND,
            "There is no such role request.",
            "Check the id; requests made after June 2021 are unifiedRoleAssignmentScheduleRequests.",
        ),
        DocumentedError(
            400,
            "Cancellation can be done only on status Scheduled and PendingApproval",
            ErrorMeaning.NOT_CANCELLABLE,
            "Only a scheduled request, or one that waits for approval, can be cancelled.",
            "If the role is active, ask a privileged role administrator to remove it.",
        ),
        DocumentedError(
            403,
            "Requester not allowed to make Cancel call or request not found",
            ErrorMeaning.NOT_ALLOWED,
            "You may not cancel this role request, or it does not exist.",
            "Ask whoever made the request, or a privileged role administrator, to cancel it.",
        ),
        DocumentedError(
            400,
            "TenantEnabledInAadRoleMigration",
            ErrorMeaning.RETIRED,
            "Your tenant's directory roles have moved to the newer PIM, so this old interface no longer serves them.",
            "Look for the request in the PIM portal.",
        ),
    ),
    retirement=Retirement(
        on=date(2021, 5, 31),
        successor="unifiedRoleAssignmentScheduleRequest",
        kinds=("role-assignment", "role-eligibility"),
    ),
    sources=(
        "microsoft-graph-docs (2021-07): beta/api/privilegedroleassignmentrequest-cancel.md",
        "learn.microsoft.com: privilegedidentitymanagement-root, pim-apis (retirement)",
    ),
)
