"""`serve`, measured from inside: clicks, how long its event loop was blocked, and how much memory it took.

Run by the benchmarks as a process of its own; it writes what it has seen to the file named by PROBE_FILE.
"""

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot import app, listeners
from bot.__main__ import main
from bot.slack.views import SubmittedDialog

_EVERY = 0.005  # seconds
_WRITTEN_EVERY = 0.2

_recorded: list[float] = []


async def _watch(path: Path) -> None:
    slowest, written = 0.0, 0.0
    while True:
        before = time.perf_counter()
        await asyncio.sleep(_EVERY)
        slowest = max(slowest, time.perf_counter() - before - _EVERY)
        if before - written < _WRITTEN_EVERY:
            continue
        written = before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        seen = {"blocked_ms": slowest * 1000, "peak_mb": peak, "recorded_ms": _recorded}
        path.with_suffix(".new").write_text(json.dumps(seen))
        path.with_suffix(".new").replace(path)
        if path.with_suffix(".reset").exists():
            path.with_suffix(".reset").unlink()
            slowest = 0.0
            _recorded.clear()


class _Bot(app.Bot):
    async def run(self) -> None:
        await asyncio.gather(super().run(), _watch(Path(os.environ["PROBE_FILE"])))


class _Dialog(SubmittedDialog):
    """From the click as Bolt hands it on to its acknowledgement, which comes once it is recorded."""

    async def __call__(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        began = time.perf_counter()
        await super().__call__(ack, body, view)
        _recorded.append((time.perf_counter() - began) * 1000)


if __name__ == "__main__":
    app.Bot = _Bot  # type: ignore[misc]  # the measured one is the real one
    listeners.SubmittedDialog = _Dialog  # type: ignore[attr-defined]  # likewise
    sys.exit(main(["serve"]))
