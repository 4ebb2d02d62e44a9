"""The command line as processes, in a tenant of stand-ins."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.tenant import Tenant
from tests.faults.served import served

__all__ = ["served"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """How a process ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Awaitable[Ran]]


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    async with Tenant(tmp_path) as started:
        yield started


async def spawn(directory: Path, environment: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    """Starts `python -m bot` with nothing in its environment but this."""
    basics = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        env=basics | environment | {"PYTHONPATH": str(ROOT)},
        cwd=directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs one command to its end: `await command("check", **environment)`."""

    async def run(*arguments: str, **environment: str) -> Ran:
        process = await spawn(tmp_path, environment, *arguments)
        try:
            out, err = await asyncio.wait_for(process.communicate(), 90)
        finally:
            if process.returncode is None:
                process.kill()
        return Ran(process.returncode or 0, out.decode(), err.decode())

    return run
