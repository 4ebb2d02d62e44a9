"""Microsoft's word: what is not for this bot, in its tenant and for this browser, counts for nothing."""

from dataclasses import dataclass
from typing import Any, Final

import pytest

from bot.app import Bot
from bot.sandbox.browser import Browser
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, DAVE
from bot.sandbox.tenant import Tenant
from tests.scenarios.graph.cases import APPROVAL_ITEM
from tests.scenarios.linking.attacks.steps import end_as_dave, leaving, links, refused, stages, to_slack
from tests.scenarios.linking.walk import to_microsoft
from tests.scenarios.play import WHY, Play

DISCOVERY: Final = r"GET .*openid-configuration"
TOKEN: Final = r"POST .*/token"
NOT_FOR_THIS_BOT: Final = "not for this bot and its tenant"
NOT_TAKEN: Final = "Microsoft did not take this sign-in"
NO_ANSWER: Final = "Microsoft Entra gave no usable answer"
DECLINED: Final = "Microsoft did not let you in, or you did not agree"
OTHER: Final = "0d1e0000-0000-4000-8000-00000000beef"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": OTHER},
        {"aud": None},
        {"tid": OTHER},
        {"tid": None},
        {"iss": f"https://login.microsoftonline.com/{OTHER}/v2.0"},
        {"iss": None},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"oid": None},
        {"oid": ""},
    ],
    ids=str,
)
async def test_id_tokens(tenant: Tenant, browser: Browser, claims: dict[str, Any]) -> None:
    """Each fails without the check of its claim; the nonce's is MSAL's."""
    await to_microsoft(tenant, browser, DAVE)
    tenant.entra.id_token_claims.update(claims)
    refused(await browser.press(DAVE.email), NOT_TAKEN)
    assert (links(tenant), stages(tenant)) == (set(), ["microsoft"])


@pytest.mark.parametrize("code", ["never", "x" * 2000, "%00", "%F0%9F%98%80"])
async def test_codes_that_microsoft_does_not_know(tenant: Tenant, browser: Browser, code: str) -> None:
    """With the right state. The true code still serves."""
    page = await to_microsoft(tenant, browser, DAVE)
    address, _, query = (await leaving(browser, DAVE.email)).partition("?")
    state = next(part for part in query.split("&") if part.startswith("state="))
    refused(await browser.open(f"{address}?code={code}&{state}"), NOT_TAKEN)
    browser.page = page
    await end_as_dave(tenant, browser)


async def test_a_code_of_another_browser(tenant: Tenant, browser: Browser, other: Browser) -> None:
    """Whoever has learnt somebody's code. PKCE refuses it, and so does the nonce: fails only without both."""
    await to_microsoft(tenant, other, DAVE)
    stolen = (await leaving(other, DAVE.email)).partition("?")[2]
    await to_microsoft(tenant, browser, DAVE)
    address, _, query = (await leaving(browser, DAVE.email)).partition("?")
    parts = dict(part.split("=") for part in query.split("&"))
    code = dict(part.split("=") for part in stolen.split("&"))["code"]
    refused(await browser.open(f"{address}?code={code}&state={parts['state']}"), NOT_TAKEN)
    assert links(tenant) == set()


@pytest.fixture
def other(browsers: Any) -> Browser:
    """Another browser."""
    found: Browser = browsers()
    return found


async def _wish(tenant: Tenant, dave: Play) -> None:
    """Dave begins what needs a permission: Microsoft asks for it."""
    target = tenant.graph.add(APPROVAL_ITEM.graph_type, owner=DAVE.oid)
    view = await dave.dialog(f"approval-item {target}")
    await dave.submit(view, justification=WHY)
    await tenant.slack.close(DAVE.slack_id, view.id)


async def test_whoever_declines_consent(tenant: Tenant, browser: Browser, dave: Play) -> None:
    await _wish(tenant, dave)
    await to_microsoft(tenant, browser, DAVE)
    page = await browser.press(DAVE.email)
    assert "Permissions requested" in page.title
    refused(await browser.press("Cancel"), DECLINED)
    assert (links(tenant), stages(tenant)) == (set(), ["microsoft"])


async def test_an_administrator_must_agree(tenant: Tenant, browser: Browser, dave: Play) -> None:
    """The page says whom to ask."""
    await _wish(tenant, dave)
    tenant.entra.denied_scopes.add("ApprovalSolution.ReadWrite")
    await to_microsoft(tenant, browser, DAVE)
    page = await browser.press(DAVE.email)
    assert "Need admin approval" in page.title
    page = await browser.press("Back to the app")
    refused(page, DECLINED)
    assert "If an administrator must agree first, ask them to" in page.text
    assert (links(tenant), stages(tenant)) == (set(), ["microsoft"])


