"""What has ended already: told as it is, and nothing is sent. States count in any case and in both spellings."""

import pytest

from tests.scenarios.graph.cases import (
    ACCESS_PACKAGE,
    APPROVAL_ITEM,
    GOVERNANCE_ROLE,
    OPERATION_APPROVAL,
    PRIVILEGED_ROLE,
    Case,
)
from tests.scenarios.graph.scene import Scene

FINAL = {
    APPROVAL_ITEM: "canceled cancelled Canceled completed Completed",
    OPERATION_APPROVAL: "rejected cancelled canceled Cancelled completed expired",
    ACCESS_PACKAGE: "delivered Delivered partiallyDelivered deliveryFailed denied canceled cancelled",
    PRIVILEGED_ROLE: "Completed ApprovalDenied ApprovalAborted Cancelled Canceled cancelled Revoked RequestExpired",
    GOVERNANCE_ROLE: "Denied Provisioned Revoked Canceled Cancelled canceled Failed AdminDenied TimedOut",
}


@pytest.mark.parametrize(
    ("case", "state"),
    [(case, state) for case, states in FINAL.items() for state in states.split()],
    ids=lambda value: getattr(value, "kind", value),
)
async def test_nothing_is_sent(scene: Scene, case: Case, state: str) -> None:
    """Fails without the first look, and for the other spelling when states are compared as they are written."""
    target = scene.add(case, state=state)
    story = await scene.cancel(case, target)
    story.ended("already_final")
    assert f"It already ended as “{state}”, so nothing was sent." in story.told
    assert story.end["reason"] == "found_final"
