"""What the documents say of all requests in Privileged Identity Management's third iteration, in Graph and in ARM.

CONTRIB is GitHub's microsoftgraph/microsoft-graph-docs-contrib.
"""

from collections.abc import Collection
from typing import Final

from bot.resources import ErrorMeaning, Standing
from tests.contract.facts import Error, Listing, States

PAGES: Final = "CONTRIB v1.0/api"
PENDING: Final = ("PendingApproval", "Granted")

STANDINGS: Final = {
    "Canceled": Standing.FINAL,
    "Denied": Standing.FINAL,
    "Failed": Standing.FINAL,
    "Granted": Standing.YES,
    # Whether it can be cancelled while it waits is not documented.
    "PendingAdminDecision": Standing.UNKNOWN,
    "PendingApproval": Standing.UNKNOWN,
    "PendingProvisioning": Standing.UNKNOWN,
    "PendingScheduleCreation": Standing.UNKNOWN,
    "Provisioned": Standing.FINAL,
    "Revoked": Standing.FINAL,
    "ScheduleCreated": Standing.UNKNOWN,
}
"""CONTRIB v1.0/resources/request.md."""

_SECOND: Final = "CONTRIB beta/api/governanceroleassignmentrequest-cancel.md (the second iteration)"
_SEEN: Final = "seen at the third iteration's directory endpoint, for the id of an Azure resource's request"
_TOOL: Final = "GitHub kayasax/EasyPIM, issue 79 (a request that was provisioned)"

ERRORS: Final = (
    Error(_SECOND, 400, ErrorMeaning.NOT_FOUND, code="RoleAssignmentRequestNotFound"),
    Error(_SEEN, 404, ErrorMeaning.NOT_FOUND, code="RoleAssignmentRequestNotFound"),
    Error(_TOOL, 400, ErrorMeaning.NOT_CANCELLABLE, "RequestCannotBeCancelled", "Request is not in cancellable state."),
    Error(_SECOND, 400, ErrorMeaning.NOT_CANCELLABLE, message="RequestCannotBeCancelled"),
)


def states(cancel_page: str, ends: Collection[str]) -> tuple[States, ...]:
    """Graph's: a plain string. `ends`: as what a cancelled one is shown."""
    return (
        States(
            source=f"CONTRIB v1.0/resources/request.md; {cancel_page}: Granted can be cancelled",
            path="status",
            standings=STANDINGS,
            cancelled=frozenset(ends),
            active=frozenset({"Provisioned"}),
        ),
    )


def own_lists(page: str, collection: str, expand: str, delegated: tuple[str, ...]) -> tuple[Listing, ...]:
    """One call for each state: no page shows a filter by several. The documents know `principal` and `approver`."""
    return tuple(
        Listing(
            source=f"{page} (on: principal; $filter=status eq 'PendingApproval')",
            version="v1.0",
            path=f"{collection}/filterByCurrentUser(on='principal')",
            query={"$filter": f"status eq '{state}'", "$expand": expand},
            delegated=delegated,
            own=True,
        )
        for state in PENDING
    )
