"""Which messages were posted: recorded before and after, so that none is posted twice."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store import Store, now
from bot.tables import posts


@dataclass(frozen=True)
class Post:
    """A message with an id of ours. Without `ts` it is not known whether Slack has it."""

    id: str
    channel: str
    thread_ts: str
    ts: str
    at: datetime


class Posts:
    """The rows of messages that must not be doubled."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, post_id: str, channel: str, thread_ts: str) -> Post | None:
        """Records that it is about to be posted; returns the row that was there before, if there was one."""
        made = (
            self._store.insert(posts)
            .values(id=post_id, channel=channel, thread_ts=thread_ts, ts=None, created_at=now())
            .on_conflict_do_nothing(index_elements=[posts.c.id])
            .returning(posts.c.id)
        )

        def work(connection: sa.Connection) -> Post | None:
            if connection.execute(made).one_or_none():
                return None
            row = connection.execute(sa.select(posts).where(posts.c.id == post_id)).one()
            return Post(row.id, row.channel, row.thread_ts, row.ts or "", row.created_at)

        return await self._store.write(work)

    async def of(self, post_id: str) -> Post | None:
        """What is recorded of it."""
        row = await self._store.row(sa.select(posts).where(posts.c.id == post_id))
        return Post(row.id, row.channel, row.thread_ts, row.ts or "", row.created_at) if row else None

    async def made(self, post_id: str, ts: str) -> str:
        """Records where Slack put it; returns the timestamp that counts: another process may have been first."""
        mine = (posts.c.id == post_id) & posts.c.ts.is_(None)

        def work(connection: sa.Connection) -> str:
            connection.execute(posts.update().where(mine).values(ts=ts))
            counts = connection.execute(sa.select(posts.c.ts).where(posts.c.id == post_id)).scalar_one_or_none()
            return counts or ts

        return await self._store.write(work)

    async def forget(self, post_id: str) -> None:
        """It is certain that Slack has no such message (any more)."""
        await self._store.change(posts.delete().where(posts.c.id == post_id))

    async def clean(self, before: datetime) -> None:
        """Deletes the rows of what was posted before this moment."""
        await self._store.change(posts.delete().where(posts.c.created_at < before))
