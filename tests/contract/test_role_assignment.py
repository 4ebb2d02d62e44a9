"""unifiedRoleAssignmentScheduleRequest against its documents.

CONTRIB is GitHub's microsoftgraph/microsoft-graph-docs-contrib.
"""

from datetime import UTC, datetime

from bot.resources import Meaning, Standing
from bot.resources.role_assignment import RESOURCE
from tests.contract.facts import EVERYWHERE, ID, PERSON, Call, Contract, Facts, Listing, Read, Sample, addresses
from tests.contract.pim import ERRORS, PAGES, PENDING, own_lists, states

_COLLECTION = "/roleManagement/directory/roleAssignmentScheduleRequests"
_CANCEL = f"{PAGES}/unifiedroleassignmentschedulerequest-cancel.md"
_GET = f"{PAGES}/unifiedroleassignmentschedulerequest-get.md"
_LIST = f"{PAGES}/rbacapplication-list-roleassignmentschedulerequests.md"
_FILTER = f"{PAGES}/unifiedroleassignmentschedulerequest-filterbycurrentuser.md"
_PERMISSIONS = ("RoleAssignmentSchedule.ReadWrite.Directory", "RoleManagement.ReadWrite.Directory")
_ROLE = "fdd7a751-b60b-444a-984c-02652fe8fa1c"

_REQUEST = {
    "id": ID,
    "status": "PendingApproval",
    "createdDateTime": "2026-11-11T11:50:05.95Z",
    # A request that still waits has one, and its approval has the request's own id.
    "completedDateTime": "2026-11-11T11:50:06Z",
    "approvalId": ID,
    "action": "selfActivate",
    "principalId": PERSON,
    "roleDefinitionId": _ROLE,
    "directoryScopeId": "/",
    "justification": "Add the new team's members.",
    "createdBy": {"application": None, "device": None, "user": {"displayName": None, "id": PERSON}},
    "ticketInfo": {"ticketNumber": None, "ticketSystem": None},
}
_CREATED = datetime(2026, 11, 11, 11, 50, 5, 950000, tzinfo=UTC)


class TestRoleAssignment(Contract):
    resource = RESOURCE
    facts = Facts(
        kind="role-assignment",
        graph_type="unifiedRoleAssignmentScheduleRequest",
        calls=(
            Call(
                source=f"{_CANCEL} (in 2021 it said that applications are not supported)",
                version="v1.0",
                path=f"{_COLLECTION}/{{id}}/cancel",
                success={204: Meaning.DONE},
                delegated=_PERMISSIONS,
                application=_PERMISSIONS,
            ),
        ),
        read=Read(
            source="learn.microsoft.com unifiedroleassignmentschedulerequest-get: no permission that only reads",
            version="v1.0",
            path=f"{_COLLECTION}/{{id}}",
            query={"$expand": "roleDefinition"},
            delegated=_PERMISSIONS,
            application=_PERMISSIONS,
        ),
        lists=(
            *(
                Listing(
                    source=f"{_LIST} lists …Read.Directory for people, which learn.microsoft.com's answer 1656176 "
                    "saw refused with PermissionScopeNotGranted; for applications ReadWrite alone",
                    version="v1.0",
                    path=_COLLECTION,
                    query={"$filter": f"status eq '{state}'", "$expand": "roleDefinition"},
                    delegated=_PERMISSIONS,
                    application=_PERMISSIONS,
                )
                for state in PENDING
            ),
            *own_lists(_FILTER, _COLLECTION, "roleDefinition", _PERMISSIONS),
        ),
        states=states(_CANCEL, {"Canceled"}),
        samples=(
            Sample(f"{_FILTER}: waiting", _REQUEST, Standing.UNKNOWN, PERSON, _ROLE, _CREATED),
            Sample(
                f"{_GET}: provisioned, and the role expanded",
                {**_REQUEST, "status": "Provisioned", "roleDefinition": {"id": _ROLE, "displayName": "Groups Admin"}},
                Standing.FINAL,
                PERSON,
                "Groups Admin",
                _CREATED,
            ),
            Sample(
                f"{_GET}: assigned by somebody else, so whom it is for did not ask",
                {**_REQUEST, "action": "adminAssign", "status": "Granted", "principalId": ID},
                Standing.YES,
                PERSON,
                _ROLE,
                _CREATED,
            ),
            Sample(
                "CONTRIB v1.0/resources/identityset.md: made by an application alone",
                {**_REQUEST, "createdBy": {"application": {"id": PERSON}, "device": None, "user": None}},
                Standing.UNKNOWN,
                "",
                _ROLE,
                _CREATED,
            ),
        ),
        errors=ERRORS,
        urls=addresses("v1.0", _COLLECTION),
        clouds_source=f"{_CANCEL}: all clouds",
        clouds=EVERYWHERE,
    )
