"""Schedule requests of Azure resources, as the examples of azure-rest-api-specs (2020-10-01) show them."""

import uuid

from bot.sandbox.graph_types import Entity
from bot.sandbox.people import PEOPLE

_PEOPLE = {one.oid: one for one in PEOPLE}
_SCOPE_TYPES = {0: "tenant", 2: "subscription", 4: "resourcegroup"}
"""By the number of the scope's names."""


def assignment(item_id: str, owner: str, now: str) -> Entity:
    """A request for an active role; its id begins with its scope."""
    request = _request(item_id, owner, now, role="Contributor")
    request["properties"] |= {
        "targetRoleAssignmentScheduleId": request["name"],
        "targetRoleAssignmentScheduleInstanceId": None,
        "linkedRoleEligibilityScheduleId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"eligible {owner}")),
        "requestType": "SelfActivate",
        "justification": "Deploy the hotfix.",
    }
    return request


def eligibility(item_id: str, owner: str, now: str) -> Entity:
    """A request for eligibility for a role; its id begins with its scope."""
    request = _request(item_id, owner, now, role="Reader")
    request["properties"] |= {
        "targetRoleEligibilityScheduleId": request["name"],
        "targetRoleEligibilityScheduleInstanceId": None,
        "requestType": "AdminAssign",
        "justification": "Look at the bills of this quarter.",
    }
    return request


def _request(item_id: str, owner: str, now: str, *, role: str) -> Entity:
    scope, _, kind_and_name = item_id.rpartition("/providers/")
    kind, _, name = kind_and_name.rpartition("/")
    guid = uuid.uuid5(uuid.NAMESPACE_OID, role)
    definition = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    person = _PEOPLE.get(owner)
    known = {"displayName": person.name, "email": person.email} if person else {}
    place = {"id": scope or "/", "displayName": scope.rpartition("/")[2], "type": _scope_type(scope)}
    return {
        "properties": {
            "scope": scope or "/",
            "roleDefinitionId": definition,
            "principalId": owner,
            "principalType": "User",
            "status": "",
            "approvalId": None,
            "scheduleInfo": {
                "startDateTime": now,
                "expiration": {"type": "AfterDuration", "endDateTime": None, "duration": "PT8H"},
            },
            "ticketInfo": {"ticketNumber": None, "ticketSystem": None},
            "requestorId": owner,
            "createdOn": now,
            "expandedProperties": {
                "scope": place,
                "roleDefinition": {"id": definition, "displayName": role, "type": "BuiltInRole"},
                "principal": {"id": owner, "type": "User", **known},
            },
        },
        "name": name,
        "id": item_id,
        "type": kind,
    }


def _scope_type(scope: str) -> str:
    if scope.startswith("/providers/Microsoft.Management/"):
        return "managementgroup"
    return _SCOPE_TYPES.get(scope.count("/"), "resource")
