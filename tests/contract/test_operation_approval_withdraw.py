"""operationApprovalRequest's other action, cancelMyRequest, against its documents.

CONTRIB is GitHub's microsoftgraph/microsoft-graph-docs-contrib.
"""

from datetime import datetime, timedelta, timezone

import pytest

from bot.resources import Meaning, Standing, Target, load, path_of, same_state, target_of_url
from bot.resources.operation_approval_withdraw import RESOURCE
from tests.contract.facts import (
    EVERYWHERE,
    HOST,
    ID,
    PERSON,
    Call,
    Contract,
    Facts,
    Listing,
    Read,
    Sample,
    States,
    addresses,
)

_COLLECTION = "/deviceManagement/operationApprovalRequests"
_CANCEL = "CONTRIB beta/api/intune-rbac-operationapprovalrequest-cancelmyrequest.md"
_GET = "CONTRIB beta/api/intune-rbac-operationapprovalrequest-get.md"
_RESOURCE_PAGE = "CONTRIB beta/resources/intune-rbac-operationapprovalrequest.md"
_PORTAL = "MicrosoftDocs/memdocs: multi-admin-approval.md (before it is approved)"
_PERMISSIONS = ("DeviceManagementConfiguration.Read.All", "DeviceManagementRBAC.Read.All")

_REQUEST = {
    "@odata.type": "#microsoft.graph.operationApprovalRequest",
    "id": ID,
    "requestDateTime": "2026-11-20T09:03:07.1589002-08:00",
    "expirationDateTime": "2026-12-20T09:03:07.1589002-08:00",
    "requestor": {"application": None, "device": None, "user": {"id": PERSON, "displayName": "Robin Example"}},
    "approver": None,
    "status": "needsApproval",
    "requestJustification": "Roll out the kiosk profile.",
}
_CREATED = datetime(2026, 11, 20, 9, 3, 7, 158900, tzinfo=timezone(timedelta(hours=-8)))
_EXPIRES = _CREATED + timedelta(days=30)


class TestOperationApprovalWithdraw(Contract):
    resource = RESOURCE
    facts = Facts(
        kind="operation-approval-withdraw",
        graph_type="operationApprovalRequest",
        calls=(
            Call(
                source=f"{_CANCEL}: bound to the collection, the id in the body; only whoever asked",
                version="beta",
                path=f"{_COLLECTION}/cancelMyRequest",
                body={"id": "<id>"},
                success={204: Meaning.DONE},
                delegated=_PERMISSIONS,
                application=_PERMISSIONS,
                only_own=True,
            ),
        ),
        read=Read(
            source=_GET,
            version="beta",
            path=f"{_COLLECTION}/{{id}}",
            delegated=_PERMISSIONS,
            application=_PERMISSIONS,
        ),
        lists=(
            Listing(
                source="CONTRIB beta/api/intune-rbac-operationapprovalrequest-list.md; public clients filter by status",
                version="beta",
                path=_COLLECTION,
                query={
                    "$filter": "status eq 'needsApproval'",
                    "$select": "id,status,requestor,approver,requestJustification,requestDateTime,expirationDateTime,"
                    "requiredOperationApprovalPolicyTypes",
                },
                delegated=_PERMISSIONS,
                application=_PERMISSIONS,
            ),
        ),
        states=(
            States(
                source=f"{_RESOURCE_PAGE}; {_PORTAL}",
                path="status",
                standings={
                    "unknown": Standing.UNKNOWN,
                    "needsApproval": Standing.YES,
                    "approved": Standing.UNKNOWN,
                    "rejected": Standing.FINAL,
                    "cancelled": Standing.FINAL,
                    "completed": Standing.FINAL,
                    "expired": Standing.FINAL,
                    "unknownFutureValue": Standing.UNKNOWN,
                },
                cancelled=frozenset({"cancelled"}),
                active=frozenset({"completed"}),
            ),
        ),
        samples=(
            Sample(f"{_GET}: bare", _REQUEST, Standing.YES, PERSON, "", _CREATED, _EXPIRES),
            Sample(f"{_GET}: wrapped in value", {"value": _REQUEST}, Standing.YES, PERSON, "", _CREATED, _EXPIRES),
            Sample(f"{_RESOURCE_PAGE}: no requestor", {"status": "needsApproval"}, Standing.YES, ""),
        ),
        urls=addresses("beta", _COLLECTION, action="cancelMyRequest"),
        clouds_source=_CANCEL,
        clouds=EVERYWHERE,
    )

    def test_urls(self, url: str) -> None:
        """An address names the type; which of its two actions is meant, the state tells."""
        target = target_of_url(load(), url, {HOST})
        assert (target.kind, target.id.casefold()) == ("operation-approval", ID)

    def test_the_path_of_a_pasted_url_is_the_documented_one(self, url: str) -> None:
        target = Target(RESOURCE.kind, target_of_url(load(), url, {HOST}).id)
        assert path_of(RESOURCE, RESOURCE.cancel[0].path, target) == f"{_COLLECTION}/cancelMyRequest"


@pytest.mark.parametrize(
    ("kind", "state", "other"),
    [
        ("operation-approval", "needsApproval", "operation-approval-withdraw"),
        ("operation-approval", "NEEDSAPPROVAL", "operation-approval-withdraw"),
        ("operation-approval-withdraw", "approved", "operation-approval"),
        ("operation-approval", "approved", None),
        ("operation-approval-withdraw", "needsApproval", None),
        ("operation-approval", "completed", None),
        ("operation-approval", "", None),
        ("approval-item", "needsApproval", None),
    ],
)
def test_which_of_the_two_actions_fits_the_state(kind: str, state: str, other: str | None) -> None:
    """What was approved is no longer the requestor's to withdraw, and what waits is not yet to be cancelled."""
    registry = load()
    yes = {one.kind: {same_state(name) for name in one.states.yes} for one in registry.siblings(registry[kind])}
    assert next((name for name, states in yes.items() if same_state(state) in states), None) == other
