"""governanceRoleAssignmentRequest: a role in the second iteration of PIM, which Microsoft ended in October 2026."""

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

RESOURCE = Resource(
    kind="governance-role",
    graph_type="governanceRoleAssignmentRequest",
    label="Role request (PIM iteration 2)",
    cancel=(
        CancelCall(
            version="beta",
            path="/privilegedAccess/{scope}/roleAssignmentRequests/{id}/cancel",
            success={204: Meaning.DONE},
            # An older document lists the application permission; the newer one says it is not supported.
            permissions=Permissions(delegated=("PrivilegedAccess.ReadWrite.{scope}",)),
        ),
    ),
    read=ReadCall(
        version="beta",
        path="/privilegedAccess/{scope}/roleAssignmentRequests/{id}",
        permissions=Permissions(
            delegated=("PrivilegedAccess.ReadWrite.{scope}",),
            application=("PrivilegedAccess.Read.{scope}",),
        ),
    ),
    scopes={"azureResources": "AzureResources", "aadRoles": "AzureAD", "aadGroups": "AzureADGroup"},
    states=States(
        paths=("status.subStatus",),
        yes=frozenset({"Granted", "PendingApproval", "PendingApprovalProvisioning", "PendingAdminDecision"}),
        final=frozenset({"Denied", "Provisioned", "Revoked", "Canceled", "Failed", "AdminDenied", "TimedOut"}),
        cancelled=frozenset({"Canceled"}),
        active=frozenset({"Provisioned"}),
    ),
    # The entity names no requestor: its subject counts as one only where they asked for themselves.
    requestor=Requestor(oid="subjectId", when=("type", "User")),
    titles=("roleDefinitionId",),
    reasons=("reason",),
    created="requestedDateTime",
    urls=("/privilegedAccess/{scope}/roleAssignmentRequests/{id}",),
    clouds=frozenset({"global", "usgov", "usgovdod"}),
    who="Only whoever asked for the role, or an administrator of it, can cancel it.",
    too_late="A role that was already provisioned is removed, not cancelled: ask an administrator of the resource.",
    errors=(
        DocumentedError(
            400,
            "RoleAssignmentRequestNotFound",
            ErrorMeaning.NOT_FOUND,
            "There is no such role request.",
            "Check the id and its provider; newer requests are in Azure Resource Manager.",
        ),
        DocumentedError(
            400,
            "RequestCannotBeCancelled",
            ErrorMeaning.NOT_CANCELLABLE,
            "Only a request that is granted, or waits for an approval or a decision, can be cancelled.",
            "If the role is active, ask an administrator of the resource to remove it.",
        ),
    ),
    retirement=Retirement(
        on=date(2026, 10, 28),
        successor="Azure Resource Manager's roleAssignmentScheduleRequest",
        kinds=(
            "azure-role-assignment",
            "azure-role-eligibility",
            "role-assignment",
            "role-eligibility",
            "group-assignment",
            "group-eligibility",
        ),
    ),
    sources=(
        "microsoft-graph-docs-contrib: beta/api/governanceroleassignmentrequest-cancel.md",
        "learn.microsoft.com: privilegedidentitymanagement-resources (retirement)",
    ),
)
