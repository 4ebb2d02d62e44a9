"""Sign in with Slack at the stand-in: the page, the exchange of the code, and the claims."""

import re
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, GUEST, PEOPLE, TEAM_ID, Person
from bot.sandbox.slack import SlackStandIn

CLIENT_ID, CLIENT_SECRET = "1000000000.2000000000", "not-a-secret"
REDIRECT_URI = "https://bot.example.test/auth/slack/callback"
QUERY = {
    "response_type": "code",
    "scope": "openid email profile",
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT_URI,
    "state": "a state",
    "nonce": "a nonce",
    "team": TEAM_ID,
}


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn(
        PEOPLE,
        bot_token="xoxb-sandbox",
        app_token="xapp-sandbox",
        signing_secret="not-a-secret",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    slack.redirect_uris.add(REDIRECT_URI)
    await slack.start()
    yield slack
    await slack.stop()


def changed(values: dict[str, str], changes: dict[str, str | None]) -> dict[str, str]:
    """Return the values with these changes; None leaves one out."""
    return {name: value for name, value in (values | changes).items() if value is not None}


async def choose(slack: SlackStandIn, http: httpx.AsyncClient, **form: str) -> dict[str, str]:
    """Press a button of the page, and return what comes back to the redirect URI."""
    answer = await http.post(slack.login_url, params=QUERY, data=form)
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location.startswith(f"{REDIRECT_URI}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


async def redeem(slack: SlackStandIn, http: httpx.AsyncClient, code: str, /, **changes: str | None) -> Any:
    form = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "code": code,
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT_URI,
    }
    return (await http.post(f"{slack.api_url}openid.connect.token", data=changed(form, changes))).json()


async def claims_of(slack: SlackStandIn, http: httpx.AsyncClient, person: Person) -> dict[str, Any]:
    code = (await choose(slack, http, user=person.slack_id))["code"]
    answer = await redeem(slack, http, code)
    claims: dict[str, Any] = jwt.decode(answer["id_token"], options={"verify_signature": False})
    return claims


async def test_page_offers_the_people_of_the_workspace(slack: SlackStandIn, http: httpx.AsyncClient) -> None:
    answer = await http.get(slack.login_url, params=QUERY)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    buttons = re.findall(r'<button type="submit" name="(\w+)" value="(\w+)">([^<]+)</button>', answer.text)
    assert [label for _, _, label in buttons] == [
        "Alice Example",
        "Bob Example",
        "Carol Helpdesk",
        "Dave Unlinked",
        "Gus Guest",
        "Cancel",
    ]
    assert buttons[0][:2] == ("user", ALICE.slack_id)
    assert '<form method="post">' in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"redirect_uri": f"{REDIRECT_URI}/"},
        {"redirect_uri": None},
        {"response_type": "token"},
        {"scope": "email"},
        {"scope": "openid admin"},
        {"scope": "openid,email"},
        {"state": None},
        {"nonce": None},
        {"team": "T0OTHER"},
    ],
)
async def test_wrong_request_is_a_violation_and_never_redirects(
    slack: SlackStandIn, http: httpx.AsyncClient, changes: dict[str, str | None]
) -> None:
    for method, form in (("GET", None), ("POST", {"user": ALICE.slack_id}), ("POST", {"cancel": "1"})):
        answer = await http.request(method, slack.login_url, params=changed(QUERY, changes), data=form)
        assert (answer.status_code, "Location" in answer.headers) == (400, False)
    [name] = changes
    assert slack.violations == [f"/openid/connect/authorize: wrong or missing {name}"] * 3


async def test_nobody_signs_in_where_no_client_is_registered(http: httpx.AsyncClient) -> None:
    slack = SlackStandIn(PEOPLE, bot_token="xoxb-sandbox", app_token="xapp-sandbox", signing_secret="not-a-secret")
    slack.redirect_uris.add(REDIRECT_URI)
    await slack.start()
    assert (await http.get(slack.login_url, params=QUERY | {"client_id": ""})).status_code == 400
    assert (await redeem(slack, http, "", client_id="", client_secret=""))["error"] == "invalid_client_id"
    await slack.stop()


async def test_team_is_optional(slack: SlackStandIn, http: httpx.AsyncClient) -> None:
    assert (await http.get(slack.login_url, params=changed(QUERY, {"team": None}))).status_code == 200


async def test_cancel(slack: SlackStandIn, http: httpx.AsyncClient) -> None:
    assert await choose(slack, http, cancel="1") == {"error": "access_denied", "state": "a state"}


