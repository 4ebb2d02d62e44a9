"""Who a Slack user is in Entra, and their encrypted MSAL cache."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import ConfigError
from bot.graph.signin import SignedIn
from bot.graph.tokens import Account
from bot.store import Store, now
from bot.tables import accounts, links

log = structlog.get_logger(__name__)

_SAME: Final = (accounts.c.tid == links.c.tid) & (accounts.c.oid == links.c.oid)
_LINKS: Final = sa.select(links, accounts.c.name).join(accounts, _SAME)
_LINKED: Final = _LINKS.where((links.c.team == sa.bindparam("team")) & (links.c.user == sa.bindparam("user")))
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


class Accounts:
    """Links and token caches. Without keys there are none, and nobody can be linked."""

    def __init__(self, store: Store, token_keys: str) -> None:
        self._store = store
        self._fernet = _fernet(token_keys)

    async def linked(self, team: str, user: str) -> Linked | None:
        """The account that this Slack user is linked to."""
        row = await self._store.row(_LINKED, team=team, user=user)
        return Linked(Account(row.tid, row.oid), row.name) if row else None

    async def link(self, team: str, user: str, signed_in: SignedIn) -> None:
        """Links both, in place of whatever either was linked to, and keeps the tokens."""
        account = signed_in.account
        old = ((links.c.team == team) & (links.c.user == user)) | (
            (links.c.tid == account.tid) & (links.c.oid == account.oid)
        )
        await self._store.change(
            links.delete().where(old),
            accounts.delete().where(_row(account)),
            _DROP_UNLINKED,
            accounts.insert().values(
                tid=account.tid,
                oid=account.oid,
                name=signed_in.name,
                cache=self._encrypt(account, signed_in.cache),
                updated_at=now(),
            ),
            links.insert().values(team=team, user=user, tid=account.tid, oid=account.oid, created_at=now()),
        )

    async def unlink(self, team: str, user: str) -> bool:
        """Deletes a link and its tokens; whether there was one."""
        mine = links.delete().where((links.c.team == team) & (links.c.user == user)).returning(links.c.user)

        def work(connection: sa.Connection) -> bool:
            found = connection.execute(mine).one_or_none()
            connection.execute(_DROP_UNLINKED)
            return found is not None

        return await self._store.write(work)

    async def forget_unused(self, before: datetime) -> int:
        """Deletes the links whose tokens were last renewed before this moment; returns how many."""
        unused = sa.select(accounts.c.oid).where(_SAME & (accounts.c.updated_at < before)).exists()
        old = links.delete().where(unused)

        def work(connection: sa.Connection) -> int:
            found = connection.execute(old).rowcount
            connection.execute(_DROP_UNLINKED)
            return found

        return await self._store.write(work)

    async def links(self) -> list[Link]:
        """Every link, the oldest first."""
        rows = await self._store.rows(_LINKS.order_by(links.c.created_at, links.c.team, links.c.user))
        return [Link(row.team, row.user, Linked(Account(row.tid, row.oid), row.name), row.created_at) for row in rows]

    async def load(self, account: Account) -> str | None:
        """The MSAL cache; None when there is none, or none that these keys open for this very account."""
        row = await self._store.row(sa.select(accounts.c.cache).where(_row(account)))
        return self._decrypt(account, row.cache) if row else None

    async def save(self, account: Account, cache: str) -> None:
        """Replaces the MSAL cache of a known account."""
        blob = self._encrypt(account, cache)
        await self._store.change(accounts.update().where(_row(account)).values(cache=blob, updated_at=now()))

    def _encrypt(self, account: Account, cache: str) -> bytes:
        if self._fernet is None:
            raise ConfigError(["TOKEN_KEYS: required for linking"])
        # Fernet authenticates no context: the row's key goes inside, or a row copied to another person would open.
        return self._fernet.encrypt(json.dumps([account.tid, account.oid, cache]).encode())

    def _decrypt(self, account: Account, blob: bytes) -> str | None:
        if self._fernet is None:
            return None
        try:
            tid, oid, cache = json.loads(self._fernet.decrypt(blob))
        except InvalidToken:
            log.warning("token_cache_unreadable", oid=account.oid)
            return None
        if (tid, oid) != (account.tid, account.oid):
            log.error("token_cache_of_another_account", oid=account.oid)
            return None
        return str(cache)


def _row(account: Account) -> sa.ColumnElement[bool]:
    return (accounts.c.tid == account.tid) & (accounts.c.oid == account.oid)


def _fernet(token_keys: str) -> MultiFernet | None:
    keys = token_keys.replace(",", " ").split()
    return MultiFernet([Fernet(key) for key in keys]) if keys else None
