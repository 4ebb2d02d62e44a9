"""What is done by itself: the trail's head is posted each day, and what is kept long enough is deleted."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from pydantic import TypeAdapter

from bot import trail
from bot.accounts import Accounts
from bot.approvals import Approvals
from bot.audit import Audit, Head
from bot.cancellations import Cancellations
from bot.durable import Engine
from bot.errors import NoDatabase
from bot.notices import Notices
from bot.posts import Posts
from bot.sessions import Sessions
from bot.slack import blocks, text
from bot.slack.posting import Place, Poster
from bot.store import Store, now
from bot.timings import Timings
from bot.told import Telling
from bot.wishes import Wishes

log = structlog.get_logger(__name__)

_HEAD: Final = "head"
_WISHES: Final = timedelta(days=1)
_KEPT: Final = timedelta(days=30)
_UNUSED: Final = timedelta(days=90)  # Entra lets refresh tokens die by then, too
_READ: Final[TypeAdapter[Head | None]] = TypeAdapter(Head | None)


class Housekeeper:
    """Works once an hour. Several instances may: each of its works is one that may be done twice."""

    def __init__(
        self,
        *,
        store: Store,
        engine: Engine,
        cancellations: Cancellations,
        accounts: Accounts,
        sessions: Sessions,
        wishes: Wishes,
        approvals: Approvals,
        notices: Notices,
        posts: Posts,
        audit: Audit,
        poster: Poster,
        audit_channel: str | None,
        retention_days: int,
        timings: Timings,
    ) -> None:
        self._store = store
        self._engine = engine
        self._cancellations = cancellations
        self._accounts = accounts
        self._sessions = sessions
        self._wishes = wishes
        self._approvals = approvals
        self._notices = notices
        self._posts = posts
        self._audit = audit
        self._poster = poster
        self._audit_channel = audit_channel
        self._retention = timedelta(days=retention_days)
        self._timings = timings
        self._telling = Telling(engine, timings)
        engine.register(_HEAD, self._post_head)

    async def keep(self) -> None:
        """Runs until it is cancelled."""
        await asyncio.sleep(self._timings.housekeeping_first)
        while True:
            try:
                await self.tidy(now())
                if self._audit_channel and await self._audit.head():
                    day = datetime.now(UTC).date().isoformat()
                    await self._engine.start(_HEAD, f"{_HEAD}-{day}", day)
            except NoDatabase:
                log.warning("housekeeping_put_off")
            except Exception:  # what is not done now is done in an hour
                log.exception("housekeeping_failed")
            await asyncio.sleep(self._timings.housekeeping)

    async def tidy(self, moment: datetime) -> None:
        """Deletes what is older than it need be; of the trail only who and why."""
        before = moment - _KEPT
        await self._engine.forget(before)
        await self._cancellations.forget(before)
        await self._approvals.forget(before)
        await self._notices.forget(before)
        await self._posts.clean(before)
        await self._store.forget_dialogs(before)
        await self._wishes.forget(moment - _WISHES)
        await self._sessions.forget()
        unused = await self._accounts.forget_unused(moment - _UNUSED)
        if unused:
            log.info("links_unused", links=unused)
        erased = await trail.erase(self._store, moment - self._retention)
        if erased:
            log.info("people_erased", rows=erased)

    async def _post_head(self, day: str) -> None:
        """A workflow with the day's name: one post a day, whoever makes it."""
        head = await self._engine.step("head", self._audit.head, _READ)
        if head:
            await self._telling.until_told("head_post", lambda: self._tell_head(day, head))

    async def _tell_head(self, day: str, head: Head) -> bool:
        words = text.head(day, head.seq, head.mac)
        place = Place(f"{_HEAD}:{day}", self._audit_channel or "")
        return bool(await self._poster.put(place, words, blocks.note(words)))
