"""Tells whoever had made a request that somebody else has had it cancelled, where that person is certain in Slack."""

from typing import Final

import structlog

from bot.accounts import Accounts
from bot.cancellation import Cancellation
from bot.errors import BotError, Later, NoDatabase, Refused, ServiceError, SignInNeeded
from bot.graph.tokens import Account
from bot.policy import Identity
from bot.reading import Reader
from bot.resources import Registry, Snapshot
from bot.slack import blocks, text
from bot.slack.directory import Directory
from bot.slack.posting import Alone, Poster
from bot.store import now

log = structlog.get_logger(__name__)

_TITLE: Final = 300  # characters


class Requestors:
    """Finds them by their linked account or, with `by_email`, as the one member with their e-mail address.

    `tenant` is the Entra tenant of whoever makes requests.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        registry: Registry,
        accounts: Accounts,
        directory: Directory,
        poster: Poster,
        tenant: str,
        by_email: bool,
    ) -> None:
        self._reader = reader
        self._registry = registry
        self._accounts = accounts
        self._directory = directory
        self._poster = poster
        self._tenant = tenant
        self._by_email = by_email

    async def tell(self, cancellation: Cancellation) -> bool:
        """Tells them once, by direct message; whether Slack took it. Nobody is told where anything is unclear.

        Raises `Later`.
        """
        try:
            seen = await self._seen(cancellation)
            user = await self._user(cancellation, seen)
        except (Refused, SignInNeeded) as error:
            log.info("requestor_not_told", cancellation=cancellation.id, why=getattr(error, "reason", error.code))
            return False
        except NoDatabase:
            raise
        except BotError as error:
            if isinstance(error, ServiceError) and error.status < 500 and error.status != 429:
                log.warning("requestor_not_told", cancellation=cancellation.id, why=error.service_code or error.code)
                return False
            raise Later(getattr(error, "retry_after", None) or 0.0) from error
        one = Alone(f"{cancellation.id}:requestor", user, "", now())
        return await self._poster.alone(one, text.CANCELLED_YOURS, self._drawn(cancellation, seen.title))

    async def _seen(self, cancellation: Cancellation) -> Snapshot:
        """The request as it is now; raises `Refused` where nobody can read it, and whatever reading raises."""
        actor, target = cancellation.actor, cancellation.target
        resource = self._registry[target.kind]
        look = await self._reader.as_application(resource, target)
        if not look.snapshot and actor.account:
            look = await self._reader.look(resource, target, actor, Identity.DELEGATED)
        if look.snapshot is None:
            raise _unclear("unreadable")
        return look.snapshot

    async def _user(self, cancellation: Cancellation, seen: Snapshot) -> str:
        """The requestor's Slack user; raises `Refused` with the reason where there is none, or none for certain."""
        actor = cancellation.actor
        if not seen.requestor_oid:
            raise _unclear("not_named")
        account = Account(self._tenant.lower(), seen.requestor_oid.lower())
        if account == actor.account:
            raise _unclear("own")
        user = await self._accounts.user_of(actor.team, account) or await self._found(actor.team, seen)
        if user == actor.user:
            raise _unclear("own")
        await self._directory.name(actor.team, user)  # raises for whoever is no full member
        return user

    async def _found(self, team: str, seen: Snapshot) -> str:
        """By their e-mail address, if they have not linked another account."""
        if not self._by_email or not seen.requestor_email:
            raise _unclear("not_linked")
        user = await self._directory.user_of(seen.requestor_email)
        if not user:
            raise _unclear("not_found")
        if await self._accounts.linked(team, user):
            raise _unclear("other_account")
        return user

    def _drawn(self, cancellation: Cancellation, title: str) -> blocks.Blocks:
        target = cancellation.target
        details = blocks.CardDetails(
            self._registry[target.kind].label,
            target.kind,
            target.id,
            title=text.clip(title, _TITLE),
        )
        return blocks.cancelled_yours(details, cancellation)


def _unclear(reason: str) -> Refused:
    return Refused(reason, "It is not certain who has to be told.")
