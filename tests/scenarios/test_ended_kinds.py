"""Whoever still has an id or an address of a kind that Microsoft ended is led to what they can cancel today."""

from typing import Final

import pytest

from bot.sandbox.people import ALICE, BOB
from bot.sandbox.tenant import CHANNEL, Tenant
from bot.slack.listing import LISTED_ACTION
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play, words

ID: Final = "00000000-0000-4000-8000-00000000c0de"
OLD: Final = f"https://graph.microsoft.com/beta/privilegedAccess/azureResources/roleAssignmentRequests/{ID}"
TYPE: Final = "unifiedRoleAssignmentScheduleRequest"
WHAT: Final = "Role request (PIM iteration 2): governance-role is not switched on here."
ENDED: Final = "Microsoft retired this kind on 28 October 2026"
HERE: Final = "Here that is azure-role-assignment, azure-role-eligibility, role-assignment, role-eligibility,"
PARTS: Final = (WHAT, ENDED, "Azure Resource Manager's roleAssignmentScheduleRequest", HERE)


@pytest.mark.parametrize("typed", [f"governance-role {ID}", f"{OLD}/cancel No need", "pending governance-role"])
async def test_by_command(start: Start, tenant: Tenant, alice: Play, typed: str) -> None:
    """Fails when people are told what is over, but not what they have now."""
    async with start(KINDS=""):
        mine, his = (tenant.graph.add(TYPE, owner=owner.oid) for owner in (ALICE, BOB))
        package = tenant.graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
        azure = tenant.arm.add("roleAssignmentScheduleRequest", owner=ALICE.oid)
        await alice.command(typed)
        told = await alice.told()
        assert [part for part in PARTS if part not in told] == []
        assert (mine in told, azure in told, his in told, package in told) == (True, True, False, False)
        assert "2 requests of yours can be cancelled now." in told
        message = tenant.slack.ephemerals(ALICE.slack_id)[-1]
        value = next(
            block["accessory"]["value"] for block in message.blocks if "accessory" in block and mine in str(block)
        )
        await tenant.slack.click(ALICE.slack_id, message.channel, message.ts, LISTED_ACTION, value=value)
        await alice.submit(await alice.view_saying(mine), justification=WHY)
        assert "Cancelled" in words((await alice.reply(0)).blocks)
        assert tenant.graph.get(TYPE, mine)["status"] == "Canceled"


async def test_nothing_replaces_it_here(start: Start, tenant: Tenant, alice: Play) -> None:
    async with start(KINDS="access-package,operation-approval"):
        await alice.command(f"governance-role {ID}")
        told = await alice.told()
        assert ENDED in told
        assert "No kind that replaces it is switched on here." in told
        assert tenant.graph.calls == []


async def test_in_the_form(start: Start, alice: Play) -> None:
    """There is no room for a list at an input: it says where the list is."""
    async with start(KINDS=""):
        ack = await alice.submit(await alice.dialog(), kind="role-assignment", id=OLD, justification=WHY)
        assert ack.body
        told = str(ack.body)
        assert [part for part in (*PARTS, "/cancel-approval mine lists") if part not in told] == []


@pytest.mark.parametrize("said", [f"Please look at {OLD}", f"governance-role {ID}"])
async def test_in_a_message(start: Start, tenant: Tenant, alice: Play, said: str) -> None:
    async with start(KINDS=""):
        mine = tenant.graph.add(TYPE, owner=ALICE.oid)
        message = tenant.slack.say(BOB.slack_id, CHANNEL, said)
        await tenant.slack.shortcut(ALICE.slack_id, message.channel, message.ts, "cancel_from_message")
        told = await alice.told()
        assert [part for part in (*PARTS, mine) if part not in told] == []
        assert tenant.slack.open_view(ALICE.slack_id) is None


async def test_beside_one_of_today(start: Start, tenant: Tenant, alice: Play) -> None:
    """Fails when what is over keeps people from what is not."""
    async with start(KINDS=""):
        mine = tenant.graph.add(TYPE, owner=ALICE.oid)
        message = tenant.slack.say(BOB.slack_id, CHANNEL, f"{OLD} is now role-assignment {mine}")
        await tenant.slack.shortcut(ALICE.slack_id, message.channel, message.ts, "cancel_from_message")
        await alice.view_saying(mine)
        assert alice.private() == []
