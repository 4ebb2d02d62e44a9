"""The real serving process, which kills itself also around the rows of messages; see `tests.kill.serving`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bot.posts import Posts
from bot.sandbox.people import Person
from tests.kill import serving
from tests.kill.serving import Points, watched


def serve(environment: Mapping[str, str], directory: Path, people: Sequence[Person], die_at: str) -> None:
    """Serves until the point is reached."""
    points, patch = Points(directory, die_at), pytest.MonkeyPatch()
    for name in ("begin", "made"):
        patch.setattr(Posts, name, watched(getattr(Posts, name), name, points))
    serving.serve(environment, directory, people, die_at)
