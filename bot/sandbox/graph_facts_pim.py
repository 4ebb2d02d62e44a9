"""The Graph stand-in's own table of PIM's third iteration: roles of the directory, and groups.

From microsoft-graph-docs-contrib, api-reference/v1.0: api/unifiedroleassignmentschedulerequest-*.md,
api/unifiedroleeligibilityschedulerequest-*.md, api/privilegedaccessgroup*schedulerequest-*.md, resources/*.md.
"""

from dataclasses import replace

from bot.sandbox import graph_entities_pim as entities
from bot.sandbox import graph_rules as rules
from bot.sandbox.graph_types import Collection, Facts, Permissions, Problem, Success, words

UNKNOWN_ID = Problem(400, "RoleAssignmentRequestNotFound", "The role assignment request does not exist.")
"""As documented for the second iteration."""
UNKNOWN_ID_SEEN = Problem(404, UNKNOWN_ID.code, UNKNOWN_ID.message)
NOT_CANCELLABLE = Problem(400, "RequestCannotBeCancelled", "Request is not in cancellable state.")
CANCELLABLE = words("granted")
"""The only state that the documents name."""
UNCERTAIN = words("pendingapproval pendingapprovalprovisioning pendingadmindecision")
"""Those that the second iteration cancelled."""

_OPTIONS = words("$filter $select $expand")


def _directory(sort: str) -> Collection:
    permissions = Permissions.of(*2 * [f"{sort}Schedule.ReadWrite.Directory RoleManagement.ReadWrite.Directory"])
    activation = "activatedUsing " if sort == "RoleAssignment" else ""
    return Collection(
        "v1.0",
        f"roleManagement/directory/{sort[0].lower()}{sort[1:]}ScheduleRequests",
        # No smaller permission reads a request, though one reads the schedules that come of it.
        read=permissions,
        cancel=permissions,
        own_lists=words("filterByCurrentUser(on='principal')"),
        list_options=_OPTIONS,
        filters=words("id status principalId roleDefinitionId directoryScopeId appScopeId targetScheduleId"),
        expands=words(f"{activation}appScope directoryScope principal roleDefinition targetSchedule"),
    )


def _group(sort: str) -> Collection:
    write = f"Privileged{sort}Schedule.ReadWrite.AzureADGroup"
    read = f"Privileged{sort}Schedule.Read.AzureADGroup {write}"
    activation = "activatedUsing " if sort == "Assignment" else ""
    return Collection(
        "v1.0",
        f"identityGovernance/privilegedAccess/group/{sort.lower()}ScheduleRequests",
        read=Permissions.of(read, read),
        cancel=Permissions.of(write, write),
        own_lists=words("filterByCurrentUser(on='principal')"),
        list_options=_OPTIONS,
        filters=words("id status principalId groupId targetScheduleId"),
        filtered_by=words("groupId principalId"),
        expands=words(f"{activation}group principal targetSchedule"),
    )


ROLE_ASSIGNMENT = Facts(
    type_name="unifiedRoleAssignmentScheduleRequest",
    collections=(_directory("RoleAssignment"),),
    entity=entities.role_assignment,
    view=entities.with_principal,
    state_path=("status",),
    initial="Granted",
    cancellable=CANCELLABLE,
    uncertain=UNCERTAIN,
    cancelled="Canceled",
    success={"204": Success(204)},
    lists=rules.principal_lists,
    may_cancel=rules.creator_or_admin_cancels,
    unknown_id=UNKNOWN_ID,
    unknown_id_seen=UNKNOWN_ID_SEEN,
    not_cancellable=NOT_CANCELLABLE,
)

ROLE_ELIGIBILITY = replace(
    ROLE_ASSIGNMENT,
    type_name="unifiedRoleEligibilityScheduleRequest",
    collections=(_directory("RoleEligibility"),),
    entity=entities.role_eligibility,
    cancelled="Revoked",
)

GROUP_ASSIGNMENT = replace(
    ROLE_ASSIGNMENT,
    type_name="privilegedAccessGroupAssignmentScheduleRequest",
    collections=(_group("Assignment"),),
    entity=entities.group_assignment,
)

GROUP_ELIGIBILITY = replace(
    ROLE_ELIGIBILITY,
    type_name="privilegedAccessGroupEligibilityScheduleRequest",
    collections=(_group("Eligibility"),),
    entity=entities.group_eligibility,
)

PIM_FACTS = (ROLE_ASSIGNMENT, ROLE_ELIGIBILITY, GROUP_ASSIGNMENT, GROUP_ELIGIBILITY)
