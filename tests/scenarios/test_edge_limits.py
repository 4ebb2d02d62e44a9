"""Rate limits of the pages for linking, at the running bot: who floods waits, and who links does not notice."""

from collections.abc import Sequence
from typing import Final

import pytest

from bot.app import Bot
from bot.sandbox.browser import Browser
from bot.sandbox.people import DAVE
from bot.sandbox.tenant import Tenant
from bot.web import limits
from bot.web.limits import Limit, RateLimits
from tests.scenarios.conftest import Start
from tests.scenarios.linking.attacks.steps import FORM, leaving, linked_as, links, rows, to_slack
from tests.web.edge import Reply, ask

FEW: Final = Limit(burst=5, per_second=0.001)


async def _ask(tenant: Tenant, bot: Bot, method: str = "GET", path: str = "/auth/start", **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await ask(bot.port, method, path, headers=sent, host=tenant.front.url.removeprefix("https://"))


def _sessions(tenant: Tenant) -> int:
    return len(rows(tenant, "SELECT id FROM browser_sessions"))


async def test_a_flood_is_told_to_wait(tenant: Tenant, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with a page and when to come again, and no row for any of it. Fails without `RateLimits.take`."""
    monkeypatch.setattr(limits, "EVERYBODY", FEW)
    async with start(**tenant.environment(linking=True)) as bot:
        origin = tenant.front.url
        replies = [await _ask(tenant, bot, "POST", Origin=origin, **FORM) for _ in range(8)]
        assert [reply.status for reply in replies] == [200] * 5 + [429] * 3
        assert _sessions(tenant) == 5
        told = replies[-1]
        assert 990 <= int(told.headers["retry-after"]) <= 1000
        assert "Too many requests" in told.body.decode()
        assert f"Wait {told.headers['retry-after']} seconds, and then load this page again." in told.body.decode()
        assert "style-src 'sha256-" in told.headers["content-security-policy"]
        assert "set-cookie" not in told.headers
        for path in ("/auth/start", "/auth/confirm", "/auth/callback?code=1&state=1", "/auth/slack/callback"):
            assert (await _ask(tenant, bot, path=path)).status == 429
        assert (await ask(bot.port, "GET", "/healthz")).status == 200


async def test_one_session_is_not_everybody(tenant: Tenant, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails without a bucket for each session."""
    monkeypatch.setattr(limits, "SESSION", FEW)
    async with start(**tenant.environment(linking=True)) as bot:
        for name in ("one", "other"):
            replies = [await _ask(tenant, bot, Cookie=f"__Host-link={name}") for _ in range(7)]
            assert [reply.status for reply in replies] == [200] * 5 + [429] * 2
        assert (await _ask(tenant, bot)).status == 200


async def test_clients_behind_a_trusted_proxy(tenant: Tenant, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its own, whatever it sends itself. Fails when the leftmost entry counts."""
    monkeypatch.setattr(limits, "CLIENT", FEW)
    async with start(**tenant.environment(linking=True), TRUSTED_PROXIES="127.0.0.0/8,::1") as bot:
        flood = [await _ask(tenant, bot, X_Forwarded_For=f"198.51.100.{n}, 203.0.113.9") for n in range(7)]
        assert [reply.status for reply in flood] == [200] * 5 + [429] * 2
        assert (await _ask(tenant, bot, X_Forwarded_For="203.0.113.10")).status == 200


async def test_forwarded_by_nobody_who_is_trusted(
    tenant: Tenant, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when anybody's X-Forwarded-For counts: a stranger would be somebody else with each request."""
    monkeypatch.setattr(limits, "CLIENT", FEW)
    async with start(**tenant.environment(linking=True), TRUSTED_PROXIES="10.1.0.0/16") as bot:
        flood = [await _ask(tenant, bot, X_Forwarded_For=f"203.0.113.{number}") for number in range(7)]
        assert [reply.status for reply in flood] == [200] * 5 + [429] * 2


async def test_who_has_to_wait_goes_on_then(tenant: Tenant, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each step. Fails when a request that was too many uses up its stage."""
    flooded, take = False, RateLimits.take

    def sometimes(self: RateLimits, peer: str, forwarded: Sequence[str], cookie: str) -> float:
        return 3.0 if flooded else take(self, peer, forwarded, cookie)

    monkeypatch.setattr(RateLimits, "take", sometimes)
    async with start(**tenant.environment(linking=True)) as bot, Browser(tenant.directory / "ca.pem") as browser:
        tenant.front.forward_to(bot.port)
        await to_slack(tenant, browser)
        for label in (DAVE.name, DAVE.email):
            answer = await leaving(browser, label)
            flooded = True
            assert (await browser.open(answer)).status == 429
            flooded = False
            page = await browser.open(answer)
        flooded = True
        assert (await browser.press("Yes, link them")).status == 429
        flooded, browser.page = False, page
        assert (await browser.press("Yes, link them")).status == 200
        assert linked_as(DAVE) <= links(tenant)
