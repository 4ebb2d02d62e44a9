"""unifiedRoleEligibilityScheduleRequest against its documents.

CONTRIB is GitHub's microsoftgraph/microsoft-graph-docs-contrib.
"""

from datetime import UTC, datetime

from bot.resources import Meaning, Standing, snapshot
from bot.resources.role_eligibility import RESOURCE
from tests.contract.facts import EVERYWHERE, ID, PERSON, Call, Contract, Facts, Listing, Read, Sample, addresses
from tests.contract.pim import ERRORS, PAGES, PENDING, own_lists, states

_COLLECTION = "/roleManagement/directory/roleEligibilityScheduleRequests"
_CANCEL = f"{PAGES}/unifiedroleeligibilityschedulerequest-cancel.md"
_GET = f"{PAGES}/unifiedroleeligibilityschedulerequest-get.md"
_FILTER = f"{PAGES}/unifiedroleeligibilityschedulerequest-filterbycurrentuser.md"
_PERMISSIONS = ("RoleEligibilitySchedule.ReadWrite.Directory", "RoleManagement.ReadWrite.Directory")
_ROLE = "fdd7a751-b60b-444a-984c-02652fe8fa1c"

_REQUEST = {
    "id": ID,
    "status": "Granted",
    "createdDateTime": "2026-11-12T14:44:50.287Z",
    "completedDateTime": "2026-11-14T09:00:00Z",
    "approvalId": None,
    "action": "AdminAssign",
    "principalId": PERSON,
    "roleDefinitionId": _ROLE,
    "roleDefinition": {"id": _ROLE, "displayName": "User Administrator", "isBuiltIn": True},
    "directoryScopeId": "/",
    "justification": "Stands in for the administrator in August.",
    "createdBy": {"application": None, "device": None, "user": {"displayName": None, "id": PERSON}},
}
_CREATED = datetime(2026, 11, 12, 14, 44, 50, 287000, tzinfo=UTC)


class TestRoleEligibility(Contract):
    resource = RESOURCE
    facts = Facts(
        kind="role-eligibility",
        graph_type="unifiedRoleEligibilityScheduleRequest",
        calls=(
            Call(
                source=_CANCEL,
                version="v1.0",
                path=f"{_COLLECTION}/{{id}}/cancel",
                success={204: Meaning.DONE},
                delegated=_PERMISSIONS,
                application=_PERMISSIONS,
            ),
        ),
        read=Read(
            source="learn.microsoft.com, answer 1656176: …Read.Directory and RoleManagement.Read.All are refused with "
            "PermissionScopeNotGranted, as a person and as an application",
            version="v1.0",
            path=f"{_COLLECTION}/{{id}}",
            query={"$expand": "roleDefinition"},
            delegated=_PERMISSIONS,
            application=_PERMISSIONS,
        ),
        lists=(
            *(
                Listing(
                    source=f"{PAGES}/rbacapplication-list-roleeligibilityschedulerequests.md, and the same answer",
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
        states=states(f"{_CANCEL} (then Revoked)", {"Canceled", "Revoked"}),
        samples=(
            Sample(f"{_GET}: granted", _REQUEST, Standing.YES, PERSON, "User Administrator", _CREATED),
            Sample(
                f"{_GET}: the role not expanded",
                {**_REQUEST, "roleDefinition": None, "status": "Provisioned"},
                Standing.FINAL,
                PERSON,
                _ROLE,
                _CREATED,
            ),
            Sample(
                "CONTRIB v1.0/resources/identityset.md: made by an application alone",
                {**_REQUEST, "createdBy": {"application": {"id": PERSON}, "user": None}},
                Standing.YES,
                "",
                "User Administrator",
                _CREATED,
            ),
        ),
        errors=ERRORS,
        urls=addresses("v1.0", _COLLECTION),
        clouds_source=f"{_CANCEL}: all clouds",
        clouds=EVERYWHERE,
    )


def test_what_is_cancelled_ends_as_revoked() -> None:
    """Fails when only "Canceled" counts: a cancellation that worked would be told as one that came too late."""
    assert snapshot(RESOURCE, {**_REQUEST, "status": "Revoked"}).cancelled
