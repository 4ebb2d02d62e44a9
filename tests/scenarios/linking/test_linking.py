"""People link their accounts in a browser, and what they had begun goes on."""

import pytest

from bot.sandbox.browser import Browser
from bot.sandbox.people import DAVE
from bot.sandbox.tenant import Tenant
from tests.scenarios.graph.cases import APPROVAL_ITEM
from tests.scenarios.linking.walk import link, to_confirm, to_microsoft, url
from tests.scenarios.play import WHY, Play, words

pytestmark = pytest.mark.usefixtures("linking")


async def test_link(tenant: Tenant, browser: Browser, dave: Play) -> None:
    await dave.command("signin")
    assert "Link your Slack account" in await dave.told()
    assert url(tenant) in str(tenant.slack.ephemerals(DAVE.slack_id)[-1].blocks)
    page = await to_confirm(tenant, browser, DAVE)
    assert (page.title.partition(" ·")[0], page.status) == ("Are both of these you?", 200)
    assert "Dave Unlinked (U0DAVE in T0SANDBOX)" in page.text
    assert f"{DAVE.email} ({DAVE.oid} in" in page.text
    assert "differ" not in page.text
    page = await browser.press("Yes, link them")
    assert "Your accounts are linked" in page.title
    await tenant.slack.until(lambda: [one for one in dave.private() if "is now linked" in one])
    await dave.command("whoami")
    await tenant.slack.until(lambda: [one for one in dave.private() if f"act at Microsoft as {DAVE.email}" in one])


async def test_what_was_begun_goes_on_by_itself(
    tenant: Tenant, browser: Browser, dave: Play, caplog: pytest.LogCaptureFixture
) -> None:
    """Fails without the wish that is kept when the dialog is submitted."""
    tenant.graph.variant[APPROVAL_ITEM.graph_type] = "204"
    target = tenant.graph.add(APPROVAL_ITEM.graph_type, owner=DAVE.oid)
    view = await dave.dialog(f"approval-item {target}")
    view = await dave.loaded()
    assert "Microsoft asks for your sign-in" in words(view.blocks)
    ack = await dave.submit(view, justification=WHY)
    assert "Nothing is sent yet" in str(ack.body)
    assert tenant.front.url in str(ack.body)
    assert tenant.graph.calls == []
    page = await to_microsoft(tenant, browser, DAVE)
    page = await browser.press(DAVE.email)
    assert ("ApprovalSolution.ReadWrite" in page.text, "All" in page.text) == (True, False)
    await browser.press("Accept")
    await browser.press("Yes, link them")
    reply = await dave.reply()
    assert "Cancelled" in words(reply.blocks)
    [effect] = tenant.graph.effects
    assert (effect.id, effect.oid) == (target, DAVE.oid)
    await tenant.slack.until(lambda: any("I take up now what you had begun" in one for one in dave.private()))
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_declined(tenant: Tenant, browser: Browser, dave: Play) -> None:
    await to_confirm(tenant, browser, DAVE)
    page = await browser.press("No, do not link")
    assert "Nothing was linked" in page.title
    await dave.command("whoami")
    assert "not linked" in await dave.told()


async def test_linked_again(tenant: Tenant, browser: Browser) -> None:
    for _ in range(2):
        page = await link(tenant, browser, DAVE)
        assert "Your accounts are linked" in page.title
