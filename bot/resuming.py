"""What follows a link: what the person had begun goes on, and they hear that their accounts were linked."""

import time
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from pydantic import TypeAdapter

from bot.accounts import Accounts
from bot.cancel import Canceller
from bot.cancellation import Cancellation
from bot.durable import Engine, unfailing
from bot.errors import BotError, Later, NoDatabase, Refused, Unavailable
from bot.gate import People
from bot.store import now
from bot.timings import Timings
from bot.told import Teller, Telling
from bot.wishes import Wishes

log = structlog.get_logger(__name__)

_LINKED: Final = "linked"
_OUR_FAULT: Final = ("Something on our side failed, so nothing was sent.", "Cancel it again.")
_TEXTS: Final = TypeAdapter(list[str])


class Resuming:
    """A durable workflow for each link: nothing of it is lost when the process ends just now."""

    def __init__(
        self,
        *,
        engine: Engine,
        wishes: Wishes,
        accounts: Accounts,
        people: People,
        canceller: Canceller,
        teller: Teller,
        timings: Timings,
    ) -> None:
        self._engine = engine
        self._wishes = wishes
        self._accounts = accounts
        self._people = people
        self._canceller = canceller
        self._teller = teller
        self._timings = timings
        self._telling = Telling(engine, timings)
        engine.register(_LINKED, self._run)

    async def begin(self) -> None:
        """Records and begins it for every link for which nobody has: whoever died just then left it to the others."""
        for link in await self._accounts.links(unfollowed=True):
            arguments = (link.id, link.team, link.user, link.since.isoformat())
            await self._engine.start(_LINKED, f"{_LINKED}-{link.id}", *arguments)
            await self._accounts.followed(link)

    async def _run(self, link_id: str, team: str, user: str, since: str) -> None:
        waiting = partial(self._waiting, team, user, datetime.fromisoformat(since))
        begun = await self._engine.step("begun", partial(unfailing, waiting), _TEXTS)
        tell = partial(unfailing, partial(self._tell, link_id, team, user, len(begun)))
        # The warning goes first, and holds nothing up.
        told = await self._telling.once("linked_told", tell)
        for one in begun:
            await self._telling.until_told("resumed", partial(unfailing, partial(self._resume, one)))
        if not told:
            await self._telling.until_told("linked_told", tell)

    async def _waiting(self, team: str, user: str, at: datetime) -> list[str]:
        return [wish.cancellation.id for wish in await self._wishes.of(team, user, at)]

    async def _tell(self, link_id: str, team: str, user: str, begun: int) -> bool:
        linked = await self._accounts.linked(team, user)
        return linked is None or await self._teller.linked(link_id, user, linked.name, begun)

    async def _resume(self, wish_id: str) -> bool:
        """Submits it as it was submitted then, and to the same checks; raises `Later`."""
        wish = await self._wishes.get(wish_id)
        if wish is None:
            return True
        try:
            await self._submit(wish.cancellation)
        except NoDatabase:
            raise
        except Unavailable:
            raise Later from None
        except BotError as error:
            await self._teller.not_resumed(wish.cancellation, error)
        except Exception:
            log.exception("not_resumed", cancellation=wish_id)
            await self._teller.not_resumed(wish.cancellation, BotError(*_OUR_FAULT))
        await self._wishes.drop(wish_id)
        return True

    async def _submit(self, wished: Cancellation) -> None:
        try:
            actor = await self._people.again(wished.actor)
        except Refused as error:
            await self._canceller.refuse(wished, error)
            raise
        await self._canceller.submit(replace(wished, actor=actor, at=now()), time.monotonic() + self._timings.record)
