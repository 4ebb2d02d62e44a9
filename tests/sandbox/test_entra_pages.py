"""The pages of the Entra stand-in: the account picker, consent, and what conditional access forbids."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from bot.sandbox.entra import EntraStandIn
from bot.sandbox.people import ALICE, BOB, BOTTY, GONE, GUEST, STRANGER
from tests.sandbox.graph_clients import CLIENT_ID, GRAPH, REDIRECT_URI, Application

SCOPE = "ApprovalSolution.ReadWrite"
ACCEPTED = {"account": ALICE.oid, "consent": "accept"}


class Tab:
    """A browser at the authorize endpoint, with the prompt `select_account`."""

    def __init__(self, application: Application, http: httpx.AsyncClient) -> None:
        self._application = application
        self._http = http

    def query(self, scope: str = SCOPE, **changes: str | None) -> dict[str, str]:
        return self._application.authorization(ALICE, scope, **{"prompt": "select_account", **changes})

    async def show(self, form: dict[str, str] | None = None, *, scope: str = SCOPE, **changes: str | None) -> str:
        """Open the page or press a button, and return the HTML of the page that comes."""
        answer = await self._send(form, self.query(scope, **changes))
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "<script" not in answer.text
        return answer.text

    async def leave(self, form: dict[str, str], *, scope: str = SCOPE, **changes: str | None) -> dict[str, str]:
        """Press a button, and return what comes back to the redirect URI."""
        query = self.query(scope, **changes)
        answer = await self._send(form, query)
        assert answer.status_code == 302
        location = answer.headers["Location"]
        assert location.startswith(f"{query['redirect_uri']}?")
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    async def _send(self, form: dict[str, str] | None, query: dict[str, str]) -> httpx.Response:
        url = f"{self._application.entra.base}/oauth2/v2.0/authorize"
        return await self._http.request("POST" if form else "GET", url, params=query, data=form)


@pytest.fixture
def tab(application: Application, http: httpx.AsyncClient) -> Tab:
    return Tab(application, http)


def title_of(page: str) -> str:
    found = re.search("<h1>(.*)</h1>", page)
    assert found
    return found[1]


def buttons_of(page: str) -> list[tuple[str, str, str]]:
    return re.findall(r'<button type="submit" name="([^"]+)" value="([^"]+)">([^<]+)</button>', page)


async def test_picker_offers_who_may_sign_in(tab: Tab) -> None:
    for page in (await tab.show(), await tab.show(login_hint=None), await tab.show(login_hint=GONE.email)):
        assert title_of(page) == "Pick an account"
        assert buttons_of(page)[0] == ("account", ALICE.oid, "Alice Example alice@example.test")
        oids = {value for _, value, _ in buttons_of(page)}
        assert GUEST.oid in oids
        assert not {STRANGER.oid, BOTTY.oid, GONE.oid} & oids


async def test_consent_is_asked_for_once(entra: EntraStandIn, application: Application, tab: Tab) -> None:
    page = await tab.show({"account": ALICE.oid}, scope=f"User.Read {SCOPE}")
    assert title_of(page) == "Permissions requested"
    assert re.findall("<p>(.*?)</p>", page)[:3] == [ALICE.email, SCOPE, "User.Read"]
    assert buttons_of(page) == [("consent", "accept", "Accept"), ("consent", "cancel", "Cancel")]
    assert f'<input type="hidden" name="account" value="{ALICE.oid}">' in page
    back = await tab.leave(ACCEPTED, scope=f"User.Read {SCOPE}")
    assert back.keys() == {"code", "state"}
    tokens = (await application.redeem(back["code"])).json()
    assert entra.verify(tokens["access_token"], GRAPH)["scp"] == f"{SCOPE} User.Read"
    assert (await tab.leave({"account": ALICE.oid})).keys() == {"code", "state"}
    assert "<p>DeviceManagementRBAC.Read.All</p>" in await tab.show(
        {"account": ALICE.oid}, scope=f"{SCOPE} DeviceManagementRBAC.Read.All"
    )
    assert title_of(await tab.show({"account": BOB.oid})) == "Permissions requested"


async def test_consent_can_be_refused(tab: Tab) -> None:
    back = await tab.leave({"account": ALICE.oid, "consent": "cancel"})
    assert (back["error"], back["state"]) == ("access_denied", "a state")
    assert back["error_description"].startswith("AADSTS65004: ")
    assert title_of(await tab.show({"account": ALICE.oid})) == "Permissions requested"


async def test_what_only_an_administrator_may_consent_to(entra: EntraStandIn, tab: Tab) -> None:
    entra.denied_scopes = {SCOPE}
    for form in ({"account": ALICE.oid}, ACCEPTED):
        page = await tab.show(form, scope=f"User.Read {SCOPE}")
        assert title_of(page) == "Need admin approval"
        assert "AADSTS90094" in page
        assert buttons_of(page) == [("consent", "back", "Back to the app")]
    back = await tab.leave({"account": ALICE.oid, "consent": "back"})
    assert (back["error"], back["state"]) == ("access_denied", "a state")
    assert back["error_description"].startswith("AADSTS90094: ")


async def test_scopes_are_shown_as_text(tab: Tab) -> None:
    assert "<p>&lt;b&gt;bold</p>" in await tab.show({"account": ALICE.oid}, scope="<b>bold")


@pytest.mark.parametrize("oid", ["", "nobody", STRANGER.oid, BOTTY.oid, GONE.oid])
async def test_others_cannot_be_picked(tab: Tab, oid: str) -> None:
    assert (await tab.leave({"account": oid}))["error"] == "access_denied"


async def test_blocked_person(entra: EntraStandIn, http: httpx.AsyncClient, application: Application, tab: Tab) -> None:
    tokens = await application.sign_in(ALICE, SCOPE)
    entra.blocked = {ALICE.oid}
    url = f"{entra.base}/oauth2/v2.0/authorize"
    hinted = await http.get(url, params=application.authorization(ALICE, SCOPE))
    for page in (hinted.text, await tab.show({"account": ALICE.oid}), await tab.show(ACCEPTED)):
        assert (title_of(page), "AADSTS53003" in page) == ("You cannot access this right now", True)
        assert buttons_of(page) == []
    answer = await application.token("refresh_token", refresh_token=tokens["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.json()["error_codes"] == [53003]
    entra.blocked.clear()
    assert (await application.token("refresh_token", refresh_token=tokens["refresh_token"])).status_code == 200


async def test_step_up_lasts_until_the_next_sign_in(entra: EntraStandIn, application: Application, tab: Tab) -> None:
    tokens = await application.sign_in(ALICE, SCOPE)
    entra.step_up = {ALICE.oid, BOB.oid}
    answer = await application.token("refresh_token", refresh_token=tokens["refresh_token"])
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (400, "interaction_required", [50076])
    assert json.loads(body["claims"])["access_token"]["capolids"]["essential"] is True
    await tab.show({"account": BOB.oid})
    assert entra.step_up == {ALICE.oid, BOB.oid}
    await tab.leave({"account": ALICE.oid}, claims=body["claims"])
    assert entra.step_up == {BOB.oid}
    assert (await application.token("refresh_token", refresh_token=tokens["refresh_token"])).status_code == 200


async def test_several_redirect_uris(entra: EntraStandIn, application: Application, tab: Tab) -> None:
    other = "https://127.0.0.1:4443/auth/callback"
    entra.redirect_uris.add(other)
    back = await tab.leave(ACCEPTED, redirect_uri=other)
    assert (await application.redeem(back["code"])).json()["error"] == "invalid_grant"
    back = await tab.leave(ACCEPTED, redirect_uri=other)
    assert (await application.redeem(back["code"], redirect_uri=other)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "number"),
    [({"redirect_uri": f"{REDIRECT_URI}/"}, 50011), ({"client_id": "another"}, 700016)],
)
async def test_pages_of_another_client_or_address_do_not_redirect(
    entra: EntraStandIn, http: httpx.AsyncClient, tab: Tab, changes: dict[str, str], number: int
) -> None:
    answer = await http.post(f"{entra.base}/oauth2/v2.0/authorize", params=tab.query(**changes), data=ACCEPTED)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [number])


async def test_changed_claims(entra: EntraStandIn, application: Application) -> None:
    entra.id_token_claims = {"aud": "another", "exp": 1, "oid": None}
    tokens = await application.sign_in(ALICE, SCOPE)
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert (claims["aud"], claims["exp"], "oid" in claims) == ("another", 1, False)
    assert entra.verify(tokens["access_token"], GRAPH)["oid"] == ALICE.oid
    entra.id_token_claims.clear()
    tokens = await application.sign_in(ALICE, SCOPE)
    assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["aud"] == CLIENT_ID


async def test_what_a_person_sends_is_recorded(entra: EntraStandIn, tab: Tab) -> None:
    await tab.show()
    await tab.leave(ACCEPTED)
    shown, sent = entra.calls
    assert (shown.method, shown.parameters["prompt"], shown.status) == ("GET", "select_account", 200)
    assert (sent.method, sent.parameters, sent.status) == ("POST", ACCEPTED, 302)
