"""What the tests of lists share."""

import asyncio
from collections.abc import Callable
from typing import Final

from bot.lists import Listing, Lists
from tests.graph.world import REGISTRY

Make = Callable[..., Lists]
PACKAGE: Final = REGISTRY["access-package"]
TYPE: Final = PACKAGE.graph_type
READ: Final = "EntitlementManagement.Read.All"


def ids(listing: Listing) -> set[str]:
    """What the list shows."""
    return {one.target.id for one in listing.items.values()}


async def until(holds: Callable[[], bool]) -> None:
    """Waits for it; a minute is a hang."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what the stand-in and the log keep are lists, not events
            await asyncio.sleep(0.01)
