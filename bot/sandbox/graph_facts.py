"""The Graph stand-in's own table of the cancel actions.

From microsoft-graph-docs-contrib, api-reference: beta/api/approvalitem-cancel.md, beta/api/
intune-rbac-operationapprovalrequest-cancelapproval.md and -cancelmyrequest.md, v1.0/api and beta/api/
accesspackageassignmentrequest-cancel.md, beta/api/privilegedroleassignmentrequest-cancel.md, beta/api/
governanceroleassignmentrequest-cancel.md.
"""

import json
from dataclasses import replace

from bot.sandbox import graph_entities as entities
from bot.sandbox import graph_rules as rules
from bot.sandbox.graph_facts_pim import PIM_FACTS
from bot.sandbox.graph_types import Collection, Entity, Facts, Permissions, Problem, Success
from bot.sandbox.graph_types import words as _words

_permissions = Permissions.of

APPROVAL_ITEM = Facts(
    type_name="approvalItem",
    collections=(
        Collection(
            "beta",
            "solutions/approval/approvalItems",
            read=_permissions("ApprovalSolution.Read ApprovalSolution.ReadWrite ApprovalSolutionResponse.ReadWrite"),
            cancel=_permissions("ApprovalSolution.ReadWrite"),
            list_options=_words("$filter $orderby $top $count $select"),
            orders=_words("createdDateTime"),
        ),
    ),
    entity=entities.approval_item,
    decide=entities.completed,
    state_path=("state",),
    initial="pending",
    cancellable=_words("created pending"),
    cancelled="canceled",
    success={"202": Success(202, operation=True), "204": Success(204)},
    may_read=rules.owner_or_approver_reads,
    may_cancel=rules.owner_cancels,
    operations="solutions/approval/operations",
)

_INTUNE_READ = "DeviceManagementConfiguration.Read.All DeviceManagementRBAC.Read.All"
_NOT_APPROVED = {"_version": 3, "Message": "The request is not approved and cannot be cancelled."}

OPERATION_APPROVAL = Facts(
    type_name="operationApprovalRequest",
    collections=(
        Collection(
            "beta",
            "deviceManagement/operationApprovalRequests",
            # These read permissions are the documented ones of the action, too.
            read=_permissions(_INTUNE_READ, _INTUNE_READ),
            cancel=_permissions(_INTUNE_READ, _INTUNE_READ),
            action="cancelApproval",
            body_rule=rules.justification_body,
            own_lists=_words("retrieveMyRequests"),
            filters=_words("status"),
        ),
    ),
    entity=entities.operation_approval,
    view=entities.operation_approval_view,
    decide=entities.operation_approval_decided,
    state_path=("status",),
    initial="approved",
    cancellable=_words("approved"),
    cancelled="cancelled",
    success={"200": Success(200, body=lambda entity: {"value": f"Cancelled {entity['id']}"})},
    not_cancellable=Problem(400, "BadRequest", json.dumps(_NOT_APPROVED)),
)

_NOT_WAITING = {"_version": 3, "Message": "The request no longer waits for approval and cannot be withdrawn."}

OPERATION_WITHDRAWAL = replace(
    OPERATION_APPROVAL,
    collections=(
        replace(OPERATION_APPROVAL.collections[0], action="cancelMyRequest", of_all=True, body_rule=rules.id_body),
    ),
    cancellable=_words("needsapproval"),
    success={"204": Success(204)},
    may_cancel=rules.requestor_withdraws,
    not_cancellable=Problem(400, "BadRequest", json.dumps(_NOT_WAITING)),
)

_ENTITLEMENT_READ = _permissions(
    "EntitlementManagement.Read.All EntitlementManagement.ReadWrite.All",
    "EntitlementManagement.Read.All EntitlementManagement.ReadWrite.All",
)
_OWN_ENTITLEMENTS = _words("filterByCurrentUser(on='target') filterByCurrentUser(on='createdBy')")
_ENTITLEMENT_OPTIONS = _words("$filter $expand $select $top")


def _entitlement_beta(path: str) -> Collection:
    return Collection(
        "beta",
        f"identityGovernance/entitlementManagement/{path}",
        read=_ENTITLEMENT_READ,
        cancel=_permissions("EntitlementMgmt-SubjectAccess.ReadWrite EntitlementManagement.ReadWrite.All"),
        body_rule=rules.own_request_body,
        own_lists=_OWN_ENTITLEMENTS,
        list_options=_ENTITLEMENT_OPTIONS,
        filters=_words("createdDateTime requestState accessPackage/id"),
        expands=_words("accessPackage accessPackageAssignment requestor"),
    )


