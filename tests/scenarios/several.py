"""What people do who cancel several requests at once, and what is there afterwards."""

import re
from typing import Any, Final

from bot.sandbox.slack_records import Ack, Message
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import AUDIT, Tenant
from tests.scenarios.play import WHY, Play, words
from tests.scenarios.test_second_person import asked_table

SEVERAL: Final = "pick_several"


async def opened(play: Play, typed: str = "several") -> View:
    """The dialog in which several can be chosen, with all that it offers."""
    await play.command(typed)
    view = await play.view_with(*(f"{SEVERAL}:{kind}" for kind in ("", typed.partition(" ")[2])))
    await play.tenant.slack.suggest(play.person.slack_id, view.id, SEVERAL)
    return view


async def send(play: Play, view: View, *digests: str, why: str = WHY) -> Ack:
    """Chooses these and presses the button."""
    return await play.tenant.slack.submit(play.person.slack_id, view.id, {SEVERAL: list(digests), "justification": why})


async def cancelled(play: Play, view: View, *digests: str) -> None:
    """The same, where all of it begins, and waits until all of it is over."""
    ack = await send(play, view, *digests)
    assert (ack.status, ack.body or {}) == (200, {})
    assert play.tenant.slack.open_view(play.person.slack_id) is None
    await over(play, len(digests))


async def over(play: Play, count: int, root: str = "") -> None:
    """All is over: so many audit lines, and the root says that all have ended."""
    await play.tenant.slack.until(lambda: len(play.tenant.slack.messages(AUDIT)) >= count)
    await play.over()
    await play.tenant.slack.until(lambda: (root or f"All {count} have ended") in words(play.roots()[0].blocks))


def effects(tenant: Tenant) -> list[str]:
    return sorted(effect.id for effect in tenant.graph.effects)


def named(replies: list[Message]) -> list[str]:
    """The targets that replies name, in order of their ids."""
    return sorted(re.findall(r": [a-z-]+ (\S+)$", words(one.blocks))[0] for one in replies)


async def trail(tenant: Tenant) -> list[tuple[Any, ...]]:
    """Event and target of every row."""
    return await asked_table(tenant, "SELECT event, target_id FROM audit_rows ORDER BY target_id, seq")
