"""Whatever goes wrong between the list and the channel: nothing is lost, doubled or made up."""

import json
from typing import Any, Final

import pytest

from bot.resources import load
from bot.sandbox.faults import Fault
from bot.sandbox.graph import LISTS
from bot.sandbox.people import ALICE
from bot.sandbox.tenant import Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import Play, buttons, tampered, words
from tests.scenarios.test_edge_metrics import _scrape, _value
from tests.scenarios.watch.scene import (
    APPROVAL,
    HOUR,
    PACKAGE,
    add,
    called,
    carded,
    cards,
    ended,
    polled,
    summaries,
    watching,
)

WATCHED: Final = [kind for kind in load() if kind.lists_for(application=True)]
UNREAD: Final[dict[str, dict[str, Any]]] = {
    "half a page": {"cut": 0.5},
    "the last chunk is missing": {"cut": 0.5, "chunked": True},
    "the connection ends too early": {"cut": 1.0},
    "a page of a proxy": {"body": b"<html>Sign in</html>", "headers": {"Content-Type": "text/html"}},
    "no list": {"body": json.dumps({"value": {"odd": 1}}).encode()},
    "an error": {"status": 500},
    "refused": {"status": 403},
    "no answer": {"drop": True},
}


@pytest.mark.parametrize("fault", UNREAD.values(), ids=UNREAD)
async def test_a_list_that_cannot_be_read_tells_nothing(
    tenant: Tenant, start: Start, capfd: pytest.CaptureFixture[str], fault: dict[str, Any]
) -> None:
    """At the third page. Fails when what was read before counts as the list, or when each failure is logged."""
    tenant.graph.page_size = 3
    targets = [add(tenant, age=HOUR - 600 - n) for n in range(8)]
    async with watching(start):
        await tenant.slack.until(lambda: len(cards(tenant)) == len(targets))
        tenant.graph.faults.add(Fault(LISTS, **fault, times=-1))
        late = add(tenant)
        before = len(tenant.graph.calls)
        await tenant.slack.until(lambda: len(tenant.graph.calls) > before + 10 * len(WATCHED))
        assert len(cards(tenant)) == len(targets)
        assert all(buttons(card) for card in cards(tenant))
        tenant.graph.faults.clear()
        await carded(tenant, late)
        assert [card.edited for card in cards(tenant)] == [False] * 9
    logged = capfd.readouterr().err
    assert logged.count("list_not_read") <= len(WATCHED)  # of each kind one
    assert summaries(tenant) == []


async def test_microsoft_asks_to_wait(tenant: Tenant, start: Start) -> None:
    """Fails when it is asked again before that time."""
    async with watching(start):
        await polled(tenant)
        tenant.graph.faults.add(Fault(r"GET .*/assignmentRequests$", status=429, headers={"Retry-After": "2"}))
        throttled = await tenant.slack.until(
            lambda: next((n for n, call in enumerate(tenant.graph.calls) if call.status == 429), None)
        )
        await carded(tenant, tenant.graph.add(APPROVAL, owner=ALICE.oid))  # the other kind goes on
        calls = tenant.graph.calls
        assert [one for one in calls[throttled + 1 :] if one.path.endswith("/assignmentRequests")] == []
        await carded(tenant, add(tenant))


@pytest.mark.parametrize(
    "fault",
    [
        {"error": "not_in_channel"},
        {"status": 503},
        {"status": 500, "after_effect": True},
        {"drop": True, "after_effect": True},
        {"status": 429, "headers": {"Retry-After": "1"}},
    ],
    ids=["refused", "503", "500 afterwards", "lost afterwards", "429"],
)
async def test_slack_does_not_take_them_for_a_while(tenant: Tenant, start: Start, fault: dict[str, Any]) -> None:
    """Fails when a card is given up, or posted again without looking for it."""
    older = [add(tenant, age=2 * HOUR + n) for n in range(2)]
    tenant.slack.faults.add(Fault("chat.postMessage", **fault, times=-1))
    async with watching(start):
        targets = [add(tenant, age=60.0 - n) for n in range(5)]
        await tenant.slack.until(lambda: len(called(tenant, "chat.postMessage")) > 2)
        await polled(tenant, 10)
        tenant.slack.faults.clear()
        await tenant.slack.until(lambda: len(cards(tenant)) >= 5 and summaries(tenant), 60)
        await polled(tenant, 20)
    shown = [next(one for one in (*targets, *older) if one in words(card.blocks)) for card in cards(tenant)]
    assert sorted(shown) == sorted(targets)
    assert len(summaries(tenant)) == 1


