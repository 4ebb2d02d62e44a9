"""The bot as a process under attack: every valid click takes effect once, and nothing else does."""

from collections import Counter
from typing import Final

from benchmarks.hostile import besiege, setting

REQUESTS: Final = 1_000
CLICKS: Final = 5
MOST_GROWN: Final = 48  # megabytes; the huge bodies among these requests are 56 together


async def test_hostile_requests(port: int) -> None:
    """Fails without the verifier; and where bodies are kept that nobody needs. No time is measured."""
    async with setting() as (tenant, environment):
        siege = await besiege(tenant, environment | {"PORT": str(port)}, REQUESTS, CLICKS)
        assert siege.wrong == Counter()
        assert siege.effects == Counter(siege.clicked)
        assert siege.after_mb - siege.before_mb < MOST_GROWN
        assert tenant.slack.violations == []
        assert tenant.graph.violations == []
        assert tenant.arm.violations == []
