"""Signing in again: what lacks a permission or a valid sign-in is told so, and goes on by itself afterwards."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from bot.app import Bot
from bot.sandbox.browser import Browser
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE
from bot.sandbox.tenant import CONSENTS, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import ACCESS_PACKAGE, APPROVAL_ITEM, GOVERNANCE_ROLE, PRIVILEGED_ROLE, Case
from tests.scenarios.linking.walk import link, to_confirm, to_microsoft
from tests.scenarios.play import Play, words

SIGN_IN: Final = "Type /cancel-approval signin."
BY_ITSELF: Final = "within 15 minutes, this goes on by itself."
AS_PERSON: Final = [APPROVAL_ITEM, ACCESS_PACKAGE, PRIVILEGED_ROLE, GOVERNANCE_ROLE]
each_kind = pytest.mark.parametrize("case", AS_PERSON, ids=lambda case: case.kind)


@pytest.fixture
def scopes(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """Alice has signed in before, and not consented to what this kind needs."""
    others = tuple(one for one in CONSENTS[ALICE] if one != case.permission)
    monkeypatch.setattr("tests.scenarios.conftest.CONSENTS", {ALICE: others})


@pytest.fixture
async def linking(tenant: Tenant, start: Start, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """The bot, which asks Slack about people and Entra for tokens each time."""
    monkeypatch.setattr("bot.slack.directory._KEEP", 0.0)
    tenant.entra.token_lifetime = 60  # MSAL renews what has less than five minutes left
    async with start(**tenant.environment(linking=True)) as bot:
        tenant.front.forward_to(bot.port)
        yield bot


def _pending(tenant: Tenant, case: Case) -> str:
    tenant.graph.variant[case.graph_type] = case.variant
    return tenant.graph.add(case.graph_type, owner=ALICE.oid)


async def _told(alice: Play, part: str) -> str:
    """What Alice is told of the end, in the thread or alone."""

    def found() -> str | None:
        told = [*(words(one.blocks) for one in alice.replies()), *alice.private()]
        return next((one for one in told if part in one), None)

    return await alice.tenant.slack.until(found)


@each_kind
@pytest.mark.usefixtures("scopes", "linking")
async def test_a_permission_is_missing(tenant: Tenant, browser: Browser, alice: Play, case: Case) -> None:
    """Fails without the wish, or when its sign-in asks for other permissions."""
    target = _pending(tenant, case)
    await alice.cancel(case.kind, target)
    told = await _told(alice, "has not been given the permission")
    assert SIGN_IN in told
    assert BY_ITSELF in told
    await to_microsoft(tenant, browser, ALICE)
    page = await browser.press(ALICE.email)
    assert "Permissions requested" in page.title
    assert case.permission in page.text
    await browser.press("Accept")
    await browser.press("Yes, link them")
    await _told(alice, "Cancelled")
    await alice.over()
    assert [(effect.id, effect.oid) for effect in tenant.graph.effects] == [(target, ALICE.oid)]


@pytest.mark.parametrize("case", [APPROVAL_ITEM], ids=lambda case: case.kind)
@pytest.mark.usefixtures("scopes", "linking")
async def test_an_administrator_does_not_agree(tenant: Tenant, browser: Browser, alice: Play, case: Case) -> None:
    """The old link stays as it is, and nothing is cancelled."""
    await alice.cancel(case.kind, _pending(tenant, case))
    tenant.entra.denied_scopes.add(case.permission)
    await to_microsoft(tenant, browser, ALICE)
    await browser.press(ALICE.email)
    page = await browser.press("Back to the app")
    assert (page.status, "If an administrator must agree first" in page.text) == (403, True)
    assert tenant.graph.effects == []
    await alice.command("whoami")
    await tenant.slack.until(lambda: any(f"act at Microsoft as {ALICE.email}" in one for one in alice.private()))


@each_kind
@pytest.mark.usefixtures("linking")
async def test_the_sign_in_was_revoked(tenant: Tenant, browser: Browser, alice: Play, case: Case) -> None:
    """Fails without the wish."""
    target = _pending(tenant, case)
    tenant.entra.revoke(ALICE.oid)
    await alice.cancel(case.kind, target)
    told = await _told(alice, "Your Microsoft sign-in is no longer valid")
    assert SIGN_IN in told
    assert BY_ITSELF in told
    assert "whoever runs this bot" not in told
    await link(tenant, browser, ALICE)
    await _told(alice, "Cancelled")
    await alice.over()
    assert [(effect.id, effect.oid) for effect in tenant.graph.effects] == [(target, ALICE.oid)]


@pytest.mark.usefixtures("linking")
async def test_the_sign_in_was_revoked_twice(tenant: Tenant, browser: Browser, alice: Play) -> None:
    """Each attempt leaves a wish of its own. Fails when the second one is taken for the first."""
    target = _pending(tenant, APPROVAL_ITEM)
    tenant.entra.revoke(ALICE.oid)
    await alice.cancel(APPROVAL_ITEM.kind, target)
    await to_confirm(tenant, browser, ALICE)
    tenant.slack.faults.add(Fault("conversations.info", status=503, times=-1))  # it does not go on before the next line
    await browser.press("Yes, link them")
    tenant.entra.revoke(ALICE.oid)
    tenant.slack.faults.clear()
    await tenant.slack.until(lambda: len([one for one in alice.private() if BY_ITSELF in one]) == 2)
    await link(tenant, browser, ALICE)
    await _told(alice, "Cancelled")
    await alice.over()
    assert [effect.id for effect in tenant.graph.effects] == [target]
