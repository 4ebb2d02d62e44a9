"""Linking, fuzzed with valid prefixes: at each step of several browsers, what comes next, or one thing wrong about it.

The seeds are fixed. A link stands only between the two identities that proved themselves in one browser, which then
said yes; a wrong move takes nobody further, and never brings a 500. Each of the moves was made, and each reason to
refuse was seen.
"""

import logging
from collections.abc import AsyncIterator
from functools import partial
from random import Random
from typing import Any, Final

import pytest

from bot.app import Bot
from bot.sandbox.people import BOB, CAROL, DAVE, person
from bot.sandbox.tenant import Tenant
from tests.scenarios.play import Play, tampered
from tests.security.decks import Decks
from tests.security.linking_moves import MOVES
from tests.security.linking_walk import Profile, Walk

SEQUENCES: Final = 12
STEPS: Final = 45
REASONS: Final = {
    *(
        "no_session",
        "foreign_state",
        "doubled_parameter",
        "origin",
        "no_form",
        "csrf",
        "linked_elsewhere",
    ),
    *(
        "declined_at_slack",
        "code",
        "id_token",
        "nonce",
        "other_team",
        "guest",
        "bot",
        "deactivated",
        "stranger",
    ),
    *("declined_at_microsoft", "sign_in_needed", "email_differs"),
}
"""Every word with which the pages refuse, but for those of a consent that is taken back and of a clock."""


@pytest.fixture(scope="module")
def variables() -> dict[str, str]:
    """An account is linked only where Slack knows its address."""
    return {"EMAIL_MATCH": "require"}


@pytest.fixture
async def walk(tenant: Tenant, linking: Bot) -> AsyncIterator[Walk]:
    walk = Walk(tenant, linking, Random(5), (DAVE, BOB, CAROL))  # noqa: S311 - the same moves in each run
    yield walk
    await walk.close()


async def test_linking(tenant: Tenant, walk: Walk, caplog: pytest.LogCaptureFixture) -> None:
    """Fails without any one check of cookie, stage, state, nonce, claims, token, origin, lifetime or parameters."""
    caplog.set_level(logging.INFO)
    for everything in ("FROM links", "FROM accounts", "FROM browser_sessions"):
        await tampered(tenant, f"DELETE {everything}")
    decks = Decks(walk.random, {stage: sorted(moves) for stage, moves in MOVES.items()})
    for _ in range(SEQUENCES):
        for profile in walk.profiles:
            profile.over()
        for _ in range(STEPS):
            await _step(walk, decks, walk.random.choice(walk.profiles))
            walk.check()
        await _sign_out(walk)
    assert decks.lacking() == set()
    assert _reasons(caplog) == REASONS
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


async def _step(walk: Walk, decks: Decks, profile: Profile) -> None:
    wrong = walk.random.random() < 0.7
    if wrong:
        await MOVES[profile.stage][decks.draw(profile.stage)](walk, profile)
    else:
        await walk.right(profile)


async def _sign_out(walk: Walk) -> None:
    """Whoever is linked was told of it, once for each time; then somebody ends it and can be linked anew."""
    for profile in walk.profiles:
        play = Play(walk.tenant, profile.person)
        linked = sum(one is profile.person for one in walk.made)
        await walk.tenant.slack.until(partial(_told, play, "is now linked", linked))
    for user in sorted(walk.linked)[:2]:
        play = Play(walk.tenant, person(user))
        before = sum("You are signed out" in one for one in play.private())
        await play.command("signout")
        await walk.tenant.slack.until(partial(_told, play, "You are signed out", before + 1))
        del walk.linked[user]


def _told(play: Play, words: str, times: int) -> bool:
    return sum(words in one for one in play.private()) == times


def _reasons(caplog: pytest.LogCaptureFixture) -> set[str]:
    """Why the pages refused, as the log tells it."""
    events: list[Any] = [one.msg for one in caplog.records if isinstance(one.msg, dict)]
    told = [one for one in events if one.get("event") == "not_linked" and one["code"] != "unavailable"]
    return {one["reason"] or one["code"] for one in told}
