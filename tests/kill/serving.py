"""The real serving process. It writes down the points that it passes, and kills itself at one of them if so ordered.

A point is a moment and a numbered name: before, inside or after `call#1`. Inside a step: its body is done, and its
result not recorded. Inside a row: it is written, and not committed.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.audit import Audit, Event
from bot.cancellations import Cancellations
from bot.cli.seed import link
from bot.configuration import load_configuration
from bot.durable import Engine
from bot.sandbox.people import Person
from bot.sandbox.tenant import CONSENTS, REDIRECT_URI
from bot.services import open_services

PASSED = "passed"
OUTPUT = "output"

Body = Callable[..., Awaitable[Any]]


class Points:
    """What this process has passed, in a file of the directory; `die_at` is where it ends."""

    def __init__(self, directory: Path, die_at: str) -> None:
        self._passed = directory / PASSED
        self._die_at = die_at
        self._times = Counter[str]()

    def numbered(self, name: str) -> str:
        """The name with how often it has come up."""
        self._times[name] += 1
        return f"{name}#{self._times[name]}"

    def reach(self, moment: str, name: str) -> None:
        """Says that the process has come here; does not return where it is to die."""
        point = f"{moment}:{name}"
        with self._passed.open("a", encoding="utf-8") as file:
            file.write(f"{point}\n")
        if point == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def serve(environment: Mapping[str, str], directory: Path, people: Sequence[Person], die_at: str) -> None:
    """Signs the people in and serves, in nothing but this environment."""
    enter(environment, directory)
    if people:
        asyncio.run(_link(people))
    points, patch = Points(directory, die_at), pytest.MonkeyPatch()
    patch.setattr(Engine, "step", _watched_step(Engine.step, points))
    patch.setattr(Engine, "sleep", _watched_sleep(Engine.sleep, points))
    patch.setattr(Engine, "start", watched(Engine.start, "start", points))
    patch.setattr(Cancellations, "record", watched(Cancellations.record, "record", points))
    patch.setattr(Audit, "add", _watched_add(Audit.add, points))
    patch.setattr(Audit, "record", _watched_row(Audit.record, points))
    sys.exit(main(["serve"]))


def command(environment: Mapping[str, str], directory: Path, *arguments: str) -> None:
    """Runs another command of the bot."""
    enter(environment, directory)
    sys.exit(main(arguments))


def enter(environment: Mapping[str, str], directory: Path) -> None:
    """This process has nothing but the environment, lives in the directory, and writes there what it says."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    output = os.open(directory / OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)


async def _link(people: Sequence[Person]) -> None:
    configuration = load_configuration()
    async with open_services(configuration) as services:
        await link(configuration, services, {one: CONSENTS[one] for one in people}, REDIRECT_URI)


def watched(body: Body, name: str, points: Points) -> Body:
    """The same, with a point before and one after it."""

    async def passed(*arguments: Any, **named: Any) -> Any:
        numbered = points.numbered(name)
        points.reach("before", numbered)
        result = await body(*arguments, **named)
        points.reach("after", numbered)
        return result

    return passed


def _watched_step(step: Body, points: Points) -> Body:
    async def watched(engine: Engine, name: str, work: Callable[[], Awaitable[Any]], of: Any) -> Any:
        numbered = points.numbered(name)

        async def worked() -> Any:
            result = await work()
            points.reach("inside", numbered)
            return result

        points.reach("before", numbered)
        result = await step(engine, name, worked, of)
        points.reach("after", numbered)
        return result

    return watched


def _watched_sleep(sleep: Body, points: Points) -> Body:
    async def watched(engine: Engine, seconds: float) -> None:
        numbered = points.numbered("sleep")
        points.reach("before", numbered)
        halfway = asyncio.get_running_loop().call_later(seconds / 2, points.reach, "inside", numbered)
        await sleep(engine, seconds)
        halfway.cancel()
        points.reach("after", numbered)

    return watched


def _watched_add(add: Callable[..., bool], points: Points) -> Callable[..., bool]:
    """Inside of the transaction that adds the row."""
    counted = Counter[Event]()

    def watched(audit: Audit, *arguments: Any, **named: Any) -> bool:
        written = add(audit, *arguments, **named)
        points.reach("inside", _row(counted, arguments))
        return written

    return watched


def _watched_row(record: Body, points: Points) -> Body:
    """After the transaction, for rows that have one of their own."""
    counted = Counter[Event]()

    async def watched(audit: Audit, *arguments: Any, **named: Any) -> Any:
        written = await record(audit, *arguments, **named)
        points.reach("after", _row(counted, arguments))
        return written

    return watched


def _row(counted: Counter[Event], arguments: Iterable[object]) -> str:
    event = next(one for one in arguments if isinstance(one, Event))
    counted[event] += 1
    return f"row_{event}#{counted[event]}"