async def test_a_refusing_channel_rests(tenant: Tenant, start: Start) -> None:
    """Fails when each request that is due is tried, one after the other, in a channel that takes none."""
    tenant.slack.faults.add(Fault("chat.postMessage", error="not_in_channel", times=-1))
    async with watching(start, TIME_SCALE="0.02"):  # it rests for 0.6 s
        for n in range(50):
            add(tenant, age=60.0 - n)
        await polled(tenant, 30)
        assert len(called(tenant, "chat.postMessage")) < 10


async def test_one_that_cannot_be_posted_keeps_no_other_waiting(tenant: Tenant, start: Start) -> None:
    """Fails when the oldest is tried until it is told."""
    poisoned = add(tenant, age=600)
    tenant.graph.faults.add(Fault(rf"GET .*/{poisoned}$", status=500, times=-1))
    async with watching(start):
        for n in range(3):
            await carded(tenant, add(tenant, age=60 - n))
        assert len(cards(tenant)) == 3
        tenant.graph.faults.clear()
        await carded(tenant, poisoned)


async def test_found_and_not_to_be_changed(tenant: Tenant, start: Start, alice: Play) -> None:
    """Slack had taken it, its answer was lost. Fails when it is given up, and its button leads nowhere."""
    tenant.slack.faults.add(Fault("chat.postMessage", drop=True, after_effect=True))
    tenant.slack.faults.add(Fault("chat.update", error="edit_window_closed"))
    async with watching(start):
        card = await carded(tenant, add(tenant))
        await tenant.slack.click(ALICE.slack_id, card.channel, card.ts, "cancel_target")
        await alice.view_saying("Sales tools")
    assert (len(cards(tenant)), len(called(tenant, "chat.update"))) == (1, 1)


async def test_refused_for_a_day(tenant: Tenant, start: Start, port: int) -> None:
    """Fails when it is tried for ever, or given up in silence."""
    tenant.slack.faults.add(Fault("chat.postMessage", error="not_in_channel", times=-1))
    async with watching(start, METRICS_PORT=str(port)):
        add(tenant)
        await polled(tenant)
        await tenant.slack.until(lambda: called(tenant, "chat.postMessage"))
        await polled(tenant)
        await tampered(tenant, "UPDATE notices SET failing_since = datetime(failing_since, '-25 hours')")
        before = len(called(tenant, "chat.postMessage"))
        await tenant.slack.until(lambda: len(called(tenant, "chat.postMessage")) > before)
        await polled(tenant)
        after = len(called(tenant, "chat.postMessage"))
        await polled(tenant, 40)
        assert len(called(tenant, "chat.postMessage")) == after
        told = await _scrape(port)
        assert _value(told, 'notices_total{became="refused"}') == 1
        assert _value(told, 'notices_total{became="put_off"}') >= 1
        assert _value(told, 'polls_total{became="read",kind="access-package"}') > 3
        tenant.slack.faults.clear()
        await carded(tenant, add(tenant))
    assert len(cards(tenant)) == 1


async def test_over_before_its_turn(tenant: Tenant, start: Start) -> None:
    """Fails when a card is posted from what the list has shown."""
    tenant.slack.faults.add(Fault("chat.postMessage", error="not_in_channel", times=-1))
    async with watching(start):
        denied, gone = add(tenant), add(tenant)
        await tenant.slack.until(lambda: called(tenant, "chat.postMessage"))
        tenant.graph.decide(PACKAGE, denied, "denied")
        tenant.graph.remove(PACKAGE, gone)
        tenant.slack.faults.clear()
        await carded(tenant, add(tenant))
        await polled(tenant, 20)
        assert len(cards(tenant)) == 1


async def test_not_found_at_first(tenant: Tenant, start: Start) -> None:
    """A list that knows it before the rest of the service does. Fails when that ends it for good."""
    async with watching(start):
        target = add(tenant)
        tenant.graph.faults.add(Fault(rf"GET .*/{target}$", status=404, times=2))
        await carded(tenant, target)
        await polled(tenant)
        assert len(cards(tenant)) == 1


async def test_slacks_limits_are_kept(tenant: Tenant, start: Start) -> None:
    """Posts and redraws together, in one channel. Fails without the pause between two messages."""
    tenant.slack.pace.on, tenant.slack.pace.per_second, tenant.slack.pace.burst = True, 5.0, 2
    async with watching(start, TIME_SCALE="0.2"):
        first = [add(tenant, age=60.0 - n) for n in range(10)]
        shown = [await carded(tenant, one) for one in first]
        for one in first[:5]:
            tenant.graph.decide(PACKAGE, one, "denied")
        for n in range(10):
            add(tenant, age=30.0 - n)
        await tenant.slack.until(lambda: len(cards(tenant)) == 20)
        for card in shown[:5]:
            await ended(tenant, card)
    assert tenant.slack.pace.refused == 0
