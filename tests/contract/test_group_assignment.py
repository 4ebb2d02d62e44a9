"""privilegedAccessGroupAssignmentScheduleRequest against its documents.

CONTRIB is GitHub's microsoftgraph/microsoft-graph-docs-contrib.
"""

from datetime import UTC, datetime

from bot.resources import Meaning, Standing
from bot.resources.group_assignment import RESOURCE
from tests.contract.facts import EVERYWHERE, ID, PERSON, Call, Contract, Facts, Read, Sample, addresses
from tests.contract.pim import ERRORS, PAGES, own_lists, states

_COLLECTION = "/identityGovernance/privilegedAccess/group/assignmentScheduleRequests"
_CANCEL = f"{PAGES}/privilegedaccessgroupassignmentschedulerequest-cancel.md"
_GET = f"{PAGES}/privilegedaccessgroupassignmentschedulerequest-get.md"
_FILTER = f"{PAGES}/privilegedaccessgroupassignmentschedulerequest-filterbycurrentuser.md"
_WRITE = ("PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",)
_READ = ("PrivilegedAssignmentSchedule.Read.AzureADGroup", *_WRITE)
_GROUP = "2b5ed229-4072-478d-9504-a047ebd4b07d"

_REQUEST = {
    "id": ID,
    "status": "PendingApproval",
    "createdDateTime": "2026-11-12T09:05:39.6Z",
    "completedDateTime": "2026-11-12T09:05:41.2Z",
    "approvalId": ID,
    "action": "SelfActivate",
    "principalId": PERSON,
    "accessId": "member",
    "groupId": _GROUP,
    "group": {"id": _GROUP, "displayName": "Production operators"},
    "justification": "Activate access",
    "createdBy": {"user": {"displayName": None, "id": PERSON}},
}
_CREATED = datetime(2026, 11, 12, 9, 5, 39, 600000, tzinfo=UTC)


class TestGroupAssignment(Contract):
    resource = RESOURCE
    facts = Facts(
        kind="group-assignment",
        graph_type="privilegedAccessGroupAssignmentScheduleRequest",
        calls=(
            Call(
                source=_CANCEL,
                version="v1.0",
                path=f"{_COLLECTION}/{{id}}/cancel",
                success={204: Meaning.DONE},
                delegated=_WRITE,
                application=_WRITE,
            ),
        ),
        read=Read(
            source=_GET,
            version="v1.0",
            path=f"{_COLLECTION}/{{id}}",
            query={"$expand": "group"},
            delegated=_READ,
            application=_READ,
        ),
        lists=own_lists(_FILTER, _COLLECTION, "group", _READ),
        states=states(_CANCEL, {"Canceled"}),
        samples=(
            Sample(f"{_GET}: waiting", _REQUEST, Standing.UNKNOWN, PERSON, "Production operators", _CREATED),
            Sample(
                f"{_GET}: the group not expanded",
                {**_REQUEST, "group": None, "status": "Granted", "action": "adminAssign"},
                Standing.YES,
                PERSON,
                _GROUP,
                _CREATED,
            ),
            Sample(
                f"{_FILTER}: dates in another spelling, and nobody who made it",
                {"id": ID, "status": "PendingApproval", "groupId": _GROUP, "createdDateTIme": "2022-02-26T08:00:00Z"},
                Standing.UNKNOWN,
                "",
                _GROUP,
            ),
        ),
        errors=ERRORS,
        urls=addresses("v1.0", _COLLECTION),
        clouds_source=f"{_CANCEL}: all clouds",
        clouds=EVERYWHERE,
    )


def test_the_application_lists_none() -> None:
    """CONTRIB v1.0/api/privilegedaccessgroup-list-assignmentschedulerequests.md: a group or a person must be named."""
    assert RESOURCE.lists_for(application=True) == ()
    assert RESOURCE.lists_for(application=False) == RESOURCE.lists