@pytest.mark.parametrize("user", ["", "U0STRANGER", "U0BOT", "U0GONE", "U0NOBODY"])
async def test_others_cannot_be_chosen(slack: SlackStandIn, http: httpx.AsyncClient, user: str) -> None:
    assert (await http.post(slack.login_url, params=QUERY, data={"user": user})).status_code == 400
    assert slack.violations == []


async def test_code_becomes_an_id_token(slack: SlackStandIn, http: httpx.AsyncClient) -> None:
    back = await choose(slack, http, user=GUEST.slack_id)
    assert back.keys() == {"code", "state"}
    answer = await redeem(slack, http, back["code"])
    assert (answer["ok"], answer["token_type"], answer["access_token"][:5]) == (True, "Bearer", "xoxp-")
    assert jwt.get_unverified_header(answer["id_token"])["alg"] == "RS256"
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
    now = int(time.time())
    assert (now - claims.pop("iat") <= 5, claims.pop("exp") - now <= 300) == (True, True)
    assert claims == {
        "iss": "https://slack.com",
        "sub": GUEST.slack_id,
        "aud": CLIENT_ID,
        "nonce": "a nonce",
        "https://slack.com/user_id": GUEST.slack_id,
        "https://slack.com/team_id": TEAM_ID,
        "email": GUEST.email,
        "email_verified": True,
        "name": GUEST.name,
    }
    assert slack.violations == []


async def test_claims_follow_the_scopes(slack: SlackStandIn, http: httpx.AsyncClient) -> None:
    query = QUERY | {"scope": "openid"}
    answer = await http.post(slack.login_url, params=query, data={"user": ALICE.slack_id})
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    token = (await redeem(slack, http, code))["id_token"]
    assert not {"email", "email_verified", "name"} & jwt.decode(token, options={"verify_signature": False}).keys()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "another"}, "invalid_client_id"),
        ({"client_id": None}, "invalid_client_id"),
        ({"client_secret": "another"}, "bad_client_secret"),
        ({"client_secret": None}, "bad_client_secret"),
        ({"grant_type": None}, "invalid_grant_type"),
        ({"code": "another"}, "invalid_code"),
        ({"redirect_uri": None}, "bad_redirect_uri"),
        ({"redirect_uri": "https://bot.example.test/auth/callback"}, "bad_redirect_uri"),
    ],
)
async def test_refused_exchange(
    slack: SlackStandIn, http: httpx.AsyncClient, changes: dict[str, str | None], error: str
) -> None:
    code = (await choose(slack, http, user=ALICE.slack_id))["code"]
    assert await redeem(slack, http, code, **changes) == {"ok": False, "error": error}


async def test_code_works_once_and_not_for_long(slack: SlackStandIn, http: httpx.AsyncClient) -> None:
    assert slack.limits.sign_in_code == 600
    first, second = [(await choose(slack, http, user=ALICE.slack_id))["code"] for _ in range(2)]
    assert (await redeem(slack, http, first))["ok"]
    assert (await redeem(slack, http, first))["error"] == "code_already_used"
    slack.limits.sign_in_code = 0
    assert (await redeem(slack, http, second))["error"] == "invalid_code"


async def test_changed_claims(slack: SlackStandIn, http: httpx.AsyncClient) -> None:
    slack.id_token_claims.update({"exp": 1, "https://slack.com/team_id": "T0OTHER", "nonce": None})
    claims = await claims_of(slack, http, ALICE)
    assert (claims["exp"], claims["https://slack.com/team_id"], "nonce" in claims) == (1, "T0OTHER", False)
    slack.id_token_claims.clear()
    assert (await claims_of(slack, http, ALICE))["nonce"] == "a nonce"


async def test_exchange_takes_a_form_and_no_token(slack: SlackStandIn, http: httpx.AsyncClient) -> None:
    url = f"{slack.api_url}openid.connect.token"
    await http.get(url, params={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
    await http.post(url, json={"client_id": CLIENT_ID})
    await http.post(url, data={"client_id": CLIENT_ID}, headers={"Authorization": "Bearer xoxb-sandbox"})
    assert slack.violations == [
        "not a form: GET /api/openid.connect.token",
        "not a form: POST /api/openid.connect.token",
        "a token, where none is needed: /api/openid.connect.token",
    ]


async def test_faults_and_what_is_kept_of_a_call(slack: SlackStandIn, http: httpx.AsyncClient) -> None:
    code = (await choose(slack, http, user=ALICE.slack_id))["code"]
    slack.faults.add(Fault("openid.connect.token", status=503, after_effect=True))
    assert (await redeem(slack, http, code))["error"] == "internal_error"
    assert (await redeem(slack, http, code))["error"] == "code_already_used"
    kept = {"client_id": CLIENT_ID, "grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    assert [(call.method, call.args) for call in slack.calls] == [("openid.connect.token", kept)] * 2
