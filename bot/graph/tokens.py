"""Access tokens from Entra: the bot's own, and those of people who have signed in.

MSAL blocks, so it runs in a bounded pool of threads; one refresh at a time per account, or rotated refresh
tokens would be lost.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from weakref import WeakValueDictionary

import msal
import structlog

from bot.errors import BotError, SignInNeeded, Unavailable
from bot.graph.msal_app import FAULTS, NO_ANSWER, OUTAGES, SIGN_IN, MsalApps, access_token
from bot.tasks import Tasks

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Account:
    """One person in Entra: tenant and object id."""

    tid: str
    oid: str


class AccountStore(Protocol):
    """Where the MSAL cache of each account is kept."""

    async def load(self, account: Account) -> str | None:
        """The cache; None when there is none that can be read."""

    async def save(self, account: Account, cache: str) -> None:
        """Replaces the cache."""


class Tokens:
    """Gives access tokens; raises `SignInNeeded`, `ConsentNeeded` or `Unavailable`.

    `saved_elsewhere`: the waits, in seconds, until another process has saved what it renewed.
    """

    def __init__(self, apps: MsalApps, accounts: AccountStore, saved_elsewhere: Sequence[float]) -> None:
        self._apps = apps
        self._accounts = accounts
        self._saved_elsewhere = saved_elsewhere
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="msal")
        self._locks: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()
        self._tasks = Tasks(awaited=True)
        self._own = msal.TokenCache()

    async def application(self, audience: str, *, claims: str = "") -> str:
        """A token of the bot itself for that audience; `claims` answers a challenge with a fresh one."""
        scope = f"{audience}/.default"

        def work() -> str:
            app = self._apps.app(self._own)
            found = app.acquire_token_for_client([scope], claims_challenge=claims or None, http_exceptions=OUTAGES)
            return access_token(found, scope)

        async with self._lock("application"):
            return await self._in_thread(work)

    async def delegated(self, account: Account, audience: str, permission: str, *, claims: str = "") -> str:
        """A token of that person with that permission, refreshed silently."""
        task = self._tasks.spawn(self._silent(account, f"{audience}/{permission}", permission, claims))
        # A caller that gives up must not stop a refresh half way: its rotated refresh token would be lost.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Lets running refreshes end and stops the threads."""
        await self._tasks.drain(5)
        await asyncio.to_thread(self._threads.shutdown)

    async def _silent(self, account: Account, scope: str, permission: str, claims: str) -> str:
        async with self._lock(account):
            stored = await self._accounts.load(account)
            if stored is None:
                raise SignInNeeded("There is no usable Microsoft sign-in of yours.")
            while True:
                try:
                    return await self._renewed(account, stored, scope, permission, claims)
                except SignInNeeded:
                    # Another process may have used up this refresh token; then it has left, or will leave, a newer one.
                    newer = await self._newer(account, stored)
                    if newer is None:
                        raise
                    stored = newer

    async def _newer(self, account: Account, stored: str) -> str | None:
        """What another process has saved in place of `stored`; None when none has."""
        for seconds in (0.0, *self._saved_elsewhere):
            await asyncio.sleep(seconds)
            found = await self._accounts.load(account)
            if found != stored:
                return found
        return None

    async def _renewed(self, account: Account, stored: str, scope: str, permission: str, claims: str) -> str:
        cache = msal.SerializableTokenCache()
        found = await self._in_thread(lambda: self._refresh(cache, stored, scope, claims))
        # MSAL also changes a cache when it drops what has expired. Only whoever has redeemed the newest refresh token
        # may save, or an older one would take its place.
        if found.get("token_source") == "identity_provider":
            await self._accounts.save(account, cache.serialize())
        return access_token(found, permission)

    def _refresh(self, cache: msal.SerializableTokenCache, stored: str, scope: str, claims: str) -> dict[str, Any]:
        """MSAL's answer: a token from the cache or from Entra, or Entra's error."""
        cache.deserialize(stored)
        app = self._apps.app(cache)
        known = app.get_accounts()
        # For a B2B guest the cache is keyed by the home tenant, so the one account is taken, not looked up by id.
        if len(known) != 1:
            raise SignInNeeded(SIGN_IN)
        found: dict[str, Any] | None = app.acquire_token_silent_with_error(
            [scope], account=known[0], claims_challenge=claims or None, http_exceptions=OUTAGES
        )
        if not found:
            raise SignInNeeded(SIGN_IN)
        return found

    def _lock(self, key: object) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except BotError:
            raise
        except FAULTS as error:
            log.warning("entra_unusable", error=type(error).__name__)
            raise Unavailable(*NO_ANSWER) from None
