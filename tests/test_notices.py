"""The rows of notifications, on both databases."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

import pytest
import sqlalchemy as sa

from bot.lists import Listed
from bot.notices import Notices, Status
from bot.resources import Snapshot, Standing, Target
from bot.store import Card, Store, new_id, now
from bot.tables import cancellations, cards, notices

KIND, CHANNEL, OTHER = "access-package", "C0ONE", "C0OTHER"
MOMENT: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOMENTS: Final = (MOMENT + timedelta(milliseconds=n) for n in count())


def listed(number: int, minutes: float | None = 5) -> Listed:
    """Pending for so long; None: nobody tells."""
    created = None if minutes is None else MOMENT - timedelta(minutes=minutes)
    return Listed(Target(KIND, f"{number}"), Snapshot("pending", Standing.YES, False, False, created=created))


def pending(*items: Listed) -> Mapping[str, Listed]:
    return {one.target.key: one for one in items}


@pytest.fixture
def rows(store: Store) -> Notices:
    return Notices(store, "T0TEAM")


async def seen(rows: Notices, *items: Listed, channel: str = CHANNEL, more: bool = False) -> bool:
    return await rows.seen(KIND, channel, pending(*items), next(MOMENTS), more=more)


async def due(rows: Notices, channel: str = CHANNEL) -> list[str]:
    return [one.target.id for one in await rows.due(channel, [KIND], 10_000)]


async def test_first_list(rows: Notices) -> None:
    """Exactly an hour is old. Fails when old ones, or such without a date, are due."""
    assert await seen(rows, listed(1, 60), listed(2, 59), listed(3, None), listed(4, 1))
    assert await due(rows) == ["2", "4"]
    [summary] = await rows.summaries(CHANNEL, [KIND])
    assert (summary.kind, summary.older) == (KIND, 2)
    assert not await seen(rows, listed(1, 60), listed(2, 59), listed(3, None), listed(4, 1))
    await rows.told(summary)
    assert await rows.summaries(CHANNEL, [KIND]) == []
    assert await seen(rows, listed(1, 60), listed(5, 1000))
    assert await due(rows) == ["2", "4", "5"]


async def test_nothing_old_at_first(rows: Notices) -> None:
    assert await seen(rows)
    assert not await seen(rows)
    assert await rows.summaries(CHANNEL, [KIND]) == []
    assert await seen(rows, listed(1, 1000))
    assert await due(rows) == ["1"]


async def test_each_channel_for_itself(rows: Notices) -> None:
    """Fails when one channel's rows count for another."""
    await seen(rows)
    await seen(rows, listed(1, 1000))
    await seen(rows, listed(1, 1000), channel=OTHER)
    assert (await due(rows), await due(rows, OTHER)) == (["1"], [])
    assert [one.channel for one in await rows.summaries(OTHER, [KIND])] == [OTHER]
    assert (await rows.summaries(OTHER, []), await rows.due(OTHER, ["another"], 1)) == ([], [])


async def test_many(rows: Notices, store: Store) -> None:
    """Fails when a batch is left out, or told in another order."""
    items = [listed(number, 30 - number / 1000) for number in range(1234)]
    await seen(rows, *reversed(items))
    assert await due(rows) == [str(number) for number in range(1234)]
    await seen(rows)
    left = await store.rows(sa.select(notices.c.id).where(notices.c.left_at.is_not(None)))
    assert len(left) == 1234


async def test_what_is_pending_again(rows: Notices) -> None:
    """One that was over, and is not, gets its card; no other gets a second one."""
    await seen(rows, listed(1), listed(2), listed(3), listed(4, 1000))
    first, second, third = await rows.due(CHANNEL, [KIND], 10)
    await rows.settle(first.id, Status.POSTED)
    await rows.settle(second.id, Status.OVER)
    await rows.settle(third.id, Status.REFUSED)
    await seen(rows)
    assert await due(rows) == []
    assert await seen(rows, listed(1), listed(2), listed(3), listed(4, 1000))
    assert await due(rows) == ["2"]
    assert not await seen(rows, listed(1), listed(2), listed(3), listed(4, 1000))


async def test_over_while_the_list_still_shows_it(rows: Notices) -> None:
    """Fails when a list that is behind, or a service that does not know it yet, ends it for good."""
    await seen(rows, listed(1))
    [one] = await rows.due(CHANNEL, [KIND], 10)
    await rows.settle(one.id, Status.OVER)
    assert await due(rows) == []
    assert await seen(rows, listed(1))
    assert await due(rows) == ["1"]


async def test_more_than_can_be_read(rows: Notices, store: Store) -> None:
    """Fails when what is missing from a list that has more counts as gone."""
    await seen(rows, listed(1), listed(2))
    assert not await seen(rows, listed(1), more=True)
    assert await seen(rows, listed(1), listed(3), more=True)
    assert await store.rows(sa.select(notices.c.id).where(notices.c.left_at.is_not(None))) == []
    assert await seen(rows, listed(1), listed(3))
    assert len(await store.rows(sa.select(notices.c.id).where(notices.c.left_at.is_not(None)))) == 1


async def test_doubtful(rows: Notices, store: Store) -> None:
    """Open notifications that are not listed, or old; fails when roots of threads, or unposted ones, are among them."""
    day = timedelta(days=1)

    async def add(number: int, *, ts: str = "1.1", closed: bool = False, age: timedelta = day, by: str = "") -> str:
        details = {"by": by} if by else {}
        target = listed(number).target
        card = Card(new_id(), "T0TEAM", CHANNEL, ts, target, details, closed, MOMENT - age)
        await store.add_card(card)
        return card.id

    gone, old = await add(1), await add(2, age=31 * day)
    await add(2)
    for options in ({"ts": ""}, {"closed": True}, {"by": "U0ALICE"}):
        await add(1, **options)
    doubtful = await rows.doubtful(KIND, pending(listed(2)).keys(), MOMENT - 30 * day)
    assert {channel: set(ids) for channel, ids in doubtful.items()} == {CHANNEL: {gone, old}}
    assert await rows.doubtful("another", (), MOMENT) == {}


async def test_forgotten(rows: Notices, store: Store) -> None:
    """Fails when what is pending, open, or has a thread in use is forgotten."""
    await seen(rows, listed(1), listed(2))
    await seen(rows, listed(2))
    ages = {
        "young": (-1, True),
        "closed": (1, True),
        "open": (1, False),
        "very old": (31, False),
        "thread": (1, True),
    }
    for name, (days, closed) in ages.items():
        card = Card(name, "T0TEAM", CHANNEL, "1.1", listed(1).target, {}, closed, MOMENT - timedelta(days=days))
        await store.add_card(card)
    row = {
        "run": 1,
        "team": "T",
        "user": "U",
        "channel": "C",
        "visible": 1,
        "kind": KIND,
        "target_id": "1",
        "scope": "",
    }
    more = {"sealed": b"", "instance": "one", "created_at": now(), "card_id": "thread"}
    await store.change(cancellations.insert().values(id="any", **row, **more))
    await rows.forget(MOMENT + timedelta(minutes=1))
    assert await store.rows(sa.select(notices.c.target_id)) == [("2",)]
    left = {one.id for one in await store.rows(sa.select(cards.c.id))}
    assert left == {"young", "open", "thread"}
