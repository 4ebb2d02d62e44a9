"""operationApprovalRequest: cancelApproval. Takes back an Intune multi admin approval that was already given."""

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
_PERMISSIONS = ("DeviceManagementConfiguration.Read.All", "DeviceManagementRBAC.Read.All")

RESOURCE = Resource(
    kind="operation-approval",
    graph_type="operationApprovalRequest",
    label="Intune multi admin approval",
    cancel=(
        CancelCall(
            version="beta",
            path="/deviceManagement/operationApprovalRequests/{id}/cancelApproval",
            # Slack is neither adminConsole nor email, so the source is the documented default.
            body={"justification": Slot.JUSTIFICATION, "approvalSource": "unknown"},
            success={200: Meaning.DONE},
            permissions=Permissions(delegated=_PERMISSIONS, application=_PERMISSIONS),
        ),
    ),
    read=ReadCall(
        version="beta",
        path="/deviceManagement/operationApprovalRequests/{id}",
        permissions=Permissions(delegated=_PERMISSIONS, application=_PERMISSIONS),
    ),
    lists=(
        ListCall(
            version="beta",
            path="/deviceManagement/operationApprovalRequests",
            # The filter is no documented one, but what public clients use. Without $select each comes with its payload.
            query={
                "$filter": "status eq 'approved'",
                "$select": "id,status,requestor,approver,requestJustification,requestDateTime,expirationDateTime,"
                "requiredOperationApprovalPolicyTypes",
            },
            permissions=Permissions(delegated=_PERMISSIONS, application=_PERMISSIONS),
        ),
    ),
    states=States(
        paths=("status",),
        yes=frozenset({"approved"}),
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
    urls=("/deviceManagement/operationApprovalRequests/{id}",),
    clouds=ALL_CLOUDS,
    who="Intune lets administrators with multi admin approval rights cancel an approval.",
    too_late="Only an approved request can be cancelled: a pending one is withdrawn or rejected instead.",
    sources=(
        "microsoft-graph-docs-contrib: beta/api/intune-rbac-operationapprovalrequest-cancelapproval.md",
        "microsoft-graph-docs-contrib: beta/resources/intune-rbac-operationapprovalrequest.md",
    ),
)
