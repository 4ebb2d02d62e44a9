"""accessPackageAssignmentRequest against its documents.

CONTRIB is GitHub's microsoftgraph/microsoft-graph-docs-contrib.
"""

from datetime import UTC, datetime

import pytest

from bot.resources import Cloud, Meaning, Slot, Standing, load
from bot.resources.access_package import RESOURCE
from tests.contract.facts import EVERYWHERE, ID, PERSON, Call, Contract, Facts, Listing, Read, Sample, States, addresses

_ROOT = "/identityGovernance/entitlementManagement"
_COLLECTION = f"{_ROOT}/assignmentRequests"
_OLD_COLLECTION = f"{_ROOT}/accessPackageAssignmentRequests"
_BETA = "learn.microsoft.com accesspackageassignmentrequest-cancel (beta)"
_V1 = "learn.microsoft.com accesspackageassignmentrequest-cancel (v1.0)"
_V1_PAGE = "CONTRIB v1.0/resources/accesspackageassignmentrequest.md"
_BETA_PAGE = "CONTRIB beta/resources/accesspackageassignmentrequest.md"
_DONE = {200: Meaning.DONE, 204: Meaning.DONE}
_PENDING = {
    "$filter": "state eq 'pendingApproval'",
    "$expand": "requestor,accessPackage",
    "$select": "id,state,status,createdDateTime,justification",
}
_READ = ("EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All")

_EMAIL = "robin@example.test"
_REQUEST = {
    "id": ID,
    "requestType": "userAdd",
    "state": "pendingApproval",
    "status": "PendingApproval",
    "createdDateTime": "2019-10-25T22:55:11.623Z",
    "completedDateTime": None,
    "justification": "For the audit.",
    "accessPackage": {"id": "00000000-0000-4000-8000-000000000002", "displayName": "Auditors"},
    "requestor": {
        "id": "00000000-0000-4000-8000-000000000003",
        "objectId": PERSON,
        "displayName": "Robin Example",
        "email": _EMAIL,
    },
}
_CREATED = datetime(2019, 10, 25, 22, 55, 11, 623000, tzinfo=UTC)


