"""Azure Resource Manager's roleAssignmentScheduleRequest: a request for an active role of an Azure resource (PIM)."""

from bot.resources._azure import id_of, states
from bot.resources._schedule import ERRORS, TOO_LATE
from bot.resources._spec import (
    ALL_CLOUDS,
    CancelCall,
    ListCall,
    Meaning,
    Permissions,
    ReadCall,
    Requestor,
    Resource,
    Service,
)

_COLLECTION = "roleAssignmentScheduleRequests"
_ACTION = f"Microsoft.Authorization/{_COLLECTION}"
_READ = Permissions(delegated=("user_impersonation",), application=(f"{_ACTION}/read",))

RESOURCE = Resource(
    kind="azure-role-assignment",
    graph_type="roleAssignmentScheduleRequest",
    label="Azure role request",
    service=Service.ARM,
    id_pattern=id_of(_COLLECTION),
    cancel=(
        CancelCall(
            version="2020-10-01",
            path="{id}/cancel",
            success={200: Meaning.DONE},
            # As the application it is an Azure role with this action that counts.
            permissions=Permissions(delegated=_READ.delegated, application=(f"{_ACTION}/cancel/action",)),
        ),
    ),
    read=ReadCall(version="2020-10-01", path="{id}", permissions=_READ),
    lists=(
        ListCall(
            version="2020-10-01",
            path=f"/providers/Microsoft.Authorization/{_COLLECTION}",
            query={"$filter": "asRequestor()"},
            permissions=Permissions(delegated=_READ.delegated),
            own=True,
        ),
    ),
    states=states("Canceled"),
    requestor=Requestor(oid="properties.requestorId"),
    titles=(
        "properties.expandedProperties.roleDefinition.displayName",
        "properties.expandedProperties.scope.displayName",
        "properties.roleDefinitionId",
    ),
    reasons=("properties.justification",),
    created="properties.createdOn",
    urls=("{id}",),
    clouds=ALL_CLOUDS,
    who="Whoever asked can cancel it, or a user access administrator of the resource.",
    too_late=TOO_LATE,
    errors=ERRORS,
    sources=(
        "azure-rest-api-specs: authorization, stable/2020-10-01, RoleAssignmentScheduleRequest.json",
        "microsoft-graph-docs-contrib: concepts/deployments.md (clouds)",
    ),
)
