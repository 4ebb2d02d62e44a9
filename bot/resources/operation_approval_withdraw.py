"""operationApprovalRequest: cancelMyRequest. Withdraws one's own request for an Intune multi admin approval."""

from bot.resources._spec import (
    ALL_CLOUDS,
    CancelCall,
    ListCall,
    Meaning,
    Permissions,
    ReadCall,
    Requestor,
    Resource,
    Slot,
    States,
)

# Read permissions for an action that writes: that is what Microsoft documents.
_NAMES = ("DeviceManagementConfiguration.Read.All", "DeviceManagementRBAC.Read.All")
_PERMISSIONS = Permissions(delegated=_NAMES, application=_NAMES)
_ROOT = "/deviceManagement/operationApprovalRequests"

RESOURCE = Resource(
    kind="operation-approval-withdraw",
    graph_type="operationApprovalRequest",
    label="Intune request for approval",
    cancel=(
        CancelCall(
            version="beta",
            path=f"{_ROOT}/cancelMyRequest",
            body={"id": Slot.ID},
            success={204: Meaning.DONE},
            permissions=_PERMISSIONS,
            only_own=True,
        ),
    ),
    read=ReadCall(version="beta", path=f"{_ROOT}/{{id}}", permissions=_PERMISSIONS),
    lists=(
        ListCall(
            version="beta",
            path=_ROOT,
            # The filter is no documented one, but what public clients use. Without $select each comes with its payload.
            query={
                "$filter": "status eq 'needsApproval'",
                "$select": "id,status,requestor,approver,requestJustification,requestDateTime,expirationDateTime,"
                "requiredOperationApprovalPolicyTypes",
            },
            permissions=_PERMISSIONS,
        ),
    ),
    states=States(
        paths=("status",),
        yes=frozenset({"needsApproval"}),
        final=frozenset({"rejected", "cancelled", "completed", "expired"}),
        cancelled=frozenset({"cancelled"}),
        active=frozenset({"completed"}),
    ),
    requestor=Requestor(oid="requestor.user.id", names=("requestor.user.displayName",)),
    titles=("payloadName", "payloadType", "requiredOperationApprovalPolicyTypes"),
    reasons=("requestJustification",),
    created="requestDateTime",
    expires="expirationDateTime",
    decided_by=("approver.user.displayName",),
    urls=(f"{_ROOT}/{{id}}",),
    clouds=ALL_CLOUDS,
    who="Only whoever asked can withdraw a request.",
    too_late="Only a request that waits for approval can be withdrawn: once it is approved, the approval is cancelled.",
    sources=(
        "microsoft-graph-docs-contrib: beta/api/intune-rbac-operationapprovalrequest-cancelmyrequest.md",
        "microsoft-graph-docs-contrib: beta/resources/intune-rbac-operationapprovalrequest.md",
    ),
)
