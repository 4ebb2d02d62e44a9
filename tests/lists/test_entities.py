"""What of a list is taken: so many entities, those that are not over, with ids that are some."""

import pytest
from structlog.testing import capture_logs

from bot.lists import MOST
from bot.resources import Standing
from bot.sandbox.faults import Fault
from bot.sandbox.graph import LISTS
from bot.sandbox.people import ALICE, BOB
from tests.graph.world import REGISTRY, World
from tests.lists.shelf import PACKAGE, TYPE, Make, ids


@pytest.mark.parametrize(("number", "found", "more", "calls"), [(3, 3, False, 2), (4, 4, False, 2), (5, 4, True, 3)])
async def test_what_is_too_long_is_read_as_far_as_that(
    world: World, lists_with: Make, monkeypatch: pytest.MonkeyPatch, number: int, found: int, more: bool, calls: int
) -> None:
    """The last fails without the limit; the one before when a full list counts as one that is too long."""
    assert MOST == 5000
    monkeypatch.setattr("bot.lists.MOST", 4)
    world.graph.page_size = 2
    world.graph.add_many(TYPE, number, owner=ALICE.oid)
    listing = await lists_with().kept(PACKAGE)
    assert (len(listing.items), listing.more) == (found, more)
    assert len(world.graph.calls) == calls


async def test_what_is_over_counts_too(world: World, lists_with: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Teams approvals cannot be filtered. Fails when only what is pending counts: all that ever was would be read."""
    monkeypatch.setattr("bot.lists.MOST", 4)
    world.graph.page_size = 2
    world.graph.add_many("approvalItem", 20, owner=ALICE.oid, state="completed")
    newest = world.graph.add("approvalItem", owner=ALICE.oid)
    account = await world.sign_in(ALICE, "ApprovalSolution.Read")
    listing = await lists_with().kept(REGISTRY["approval-item"], account)
    assert (ids(listing), listing.more) == ({newest}, True)
    assert len(world.graph.calls) == 3


@pytest.mark.parametrize("state", ["denied", "canceled", "delivered"])
async def test_what_is_over_is_not_listed(world: World, lists_with: Make, state: str) -> None:
    """Also where the filter should have left it out. Fails when the service's filter is believed."""
    entities = [{"id": ALICE.oid, "state": state}, {"id": BOB.oid, "state": "somethingNew"}]
    world.graph.faults.add(Fault(LISTS, status=200, body={"value": entities}))
    [listed] = (await lists_with().kept(PACKAGE)).items.values()
    assert (listed.target.id, listed.snapshot.standing) == (BOB.oid, Standing.UNKNOWN)


async def test_ids_that_are_none(world: World, lists_with: Make) -> None:
    """They are left out and counted in one line. Fails when an id is taken as it comes, or each logs a line."""
    bad: list[object] = ["../../users", "", 5, None, f"{ALICE.oid}/cancel", f"{ALICE.oid}\n"]
    entities = [{"id": one, "state": "pendingApproval"} for one in [*bad, ALICE.oid, ALICE.oid.upper()]]
    world.graph.faults.add(Fault(LISTS, status=200, body={"value": [*entities, {"state": "pendingApproval"}]}))
    with capture_logs() as logged:
        listing = await lists_with().kept(PACKAGE)
    assert list(listing.items) == [f"access-package//{ALICE.oid}"]
    assert [(one["event"], one["number"]) for one in logged] == [("listed_ids_unusable", 7)]


async def test_what_has_not_changed_is_not_looked_at_again(world: World, lists_with: Make) -> None:
    """A changed one is. Fails when an entity is known by its id alone, or the last reading is not."""
    same, changed = (world.graph.add(TYPE, owner=ALICE.oid, justification="Before.") for _ in range(2))
    lists = lists_with()
    before = (await lists.read(PACKAGE)).items
    world.graph.add(TYPE, id=changed, owner=ALICE.oid, justification="After.")
    after = (await lists.read(PACKAGE)).items
    assert after[f"access-package//{same}"] is before[f"access-package//{same}"]
    assert after[f"access-package//{changed}"].snapshot.reason == "After."
