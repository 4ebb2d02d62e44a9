"""What a channel sees of pending requests, and what the watch asks for."""

import asyncio
import re
import sqlite3
from contextlib import AbstractAsyncContextManager, closing
from typing import Final

from bot.app import Bot
from bot.sandbox.graph_types import Call
from bot.sandbox.people import ALICE
from bot.sandbox.slack_records import ApiCall, Message
from bot.sandbox.tenant import CHANNEL, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import buttons, words

PACKAGE: Final = "accessPackageAssignmentRequest"
APPROVAL: Final = "operationApprovalRequest"
HOUR: Final = 3600.0
_PACKAGES: Final = re.compile(r"/assignmentRequests$")


def watching(start: Start, **changes: str) -> AbstractAsyncContextManager[Bot]:
    """A bot that polls twenty times a second."""
    return start("socket", **{"POLL_SECONDS": "5"} | changes)


def cards(tenant: Tenant, channel: str = CHANNEL) -> list[Message]:
    """The notifications in the channel, in order."""
    return [one for one in tenant.slack.messages(channel) if "Id: " in words(one.blocks)]


def summaries(tenant: Tenant, channel: str = CHANNEL) -> list[str]:
    """The lines about what was pending before."""
    return [words(one.blocks) for one in tenant.slack.messages(channel) if "before I began" in words(one.blocks)]


async def carded(tenant: Tenant, target: str, channel: str = CHANNEL) -> Message:
    """The card of that request, once it is there and the bot knows that it is."""
    card = await tenant.slack.until(
        lambda: next((one for one in cards(tenant, channel) if target in words(one.blocks)), None)
    )

    def recorded() -> bool:
        with closing(sqlite3.connect(tenant.directory / "bot.db")) as database:
            return database.execute("SELECT 1 FROM cards WHERE ts = ?", (card.ts,)).fetchone() is not None

    await tenant.slack.until(recorded)
    return card


async def ended(tenant: Tenant, card: Message) -> str:
    """What the card says once it has no button."""
    await tenant.slack.until(lambda: not buttons(card))
    return words(card.blocks)


def polls(tenant: Tenant) -> list[Call]:
    """The answered readings of the list of access packages, by their first page."""
    lists = [one for one in tenant.graph.calls if _PACKAGES.search(one.path) and one.status]
    return [one for one in lists if "$skiptoken" not in one.query]


async def polled(tenant: Tenant, times: int = 3) -> None:
    """Waits until the list was read so often after now, and what it told was written down."""
    before = len(polls(tenant))
    await tenant.slack.until(lambda: len(polls(tenant)) >= before + times)
    await asyncio.sleep(0.3)


def add(tenant: Tenant, *, age: float = 0.0) -> str:
    """A pending request for an access package."""
    return tenant.graph.add(PACKAGE, owner=ALICE.oid, age=age)


def called(tenant: Tenant, method: str) -> list[ApiCall]:
    """The calls of that method of Slack's."""
    return [call for call in tenant.slack.calls if call.method == method]
