"""The page's switches: which request each of them meets, and when."""

import pytest

from bot.sandbox.faults import Fault, Faults
from bot.sandbox.page_faults import CHOICES, Switches
from tests.sandbox.arm_clients import COLLECTION, NAME

CANCEL = "POST /beta/solutions/approval/approvalItems/1/cancel"
WITHDRAW = "POST /beta/deviceManagement/operationApprovalRequests/cancelMyRequest"
AZURE_CANCEL = f"POST {COLLECTION}/{NAME}/cancel"


@pytest.mark.parametrize("key", [CANCEL, WITHDRAW, AZURE_CANCEL])
def test_every_choice_fits_the_request_that_it_names(key: str) -> None:
    for choice in CHOICES:
        microsoft, slack = [Faults(), Faults()], Faults()
        Switches(microsoft, slack).turn(choice.key, True)
        named = slack.take("chat.postMessage") if choice.place == "slack" else microsoft[1].take(key)
        assert named, choice.key


def test_a_fault_that_lasts_stands_back_behind_the_next_one() -> None:
    faults = Faults()
    faults.add(Fault("views.open", delay=1, times=-1))
    faults.add(Fault("views.open", error="expired_trigger_id"))
    taken = [faults.take("views.open") for _ in range(3)]
    assert [one.error for one in taken if one] == ["expired_trigger_id", None, None]
