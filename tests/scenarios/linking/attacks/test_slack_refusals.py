"""Slack's word: what is not about a member of this team, for this bot and this browser, counts for nothing."""

import time
from dataclasses import dataclass
from typing import Any, Final

import pytest

from bot.sandbox.browser import Browser
from bot.sandbox.faults import Fault
from bot.sandbox.people import BOTTY, DAVE, GONE, GUEST, STRANGER
from bot.sandbox.slack_oidc import ISSUER
from bot.sandbox.tenant import Tenant
from tests.scenarios.linking.attacks.steps import end_as_dave, leaving, linked_as, links, refused, stages, to_slack
from tests.scenarios.linking.walk import link
from tests.scenarios.play import tampered

TEAM: Final = f"{ISSUER}/team_id"
USER: Final = f"{ISSUER}/user_id"
TOKEN: Final = "openid.connect.token"
SAYS_NOTHING: Final = "does not say who you are"
NO_ANSWER: Final = "Slack gave no usable answer"
MEMBERS_ONLY: Final = "only for full members of its own Slack team"
LONG_AGO: Final = 1_700_000_000


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "1000000000.9999999999"},
        {"aud": None},
        {"aud": []},
        {"aud": ["1000000000.9999999999"]},
        {"iss": "https://evil.example.test"},
        {"iss": "https://slack.com/"},
        {"iss": None},
        {"nonce": "another"},
        {"nonce": ""},
        {"nonce": None},
        {"nonce": 7},
        {"exp": LONG_AGO},
        {"exp": "soon"},
        {"exp": None},
        {USER: None},
        {TEAM: None},
        {USER: None, "sub": DAVE.slack_id},
    ],
    ids=str,
)
async def test_id_tokens(tenant: Tenant, browser: Browser, claims: dict[str, Any]) -> None:
    """Each fails without the check of its claim."""
    await to_slack(tenant, browser)
    tenant.slack.id_token_claims.update(claims)
    refused(await browser.press(DAVE.name), SAYS_NOTHING)
    assert (links(tenant), stages(tenant)) == (set(), ["slack"])


async def test_a_clock_that_is_a_minute_late(tenant: Tenant, browser: Browser) -> None:
    """Fails without leeway."""
    await to_slack(tenant, browser)
    tenant.slack.id_token_claims["exp"] = int(time.time()) - 60
    await browser.press(DAVE.name)
    await end_as_dave(tenant, browser)


STRANGERS: Final = [*({USER: one.slack_id} for one in (BOTTY, GONE, STRANGER)), {TEAM: "T0OTHER"}]


@pytest.mark.parametrize("claims", STRANGERS, ids=str)
async def test_people_of_whom_slack_knows_better(tenant: Tenant, browser: Browser, claims: dict[str, Any]) -> None:
    """Bots, the deactivated and other teams. Fails without asking Slack who it is, or without the team's check."""
    await to_slack(tenant, browser)
    tenant.slack.id_token_claims.update(claims)
    refused(await browser.press(DAVE.name), MEMBERS_ONLY)
    assert (links(tenant), stages(tenant)) == (set(), ["slack"])


async def test_a_guest(tenant: Tenant, browser: Browser) -> None:
    """Fails without asking Slack who it is."""
    await to_slack(tenant, browser)
    refused(await browser.press(GUEST.name), MEMBERS_ONLY)
    assert (links(tenant), stages(tenant)) == (set(), ["slack"])


async def test_whoever_is_deactivated_loses_the_link(tenant: Tenant, browser: Browser) -> None:
    """Fails when a deactivated person's tokens are kept."""
    await link(tenant, browser, DAVE)
    await tampered(tenant, "UPDATE links SET user = 'U0GONE'")
    await to_slack(tenant, browser)
    tenant.slack.id_token_claims[USER] = GONE.slack_id
    refused(await browser.press(DAVE.name), MEMBERS_ONLY)
    assert links(tenant) == set()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.W10.", ".." * 5000, None, 7, {}])
