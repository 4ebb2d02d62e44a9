"""operationApprovalRequest against its documents. CONTRIB is GitHub's microsoftgraph/microsoft-graph-docs-contrib."""

from datetime import datetime, timedelta, timezone

from bot.resources import Meaning, Slot, Standing
from bot.resources.operation_approval import RESOURCE
from tests.contract.facts import EVERYWHERE, ID, PERSON, Call, Contract, Facts, Listing, Read, Sample, States, addresses

_COLLECTION = "/deviceManagement/operationApprovalRequests"
_CANCEL = "CONTRIB beta/api/intune-rbac-operationapprovalrequest-cancelapproval.md"
_GET = "CONTRIB beta/api/intune-rbac-operationapprovalrequest-get.md"
_RESOURCE_PAGE = "CONTRIB beta/resources/intune-rbac-operationapprovalrequest.md"
_PERMISSIONS = ("DeviceManagementConfiguration.Read.All", "DeviceManagementRBAC.Read.All")

_BY = "Kim Sample"
_REQUEST = {
    "@odata.type": "#microsoft.graph.operationApprovalRequest",
    "id": ID,
    "requestDateTime": "2026-11-20T09:03:07.1589002-08:00",
    "expirationDateTime": "2026-12-20T09:03:07.1589002-08:00",
    "requestor": {"application": None, "device": None, "user": {"id": PERSON, "displayName": "Robin Example"}},
    "approver": {"user": {"id": "00000000-0000-4000-8000-000000000001", "displayName": _BY}},
    "status": "approved",
    "requestJustification": "Roll out the kiosk profile.",
}
_CREATED = datetime(2026, 11, 20, 9, 3, 7, 158900, tzinfo=timezone(timedelta(hours=-8)))
_EXPIRES = _CREATED + timedelta(days=30)


class TestOperationApproval(Contract):
    resource = RESOURCE
    facts = Facts(
        kind="operation-approval",
        graph_type="operationApprovalRequest",
        calls=(
            Call(
                source=_CANCEL,
                version="beta",
                path=f"{_COLLECTION}/{{id}}/cancelApproval",
                body={"justification": "<justification>", "approvalSource": "unknown"},
                success={200: Meaning.DONE},
                delegated=_PERMISSIONS,
                application=_PERMISSIONS,
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
                    "$filter": "status eq 'approved'",
                    "$select": "id,status,requestor,approver,requestJustification,requestDateTime,expirationDateTime,"
                    "requiredOperationApprovalPolicyTypes",
                },
                delegated=_PERMISSIONS,
                application=_PERMISSIONS,
            ),
        ),
        states=(
            States(
                source=f"{_RESOURCE_PAGE}; {_CANCEL}: only what was approved can be cancelled",
                path="status",
                standings={
                    "unknown": Standing.UNKNOWN,
                    "needsApproval": Standing.UNKNOWN,
                    "approved": Standing.YES,
                    "rejected": Standing.FINAL,
                    "cancelled": Standing.FINAL,
                    "completed": Standing.FINAL,
                    "expired": Standing.FINAL,
                    "unknownFutureValue": Standing.UNKNOWN,
                },
                cancelled=frozenset({"cancelled"}),
            ),
        ),
        samples=(
            Sample(f"{_GET}: bare", _REQUEST, Standing.YES, PERSON, "", _CREATED, _EXPIRES, "", _BY),
            Sample(
                f"{_GET}: wrapped in value", {"value": _REQUEST}, Standing.YES, PERSON, "", _CREATED, _EXPIRES, "", _BY
            ),
            Sample(
                f"{_RESOURCE_PAGE}: an open type, which real payloads extend",
                {**_REQUEST, "payloadName": "Kiosk profile", "payloadType": "deviceConfiguration"},
                Standing.YES,
                PERSON,
                "Kiosk profile",
                _CREATED,
                _EXPIRES,
                decided_by=_BY,
            ),
            Sample(
                "CONTRIB beta/resources/intune-rbac-identityset.md: asked for by an application alone",
                {**_REQUEST, "requestor": {"application": {"id": PERSON, "displayName": "Deployer"}, "user": None}},
                Standing.YES,
                "",
                "",
                _CREATED,
                _EXPIRES,
                decided_by=_BY,
            ),
            Sample(
                f"{_RESOURCE_PAGE}: nobody has approved it yet, and the policies that want an approval name it",
                {
                    **_REQUEST,
                    "status": "needsApproval",
                    "approver": None,
                    "requiredOperationApprovalPolicyTypes": ["deviceAction", "role"],
                },
                Standing.UNKNOWN,
                PERSON,
                "deviceAction, role",
                _CREATED,
                _EXPIRES,
            ),
            Sample(f"{_RESOURCE_PAGE}: no requestor", {"status": "rejected"}, Standing.FINAL, ""),
        ),
        urls=addresses("beta", _COLLECTION, action="cancelApproval"),
        clouds_source=_CANCEL,
        clouds=EVERYWHERE,
    )


def test_the_justification_goes_to_intune() -> None:
    """The only kind whose service keeps the reason."""
    body = RESOURCE.cancel[0].body
    assert body is not None
    assert body["justification"] is Slot.JUSTIFICATION


def test_one_list_for_everybody() -> None:
    """What a person asked for themselves is listed by another call, and cannot be cancelled by this one."""
    assert RESOURCE.list_for(application=True) is RESOURCE.list_for(application=False) is RESOURCE.lists[0]