class TestAccessPackage(Contract):
    resource = RESOURCE
    facts = Facts(
        kind="access-package",
        graph_type="accessPackageAssignmentRequest",
        calls=(
            Call(
                source=f"{_BETA} (its text says 200, an older example 204)",
                version="beta",
                path=f"{_COLLECTION}/{{id}}/cancel",
                body={"id": "<id>", "requestStatus": "cancelled"},
                success=_DONE,
                delegated=("EntitlementMgmt-SubjectAccess.ReadWrite", "EntitlementManagement.ReadWrite.All"),
                only_own=True,
            ),
            Call(
                source=f"{_V1} (its text says 200, an older example 204)",
                version="v1.0",
                path=f"{_COLLECTION}/{{id}}/cancel",
                success=_DONE,
                delegated=("EntitlementManagement.ReadWrite.All",),
            ),
        ),
        read=Read(
            source="CONTRIB v1.0/api/accesspackageassignmentrequest-get.md",
            version="v1.0",
            path=f"{_COLLECTION}/{{id}}",
            query={"$expand": "requestor,accessPackage"},
            delegated=_READ,
            application=_READ,
        ),
        lists=(
            Listing(
                source="CONTRIB v1.0/api/entitlementmanagement-list-assignmentrequests.md ($expand, $filter)",
                version="v1.0",
                path=_COLLECTION,
                query=_PENDING,
                delegated=_READ,
                application=_READ,
            ),
            Listing(
                source="CONTRIB v1.0/api/accesspackageassignmentrequest-filterbycurrentuser.md (no application)",
                version="v1.0",
                path=f"{_COLLECTION}/filterByCurrentUser(on='createdBy')",
                query=_PENDING,
                delegated=_READ,
                own=True,
            ),
        ),
        states=(
            States(
                source=f"{_V1_PAGE}: the enumeration accessPackageRequestState",
                path="state",
                standings={
                    "submitted": Standing.UNKNOWN,
                    "pendingApproval": Standing.YES,
                    "delivering": Standing.UNKNOWN,
                    "delivered": Standing.FINAL,
                    "deliveryFailed": Standing.FINAL,
                    "denied": Standing.FINAL,
                    "scheduled": Standing.UNKNOWN,
                    "canceled": Standing.FINAL,
                    "partiallyDelivered": Standing.FINAL,
                    "unknownFutureValue": Standing.UNKNOWN,
                },
                cancelled=frozenset({"canceled"}),
            ),
            *(
                States(
                    source=f"{_BETA}: the cancellable states",
                    path=path,
                    standings={
                        "accepted": Standing.YES,
                        "pendingApproval": Standing.YES,
                        "pendingNotBefore": Standing.YES,
                        "pendingApprovalEscalated": Standing.YES,
                        "cancelled": Standing.FINAL,
                    },
                    cancelled=frozenset({"cancelled"}),
                )
                for path in ("status", "requestStatus")
            ),
            States(
                source=_BETA_PAGE,
                path="requestState",
                standings={
                    "Submitted": Standing.UNKNOWN,
                    "PendingApproval": Standing.YES,
                    "Delivering": Standing.UNKNOWN,
                    "Delivered": Standing.FINAL,
                    "PartiallyDelivered": Standing.FINAL,
                    "DeliveryFailed": Standing.FINAL,
                    "Denied": Standing.FINAL,
                    "Scheduled": Standing.UNKNOWN,
                    "Canceled": Standing.FINAL,
                },
                cancelled=frozenset({"Canceled"}),
            ),
        ),
        samples=(
            Sample(
                f"{_V1_PAGE}: requestor.id is the subject's in entitlement management, objectId is Entra's",
                _REQUEST,
                Standing.YES,
                PERSON,
                "Auditors",
                _CREATED,
                email=_EMAIL,
            ),
            Sample(
                "CONTRIB v1.0/api/accesspackageassignmentrequest-get.md: delivered, requestor not expanded",
                {"id": ID, "state": "delivered", "status": "Delivered", "createdDateTime": "2019-10-25T22:55:11.623Z"},
                Standing.FINAL,
                "",
                "",
                _CREATED,
            ),
            Sample(
                f"{_V1_PAGE}: a requestor without an object in Entra",
                {**_REQUEST, "requestor": {"id": PERSON, "objectId": None}},
                Standing.YES,
                "",
                "Auditors",
                _CREATED,
            ),
            Sample(
                f"{_V1_PAGE}: status and state disagree, and one of them is final",
                {**_REQUEST, "status": "Accepted", "state": "canceled"},
                Standing.FINAL,
                PERSON,
                "Auditors",
                _CREATED,
                email=_EMAIL,
            ),
            Sample(
                f"{_BETA_PAGE}: beta's names",
                {"id": ID, "requestState": "PendingApproval", "requestStatus": "PendingApproval"},
                Standing.YES,
                "",
            ),
        ),
        urls={
            **addresses("v1.0", _COLLECTION),
            **addresses("beta", _COLLECTION),
            **addresses("beta", _OLD_COLLECTION),
        },
        clouds_source=_V1,
        clouds=EVERYWHERE,
    )


def test_the_body_names_the_request_itself() -> None:
    body = RESOURCE.cancel[0].body
    assert body is not None
    assert body["id"] is Slot.ID


@pytest.mark.parametrize(("own", "version"), [(True, "beta"), (None, "beta"), (False, "v1.0")])
def test_which_call_is_made(own: bool | None, version: str) -> None:
    """Beta's body is what a person needs for their own request; it is also all that may be sent unread."""
    assert RESOURCE.call_for(own).version == version


@pytest.mark.parametrize("cloud", ["usgov", "usgovdod"])
def test_no_beta_call_where_microsoft_offers_none(cloud: Cloud) -> None:
    """The beta page has L4 and L5 crossed out; the v1.0 page allows all four clouds, also one's own requests."""
    offered = load().only([RESOURCE.kind], cloud)[RESOURCE.kind]
    assert offered.call_for(own=True).version == "v1.0"


def test_which_list_is_whose() -> None:
    """The application sees everybody's; a person's own list needs no administrator."""
    shared, own = RESOURCE.list_for(application=True), RESOURCE.list_for(application=False)
    assert (shared and shared.own, own and own.own) == (False, True)
