"""What follows a link: what the person had begun goes on, and they hear that their accounts were linked."""

import time
from dataclasses import replace
from functools import partial
from typing import Final

from pydantic import TypeAdapter

from bot.accounts import Accounts
from bot.cancel import Canceller
from bot.durable import Engine, patiently
from bot.errors import BotError, Later, NoDatabase, Unavailable
from bot.gate import People
from bot.store import now
from bot.timings import Timings
from bot.told import Teller, Telling
from bot.wishes import LIFETIME, Wishes

_LINKED: Final = "linked"
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

    async def begin(self, team: str = "", user: str = "") -> None:
        """Records and begins it for that person's link or, without one, for every link made a short while ago.

        Nothing happens for a link for which it was begun before: whoever died between the two left it to the others.
        """
        for link in await self._accounts.links(now() - LIFETIME):
            if user in ("", link.user) and team in ("", link.team):
                await self._engine.start(_LINKED, f"{_LINKED}-{link.id}", link.id, link.team, link.user)

    async def _run(self, link_id: str, team: str, user: str) -> None:
        begun = await self._engine.step("begun", partial(self._begun, team, user), _TEXTS)
        for one in begun:
            await self._telling.until_told("resumed", partial(self._resume, one))
        linked = await patiently(partial(self._accounts.linked, team, user))
        if linked:
            tell = partial(self._teller.linked, link_id, user, linked.name, len(begun))
            await self._telling.until_told("linked_told", tell)

    async def _begun(self, team: str, user: str) -> list[str]:
        return [wish.cancellation.id for wish in await self._wishes.of(team, user)]

    async def _resume(self, wish_id: str) -> bool:
        """Submits it as it was submitted then, and to the same checks; raises `Later`."""
        wish = await self._wishes.get(wish_id)
        if wish is None:
            return True
        try:
            actor = await self._people.again(wish.cancellation.actor)
            submitted = replace(wish.cancellation, actor=actor, at=now())
            await self._canceller.submit(submitted, time.monotonic() + self._timings.record)
        except NoDatabase:
            raise
        except Unavailable:
            raise Later from None
        except BotError as error:
            await self._teller.not_resumed(wish.cancellation, error)
        await self._wishes.drop(wish_id)
        return True
