"""What somebody had begun before they were linked: it goes on for them alone, once, in order and not too late."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from bot.app import Bot
from bot.sandbox.browser import Browser
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, CAROL, DAVE
from bot.sandbox.tenant import CHANNEL, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import ACCESS_PACKAGE, APPROVAL_ITEM, Case
from tests.scenarios.linking.conftest import Open
from tests.scenarios.linking.walk import link, to_confirm, to_microsoft
from tests.scenarios.play import WHY, Play, tampered

LINKED = "is now linked to the Microsoft account"
BEGUN = "what you had begun"


@pytest.fixture(autouse=True)
async def linking(tenant: Tenant, start: Start, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """The bot, which asks Slack about people and channels each time."""
    monkeypatch.setattr("bot.slack.directory._KEEP", 0.0)
    async with start(**tenant.environment(linking=True)) as bot:
        tenant.front.forward_to(bot.port)
        yield bot


async def begin(play: Play, case: Case = APPROVAL_ITEM) -> str:
    """Submits a cancellation of a request of their own, for which they are not linked yet."""
    tenant = play.tenant
    tenant.graph.variant[case.graph_type] = case.variant
    target = tenant.graph.add(case.graph_type, owner=play.person.oid)
    view = await play.dialog(f"{case.kind} {target}")
    await play.loaded()
    ack = await play.submit(view, justification=WHY)
    assert "Nothing is sent yet" in str(ack.body)
    await tenant.slack.close(play.person.slack_id, view.id)
    return target


def rows(tenant: Tenant, query: str) -> list[Any]:
    """The first column of what the bot's database answers."""
    with closing(sqlite3.connect(tenant.directory / "bot.db")) as connection:
        return [row[0] for row in connection.execute(query)]


async def heard(play: Play, part: str) -> str:
    """What they are told privately, once it says so."""
    return await play.tenant.slack.until(lambda: next((one for one in play.private() if part in one), None))


async def test_after_a_quarter_of_an_hour(tenant: Tenant, browser: Browser, dave: Play) -> None:
    """It is neither carried out nor asked for at Microsoft. Fails without the wish's lifetime."""
    await begin(dave)
    await tampered(tenant, "UPDATE wishes SET created_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-901 seconds')")
    await to_microsoft(tenant, browser, DAVE)
    page = await browser.press(DAVE.email)
    assert "Are both of these you?" in page.title
    await browser.press("Yes, link them")
    assert BEGUN not in await heard(dave, LINKED)
    assert (tenant.graph.calls, tenant.graph.effects) == ([], [])


async def test_within_a_quarter_of_an_hour(tenant: Tenant, browser: Browser, dave: Play) -> None:
    """Fails when it is forgotten too early."""
    target = await begin(dave)
    await tampered(tenant, "UPDATE wishes SET created_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-840 seconds')")
    await link(tenant, browser, DAVE)
    await dave.reply()
    assert [effect.id for effect in tenant.graph.effects] == [target]
    assert rows(tenant, "SELECT id FROM wishes") == []


async def test_somebody_elses(tenant: Tenant, browser: Browser, dave: Play, alice: Play) -> None:
    """Whoever links next carries out nothing of Dave's. Fails when wishes are not looked up by person."""
    await begin(dave)
    await to_microsoft(tenant, browser, ALICE)
    page = await browser.press(ALICE.email)
    assert "Are both of these you?" in page.title
    await browser.press("Yes, link them")
    assert BEGUN not in await heard(alice, LINKED)
    assert (tenant.graph.calls, tenant.graph.effects) == ([], [])
    assert rows(tenant, 'SELECT "user" FROM wishes') == [DAVE.slack_id]


async def test_as_the_account_that_was_linked(tenant: Tenant, browser: Browser, dave: Play) -> None:
    """Dave picks an account that may not cancel it: the wish carries no right of its own."""
    await tampered(tenant, "DELETE FROM links WHERE user = 'U0CAROL'")
    await begin(dave)
    await link(tenant, browser, DAVE, CAROL)
    assert "You may not cancel this request, or it does not exist" in await heard(dave, "You may not")
    assert tenant.graph.effects == []


