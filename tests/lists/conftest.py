"""The stand-ins and the bot's clients of them, as for the tests of `graph`, and lists that are closed at the end."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.lists import Lists
from bot.timings import Timings
from tests.graph.conftest import arm, authority, elsewhere, entra, graph, trust, world
from tests.graph.world import World
from tests.lists.shelf import Make

__all__ = ["arm", "authority", "elsewhere", "entra", "graph", "trust", "world"]

PATIENT = Timings(list_fresh=1000, list_oldest=1000, list_again=1000, list_whole=1000)
"""So long that nothing ends by itself while a test runs."""


@pytest.fixture
async def lists_with(world: World) -> AsyncIterator[Make]:
    """Makes lists; what is not given waits so long that it does not happen in a test."""
    made: list[Lists] = []

    def make(**seconds: Any) -> Lists:
        made.append(Lists(world.client, replace(PATIENT, **seconds)))
        return made[-1]

    yield make
    for one in made:
        await one.close()
