"""Requests of PIM's third iteration, as the samples of microsoft-graph-docs-contrib (v1.0/api/*-get.md) show them."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.graph_types import Entity
from bot.sandbox.people import PEOPLE

_PEOPLE = {one.oid: one for one in PEOPLE}
_ACTIVATION = {"type": "AfterDuration", "endDateTime": None, "duration": "PT8H"}
_ASSIGNMENT = {"type": "noExpiration", "endDateTime": None, "duration": None}


def role_assignment(item_id: str, owner: str, now: str) -> Entity:
    return {
        **_request(item_id, owner, now, "selfActivate", _ACTIVATION),
        **_directory_role("Groups Administrator"),
        "justification": "Add the new team's members.",
        "activatedUsing": None,
    }


def role_eligibility(item_id: str, owner: str, now: str) -> Entity:
    return {
        **_request(item_id, owner, now, "adminAssign", _ASSIGNMENT),
        **_directory_role("User Administrator"),
        "justification": "I stand in for the administrator in August.",
    }


def group_assignment(item_id: str, owner: str, now: str) -> Entity:
    return {
        **_request(item_id, owner, now, "SelfActivate", _ACTIVATION),
        **_group("Production operators"),
        "justification": "Restart the print server.",
        "activatedUsing": None,
    }


def group_eligibility(item_id: str, owner: str, now: str) -> Entity:
    return {
        **_request(item_id, owner, now, "adminAssign", _ASSIGNMENT),
        **_group("On-call engineers"),
        "justification": "I join the rota in May.",
    }


def with_principal(entity: Entity, _version: str) -> Entity:
    """Show the person of `principalId`."""
    person = _PEOPLE.get(entity["principalId"])
    known = {"displayName": person.name, "userPrincipalName": person.email, "mail": person.email} if person else {}
    return {**entity, "principal": {"@odata.type": "#microsoft.graph.user", "id": entity["principalId"], **known}}


def _request(item_id: str, owner: str, now: str, action: str, expiration: dict[str, Any]) -> Entity:
    # A request that still waits for approval has a completedDateTime, and the approval has the request's own id.
    completed = datetime.fromisoformat(now) + timedelta(milliseconds=50)
    return {
        "id": item_id,
        "status": "",
        "createdDateTime": now,
        "completedDateTime": completed.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "approvalId": item_id,
        "customData": None,
        "action": action,
        "principalId": owner,
        "isValidationOnly": False,
        "targetScheduleId": item_id,
        "createdBy": {"application": None, "device": None, "user": {"displayName": None, "id": owner}},
        "scheduleInfo": {"startDateTime": now, "recurrence": None, "expiration": expiration},
        "ticketInfo": {"ticketNumber": None, "ticketSystem": None},
        "targetSchedule": None,
    }


def _directory_role(name: str) -> Entity:
    role = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
    return {
        "roleDefinitionId": role,
        "directoryScopeId": "/",
        "appScopeId": None,
        "roleDefinition": {"id": role, "displayName": name, "isBuiltIn": True, "isEnabled": True, "templateId": role},
        "directoryScope": None,
        "appScope": None,
    }


def _group(name: str) -> Entity:
    group = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
    return {"groupId": group, "accessId": "member", "group": {"id": group, "displayName": name, "mail": None}}
