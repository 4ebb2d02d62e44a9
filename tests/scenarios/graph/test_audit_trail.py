"""No row, no call; and a trail that cannot be ended keeps nobody from being told."""

from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import APPROVAL_ITEM, OPERATION
from tests.scenarios.graph.scene import Scene
from tests.scenarios.play import words

REFUSING = (
    "CREATE TRIGGER full BEFORE INSERT ON audit_rows WHEN new.event = '{}' BEGIN SELECT RAISE(ABORT, 'full'); END"
)


async def test_wish_cannot_be_recorded(alone: Scene, start: Start) -> None:
    """Fails when the cancellation begins before its row is durable."""
    target = alone.add(APPROVAL_ITEM)
    async with start():
        await alone.execute(REFUSING.format("requested"))
        ack = await alone.submit(APPROVAL_ITEM, target)
    assert isinstance(ack.body, dict)
    assert "Something on our side failed. Nothing was sent." in words(ack.body["view"]["blocks"])
    assert alone.rows(target) == []
    assert [call for call in alone.graph.calls if target in call.path] == []


async def test_call_cannot_be_recorded(alone: Scene, start: Start) -> None:
    """Fails when the call goes out before its row is durable."""
    target = alone.add(APPROVAL_ITEM)
    async with start():
        await alone.execute(REFUSING.format("called"))
        story = await alone.cancel(APPROVAL_ITEM, target)
    story.ended("failed")
    assert "Something on our side failed before anything was sent" in story.told


async def test_end_cannot_be_recorded(alone: Scene, start: Start) -> None:
    """Fails when people are told only after the last row."""
    target = alone.add(APPROVAL_ITEM)
    async with start():
        await alone.execute(REFUSING.format("ended"))
        story = await alone.cancel(APPROVAL_ITEM, target)
    assert [row.event for row in story.rows] == ["requested", "called"]
    assert "Cancelled" in story.told
    assert len(story.effects) == len(story.lines) == 1


async def test_each_call_has_its_row(scene: Scene) -> None:
    """Who, as whom, by which rule, where to, and what was seen before."""
    target = scene.add(APPROVAL_ITEM)
    story = await scene.cancel(APPROVAL_ITEM, target)
    assert {row.oid for row in story.rows} == {APPROVAL_ITEM.owner.oid}
    assert story.rows[1].detail == {
        "rule": 1,
        "identity": "delegated",
        "version": "beta",
        "path": "/solutions/approval/approvalItems/{id}/cancel",
        "state": "pending",
    }


async def test_database_is_lost_after_the_call(alone: Scene, start: Start) -> None:
    """Microsoft has taken the call: fails when that ends as "nothing was sent", or ends before the database is back."""
    target = alone.add(APPROVAL_ITEM)
    alone.graph.variant["approvalItem"] = "202"
    alone.fail(OPERATION, delay=0.2)
    async with start():
        await alone.submit(APPROVAL_ITEM, target)
        await alone.tenant.slack.until(lambda: alone.posts(target))
        await alone.execute("ALTER TABLE accounts RENAME TO gone")
        reply = await alone.replying(target, "Microsoft accepted the cancellation")
        await alone.execute("ALTER TABLE gone RENAME TO accounts")
        story = await alone.story(APPROVAL_ITEM, target)
    story.ended("cancelled", posts=1, effects=1)
    assert story.replies == [reply]
