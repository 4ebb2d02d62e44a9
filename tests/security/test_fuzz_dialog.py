"""Commands, buttons and dialogs, fuzzed with valid prefixes: what comes next, or one thing wrong about it.

The seed is fixed. Microsoft sees the call of a whole right sequence, once, and no other; every click is acknowledged
and answered; nothing is a 500. Each of the moves was made, and each reason to refuse was seen.
"""

import logging
from collections.abc import AsyncIterator
from random import Random
from typing import Any, Final

import pytest

from bot.app import Bot
from bot.sandbox.people import ALICE, CAROL
from bot.sandbox.tenant import Tenant
from tests.scenarios.conftest import running
from tests.security.decks import Decks
from tests.security.dialog_clicks import Clicks
from tests.security.dialog_opening import OPENING
from tests.security.dialog_submitting import OF_A_CARD, OF_A_COMMAND

STEPS: Final = 260
MOVES: Final = {"": OPENING, "card": OF_A_CARD, "dialog": OF_A_COMMAND}
POLICY: Final = """
[[rule]]
effect = "allow"
kinds = ["approval-item"]
actors = ["*"]
"""
REASONS: Final = {
    *("input", "sign_in_needed", "unavailable", "no_rule"),
    *("guest", "stranger", "bot", "deactivated", "other_team", "shared_channel"),
    *("forged_button", "unposted_card", "closed_card", "expired_button", "forged_dialog", "old_dialog"),
}
"""Every word with which a click is declined, but for a kind that is switched off while its card stands."""


@pytest.fixture(scope="module")
async def served(tenant: Tenant) -> AsyncIterator[Bot]:
    """The bot in HTTP mode, which asks Slack about people each time."""
    policy = tenant.directory / "approvals.toml"
    policy.write_text(POLICY, encoding="utf-8")
    policy.chmod(0o600)
    tenant.graph.variant["approvalItem"] = "204"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("bot.slack.directory._KEEP", 0.0)
        async with running(tenant, "http", monkeypatch, POLICY_FILE=str(policy)) as bot:
            yield bot


async def test_dialog(tenant: Tenant, served: Bot, caplog: pytest.LogCaptureFixture) -> None:
    """Fails without any one check of signature, replay, person, team, button, card, dialog, input or double click."""
    caplog.set_level(logging.INFO)
    clicks = Clicks(tenant, served, Random(5), (ALICE, CAROL))  # noqa: S311 - the same moves in each run
    decks = Decks(clicks.random, {stage: sorted(moves) for stage, moves in MOVES.items()})
    for _ in range(STEPS):
        hand = clicks.random.choice(clicks.hands)
        if clicks.random.random() < 0.75:
            stage = hand.stage
            await MOVES[stage][decks.draw(stage)](clicks, hand)
        else:
            await clicks.right(hand)
        clicks.check()
    assert decks.lacking() == set()
    assert _reasons(caplog) == REASONS
    assert "response_url_of_another_host" in caplog.text
    assert tenant.slack.violations == []
    assert tenant.graph.violations == []
    assert tenant.arm.violations == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


def _reasons(caplog: pytest.LogCaptureFixture) -> set[str]:
    """Why clicks were declined, as the log tells it."""
    events: list[Any] = [one.msg for one in caplog.records if isinstance(one.msg, dict)]
    return {one["reason"] or one["code"] for one in events if one.get("event") == "declined"}
