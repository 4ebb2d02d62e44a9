"""What new requests look like in the Graph stand-in, and how each version shows them (v1.0 and beta resources)."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.graph_types import Entity
from bot.sandbox.people import CAROL, PEOPLE

_NAMES = {one.oid: one.name for one in PEOPLE}
_EMAILS = {one.oid: one.email for one in PEOPLE}

# The words of `status` that are not words of the v1.0 `state` enumeration.
_ACCESS_PACKAGE_STATES = {
    "accepted": "submitted",
    "pendingapproval": "pendingApproval",
    "pendingnotbefore": "scheduled",
    "pendingapprovalescalated": "pendingApproval",
    "cancelled": "canceled",
}


def approval_item(item_id: str, owner: str, now: str) -> Entity:
    return {
        "id": item_id,
        "displayName": "Laptop for a new colleague",
        "description": "One laptop of the standard model.",
        "state": "",
        "allowCancel": True,
        "allowEmailNotification": False,
        "approvalType": "basic",
        "approvers": [{"user": _identity(CAROL.oid)}],
        "owner": {"user": _identity(owner)},
        "createdDateTime": now,
        "completedDateTime": None,
        "responsePrompts": ["Approve", "Reject"],
        "result": "",
        "viewPoint": {"roles": ["owner"]},
    }


def operation_approval(item_id: str, owner: str, now: str) -> Entity:
    expiration = datetime.fromisoformat(now) + timedelta(days=30)
    return {
        "id": item_id,
        "requestDateTime": now,
        "expirationDateTime": expiration.isoformat().replace("+00:00", "Z"),
        "lastModifiedDateTime": now,
        "requestor": {"user": _identity(owner)},
        "approver": {"user": _identity(CAROL.oid)},
        "status": "",
        "requestJustification": "Remove the old kiosk policy.",
        "approvalJustification": "Checked with the site.",
        "requiredOperationApprovalPolicyTypes": ["deviceAction"],
    }


def operation_approval_view(entity: Entity, _version: str) -> Entity:
    """Show nobody's approval while there is none."""
    waits = entity["status"] == "needsApproval"
    return {**entity, "approver": None, "approvalJustification": None} if waits else entity


def operation_approval_decided(entity: Entity, by: str | None, now: str) -> None:
    """Whoever approved stays the approver of what ends in another way later."""
    entity["lastModifiedDateTime"] = now
    if by and entity["status"] in ("approved", "rejected"):
        entity["approver"] = {"user": _identity(by)}


def completed(entity: Entity, _by: str | None, now: str) -> None:
    """Types that tell when, and not by whom."""
    entity["completedDateTime"] = now


def access_package(item_id: str, owner: str, now: str) -> Entity:
    subject = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, owner)),  # a subject's own id; the directory's is objectId
        "objectId": owner,
        "displayName": _name(owner),
        "email": _EMAILS.get(owner, "nobody@example.test"),
        "principalName": _EMAILS.get(owner, "nobody@example.test"),
    }
    package = {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, "Sales tools")), "displayName": "Sales tools"}
    return {
        "id": item_id,
        "requestType": "userAdd",
        "status": "",
        "createdDateTime": now,
        "completedDateTime": None,
        "justification": "I join the sales team.",
        "schedule": {"startDateTime": None, "expiration": {"type": "noExpiration"}},
        "answers": [],
        "requestor": subject,
        "accessPackage": package | {"description": "What the sales team works with."},
        "assignment": None,
    }


def access_package_view(entity: Entity, version: str) -> Entity:
    """Show v1.0's names (state, status) or beta's (requestState, requestStatus, in initial capitals)."""
    status = str(entity["status"])
    state = _ACCESS_PACKAGE_STATES.get(status.casefold(), status[:1].lower() + status[1:])
    if version == "v1.0":
        return {**entity, "state": state}
    renamed = {"status", "completedDateTime", "requestType", "assignment"}
    return {name: value for name, value in entity.items() if name not in renamed} | {
        "requestType": _capital(entity["requestType"]),
        "requestState": _capital(state),
        "requestStatus": _capital(status),
        "completedDate": entity["completedDateTime"],
        "isValidationOnly": False,
        "accessPackageAssignment": entity["assignment"],
    }


def privileged_role(item_id: str, owner: str, now: str) -> Entity:
    return {
        "id": item_id,
        "userId": owner,
        "roleId": str(uuid.uuid5(uuid.NAMESPACE_OID, "Helpdesk Administrator")),
        "type": "UserAdd",
        "assignmentState": "Active",
        "requestedDateTime": now,
        "status": "",
        "duration": "2",
        "reason": "Reset passwords during the move.",
        "ticketNumber": "",
        "ticketSystem": "",
        "schedule": {"type": "activation", "startDateTime": now, "endDateTime": None},
    }


def governance_role(item_id: str, owner: str, now: str) -> Entity:
    return {
        "id": item_id,
        "resourceId": str(uuid.uuid5(uuid.NAMESPACE_OID, "Sandbox subscription")),
        "roleDefinitionId": str(uuid.uuid5(uuid.NAMESPACE_OID, "Contributor")),
        "subjectId": owner,
        "linkedEligibleRoleAssignmentId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"eligible {owner}")),
        "type": "UserAdd",
        "assignmentState": "Active",
        "requestedDateTime": now,
        "reason": "Deploy the hotfix.",
        "schedule": {"type": "Once", "startDateTime": now, "endDateTime": None, "duration": "PT2H"},
        "status": {"status": "InProgress", "subStatus": "", "statusDetails": []},
    }


def _identity(oid: str) -> dict[str, Any]:
    return {"id": oid, "displayName": _name(oid)}


def _name(oid: str) -> str:
    return _NAMES.get(oid, "Nobody Known")


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
