"""Messages with an id of ours: whether each was posted, and where, so that none is posted twice."""

import asyncio
from datetime import timedelta

import pytest

from bot.posts import Post, Posts
from bot.store import Store, now

ID = f"{'a' * 32}:reply"


@pytest.fixture
def posts(store: Store) -> Posts:
    return Posts(store)


async def known(posts: Posts, post_id: str = ID) -> Post:
    found = await posts.begin(post_id, "C0OTHER", "other")
    assert found is not None
    return found


async def test_begun(posts: Posts) -> None:
    """The second who begins learns where the first began, and that nobody knows whether it ended."""
    before = now()
    assert await posts.begin(ID, "C0", "1.0") is None
    found = await known(posts)
    assert found == Post(ID, "C0", "1.0", "", found.at)
    assert before <= found.at <= now()


async def test_begun_at_once(posts: Posts) -> None:
    found = await asyncio.gather(*(posts.begin(ID, "C0", "") for _ in range(5)))
    assert found.count(None) == 1


async def test_first_timestamp_counts(posts: Posts) -> None:
    """Fails when two instances each believe that theirs is the message, and none deletes the other."""
    await posts.begin(ID, "C0", "")
    await posts.begin("another", "C0", "")
    assert [await posts.made(ID, ts) for ts in ("1.0", "2.0", "1.0")] == ["1.0"] * 3
    assert ((await known(posts)).ts, (await known(posts, "another")).ts) == ("1.0", "")


async def test_made_at_once(posts: Posts) -> None:
    await posts.begin(ID, "C0", "")
    counts = await asyncio.gather(*(posts.made(ID, f"{number}.0") for number in range(5)))
    assert set(counts) == {(await known(posts)).ts}


async def test_made_without_a_row(posts: Posts) -> None:
    assert await posts.made(ID, "1.0") == "1.0"


async def test_forgotten(posts: Posts) -> None:
    for one in (ID, "another"):
        await posts.begin(one, "C0", "")
    await posts.forget(ID)
    assert await posts.begin(ID, "C1", "") is None
    assert (await known(posts, "another")).channel == "C0"


async def test_cleaned(posts: Posts) -> None:
    await posts.begin(ID, "C0", "")
    await posts.clean((await known(posts)).at)
    assert (await known(posts)).channel == "C0"
    await posts.clean(now() + timedelta(minutes=1))
    assert await posts.begin(ID, "C0", "") is None