async def test_consent_that_was_taken_back_meanwhile(tenant: Tenant, browser: Browser, dave: Play) -> None:
    await _wish(tenant, dave)
    await to_microsoft(tenant, browser, DAVE)
    await browser.press(DAVE.email)
    tenant.entra.faults.add(Fault(TOKEN, status=400, body={"error": "invalid_grant", "suberror": "consent_required"}))
    refused(await browser.press("Accept"), NOT_TAKEN)
    assert links(tenant) == set()


async def test_conditional_access(tenant: Tenant, browser: Browser) -> None:
    """Microsoft's own page ends it; the session waits until it is over."""
    tenant.entra.blocked.add(DAVE.oid)
    await to_microsoft(tenant, browser, DAVE)
    page = await browser.press(DAVE.email)
    assert "You cannot access this right now" in page.title
    assert (links(tenant), stages(tenant)) == (set(), ["microsoft"])


ERRORS: Final = ["access_denied", "server_error", "login_required", "interaction_required", "<script>", ""]


@pytest.mark.parametrize("error", ERRORS)
async def test_errors_that_microsoft_sends(tenant: Tenant, browser: Browser, error: str) -> None:
    """With the right state; what they say is not shown, and the sign-in can still be finished.

    Fails when the page quotes any of it.
    """
    page = await to_microsoft(tenant, browser, DAVE)
    address, _, query = (await leaving(browser, DAVE.email)).partition("?")
    state = next(part for part in query.split("&") if part.startswith("state="))
    says = "error_description=%3Cscript%3Ealert(1)%3C/script%3E&error_uri=https://evil.example.test"
    failed = await browser.open(f"{address}?error={error.replace('<', '%3C')}&{says}&{state}")
    refused(failed, DECLINED)
    assert not any(word in failed.html for word in ("script", "alert", "evil"))
    browser.page = page
    await end_as_dave(tenant, browser)


@dataclass(frozen=True)
class Answer:
    """An answer without its meaning."""

    status: int | None = None
    body: bytes | None = None
    drop: bool = False

    def fault(self, match: str) -> Fault:
        """For these requests, until cleared."""
        return Fault(match, status=self.status, body=self.body, drop=self.drop, times=-1)


NO_ANSWERS: Final = [
    Answer(drop=True),
    Answer(503),
    Answer(500, b"<html>Sorry</html>"),
    Answer(200, b"<html>Sign in to the WiFi</html>"),
    Answer(200, b""),
    Answer(200, b"[1]"),
    Answer(200, b"\xff\xfe"),
    Answer(429, b"slow down"),
]


async def _unavailable(tenant: Tenant, linking: Bot, browser: Browser, label: str, stage: str) -> None:
    """A page says so, and once Entra is back it goes on."""
    page = browser.page
    failed = await browser.press(label)
    assert (failed.status, failed.title.partition(" ·")[0]) == (503, "That did not work")
    assert NO_ANSWER in failed.text
    assert (links(tenant), stages(tenant)) == (set(), [stage])
    tenant.entra.faults.clear()
    linking._services.msal._http_cache.clear()  # MSAL asks an overloaded Entra again after five seconds
    browser.page = page
    await browser.press(label)


@pytest.mark.parametrize("answer", NO_ANSWERS, ids=str)
async def test_without_entra_when_the_code_is_redeemed(
    tenant: Tenant, linking: Bot, browser: Browser, answer: Answer
) -> None:
    await to_microsoft(tenant, browser, DAVE)
    tenant.entra.faults.add(answer.fault(TOKEN))
    await _unavailable(tenant, linking, browser, DAVE.email, "microsoft")
    await end_as_dave(tenant, browser)


async def test_somebody_elses_outage(tenant: Tenant, browser: Browser, other: Browser) -> None:
    """Fails when MSAL's memory of an overloaded Entra is shared: for codes it does not tell people apart."""
    await to_microsoft(tenant, browser, DAVE)
    await to_microsoft(tenant, other, ALICE)
    tenant.entra.faults.add(Fault(TOKEN, status=503, headers={"Retry-After": "3600"}))
    assert (await other.press(ALICE.email)).status == 503
    await browser.press(DAVE.email)
    await end_as_dave(tenant, browser)


@pytest.mark.parametrize("answer", NO_ANSWERS, ids=str)
async def test_without_entra_before_it_is_opened(
    tenant: Tenant, linking: Bot, browser: Browser, answer: Answer
) -> None:
    await to_slack(tenant, browser)
    tenant.entra.faults.add(answer.fault(DISCOVERY))
    await _unavailable(tenant, linking, browser, DAVE.name, "slack")
    await end_as_dave(tenant, browser)


async def test_whoever_answers_no_at_last(tenant: Tenant, browser: Browser) -> None:
    """Nothing that Microsoft gave out is kept."""
    await to_microsoft(tenant, browser, DAVE)
    await browser.press(DAVE.email)
    page = await browser.press("No, do not link")
    assert (page.status, "Nothing was linked" in page.title) == (200, True)
    assert (links(tenant), stages(tenant)) == (set(), [])
