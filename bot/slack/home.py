"""The App Home: as whom one acts, what one can cancel, and what became of one's last cancellations."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
import structlog
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.cancellation import Actor
from bot.errors import Refused
from bot.history import History
from bot.pending import Choices, Pending
from bot.slack import list_text, text
from bot.slack.api import FAULTS, error_of
from bot.slack.dialog import sentence
from bot.slack.directory import Directory
from bot.slack.home_view import Drawing
from bot.slack.inbox import Click
from bot.store import Store, now
from bot.tables import homes
from bot.tasks import Tasks

log = structlog.get_logger(__name__)

EVENT: Final = "app_home_opened"

_KNOWN: Final = sa.select(homes).where((homes.c.team == sa.bindparam("team")) & (homes.c.user == sa.bindparam("user")))
_SOON: Final = 2.0  # seconds that somebody may look at an empty Home, or an old one


class Home:
    """Draws the Homes of those who have opened theirs, one at a time for each person: the newest wins.

    `seconds` limits a call with all waiting that Slack asks for.
    """

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        team: str,
        store: Store,
        directory: Directory,
        pending: Pending,
        history: History,
        drawing: Drawing,
        seconds: float,
    ) -> None:
        self._client = client
        self._team = team
        self._store = store
        self._directory = directory
        self._pending = pending
        self._history = history
        self._drawing = drawing
        self._seconds = seconds
        self._tasks = Tasks()
        self._due: dict[str, bool] = {}
        self._busy: set[str] = set()

    async def __call__(self, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Bolt's listener for the event, which Slack may send more than once."""
        click = Click.of_event(body)
        if event.get("tab") == "home" and click.team == self._team:
            self._draw_soon(click.user, opened=True)

    def refresh(self, user: str) -> None:
        """Draws it anew, some time, if this person has ever opened it."""
        self._draw_soon(user, opened=False)

    async def close(self) -> None:
        """Leaves what is being drawn."""
        await self._tasks.drain(0)

    def _draw_soon(self, user: str, *, opened: bool) -> None:
        self._due[user] = opened or self._due.get(user, False)
        if user not in self._busy:
            self._busy.add(user)
            self._tasks.spawn(self._draw_newest(user))

    async def _draw_newest(self, user: str) -> None:
        try:
            while user in self._due:
                await self._draw(user, opened=self._due.pop(user))
        finally:
            self._busy.discard(user)

    async def _draw(self, user: str, *, opened: bool) -> None:
        try:
            if await self._known(user, opened=opened):
                await self._show(await self._directory.actor(self._team, user, ""))
        except Refused as error:
            log.info("home_declined", reason=error.reason, user=user)
            await self._publish(user, [sentence(text.of_error(error))])
        except Exception:
            log.exception("home_not_drawn")
            if opened:
                await self._publish(user, [sentence(list_text.HOME_UNREAD)])

    async def _known(self, user: str, *, opened: bool) -> bool:
        """Whether they have opened it; remembered from the first time on."""
        person = {"team": self._team, "user": user}
        if await self._store.row(_KNOWN, **person):
            return True
        if opened:
            await self._store.change(self._store.insert(homes).values(person).on_conflict_do_nothing())
        return opened

    async def _show(self, actor: Actor) -> None:
        """What can be cancelled follows where Microsoft takes long to tell it."""
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._pending.of(actor, fresh=True))
            await asyncio.wait({reading}, timeout=_SOON)
            if not reading.done():
                await self._publish(actor.user, await self._drawn(actor, None))
        await self._publish(actor.user, await self._drawn(actor, reading.result()))

    async def _drawn(self, actor: Actor, choices: Choices | None) -> list[Block]:
        return self._drawing.of(actor, choices, await self._history.of(actor.team, actor.user), now())

    async def _publish(self, user: str, blocks: Sequence[Block]) -> None:
        view = View(type="home", blocks=[*blocks]).to_dict()
        try:
            async with asyncio.timeout(self._seconds):
                await self._client.views_publish(user_id=user, view=view)
        except FAULTS as error:
            log.warning("home_not_published", error=error_of(error))
