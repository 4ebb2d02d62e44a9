"""Browser sessions in which people link their accounts: one cookie, some minutes, one stage after the other."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Final, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.errors import Refused
from bot.keys import Vault
from bot.store import Store, now
from bot.tables import browser_sessions

LIFETIME: Final = timedelta(minutes=10)

# Whoever presses the first button has a row, strangers too. No fewer are kept than the rate limits let begin within
# their lifetime, all clients together (`web.limits.EVERYBODY`): a flood pushes nobody out.
_MOST_BEGUN: Final = 32_000
_TIDIED_EVERY: Final = 1_000

_OVER: Final = (
    "This sign-in has expired, was used already, or was begun in another browser.",
    "In Slack, /cancel-approval whoami tells whether you are linked. If not, start again, in this browser.",
)


@dataclass(frozen=True)
class SlackPerson:
    """Somebody as Slack vouches for them. `email` is empty where Slack did not tell it."""

    team: str
    user: str
    name: str
    email: str


@dataclass(frozen=True)
class AtSlack:
    """The browser was sent to Slack."""

    STAGE: ClassVar = "slack"
    state: str = field(repr=False)
    nonce: str = field(repr=False)


@dataclass(frozen=True)
class AtMicrosoft:
    """Slack has vouched for somebody, and the browser was sent to Microsoft with MSAL's `flow`."""

    STAGE: ClassVar = "microsoft"
    person: SlackPerson
    flow: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class ToConfirm:
    """Both have vouched, and the person is asked whether the two are theirs. `differs`: the e-mail addresses do."""

    STAGE: ClassVar = "confirm"
    person: SlackPerson
    tid: str
    oid: str
    account: str
    differs: bool
    tokens: str = field(repr=False)
    csrf: str = field(repr=False)


Stage = AtSlack | AtMicrosoft | ToConfirm
S = TypeVar("S", AtSlack, AtMicrosoft, ToConfirm)


class Sessions:
    """The rows. A stage is left once: whoever comes second with the same answer finds it gone."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._begun = 0

    async def begin(self, stage: Stage) -> str:
        """Makes a session; returns its cookie, of which only a hash is kept."""
        self._begun += 1
        if self._begun % _TIDIED_EVERY == 0:
            await self.forget()
        cookie = secrets.token_urlsafe(32)
        key = _key(cookie)
        values = {"id": key, "stage": stage.STAGE, "sealed": self._seal(key, stage), "created_at": now()}
        await self._store.change(browser_sessions.insert().values(values))
        return cookie

    async def at(self, cookie: str, stage: type[S]) -> S:
        """What is known in that stage; raises `Refused` when the session is in another one, or in none."""
        key = _key(cookie)
        row = await self._store.row(sa.select(browser_sessions).where(_in(key, stage)))
        words = self._vault.open((key,), row.sealed) if row else None
        if words is None:
            raise Refused("no_session", *_OVER)
        return TypeAdapter(stage).validate_json(words)

    async def advance(self, cookie: str, left: type[Stage], entered: Stage) -> None:
        """From one stage to the next; raises `Refused` when it was left already."""
        key = _key(cookie)
        values = {"stage": entered.STAGE, "sealed": self._seal(key, entered)}
        await self._changed(browser_sessions.update().where(_in(key, left)).values(values))

    async def end(self, cookie: str, left: type[Stage]) -> None:
        """Deletes it; raises `Refused` when that stage was left already."""
        await self._changed(browser_sessions.delete().where(_in(_key(cookie), left)))

    async def forget(self) -> None:
        """Deletes what has expired, and the oldest for which nobody has vouched yet where there are too many."""
        begun, at = browser_sessions.c.stage == AtSlack.STAGE, browser_sessions.c.created_at
        too_old = sa.select(at).where(begun).order_by(at.desc()).offset(_MOST_BEGUN).limit(1).scalar_subquery()
        await self._store.change(
            browser_sessions.delete().where(at < now() - LIFETIME),
            browser_sessions.delete().where(begun, at <= too_old),
        )

    async def _changed(self, statement: sa.Update | sa.Delete) -> None:
        if await self._store.write(lambda connection: connection.execute(statement).rowcount) != 1:
            raise Refused("no_session", *_OVER)

    def _seal(self, key: str, stage: Stage) -> bytes:
        return self._vault.seal((key,), TypeAdapter(type(stage)).dump_json(stage).decode())


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _in(key: str, stage: type[Stage]) -> sa.ColumnElement[bool]:
    fresh = browser_sessions.c.created_at >= now() - LIFETIME
    return (browser_sessions.c.id == key) & (browser_sessions.c.stage == stage.STAGE) & fresh
