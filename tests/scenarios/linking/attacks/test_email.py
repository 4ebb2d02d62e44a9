"""EMAIL_MATCH: whether the addresses at Slack and at Microsoft must be equal, at its three values."""

from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.sandbox.browser import Browser
from bot.sandbox.people import CAROL, DAVE, Person
from bot.sandbox.tenant import Tenant
from tests.scenarios.linking.attacks.steps import links, stages
from tests.scenarios.linking.walk import to_confirm

SLACK: Final = "slack"
MICROSOFT: Final = "microsoft"
LOOK_TWICE: Final = "Look twice."
UNEQUAL: Final = "no e-mail address that equals the Microsoft account's"
ASK: Final = "Are both of these you?"
REFUSED: Final = "That did not work"

# Whose account Dave picks, what is changed in the id tokens, and whether the addresses are equal then.
CASES: Final = [
    pytest.param(DAVE, {}, True, id="own"),
    pytest.param(CAROL, {}, False, id="of somebody else"),
    pytest.param(DAVE, {SLACK: {"email": DAVE.email.upper()}}, True, id="in capitals"),
    pytest.param(DAVE, {SLACK: {"email": None}}, False, id="none at Slack"),
    pytest.param(DAVE, {SLACK: {"email": ""}}, False, id="empty at Slack"),
    pytest.param(DAVE, {SLACK: {"email_verified": False}}, False, id="not verified by Slack"),
    pytest.param(DAVE, {SLACK: {"email_verified": None}}, False, id="Slack does not say whether verified"),
    pytest.param(DAVE, {MICROSOFT: {"preferred_username": "dave@other.test"}}, False, id="another at Microsoft"),
    pytest.param(DAVE, {MICROSOFT: {"preferred_username": None}}, False, id="none at Microsoft"),
    pytest.param(
        DAVE, {MICROSOFT: {"preferred_username": "d.unlinked@other.test", "email": DAVE.email}}, True, id="as mail"
    ),
    pytest.param(
        DAVE,
        {SLACK: {"email": None}, MICROSOFT: {"preferred_username": None, "email": None}},
        False,
        id="none on either side",
    ),
]


@pytest.fixture(scope="module", params=["require", "warn", "off", ""])
def variables(request: pytest.FixtureRequest) -> dict[str, str]:
    """A bot for each value, and one for none."""
    return {"EMAIL_MATCH": request.param} if request.param else {}


@pytest.fixture
def match(variables: dict[str, str]) -> str:
    """The value: without one it warns."""
    return variables.get("EMAIL_MATCH", "warn")


@pytest.mark.parametrize(("account", "changed", "equal"), CASES)
async def test_addresses(
    tenant: Tenant, match: str, browser: Browser, account: Person, changed: dict[str, Any], equal: bool
) -> None:
    """Fails without the comparison (require, warn), and where "off" compares all the same."""
    tenant.slack.id_token_claims.update(changed.get(SLACK, {}))
    tenant.entra.id_token_claims.update(changed.get(MICROSOFT, {}))
    page = await to_confirm(tenant, browser, DAVE, account)
    refused = match == "require" and not equal
    assert (page.status, page.title.partition(" ·")[0]) == ((403, REFUSED) if refused else (200, ASK))
    assert (UNEQUAL in page.text) is refused
    assert (LOOK_TWICE in page.text) is (match == "warn" and not equal)
    asked = next(one for one in browser.visited if one.startswith(f"{tenant.slack.login_url}?"))
    scopes = parse_qs(urlsplit(asked).query)["scope"][0].split()
    assert scopes == (["openid"] if match == "off" else ["openid", "email"])
    assert (links(tenant), stages(tenant)) == (set(), ["microsoft" if refused else "confirm"])
