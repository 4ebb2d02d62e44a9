"""privilegedAccessGroupEligibilityScheduleRequest: a request for eligible membership or ownership in a group (PIM)."""

from bot.resources._schedule import ELIGIBILITY, ERRORS, PENDING, TOO_LATE
from bot.resources._spec import ALL_CLOUDS, CancelCall, ListCall, Meaning, Permissions, ReadCall, Requestor, Resource

_ROOT = "/identityGovernance/privilegedAccess/group/eligibilityScheduleRequests"
_EXPAND = {"$expand": "group"}
_WRITE = ("PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",)
_READ = ("PrivilegedEligibilitySchedule.Read.AzureADGroup", *_WRITE)

RESOURCE = Resource(
    kind="group-eligibility",
    graph_type="privilegedAccessGroupEligibilityScheduleRequest",
    label="Eligible group membership request",
    cancel=(
        CancelCall(
            version="v1.0",
            path=f"{_ROOT}/{{id}}/cancel",
            success={204: Meaning.DONE},
            permissions=Permissions(delegated=_WRITE, application=_WRITE),
        ),
    ),
    read=ReadCall(
        version="v1.0",
        path=f"{_ROOT}/{{id}}",
        query=_EXPAND,
        permissions=Permissions(delegated=_READ, application=_READ),
    ),
    # The list of all must name a group or a person, so there is none of everything.
    lists=tuple(
        ListCall(
            version="v1.0",
            path=f"{_ROOT}/filterByCurrentUser(on='principal')",
            query={"$filter": f"status eq '{state}'", **_EXPAND},
            permissions=Permissions(delegated=_READ),
            own=True,
        )
        for state in PENDING
    ),
    states=ELIGIBILITY,
    requestor=Requestor(oid="createdBy.user.id", names=("createdBy.user.displayName",)),
    titles=("group.displayName", "groupId"),
    reasons=("justification",),
    created="createdDateTime",
    urls=(f"{_ROOT}/{{id}}",),
    clouds=ALL_CLOUDS,
    who="Whoever asked can cancel it, an owner of the group, or an administrator of groups or privileged roles.",
    too_late=TOO_LATE,
    errors=ERRORS,
    sources=(
        "microsoft-graph-docs-contrib: v1.0/api/privilegedaccessgroupeligibilityschedulerequest-cancel.md",
        "microsoft-graph-docs-contrib: v1.0/api/privilegedaccessgroup-list-eligibilityschedulerequests.md",
        "microsoft-graph-docs-contrib: v1.0/api/privilegedaccessgroupeligibilityschedulerequest-filterbycurrentuser.md",
    ),
)
