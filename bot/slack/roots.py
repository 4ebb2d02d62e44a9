"""The one message under which cancellations are told that were entered together; it shows how far they are."""

import asyncio

from bot.batches import Batch, Batches
from bot.pace import Pace
from bot.slack import blocks, several_text
from bot.slack.posting import Place, Poster


class _Root:
    """One at a time posts it or draws it; `shows` is what was drawn last."""

    def __init__(self) -> None:
        self.line = asyncio.Lock()
        self.shows: Batch | None = None


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
        root = self._root(batch_id)
        async with root.line:
            ts = await self._poster.find(_post_id(batch_id))
            batch = None if ts else await self._batches.of(batch_id)
            if batch is None:
                return ts
            ts = await self._poster.put(_place(batch), *_drawn(batch))
            root.shows = batch
            return ts

    async def grown(self, batch_id: str) -> None:
        """It counts those that were recorded after it was posted; raises `Later`."""
        root = self._root(batch_id)
        async with root.line:
            batch = await self._batches.of(batch_id)
            if batch is None or (root.shows and root.shows.count == batch.count):
                return
            ts = await self._poster.find(_post_id(batch_id))
            if ts and not await self._poster.update(_place(batch), ts, *_drawn(batch)):
                root.shows = batch

    async def redraw(self, batch_id: str) -> bool:
        """It shows what is recorded now, or more; whether it does. Raises `Later`.

        It is looked up again after each change: whoever has changed the message last has shown the latest, whatever
        other processes did meanwhile.
        """
        root = self._root(batch_id)
        async with root.line:
            ts = await self._poster.find(_post_id(batch_id))
            while ts and (await self._batches.of(batch_id)) != root.shows:
                await self._pace.turn()
                batch = await self._batches.of(batch_id)
                if batch is None or await self._poster.update(_place(batch), ts, *_drawn(batch)):
                    return False  # somebody has deleted it, or Slack refuses it for good
                root.shows = batch
            if root.shows and root.shows.ended == root.shows.count:
                self._roots.pop(batch_id, None)
            return bool(ts)

    def _root(self, batch_id: str) -> _Root:
        """The same one for all of them, until all have ended."""
        return self._roots.setdefault(batch_id, _Root())


def _post_id(batch_id: str) -> str:
    # Not the dialog's id alone: that is the root of a single cancellation, which the same dialog could have begun.
    return f"{batch_id}:root"


def _place(batch: Batch) -> Place:
    return Place(_post_id(batch.id), batch.channel)


def _drawn(batch: Batch) -> tuple[str, blocks.Blocks]:
    headline, progress = (
        several_text.several(batch.count),
        several_text.progress(batch.count, batch.results, batch.elsewhere),
    )
    return f"{headline}: {progress}", blocks.together(headline, batch.user, batch.justification, progress)