ACCESS_PACKAGE = Facts(
    type_name="accessPackageAssignmentRequest",
    collections=(
        Collection(
            "v1.0",
            "identityGovernance/entitlementManagement/assignmentRequests",
            read=_ENTITLEMENT_READ,
            cancel=_permissions("EntitlementManagement.ReadWrite.All"),
            own_lists=_OWN_ENTITLEMENTS,
            list_options=_ENTITLEMENT_OPTIONS,
            filters=_words("createdDateTime state accessPackage/id"),
            expands=_words("accessPackage assignment requestor"),
        ),
        _entitlement_beta("assignmentRequests"),
        _entitlement_beta("accessPackageAssignmentRequests"),
    ),
    entity=entities.access_package,
    view=entities.access_package_view,
    decide=entities.completed,
    state_path=("status",),
    initial="pendingApproval",
    cancellable=_words("accepted pendingapproval pendingnotbefore pendingapprovalescalated"),
    cancelled="canceled",
    success={"200": Success(200), "204": Success(204)},
    may_cancel=rules.requestor_or_admin_cancels,
)


def _wrapped(entity: Entity) -> Entity:
    return {"value": {"@odata.type": "#microsoft.graph.privilegedRoleAssignmentRequest", **entity}}


PRIVILEGED_ROLE = Facts(
    type_name="privilegedRoleAssignmentRequest",
    collections=(
        Collection(
            "beta",
            "privilegedRoleAssignmentRequests",
            read=_permissions("PrivilegedAccess.ReadWrite.AzureAD Directory.AccessAsUser.All"),
            cancel=_permissions("PrivilegedAccess.ReadWrite.AzureAD Directory.AccessAsUser.All"),
            get_one=False,
            own_lists=_words("my"),
            list_options=frozenset(),
        ),
    ),
    entity=entities.privileged_role,
    state_path=("status",),
    initial="PendingApproval",
    # The error text says PendingApproval where the enumeration has RequestedApproval.
    cancellable=_words("scheduled pendingapproval requestedapproval"),
    cancelled="Cancelled",
    passing="Cancelling",
    success={"entity": Success(200, body=lambda entity: entity), "wrapped": Success(200, body=_wrapped)},
    may_cancel=rules.subject_cancels,
    unknown_id=Problem(400, "BadRequest", "Request with request ID not found."),
    not_cancellable=Problem(
        400, "BadRequest", "Cancellation can be done only on status Scheduled and PendingApproval."
    ),
    null_id=Problem(400, "BadRequest", "RequestId cannot be Null."),
    retired={"400": Problem(400, "TenantEnabledInAadRoleMigration", "The tenant has moved to a newer API.")},
)


def _governance(provider: str, permission: str) -> Collection:
    read, write = f"PrivilegedAccess.Read.{permission}", f"PrivilegedAccess.ReadWrite.{permission}"
    return Collection(
        "beta",
        f"privilegedAccess/{provider}/roleAssignmentRequests",
        read=_permissions(f"{read} {write}", read),
        cancel=_permissions(write),  # the newer document: no application
        provider=provider,
        filters=_words("resourceId subjectId status/subStatus"),
    )


GOVERNANCE_ROLE = Facts(
    type_name="governanceRoleAssignmentRequest",
    collections=(
        _governance("azureResources", "AzureResources"),
        _governance("aadRoles", "AzureAD"),
        _governance("aadGroups", "AzureADGroup"),
    ),
    entity=entities.governance_role,
    state_path=("status", "subStatus"),
    initial="PendingApproval",
    cancellable=_words("granted pendingapproval pendingapprovalprovisioning pendingadmindecision"),
    cancelled="Canceled",
    success={"204": Success(204)},
    unknown_id=Problem(400, "RoleAssignmentRequestNotFound", "The role assignment request does not exist."),
    not_cancellable=Problem(400, "RequestCannotBeCancelled", "The request is not in a cancellable state."),
    # What the endpoint answers after its date is not documented: take your pick.
    retired={
        "404": Problem(404, "ResourceNotFound", "The resource was not found."),
        "410": Problem(410, "Gone", "This API is no longer available."),
        "empty": None,
    },
)

FACTS = (
    APPROVAL_ITEM,
    replace(OPERATION_APPROVAL, others=(OPERATION_WITHDRAWAL,)),
    ACCESS_PACKAGE,
    PRIVILEGED_ROLE,
    GOVERNANCE_ROLE,
    *PIM_FACTS,
)
