"""The one message under which cancellations are told that were entered together; it shows how far they are."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.batches import Batch, Batches
from bot.errors import Later
from bot.pace import Pace
from bot.slack import blocks, several_text
from bot.slack.posting import Place, Poster


class _Root:
    """One at a time posts it or draws it; `shows` is what was drawn last, `failed` when Slack could not be reached."""

    def __init__(self) -> None:
        self.line = asyncio.Lock()
        self.shows: Batch | None = None
        self.failed = 0.0


class Roots:
    """Posts each once, in the channel of the command, and keeps it true. `pace` is that of changes nobody waits for."""

    def __init__(self, batches: Batches, poster: Poster, pace: Pace) -> None:
        self._batches = batches
        self._poster = poster
        self._pace = pace
        self._roots: dict[str, _Root] = {}

    async def begin(self, batch_id: str) -> str:
        """Its timestamp, empty where Slack refuses it; raises `Later`.

        Whoever comes first posts it; a message whose posting had begun is looked for, by its metadata.
        """
        async with self._alone(batch_id) as root:
            ts = await self._poster.find(_post_id(batch_id))
            batch = None if ts else await self._batches.of(batch_id)
            if batch is None:
                return ts
            ts = await self._poster.put(_place(batch), *_drawn(batch))
            root.shows = batch
            return ts

    async def grown(self, batch_id: str) -> None:
        """It counts those that were recorded after it was posted; raises `Later`."""
        async with self._alone(batch_id) as root:
            batch = await self._batches.of(batch_id)
            if batch is None or (root.shows and root.shows.count == batch.count):
                return
            ts = await self._poster.find(_post_id(batch_id))
            if ts and not await self._poster.update(_place(batch), ts, *_drawn(batch)):
                root.shows = batch

    async def redraw(self, batch_id: str) -> bool:
        """It shows what is recorded now, or more; False where it is gone, or Slack refuses it. Raises `Later`.

        It is looked up again after each change: whoever has changed the message last has shown the latest, whatever
        other processes did meanwhile.
        """
        async with self._alone(batch_id) as root:
            ts = await self._poster.find(_post_id(batch_id))
            batch = await self._batches.of(batch_id)
            while ts and batch != root.shows:
                await self._pace.turn()
                batch = await self._batches.of(batch_id)
                if batch is None or await self._poster.update(_place(batch), ts, *_drawn(batch)):
                    ts = ""
                    break
                root.shows = batch
                batch = await self._batches.of(batch_id)
            if batch is None or batch.ended == batch.count:
                self._roots.pop(batch_id, None)
            return bool(ts)

    @asynccontextmanager
    async def _alone(self, batch_id: str) -> AsyncIterator[_Root]:
        """In line. Whoever waited while another could not reach Slack does not wait for the same once more."""
        root, since = self._roots.setdefault(batch_id, _Root()), time.monotonic()
        async with root.line:
            if root.failed > since:
                raise Later
            try:
                yield root
            except Later:
                root.failed = time.monotonic()
                raise


def _post_id(batch_id: str) -> str:
    # Not the dialog's id alone: that is the root of a single cancellation, which the same dialog could have begun.
    return f"{batch_id}:root"


def _place(batch: Batch) -> Place:
    return Place(_post_id(batch.id), batch.channel)


def _drawn(batch: Batch) -> tuple[str, blocks.Blocks]:
    headline = several_text.several(batch.count)
    progress = several_text.progress(batch.count, batch.results, batch.elsewhere)
    return f"{headline}: {progress}", blocks.together(headline, batch.user, batch.justification, progress)
