"""accessPackageAssignmentRequest: a request for an access package in entitlement management."""

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

_ROOT = "/identityGovernance/entitlementManagement"
_READ = Permissions(
    delegated=("EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All"),
    application=("EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All"),
)
# Of the states that can be cancelled, v1.0's `state`, the only one that can be filtered by, has just this one.
_PENDING = {
    "$filter": "state eq 'pendingApproval'",
    "$expand": "requestor,accessPackage",
    "$select": "id,state,status,createdDateTime,justification",
}
_DONE = {200: Meaning.DONE, 204: Meaning.DONE}  # the text documents 200, the examples 204

RESOURCE = Resource(
    kind="access-package",
    graph_type="accessPackageAssignmentRequest",
    label="Access package request",
    cancel=(
        CancelCall(
            version="beta",
            path=f"{_ROOT}/assignmentRequests/{{id}}/cancel",
            body={"id": Slot.ID, "requestStatus": "cancelled"},
            success=_DONE,
            permissions=Permissions(
                delegated=("EntitlementMgmt-SubjectAccess.ReadWrite", "EntitlementManagement.ReadWrite.All")
            ),
            only_own=True,
            clouds=frozenset({"global", "china"}),
        ),
        CancelCall(
            version="v1.0",
            path=f"{_ROOT}/assignmentRequests/{{id}}/cancel",
            success=_DONE,
            permissions=Permissions(delegated=("EntitlementManagement.ReadWrite.All",)),
        ),
    ),
    read=ReadCall(
        version="v1.0",
        path=f"{_ROOT}/assignmentRequests/{{id}}",
        query={"$expand": "requestor,accessPackage"},
        permissions=_READ,
    ),
    lists=(
        ListCall(version="v1.0", path=f"{_ROOT}/assignmentRequests", query=_PENDING, permissions=_READ),
        ListCall(
            version="v1.0",
            path=f"{_ROOT}/assignmentRequests/filterByCurrentUser(on='createdBy')",
            query=_PENDING,
            permissions=Permissions(delegated=_READ.delegated),
            own=True,
        ),
    ),
    states=States(
        # The cancellable states are documented for status and requestStatus; v1.0's state is another vocabulary.
        paths=("status", "state", "requestStatus", "requestState"),
        yes=frozenset({"accepted", "pendingApproval", "pendingNotBefore", "pendingApprovalEscalated"}),
        final=frozenset({"delivered", "partiallyDelivered", "deliveryFailed", "denied", "canceled"}),
        cancelled=frozenset({"canceled"}),
        active=frozenset({"delivered", "partiallyDelivered"}),
    ),
    # requestor.id is the id of the subject inside entitlement management, not the person's in Entra.
    requestor=Requestor(
        oid="requestor.objectId", names=("requestor.displayName", "requestor.email"), email="requestor.email"
    ),
    titles=("accessPackage.displayName",),
    reasons=("justification",),
    created="createdDateTime",
    urls=(f"{_ROOT}/assignmentRequests/{{id}}", f"{_ROOT}/accessPackageAssignmentRequests/{{id}}"),
    clouds=ALL_CLOUDS,
    who="People cancel their own requests; others' need an administrator, at least an assignment manager.",
    too_late="A delivered package is not cancelled but removed: ask an administrator to remove the assignment.",
    sources=(
        "microsoft-graph-docs-contrib: v1.0/api and beta/api/accesspackageassignmentrequest-cancel.md",
        "microsoft-graph-docs-contrib: v1.0/resources and beta/resources/accesspackageassignmentrequest.md",
        "microsoft-graph-docs-contrib: v1.0/api/entitlementmanagement-list-assignmentrequests.md",
        "microsoft-graph-docs-contrib: v1.0/api/accesspackageassignmentrequest-filterbycurrentuser.md",
    ),
)