async def test_two_in_their_order(tenant: Tenant, browser: Browser, dave: Play) -> None:
    """One sign-in with both permissions. Fails when they come in another order, or one of them is lost."""
    targets = [await begin(dave, case) for case in (APPROVAL_ITEM, ACCESS_PACKAGE)]
    await to_microsoft(tenant, browser, DAVE)
    page = await browser.press(DAVE.email)
    assert all(one.permission in page.text for one in (APPROVAL_ITEM, ACCESS_PACKAGE))
    await browser.press("Accept")
    await browser.press("Yes, link them")
    await dave.reply(1)
    assert rows(tenant, "SELECT target_id FROM audit_rows WHERE event = 'requested' ORDER BY seq") == targets
    assert {effect.id for effect in tenant.graph.effects} == set(targets)
    assert len(tenant.graph.effects) == 2


async def test_linked_twice_at_once(tenant: Tenant, browser: Browser, browsers: Open, dave: Play) -> None:
    """Fails when a wish is not recorded under the id of its dialog."""
    target = await begin(dave)
    both = (browser, browsers())
    for one in both:
        await to_confirm(tenant, one, DAVE)
    pages = await asyncio.gather(*(one.press("Yes, link them") for one in both))
    assert [page.status for page in pages] == [200, 200]
    await heard(dave, LINKED)
    await dave.reply()
    assert [effect.id for effect in tenant.graph.effects] == [target]
    assert rows(tenant, "SELECT event FROM audit_rows WHERE event IN ('requested', 'joined')") == ["requested"]


async def test_submitted_again_before_linking(tenant: Tenant, browser: Browser, dave: Play) -> None:
    """The same dialog twice, and another one for the same target: one effect, and everybody hears the end."""
    target = await begin(dave)
    view = await dave.dialog(f"approval-item {target}")
    await dave.submit(view, justification=WHY)
    await tenant.slack.send_again(DAVE.slack_id, view)
    assert len(rows(tenant, "SELECT id FROM wishes")) == 2
    await link(tenant, browser, DAVE)
    await dave.reply()
    await tenant.slack.until(lambda: rows(tenant, "SELECT id FROM wishes") == [])
    await dave.over()
    assert [effect.id for effect in tenant.graph.effects] == [target]


async def test_signed_out_before_it_goes_on(tenant: Tenant, browser: Browser, dave: Play) -> None:
    """Fails when it is recorded for the account of the link, and not for the one of now."""
    await begin(dave)
    await to_confirm(tenant, browser, DAVE)
    tenant.slack.faults.add(Fault("conversations.info", status=503, times=-1))
    await browser.press("Yes, link them")
    await tampered(tenant, "DELETE FROM links WHERE user = 'U0DAVE'")
    tenant.slack.faults.clear()
    assert "Type /cancel-approval signin" in await heard(dave, "is not linked to a Microsoft account yet")
    assert "requested" not in rows(tenant, "SELECT event FROM audit_rows")
    assert (tenant.graph.calls, tenant.graph.effects) == ([], [])


async def test_a_channel_that_is_shared_meanwhile(tenant: Tenant, browser: Browser, dave: Play) -> None:
    """Fails without the look at who and where the person is now, before it is recorded."""
    await begin(dave)
    await to_confirm(tenant, browser, DAVE)
    tenant.slack.add_channel(CHANNEL, "it-ops", members={DAVE.slack_id}, ext_shared=True)
    await browser.press("Yes, link them")
    await heard(dave, "This channel is shared with another organisation")
    await tenant.slack.until(lambda: rows(tenant, "SELECT id FROM wishes") == [])
    assert "requested" not in rows(tenant, "SELECT event FROM audit_rows")
    assert (tenant.graph.calls, tenant.graph.effects) == ([], [])


async def test_somebody_who_is_a_guest_meanwhile(tenant: Tenant, browser: Browser, dave: Play) -> None:
    """Fails without the look at who the person is now, before it is recorded."""
    await begin(dave)
    await to_confirm(tenant, browser, DAVE)
    tenant.slack._world.people[DAVE.slack_id] = replace(DAVE, kind="guest")
    await browser.press("Yes, link them")
    await heard(dave, "only for full members of its own Slack team")
    await tenant.slack.until(lambda: rows(tenant, "SELECT id FROM wishes") == [])
    assert "requested" not in rows(tenant, "SELECT event FROM audit_rows")
    assert (tenant.graph.calls, tenant.graph.effects) == ([], [])


async def test_what_was_written_is_sealed(tenant: Tenant, dave: Play) -> None:
    """Fails when the justification lies readable beside the wish."""
    await begin(dave)
    assert rows(tenant, "SELECT sealed FROM wishes")
    assert not any(WHY.encode() in one for one in rows(tenant, "SELECT sealed FROM wishes"))
