"""approvalItem against its documents. CONTRIB is GitHub's microsoftgraph/microsoft-graph-docs-contrib."""

from datetime import UTC, datetime

from bot.resources import Meaning, Standing, snapshot
from bot.resources.approval_item import RESOURCE
from tests.contract.facts import ID, PERSON, Call, Contract, Facts, Listing, Read, Sample, States, addresses

_COLLECTION = "/solutions/approval/approvalItems"
_GET = "CONTRIB beta/api/approvalitem-get.md"
_RESOURCE_PAGE = "CONTRIB beta/resources/approvalitem.md"
_READ = ("ApprovalSolution.Read", "ApprovalSolution.ReadWrite", "ApprovalSolutionResponse.ReadWrite")

_ITEM = {
    "id": ID,
    "state": "Pending",
    "viewPoint": {"roles": ["Owner"]},
    "owner": {"user": {"id": PERSON, "displayName": "Robin Example"}},
    "approvalType": "basicAwaitAll",
    "displayName": "New projector",
    "description": "The old one hums.",
    "allowCancel": True,
    "createdDateTime": "2022-04-12T20:51:19Z",
    "completedDateTime": None,
}
_CREATED = datetime(2022, 4, 12, 20, 51, 19, tzinfo=UTC)


class TestApprovalItem(Contract):
    resource = RESOURCE
    facts = Facts(
        kind="approval-item",
        graph_type="approvalItem",
        calls=(
            Call(
                source="CONTRIB beta/api/approvalitem-cancel.md (its text says 204, its example 202)",
                version="beta",
                path=f"{_COLLECTION}/{{id}}/cancel",
                success={204: Meaning.DONE, 202: Meaning.ACCEPTED},
                delegated=("ApprovalSolution.ReadWrite",),
            ),
        ),
        read=Read(
            source=f"{_GET}; learn.microsoft.com approvalitem-get (permissions)",
            version="beta",
            path=f"{_COLLECTION}/{{id}}",
            delegated=_READ,
        ),
        lists=(
            Listing(
                source="CONTRIB beta/api/approvalsolution-list-approvalitems.md; no filter by state is documented",
                version="beta",
                path=_COLLECTION,
                query={
                    "$orderby": "createdDateTime desc",
                    "$select": "id,displayName,description,state,allowCancel,owner,createdDateTime",
                },
                delegated=_READ,
            ),
        ),
        states=(
            States(
                source=_RESOURCE_PAGE,
                path="state",
                standings={
                    "canceled": Standing.FINAL,
                    "created": Standing.YES,
                    "pending": Standing.YES,
                    "completed": Standing.FINAL,
                    "unknownFutureValue": Standing.UNKNOWN,
                },
                cancelled=frozenset({"canceled"}),
            ),
        ),
        samples=(
            Sample(f"{_GET}: pending", _ITEM, Standing.YES, PERSON, "New projector", _CREATED),
            Sample(
                f"{_GET}: completed although allowCancel is true",
                {**_ITEM, "state": "completed", "result": "Approve"},
                Standing.FINAL,
                PERSON,
                "New projector",
                _CREATED,
            ),
            Sample(
                f"{_RESOURCE_PAGE}: allowCancel is false on a pending item",
                {**_ITEM, "allowCancel": False},
                Standing.UNKNOWN,
                PERSON,
                "New projector",
                _CREATED,
            ),
            Sample(
                "CONTRIB beta/resources/approvalidentityset.md: owned by a group",
                {**_ITEM, "owner": {"user": None, "group": {"id": PERSON}}},
                Standing.YES,
                "",
                "New projector",
                _CREATED,
            ),
            Sample(f"{_RESOURCE_PAGE}: no owner", {"state": "created"}, Standing.YES, ""),
        ),
        urls=addresses("beta", _COLLECTION),
        clouds_source="learn.microsoft.com approvalitem-cancel (beta): the global service only",
        clouds={"global"},
    )


def test_a_202_points_to_an_approval_operation() -> None:
    """CONTRIB beta/api/approvalitem-cancel.md, the example's Location."""
    assert RESOURCE.operations == "/solutions/approval/operations/{id}"


def test_a_missing_allow_cancel_says_nothing() -> None:
    """CONTRIB beta/api/approvalsolution-list-approvalitems.md: the property may be left out by $select."""
    assert snapshot(RESOURCE, {"state": "pending"}).standing is Standing.YES


def test_only_people_can_list_them() -> None:
    assert RESOURCE.list_for(application=True) is None
    assert RESOURCE.list_for(application=False) is RESOURCE.lists[0]