async def test_what_is_no_id_token(tenant: Tenant, browser: Browser, token: Any) -> None:
    await to_slack(tenant, browser)
    tenant.slack.faults.add(Fault(TOKEN, body={"ok": True, "id_token": token}))
    refused(await browser.press(DAVE.name), SAYS_NOTHING)
    assert stages(tenant) == ["slack"]


@pytest.mark.parametrize("code", ["never", "1.2.3", "x" * 2000, "%00", "%F0%9F%98%80"])
async def test_codes_that_slack_does_not_know(tenant: Tenant, browser: Browser, code: str) -> None:
    """With the right state. The true code still serves."""
    page = await to_slack(tenant, browser)
    address, _, query = (await leaving(browser, DAVE.name)).partition("?")
    state = next(part for part in query.split("&") if part.startswith("state="))
    refused(await browser.open(f"{address}?code={code}&{state}"), SAYS_NOTHING)
    browser.page = page
    await browser.press(DAVE.name)
    await end_as_dave(tenant, browser)


async def test_a_code_that_was_used(tenant: Tenant, browser: Browser) -> None:
    await to_slack(tenant, browser)
    tenant.slack.faults.add(Fault(TOKEN, error="code_already_used"))
    refused(await browser.press(DAVE.name), SAYS_NOTHING)


@dataclass(frozen=True)
class Answer:
    """An answer without its meaning."""

    fault: Fault

    def __str__(self) -> str:
        return f"{self.fault.status} {self.fault.error} {str(self.fault.body)[:10]} {self.fault.drop}"


NO_ANSWERS: Final = [
    Answer(Fault(TOKEN, drop=True)),
    Answer(Fault(TOKEN, status=503)),
    Answer(Fault(TOKEN, status=500, body=b"<html>Sorry</html>")),
    Answer(Fault(TOKEN, status=200, body=b"<html>Sign in to the WiFi</html>")),
    Answer(Fault(TOKEN, status=200, body=b"")),
    Answer(Fault(TOKEN, status=200, body=b"[1]")),
    Answer(Fault(TOKEN, status=200, body=b'"text"')),
    Answer(Fault(TOKEN, status=200, body=b"\xff\xfe")),
    Answer(Fault(TOKEN, status=302, body=b"", headers={"Location": "/api/auth.test"})),
    Answer(Fault(TOKEN, error="bad_client_secret")),
    Answer(Fault(TOKEN, error="invalid_client_id")),
    Answer(Fault(TOKEN, error="internal_error")),
    Answer(Fault("users.info", drop=True, times=2)),
    Answer(Fault("users.info", status=503)),
    Answer(Fault("users.info", error="invalid_auth")),
]


@pytest.mark.parametrize("answer", NO_ANSWERS, ids=str)
async def test_without_slack(tenant: Tenant, browser: Browser, answer: Answer) -> None:
    """A page says so, and once Slack is back it goes on from Slack's page."""
    page = await to_slack(tenant, browser)
    tenant.slack.faults.add(answer.fault)
    failed = await browser.press(DAVE.name)
    assert (failed.status, failed.title.partition(" ·")[0]) == (503, "That did not work")
    assert NO_ANSWER in failed.text or "could not check with Slack who you are" in failed.text
    assert (links(tenant), stages(tenant)) == (set(), ["slack"])
    tenant.slack.faults.clear()
    browser.page = page
    await browser.press(DAVE.name)
    await end_as_dave(tenant, browser)


async def test_whoever_cancels_at_slack(tenant: Tenant, browser: Browser) -> None:
    page = await to_slack(tenant, browser)
    refused(await browser.press("Cancel"), "Slack did not let you in, or you did not agree")
    browser.page = page
    await browser.press(DAVE.name)
    await end_as_dave(tenant, browser)
    assert links(tenant) == linked_as(DAVE)
