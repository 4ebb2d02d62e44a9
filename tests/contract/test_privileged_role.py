"""privilegedRoleAssignmentRequest against its documents.

CONTRIB is GitHub's microsoftgraph/microsoft-graph-docs-contrib, DOCS21 microsoft-graph-docs as of July 2021.
"""

from datetime import UTC, date, datetime

from bot.resources import ErrorMeaning, Meaning, Standing, snapshot
from bot.resources.privileged_role import RESOURCE
from tests.contract.facts import ID, PERSON, Call, Contract, Error, Facts, Read, Sample, States, addresses

_COLLECTION = "/privilegedRoleAssignmentRequests"
_CANCEL = "CONTRIB beta/api/privilegedroleassignmentrequest-cancel.md"
_LIST = "DOCS21 beta/api/privilegedroleassignmentrequest-list.md"
_RESOURCE_PAGE = "CONTRIB beta/resources/privilegedroleassignmentrequest.md"

_REQUEST = {
    "id": ID,
    "userId": PERSON,
    "roleId": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
    "type": "UserAdd",
    "assignmentState": "Active",
    "requestedDateTime": "2018-02-08T02:35:42.9137335Z",
    "status": "Scheduled",
    "reason": "Night shift",
}
_CREATED = datetime(2018, 2, 8, 2, 35, 42, 913733, tzinfo=UTC)
_ROLE = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"


class TestPrivilegedRole(Contract):
    resource = RESOURCE
    facts = Facts(
        kind="privileged-role",
        graph_type="privilegedRoleAssignmentRequest",
        calls=(
            Call(
                source=_CANCEL,
                version="beta",
                path=f"{_COLLECTION}/{{id}}/cancel",
                success={200: Meaning.DONE},
                delegated=("PrivilegedAccess.ReadWrite.AzureAD", "Directory.AccessAsUser.All"),
            ),
        ),
        read=Read(
            source=_LIST,
            version="beta",
            path=_COLLECTION,
            delegated=("PrivilegedAccess.ReadWrite.AzureAD", "Directory.Read.All", "Directory.AccessAsUser.All"),
            listed=True,
        ),
        states=(
            States(
                source=f"{_RESOURCE_PAGE}; {_CANCEL} names PendingApproval, which the enumeration has not",
                path="status",
                standings={
                    "NotStarted": Standing.UNKNOWN,
                    "Completed": Standing.FINAL,
                    "RequestedApproval": Standing.YES,
                    "PendingApproval": Standing.YES,
                    "Scheduled": Standing.YES,
                    "Approved": Standing.UNKNOWN,
                    "ApprovalDenied": Standing.FINAL,
                    "ApprovalAborted": Standing.FINAL,
                    "Cancelling": Standing.UNKNOWN,
                    "Cancelled": Standing.FINAL,
                    "Revoked": Standing.FINAL,
                    "RequestExpired": Standing.FINAL,
                },
                cancelled=frozenset({"Cancelled"}),
                cancelling=frozenset({"Cancelling"}),
                active=frozenset({"Completed"}),
            ),
        ),
        samples=(
            Sample(f"{_RESOURCE_PAGE}: asked for by the subject", _REQUEST, Standing.YES, PERSON, _ROLE, _CREATED),
            Sample(
                f"{_RESOURCE_PAGE}: assigned by an administrator, so the subject did not ask",
                {**_REQUEST, "type": "AdminAdd"},
                Standing.YES,
                "",
                _ROLE,
                _CREATED,
            ),
            Sample(
                f"{_CANCEL}: bare, and being cancelled",
                {**_REQUEST, "status": "Cancelling"},
                Standing.UNKNOWN,
                PERSON,
                _ROLE,
                _CREATED,
            ),
            Sample(
                "microsoft-graph-docs, the oldest version of the page: wrapped in value",
                {"value": {**_REQUEST, "status": "Cancelled"}},
                Standing.FINAL,
                PERSON,
                _ROLE,
                _CREATED,
            ),
            Sample(f"{_RESOURCE_PAGE}: no type", {"userId": PERSON, "status": "Completed"}, Standing.FINAL, ""),
        ),
        errors=(
            Error(_CANCEL, 400, ErrorMeaning.BAD_REQUEST, message="RequestId cannot be Null."),
            Error(_CANCEL, 400, ErrorMeaning.NOT_FOUND, message="Request with request ID not found."),
            Error(
                _CANCEL,
                400,
                ErrorMeaning.NOT_CANCELLABLE,
                message="Cancellation can be done only on status Scheduled and PendingApproval.",
            ),
            Error(
                _CANCEL,
                403,
                ErrorMeaning.NOT_ALLOWED,
                message="Requester not allowed to make Cancel call or request not found.",
            ),
            Error(
                "learn.microsoft.com privilegedidentitymanagement-root",
                400,
                ErrorMeaning.RETIRED,
                code="TenantEnabledInAadRoleMigration",
            ),
        ),
        urls=addresses("beta", _COLLECTION),
        clouds_source="no document of this retired kind names a national cloud",
        clouds={"global"},
        retired=(date(2021, 5, 31), "unifiedRoleAssignmentScheduleRequest"),
    )


def test_a_cancelling_answer_is_not_yet_cancelled() -> None:
    """CONTRIB beta/api/privilegedroleassignmentrequest-cancel.md answers 200 with "Cancelling"."""
    seen = snapshot(RESOURCE, {**_REQUEST, "status": "Cancelling"})
    assert seen.cancelling
    assert not seen.cancelled
