"""Who a Slack user is in Entra, and their encrypted MSAL cache."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
import structlog

from bot.errors import Refused
from bot.graph.signin import SignedIn
from bot.graph.tokens import Account
from bot.keys import Vault
from bot.store import Store, now
from bot.tables import accounts, links, wishes

log = structlog.get_logger(__name__)

_SAME: Final = (accounts.c.tid == links.c.tid) & (accounts.c.oid == links.c.oid)
_LINKS: Final = sa.select(links, accounts.c.name).join(accounts, _SAME)
_LINKED: Final = _LINKS.where((links.c.team == sa.bindparam("team")) & (links.c.user == sa.bindparam("user")))
_TAKEN: Final = (
    "This Microsoft account is linked to another Slack user.",
    "Sign out there first, or ask whoever runs this bot to end that link.",
)
_OTHER_ACCOUNT: Final = (
    "Your Slack account is linked to another Microsoft account.",
    "Type /cancel-approval signout in Slack first.",
)
_DROP_UNLINKED: Final = accounts.delete().where(~sa.exists().where(_SAME))


@dataclass(frozen=True)
class Linked:
    """The Microsoft account of a Slack user."""

    account: Account
    name: str


@dataclass(frozen=True)
class Link:
    """A Slack user and their Microsoft account, linked since then."""

    team: str
    user: str
    linked: Linked
    since: datetime

    @property
    def id(self) -> str:
        """The same for this link always, and another one when the two are linked again."""
        named = f"{self.team}/{self.user}/{self.since.isoformat()}"
        return hashlib.sha256(named.encode()).hexdigest()[:32]


class Accounts:
    """Links and token caches. Without keys there are none, and nobody can be linked."""

    def __init__(self, store: Store, token_keys: str) -> None:
        self._store = store
        self._vault = Vault(token_keys)

    async def linked(self, team: str, user: str) -> Linked | None:
        """The account that this Slack user is linked to."""
        row = await self._store.row(_LINKED, team=team, user=user)
        return Linked(Account(row.tid, row.oid), row.name) if row else None

    async def user_of(self, team: str, account: Account) -> str:
        """The Slack user who is linked to this account; empty for nobody."""
        same = (links.c.team == team) & (links.c.tid == account.tid) & (links.c.oid == account.oid)
        row = await self._store.row(sa.select(links.c.user).where(same))
        return str(row.user) if row else ""

    async def link(self, team: str, user: str, signed_in: SignedIn, *, followed: bool = False) -> None:
        """Links both and keeps the tokens, in place of older ones of the same two; `followed`: nothing comes after it.

        Raises `Refused` when either is linked to somebody else: a link is changed only by ending it first.
        """
        account = signed_in.account
        names = (team, user, account.tid, account.oid)
        either = ((links.c.team == team) & (links.c.user == user)) | (
            (links.c.tid == account.tid) & (links.c.oid == account.oid)
        )
        cache = self._vault.seal((account.tid, account.oid), signed_in.cache)
        made = {"team": team, "user": user, "tid": account.tid, "oid": account.oid, "followed": int(followed)}
        kept = {"tid": account.tid, "oid": account.oid, "name": signed_in.name, "cache": cache, "updated_at": now()}

        def work(connection: sa.Connection) -> None:
            for row in connection.execute(sa.select(links).where(either)):
                if (row.team, row.user, row.tid, row.oid) != names:
                    raise Refused("linked_elsewhere", *(_TAKEN if row.user != user else _OTHER_ACCOUNT))
            # Only this very link: what another transaction has committed since the look is not this one's to end.
            connection.execute(links.delete().where(either, links.c.user == user, links.c.oid == account.oid))
            connection.execute(accounts.delete().where(_row(account)))
            connection.execute(accounts.insert(), kept)
            connection.execute(links.insert(), made | {"created_at": now()})

        try:
            await self._store.write(work)
        except sa.exc.IntegrityError:  # another link of one of the two at the same moment: now it is seen
            await self._store.write(work)

    async def unlink(self, team: str, user: str) -> bool:
        """Deletes a link, its tokens, and what waits for the person to sign in; whether there was a link."""
        mine = links.delete().where((links.c.team == team) & (links.c.user == user)).returning(links.c.oid)

        def work(connection: sa.Connection) -> str | None:
            oid = connection.execute(mine).scalar_one_or_none()
            connection.execute(_DROP_UNLINKED)
            connection.execute(wishes.delete().where((wishes.c.team == team) & (wishes.c.user == user)))
            return oid

        oid = await self._store.write(work)
        if oid:
            log.info("unlinked", team=team, user=user, oid=oid)
        return oid is not None

    async def forget_unused(self, before: datetime) -> int:
        """Deletes the links whose tokens were last renewed before this moment; returns how many."""
        unused = sa.select(accounts.c.oid).where(_SAME & (accounts.c.updated_at < before)).exists()
        old = links.delete().where(unused)

        def work(connection: sa.Connection) -> int:
            found = connection.execute(old).rowcount
            connection.execute(_DROP_UNLINKED)
            return found

        return await self._store.write(work)

    async def followed(self, link: Link) -> None:
        """What comes after this link has begun."""
        same = (links.c.team == link.team) & (links.c.user == link.user) & (links.c.created_at == link.since)
        await self._store.change(links.update().where(same).values(followed=1))

    async def links(self, *, unfollowed: bool = False) -> list[Link]:
        """Every link, or those after which nothing has come yet, the oldest first."""
        query = _LINKS.order_by(links.c.created_at, links.c.team, links.c.user)
        rows = await self._store.rows(query.where(links.c.followed == 0) if unfollowed else query)
        return [Link(row.team, row.user, Linked(Account(row.tid, row.oid), row.name), row.created_at) for row in rows]

    async def load(self, account: Account) -> str | None:
        """The MSAL cache; None when there is none, or none that these keys open for this very account."""
        row = await self._store.row(sa.select(accounts.c.cache).where(_row(account)))
        return self._vault.open((account.tid, account.oid), row.cache) if row else None

    async def save(self, account: Account, cache: str) -> None:
        """Replaces the MSAL cache of a known account."""
        blob = self._vault.seal((account.tid, account.oid), cache)
        await self._store.change(accounts.update().where(_row(account)).values(cache=blob, updated_at=now()))


def _row(account: Account) -> sa.ColumnElement[bool]:
    return (accounts.c.tid == account.tid) & (accounts.c.oid == account.oid)
