"""A Slack user has one account, and an account one Slack user: a link is changed only by ending it first."""

import pytest

from bot.sandbox.browser import Browser
from bot.sandbox.people import CAROL, DAVE
from bot.sandbox.tenant import Tenant
from tests.scenarios.linking.attacks.steps import MALLORY, linked_as, links, refused, rows, stages
from tests.scenarios.linking.conftest import Open
from tests.scenarios.linking.walk import link, to_confirm
from tests.scenarios.play import Play

TAKEN = "This Microsoft account is linked to another Slack user."
OTHER = "Your Slack account is linked to another Microsoft account. Type /cancel-approval signout in Slack first."
KEPT = 'SELECT team, "user", tid, oid, created_at, name, cache FROM links JOIN accounts USING (tid, oid)'


@pytest.fixture
def mallory(browsers: Open) -> Browser:
    """Mallory's."""
    return browsers()


async def test_the_account_of_somebody_else(tenant: Tenant, browser: Browser, mallory: Browser) -> None:
    """Whoever knows Dave's password gets no second way to act as Dave. Fails when a link replaces another."""
    await link(tenant, browser, DAVE)
    kept = rows(tenant, KEPT)
    await to_confirm(tenant, mallory, MALLORY, DAVE)
    refused(await mallory.press("Yes, link them"), TAKEN)
    assert (rows(tenant, KEPT), stages(tenant)) == (kept, [])


async def test_a_second_account(tenant: Tenant, browser: Browser) -> None:
    """Fails when a link replaces another."""
    await link(tenant, browser, DAVE)
    kept = rows(tenant, KEPT)
    await to_confirm(tenant, browser, DAVE, CAROL)
    refused(await browser.press("Yes, link them"), OTHER)
    assert (rows(tenant, KEPT), stages(tenant)) == (kept, [])


async def test_both_are_taken(tenant: Tenant, browser: Browser, mallory: Browser) -> None:
    """Each has a link, and one of them wants the other's account."""
    await link(tenant, browser, DAVE)
    await link(tenant, mallory, MALLORY)
    await to_confirm(tenant, mallory, MALLORY, DAVE)
    page = await mallory.press("Yes, link them")
    refused(page, "is linked to another")
    assert links(tenant) == linked_as(DAVE, MALLORY)


async def test_after_signing_out(tenant: Tenant, browser: Browser, mallory: Browser, dave: Play) -> None:
    """The account is free again, and so is the Slack user."""
    await link(tenant, browser, DAVE)
    await dave.command("signout")
    await tenant.slack.until(lambda: any("You are signed out" in one for one in dave.private()))
    assert rows(tenant, "SELECT * FROM accounts") == []
    await link(tenant, mallory, MALLORY, DAVE)
    await link(tenant, browser, DAVE, CAROL)
    assert links(tenant) == {(MALLORY.slack_id, DAVE.oid), (DAVE.slack_id, CAROL.oid)}


async def test_the_same_two_in_two_browsers(tenant: Tenant, browser: Browser, browsers: Open) -> None:
    """No matter which comes first, and with new tokens each time."""
    other = browsers()
    for one in (browser, other):
        await to_confirm(tenant, one, DAVE)
    kept = []
    for one in (other, browser):
        page = await one.press("Yes, link them")
        assert "Your accounts are linked" in page.title
        kept.append(rows(tenant, "SELECT cache FROM accounts"))
    assert kept[0] != kept[1]
    assert links(tenant) == linked_as(DAVE)


async def test_case_does_not_make_another_account(tenant: Tenant, browser: Browser, mallory: Browser) -> None:
    """Fails when an oid in capitals counts as another one."""
    await link(tenant, browser, DAVE)
    tenant.entra.id_token_claims["oid"] = DAVE.oid.upper()
    await to_confirm(tenant, mallory, MALLORY, DAVE)
    refused(await mallory.press("Yes, link them"), TAKEN)
    assert links(tenant) == linked_as(DAVE)
