"""What the bot stands on fails: the disk is full, the file is locked, the clock jumps. Nothing is lost or doubled."""

import asyncio
import sqlite3
import time
from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.tenant import AUDIT
from bot.store import Store, now
from bot.trail import verify
from tests.faults.served import KEY, Served, database, fill_disk
from tests.scenarios.graph.cases import APPROVAL_ITEM, POST, READ
from tests.scenarios.play import words

OUTAGE = 20.0


async def ends_once(served: Served, target: str, within: float = 60) -> None:
    """One effect, one root, one reply, one audit line, one story, and a chain that verifies."""
    slack = served.tenant.slack
    await slack.until(lambda: slack.messages(AUDIT), within)
    story = await served.scene.story(APPROVAL_ITEM, target)
    assert (len(story.effects), len(story.roots), len(story.replies), len(story.lines)) == (1, 1, 1, 1)
    assert "Cancelled" in words(story.replies[0].blocks)
    events = [row.event for row in story.rows]
    assert (events[0], events[-1], events.count("requested"), events.count("ended")) == ("requested", "ended", 1, 1)
    store = Store(f"sqlite:///{database(served.tenant)}")
    verdict = await verify(store, KEY.encode(), None, now() - timedelta(days=400))
    await store.close()
    assert (verdict.problems, verdict.rows) == (0, len(events))


def said(ack: Any) -> str:
    """What the dialog shows at its input."""
    assert ack.body["response_action"] == "errors", ack.body
    return str(ack.body["errors"]["justification"])


async def test_disk_full_at_the_click(served: Served) -> None:
    """Fails when a click is acknowledged before its row is durable."""
    view, values = await served.dialog()
    fill_disk(served, full=True)
    assert "nothing was sent" in said(await served.press(view, values))
    assert served.scene.posts(values["id"]) == []
    fill_disk(served, full=False)
    assert (await served.press(view, values)).body is None
    await ends_once(served, values["id"])


async def test_disk_full_in_the_middle(served: Served) -> None:
    """The call is made, and its answer cannot be recorded. Fails when whoever goes on calls without looking."""
    view, values = await served.dialog()
    served.tenant.graph.faults.add(Fault(POST, delay=1, after_effect=True))
    await served.press(view, values)
    await served.tenant.slack.until(lambda: served.scene.posts(values["id"]))
    fill_disk(served, full=True)
    await asyncio.sleep(4)
    fill_disk(served, full=False)
    await ends_once(served, values["id"])
    assert len(served.scene.posts(values["id"])) == 1


async def test_database_locked(served: Served) -> None:
    """Somebody holds the file for 20 s: a dialog stays open, and what is under way waits and goes on."""
    other, others = await served.dialog()
    served.tenant.graph.faults.add(Fault(POST, delay=2, after_effect=True))
    await served.press(other, others)
    view, values = await served.dialog()
    await served.tenant.slack.until(lambda: served.scene.posts(others["id"]))
    locked = sqlite3.connect(database(served.tenant), isolation_level=None)
    locked.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    ack = await served.press(view, values)
    assert "nothing was sent" in said(ack)
    assert time.monotonic() - began < 3
    await asyncio.sleep(OUTAGE - (time.monotonic() - began))
    locked.execute("ROLLBACK")
    locked.close()
    await ends_once(served, others["id"])
    assert served.scene.rows(values["id"]) == []
    assert (await served.press(view, values)).body is None
    await served.tenant.slack.until(lambda: len(served.tenant.slack.messages(AUDIT)) == 2, 60)


async def test_audit_key_is_lost(served: Served) -> None:
    """Started again with another key, before the call. Fails when a call is made whose reason nobody can read."""
    view, values = await served.dialog()
    served.tenant.graph.faults.add(Fault(READ, delay=2))
    await served.press(view, values)
    await served.kill()
    served.environment["AUDIT_KEY"] = "another one, and long enough as well"
    await served.start()
    await served.tenant.slack.until(lambda: served.tenant.slack.messages(AUDIT), 30)
    story = await served.scene.story(APPROVAL_ITEM, values["id"])
    assert (story.effects, served.scene.posts(values["id"])) == ([], [])
    assert "What was entered cannot be read any more" in words(story.replies[0].blocks)


@pytest.mark.parametrize("hours", [-1, 1])
async def test_clock_is_set(served: Served, hours: int) -> None:
    """Killed in the middle of a call, and gone on with when the clock shows another hour.

    Fails when the freshness of a look is believed from a clock that was set back.
    """
    view, values = await served.dialog()
    served.tenant.graph.faults.add(Fault(POST, delay=1, after_effect=True))
    await served.press(view, values)
    await served.tenant.slack.until(lambda: served.scene.posts(values["id"]))
    await served.kill()
    await served.start(clock=hours * 3600.0)
    await ends_once(served, values["id"])
    assert len(served.scene.posts(values["id"])) == 1
