"""unifiedRoleAssignmentScheduleRequest: a request for an active directory role in Microsoft Entra (PIM)."""

from bot.resources._schedule import ASSIGNMENT, ERRORS, PENDING, TOO_LATE
from bot.resources._spec import ALL_CLOUDS, CancelCall, ListCall, Meaning, Permissions, ReadCall, Requestor, Resource

_ROOT = "/roleManagement/directory/roleAssignmentScheduleRequests"
_EXPAND = {"$expand": "roleDefinition"}
# Requests are read with no less: the smaller permissions that some pages list are refused (PermissionScopeNotGranted).
_NAMES = ("RoleAssignmentSchedule.ReadWrite.Directory", "RoleManagement.ReadWrite.Directory")
_PERMISSIONS = Permissions(delegated=_NAMES, application=_NAMES)
_FILTERS = tuple({"$filter": f"status eq '{state}'", **_EXPAND} for state in PENDING)

RESOURCE = Resource(
    kind="role-assignment",
    graph_type="unifiedRoleAssignmentScheduleRequest",
    label="Directory role request",
    cancel=(
        CancelCall(
            version="v1.0",
            path=f"{_ROOT}/{{id}}/cancel",
            success={204: Meaning.DONE},
            permissions=_PERMISSIONS,
        ),
    ),
    read=ReadCall(
        version="v1.0",
        path=f"{_ROOT}/{{id}}",
        query=_EXPAND,
        permissions=_PERMISSIONS,
    ),
    lists=(
        *(ListCall("v1.0", _ROOT, _PERMISSIONS, query) for query in _FILTERS),
        *(
            ListCall("v1.0", f"{_ROOT}/filterByCurrentUser(on='principal')", Permissions(_NAMES), query, own=True)
            for query in _FILTERS
        ),
    ),
    states=ASSIGNMENT,
    requestor=Requestor(oid="createdBy.user.id", names=("createdBy.user.displayName",)),
    titles=("roleDefinition.displayName", "roleDefinitionId"),
    reasons=("justification",),
    created="createdDateTime",
    urls=(f"{_ROOT}/{{id}}",),
    clouds=ALL_CLOUDS,
    who="Whoever asked can cancel it, or a privileged role administrator.",
    too_late=TOO_LATE,
    errors=ERRORS,
    sources=(
        "microsoft-graph-docs-contrib: v1.0/api/unifiedroleassignmentschedulerequest-cancel.md",
        "microsoft-graph-docs-contrib: v1.0/api/rbacapplication-list-roleassignmentschedulerequests.md",
        "microsoft-graph-docs-contrib: v1.0/api/unifiedroleassignmentschedulerequest-filterbycurrentuser.md",
    ),
)
