"""The table of the Azure Resource Manager stand-in: schedule requests of Azure resources.

From azure-rest-api-specs, specification/authorization/resource-manager/Microsoft.Authorization/stable/2020-10-01:
RoleAssignmentScheduleRequest.json, RoleEligibilityScheduleRequest.json and their examples.
"""

from dataclasses import replace

from bot.sandbox import arm_entities as entities
from bot.sandbox import graph_rules as rules
from bot.sandbox.graph_facts_pim import CANCELLABLE, NOT_CANCELLABLE, UNCERTAIN, UNKNOWN_ID, UNKNOWN_ID_SEEN
from bot.sandbox.graph_types import Collection, Facts, Permissions, Success, words

VERSION = "2020-10-01"


def _collection(path: str) -> Collection:
    action = f"Microsoft.Authorization/{path}"
    return Collection(
        VERSION,
        path,
        # What an application may do follows from the actions of its Azure roles.
        read=Permissions.of("user_impersonation", f"{action}/read"),
        cancel=Permissions.of("user_impersonation", f"{action}/cancel/action"),
        filters=words("principalId roleDefinitionId requestorId status"),
    )


ASSIGNMENT = Facts(
    type_name="roleAssignmentScheduleRequest",
    collections=(_collection("roleAssignmentScheduleRequests"),),
    entity=entities.assignment,
    state_path=("properties", "status"),
    initial="Granted",
    cancellable=CANCELLABLE,
    uncertain=UNCERTAIN,
    cancelled="Canceled",
    success={"200": Success(200)},
    may_cancel=rules.creator_or_admin_cancels,
    unknown_id=UNKNOWN_ID,
    unknown_id_seen=UNKNOWN_ID_SEEN,
    not_cancellable=NOT_CANCELLABLE,
)

ELIGIBILITY = replace(
    ASSIGNMENT,
    type_name="roleEligibilityScheduleRequest",
    collections=(_collection("roleEligibilityScheduleRequests"),),
    entity=entities.eligibility,
    # As in Graph; here no document says how it ends.
    cancelled="Revoked",
)

ARM_FACTS = (ASSIGNMENT, ELIGIBILITY)
