"""approvalItem: an approval in Teams. Graph's beta only, and only its owner can cancel it."""

from bot.resources._spec import CancelCall, ListCall, Meaning, Permissions, ReadCall, Requestor, Resource, States

_READ = Permissions(
    delegated=("ApprovalSolution.Read", "ApprovalSolution.ReadWrite", "ApprovalSolutionResponse.ReadWrite")
)

RESOURCE = Resource(
    kind="approval-item",
    graph_type="approvalItem",
    label="Teams approval",
    cancel=(
        CancelCall(
            version="beta",
            path="/solutions/approval/approvalItems/{id}/cancel",
            # The text documents 204, the example 202 with the Location of an operation.
            success={204: Meaning.DONE, 202: Meaning.ACCEPTED},
            permissions=Permissions(delegated=("ApprovalSolution.ReadWrite",)),
        ),
    ),
    read=ReadCall(
        version="beta",
        path="/solutions/approval/approvalItems/{id}",
        permissions=_READ,
    ),
    lists=(
        ListCall(
            version="beta",
            path="/solutions/approval/approvalItems",
            # No filter by state is documented.
            query={
                "$orderby": "createdDateTime desc",
                "$select": "id,displayName,description,state,allowCancel,owner,createdDateTime",
            },
            permissions=_READ,
        ),
    ),
    states=States(
        paths=("state",),
        yes=frozenset({"created", "pending"}),
        final=frozenset({"canceled", "completed"}),
        cancelled=frozenset({"canceled"}),
        allowed="allowCancel",
    ),
    requestor=Requestor(oid="owner.user.id", names=("owner.user.displayName",)),
    titles=("displayName",),
    reasons=("description",),
    created="createdDateTime",
    urls=("/solutions/approval/approvalItems/{id}",),
    operations="/solutions/approval/operations/{id}",
    clouds=frozenset({"global"}),
    who="Only the owner of an approval can cancel it.",
    too_late="A completed approval stays as it is. Ask its approvers or owner what follows from it.",
    sources=(
        "microsoft-graph-docs-contrib: beta/api/approvalitem-cancel.md, beta/api/approvalitem-get.md",
        "microsoft-graph-docs-contrib: beta/api/approvalsolution-list-approvalitems.md",
        "microsoft-graph-docs-contrib: beta/resources/approvalitem.md",
    ),
)
