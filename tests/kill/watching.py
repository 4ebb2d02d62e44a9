"""The real serving process, which kills itself while it notifies; see `tests.kill.serving`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from bot.__main__ import main
from bot.notices import Notices
from bot.posts import Posts
from bot.store import Store
from tests.kill.serving import Points, enter, watched

WRITES: Final = {
    "seen": Notices,
    "add_card": Store,
    "begin": Posts,
    "made": Posts,
    "card_posted": Store,
    "settle": Notices,
    "told": Notices,
}
"""What is written down of a notification, in this order; `told` of the line about older ones."""


def serve(environment: Mapping[str, str], directory: Path, die_at: str) -> None:
    """Serves until the point is reached; a point is a moment and a numbered write."""
    enter(environment, directory)
    points, patch = Points(directory, die_at), pytest.MonkeyPatch()
    for name, owner in WRITES.items():
        patch.setattr(owner, name, watched(getattr(owner, name), name, points))
    sys.exit(main(["serve"]))
