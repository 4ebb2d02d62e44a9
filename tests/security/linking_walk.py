"""Several browsers on their way through the pages of linking, step by step, and what the bot should make of it.

Each step is done right, or one thing about it is wrong: what is random in everything never gets past the first check.
"""

import hashlib
import html
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from bot.app import Bot
from bot.sandbox.people import Person
from bot.sandbox.tenant import Tenant
from tests.scenarios.linking.attacks.steps import FORM, links, rows
from tests.web.edge import Reply, ask

CALLBACKS: Final = {"slack": "/auth/slack/callback", "microsoft": "/auth/callback"}
CONFIRM: Final = "/auth/confirm"
START: Final = "/auth/start"
REFUSED: Final = (403,)


@dataclass
class Profile:
    """One browser. `stage` is where the bot should think it is; `slack` and `account` who has proven to be in front."""

    person: Person
    cookie: str = ""
    stage: str = ""
    page: str = ""
    csrf: str = ""
    passed: list[str] = field(default_factory=list)
    slack: Person | None = None
    account: Person | None = None

    @property
    def state(self) -> str:
        """The state of the answer that this browser waits for."""
        return parse_qs(urlsplit(self.page).query)["state"][0]

    def over(self) -> None:
        """Its session has ended."""
        self.stage, self.cookie, self.slack, self.account = "", "", None, None


class Walk:
    """The profiles, and the links that there should be. Every request goes to the bot's own socket."""

    def __init__(self, tenant: Tenant, bot: Bot, random: Random, people: tuple[Person, ...]) -> None:
        self.tenant = tenant
        self.bot = bot
        self.random = random
        self.profiles = [Profile(person) for person in people]
        self.linked: dict[str, str] = {}
        self.made: list[Person] = []
        self.host = tenant.front.url.removeprefix("https://")
        trust = ssl.create_default_context(cafile=tenant.directory / "ca.pem")
        self._providers = httpx.AsyncClient(verify=trust, trust_env=False)

    async def close(self) -> None:
        """Closes the connections to Slack's and Microsoft's pages."""
        await self._providers.aclose()

    def other(self, profile: Profile) -> Profile:
        """Another browser."""
        return self.random.choice([one for one in self.profiles if one is not profile])

    async def get(
        self,
        path: str,
        profile: Profile,
        *,
        cookie: str | None = None,
        method: str = "GET",
    ) -> Reply:
        """Opens a page; with another cookie than the browser's own, where one is given."""
        sent = f"__Host-link={profile.cookie}" if cookie is None else cookie
        headers = {"Connection": "close"} | ({"Cookie": sent} if sent else {})
        return await ask(self.bot.port, method, path, host=self.host, headers=headers)

    async def post(
        self,
        path: str,
        profile: Profile,
        body: bytes,
        *,
        cookie: str | None = None,
        **headers: str,
    ) -> Reply:
        """Sends a form from the bot's own origin, unless the headers say otherwise."""
        sent = f"__Host-link={profile.cookie}" if cookie is None else cookie
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        lines = {**FORM, "Origin": self.tenant.front.url, "Cookie": sent} | named
        return await ask(
            self.bot.port,
            "POST",
            path,
            host=self.host,
            body=body,
            headers={name: value for name, value in lines.items() if value},
        )

    async def answer(self, profile: Profile, person: Person | None = None) -> str:
        """What the page that the browser was sent to gives it to bring back, as that person: a query."""
        who = person or (profile.person if profile.stage == "slack" else profile.account or profile.person)
        form = {"user": who.slack_id} if profile.stage == "slack" else {"account": who.oid, "consent": "accept"}
        sent = await self._providers.post(profile.page, content=urlencode(form), headers=FORM)
        assert sent.status_code == 302, sent.text
        return sent.headers["Location"].partition("?")[2]

    async def bring(self, profile: Profile, query: str, **how: str) -> Reply:
        """Comes back from the page that the browser was sent to."""
        return await self.get(f"{CALLBACKS[profile.stage]}?{query}", profile, **how)

    async def right(self, profile: Profile) -> None:
        """The next step, as the pages lead to it."""
        await {
            "": self._begin,
            "slack": self._slack,
            "microsoft": self._microsoft,
            "confirm": self._confirm,
        }[profile.stage](profile)

    async def _begin(self, profile: Profile) -> None:
        reply = await self.post(START, profile, b"", cookie="")
        assert reply.status == 200
        profile.over()
        profile.cookie = reply.headers["set-cookie"].partition("=")[2].partition(";")[0]
        profile.page = _found(r"url=([^\"]+)\"", reply)
        profile.stage = "slack"

    async def _slack(self, profile: Profile) -> None:
        profile.account = self.random.choice([profile.person] * 4 + [self.other(profile).person])
        self.tenant.slack.id_token_claims["email"] = profile.account.email
        query = await self.answer(profile)
        reply = await self.bring(profile, query)
        self.tenant.slack.id_token_claims.clear()
        assert reply.status == 303, reply.body
        self._went_through(profile, query)
        profile.page, profile.stage, profile.slack = (
            reply.headers["location"],
            "microsoft",
            profile.person,
        )

    async def _microsoft(self, profile: Profile) -> None:
        query = await self.answer(profile)
        reply = await self.bring(profile, query)
        assert (reply.status, reply.headers["location"]) == (303, CONFIRM)
        self._went_through(profile, query)
        profile.stage = "confirm"
        page = await self.get(CONFIRM, profile)
        assert page.status == 200
        profile.csrf = _found(r"name=\"csrf\" value=\"([^\"]+)\"", page)

    async def _confirm(self, profile: Profile) -> None:
        wants = self.random.choice(["link", "link", "link", "no"])
        form = f"csrf={profile.csrf}&answer={wants}".encode()
        reply = await self.post(CONFIRM, profile, form)
        assert (await self.post(CONFIRM, profile, form)).status == 403
        assert profile.slack
        assert profile.account
        user, oid = profile.slack.slack_id, profile.account.oid
        free = self.linked.get(user, oid) == oid and {who for who, one in self.linked.items() if one == oid} <= {user}
        assert reply.status == (200 if wants == "no" or free else 403)
        if wants == "link" and free:
            self.linked[user] = oid
            self.made.append(profile.slack)
        profile.over()

    def _went_through(self, profile: Profile, query: str) -> None:
        profile.passed.append(f"{CALLBACKS[profile.stage]}?{query}")

    def check(self) -> None:
        """The bot's database agrees: about every link, and about where each browser is."""
        assert links(self.tenant) == set(self.linked.items())
        stages: Mapping[str, str] = dict(rows(self.tenant, "SELECT id, stage FROM browser_sessions"))
        for profile in self.profiles:
            key = hashlib.sha256(profile.cookie.encode()).hexdigest()
            assert stages.get(key, "") == profile.stage


def _found(pattern: str, reply: Reply) -> str:
    match = re.search(pattern, reply.body.decode())
    assert match, reply.body
    return html.unescape(match.group(1))


def refused(reply: Reply, statuses: tuple[int, ...] = REFUSED) -> None:
    """One of these statuses, and nothing of what was sent."""
    assert reply.status in statuses, (reply.status, reply.body[:300])
    assert b"evil" not in reply.body
