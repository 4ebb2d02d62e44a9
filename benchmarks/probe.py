"""`serve`, measured from inside: how long its event loop was blocked, and how much memory it took.

Run by the benchmarks as a process of its own; it writes what it has seen to the file named by PROBE_FILE.
"""

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path

from bot import app
from bot.__main__ import main

_EVERY = 0.005  # seconds


async def _watch(path: Path) -> None:
    slowest, written = 0.0, 0.0
    while True:
        before = time.perf_counter()
        if path.with_suffix(".reset").exists():
            path.with_suffix(".reset").unlink()
            slowest = 0.0
        await asyncio.sleep(_EVERY)
        slowest = max(slowest, time.perf_counter() - before - _EVERY)
        if before - written > 0.2:
            written = before
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            path.with_suffix(".new").write_text(json.dumps({"blocked_ms": slowest * 1000, "peak_mb": peak}))
            path.with_suffix(".new").replace(path)


class _Bot(app.Bot):
    async def run(self) -> None:
        await asyncio.gather(super().run(), _watch(Path(os.environ["PROBE_FILE"])))


if __name__ == "__main__":
    app.Bot = _Bot  # type: ignore[misc]  # the measured one is the real one
    sys.exit(main(["serve"]))
