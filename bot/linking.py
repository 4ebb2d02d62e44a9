"""Linking: one browser, in which Slack and Microsoft vouch for somebody, who then says that both are theirs.

Whoever forwards a link at any point gets nothing: each answer belongs to the browser that asked for it.
"""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Final, Literal, Protocol, TypeVar

import structlog

from bot.accounts import Accounts
from bot.durable import unfailing
from bot.errors import ConsentNeeded, Refused, SignInNeeded
from bot.graph import signin
from bot.graph.msal_app import MsalApps
from bot.graph.tokens import Account
from bot.resources import Target
from bot.sessions import AtMicrosoft, AtSlack, Sessions, SlackPerson, ToConfirm
from bot.store import now
from bot.tasks import Tasks
from bot.wishes import Wish, Wishes

log = structlog.get_logger(__name__)
T = TypeVar("T")

EmailMatch = Literal["require", "warn", "off"]

_FOREIGN: Final = (
    "This answer belongs to another sign-in than the one in this browser. Nothing was linked.",
    "Start again, in this browser.",
)
_DIFFERENT: Final = (
    "Slack has told no e-mail address that equals the Microsoft account's, and this bot links only equal ones.",
    "Choose the Microsoft account with the address that Slack knows, or ask whoever runs this bot.",
)


_NOT_SIGNED_IN: Final = (
    "Microsoft did not take this sign-in, or it is not for this bot and its tenant. Nothing was linked.",
    "Start again, with your work account.",
)
_BEGIN_SECONDS: Final = 5.0


class SlackSignIn(Protocol):
    """Sign in with Slack."""

    def url(self, state: str, nonce: str) -> str:
        """The page to send the browser to."""

    async def person(self, code: str, nonce: str) -> SlackPerson:
        """Whom Slack vouches for; raises `Refused` for strangers, `Unavailable`."""


class Resumption(Protocol):
    """Tells people of their link, and goes on with what they had begun."""

    async def begin(self) -> None:
        """For every link for which it was not begun yet; from then on nothing of it is lost."""


class Linking:
    """The way through the stages. Methods raise `Refused` and `Unavailable`."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        accounts: Accounts,
        wishes: Wishes,
        slack: SlackSignIn,
        msal: MsalApps,
        audience: Callable[[Target], str],
        redirect_uri: str,
        email_match: EmailMatch,
        resumption: Resumption,
    ) -> None:
        self._sessions = sessions
        self._accounts = accounts
        self._wishes = wishes
        self._slack = slack
        self._msal = msal
        self._audience = audience
        self._redirect_uri = redirect_uri
        self._email_match = email_match
        self._resumption = resumption
        self._following = Tasks()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="linking")

    async def close(self) -> None:
        """Lets end what is being begun, and stops the threads."""
        await self._following.drain(_BEGIN_SECONDS)
        await asyncio.to_thread(self._threads.shutdown)

    async def begin(self) -> tuple[str, str]:
        """A session: its cookie, and the page of Slack's to go to."""
        state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        cookie = await self._sessions.begin(AtSlack(state, nonce))
        return cookie, self._slack.url(state, nonce)

    async def slack_answered(self, cookie: str, answer: Mapping[str, str]) -> str:
        """Takes Slack's word for who this is; returns the page of Microsoft's to go to.

        It asks for what the cancellations need that this person has begun, and for no other permission.
        """
        session = await self._sessions.at(cookie, AtSlack)
        code = _code(answer, session.state, "Slack")
        person = await self._slack.person(code, session.nonce)
        wishes = await self._wishes.of(person.team, person.user, now())
        await self._wishes.hold(wishes)
        scopes = self._scopes(wishes)
        flow = await self._in_thread(lambda: signin.begin(self._msal, scopes, self._redirect_uri))
        await self._sessions.advance(cookie, AtSlack, AtMicrosoft(person, flow))
        return str(flow["auth_uri"])

    def _scopes(self, wishes: Sequence[Wish]) -> list[str]:
        """What Entra is asked for: one token has one audience, so it is that of what was begun first."""
        named = [(self._audience(wish.cancellation.target), wish.permissions) for wish in wishes if wish.permissions]
        first = next((audience for audience, _ in named), "")
        return sorted({f"{first}/{one}" for audience, permissions in named if audience == first for one in permissions})

    async def microsoft_answered(self, cookie: str, answer: Mapping[str, str]) -> None:
        """Takes Microsoft's word for who this is; the person is asked next."""
        session = await self._sessions.at(cookie, AtMicrosoft)
        _code(answer, str(session.flow["state"]), "Microsoft")
        signed_in = await self._redeem(session, answer)
        differs = self._email_match != "off" and not _same_address(session.person, signed_in)
        if differs and self._email_match == "require":
            raise Refused("email_differs", *_DIFFERENT)
        account = signed_in.account
        to_confirm = ToConfirm(
            person=session.person,
            tid=account.tid,
            oid=account.oid,
            account=signed_in.name,
            differs=differs,
            tokens=signed_in.cache,
            csrf=secrets.token_urlsafe(32),
        )
        await self._sessions.advance(cookie, AtMicrosoft, to_confirm)

    async def to_confirm(self, cookie: str) -> tuple[ToConfirm, list[Target]]:
        """Both identities, for the page that asks about them, and what goes on when they are linked."""
        session = await self._sessions.at(cookie, ToConfirm)
        wishes = await self._wishes.of(session.person.team, session.person.user, now())
        return session, [wish.cancellation.target for wish in wishes]

    async def confirm(self, cookie: str, csrf: str) -> ToConfirm:
        """Links the two, tells the person in Slack, and goes on with what they had begun."""
        session = await self._answered(cookie, csrf)
        person, account = session.person, Account(session.tid, session.oid)
        await self._accounts.link(
            person.team, person.user, signin.SignedIn(account, session.account, cache=session.tokens)
        )
        log.info("linked", team=person.team, user=person.user, oid=account.oid, differs=session.differs)
        # The link is made, whatever happens now: nobody waits for what follows it.
        self._following.spawn(unfailing(self._resumption.begin), Context())
        return session

    async def decline(self, cookie: str, csrf: str) -> None:
        """Forgets what the two have said."""
        await self._answered(cookie, csrf)

    async def _answered(self, cookie: str, csrf: str) -> ToConfirm:
        session = await self._sessions.at(cookie, ToConfirm)
        if not _same(csrf, session.csrf):
            raise Refused("csrf", *_FOREIGN)
        await self._sessions.end(cookie, ToConfirm)
        return session

    async def _redeem(self, session: AtMicrosoft, answer: Mapping[str, str]) -> signin.SignedIn:
        try:
            return await self._in_thread(lambda: signin.redeem(self._msal, session.flow, answer))
        except (SignInNeeded, ConsentNeeded) as error:
            raise Refused(error.code, *_NOT_SIGNED_IN) from None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _code(answer: Mapping[str, str], state: str, who: str) -> str:
    """The code of an answer that belongs to this session; raises `Refused`."""
    if not _same(answer.get("state", ""), state):
        raise Refused("foreign_state", *_FOREIGN)
    if not answer.get("code"):
        raise Refused(
            f"declined_at_{who.casefold()}",
            f"{who} did not let you in, or you did not agree. Nothing was linked.",
            "Start again. If an administrator must agree first, ask them to.",
        )
    return answer["code"]


def _same(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode(), kept.encode())


def _same_address(person: SlackPerson, signed_in: signin.SignedIn) -> bool:
    known = {address.casefold() for address in (signed_in.name, signed_in.email) if address}
    return bool(person.email) and person.email.casefold() in known
