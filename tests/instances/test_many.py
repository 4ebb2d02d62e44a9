"""Two instances on PostgreSQL and 300 cancellations, while everything around them fails: each is carried out once.

Each of these fails without the liveness rows (nobody goes on with what a dead process had begun) and without the row
`called` (whoever goes on calls again what was called already).
"""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.audit import Event
from bot.cli.migrate import run as migrate
from bot.cli.seed import link
from bot.configuration import load_configuration
from bot.sandbox.people import ALICE
from bot.sandbox.slack_records import Message
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import AUDIT, CHANNEL, CONSENTS, REDIRECT_URI, Tenant
from bot.services import open_services
from bot.store import Store, now
from bot.tables import audit_rows, cancellations, claims
from bot.trail import verify
from tests.instances.fleet import Fleet
from tests.postgres import Postgres

MANY, AT_ONCE = 300, 6
KEY = "the audit key of the fleet, long enough"
Trouble = Callable[[Fleet, Postgres], Coroutine[None, None, None]]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="pg") as directory:
        server = Postgres(Path(directory))
        try:
            server.wait()
            yield server
        finally:
            server.stop()


@pytest.fixture
async def fleet(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    async with Tenant(tmp_path) as tenant:
        environment = tenant.environment(http=True) | {
            "AUDIT_KEY": KEY,
            "DATABASE_URL": postgres.create(),
            "LOG_LEVEL": "INFO",
            "TIME_SCALE": "0.1",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        await migrate(object())  # type: ignore[arg-type]  # it takes no options
        configuration = load_configuration()
        async with open_services(configuration) as services:
            await link(configuration, services, CONSENTS, REDIRECT_URI)
        async with Fleet(tenant, environment) as started:
            yield started


async def kills(fleet: Fleet, _postgres: Postgres) -> None:
    for turn in range(1000):
        member = fleet.members[turn % len(fleet.members)]
        await asyncio.sleep(5)
        member.signal(signal.SIGKILL)
        await fleet.until_ready(member)


async def freezes(fleet: Fleet, _postgres: Postgres) -> None:
    for turn in range(1000):
        member = fleet.members[turn % len(fleet.members)]
        await asyncio.sleep(2)
        member.frozen = True
        member.signal(signal.SIGSTOP)
        await asyncio.sleep(4)  # twice as long as it takes to be presumed dead
        member.signal(signal.SIGCONT)
        member.frozen = False
        await asyncio.sleep(1)
        await fleet.until_ready(member)


async def restarts(_fleet: Fleet, postgres: Postgres) -> None:
    for _ in range(3):
        await asyncio.sleep(3)
        await asyncio.to_thread(postgres.restart, 2)


@pytest.mark.parametrize("trouble", [kills, freezes, restarts])
async def test_each_once(fleet: Fleet, postgres: Postgres, trouble: Trouble) -> None:
    fleet.tenant.graph.variant["approvalItem"] = "204"
    targets = [fleet.tenant.graph.add("approvalItem", owner=ALICE.oid) for _ in range(MANY)]
    await fleet.choose()
    views = [await _dialog(fleet, target) for target in targets]
    troubling = asyncio.create_task(trouble(fleet, postgres))
    try:
        waiting = iter(views)
        await asyncio.gather(*(_press_all(fleet, waiting) for _ in range(AT_ONCE)))
        await _all_told()
    finally:
        troubling.cancel()
        await asyncio.gather(troubling, return_exceptions=True)
    await _each_has_one_story(fleet, targets)


async def _dialog(fleet: Fleet, target: str) -> View:
    """A dialog, filled in and kept aside: people have at most three open."""
    slack = fleet.tenant.slack
    await slack.command(ALICE.slack_id, CHANNEL, "approval-item")
    view = await slack.until(lambda: slack.open_view(ALICE.slack_id))
    view.enter_all({"kind": "approval-item", "id": target, "justification": "One of many"})
    await slack.close(ALICE.slack_id, view.id)
    return view


async def _press_all(fleet: Fleet, views: Iterator[View]) -> None:
    for view in views:
        await _press(fleet, view)


async def _press(fleet: Fleet, view: View) -> None:
    """Presses until the dialog says that it is done, as a person would who reads "try again"."""
    async with asyncio.timeout(300):
        while True:
            await fleet.choose()
            ack = await fleet.tenant.slack.send_again(ALICE.slack_id, view)
            body = ack.body if isinstance(ack.body, dict) else {}
            if ack.status == 200 and body.get("response_action") != "errors":
                assert not body or "already being cancelled" in str(body) or "sent before" in str(body), body
                return
            await asyncio.sleep(0.2)


async def _all_told() -> None:
    store = Store(_url())
    try:
        async with asyncio.timeout(300):
            while await _open(store):  # noqa: ASYNC110  # other processes set no event
                await asyncio.sleep(0.5)
    finally:
        await store.close()


async def _open(store: Store) -> int:
    """How many are not over, or -1 while the database is away."""
    with contextlib.suppress(Exception):
        return len(await store.rows(sa.select(cancellations.c.id).where(cancellations.c.ended_at.is_(None))))
    return -1


async def _each_has_one_story(fleet: Fleet, targets: list[str]) -> None:
    assert await _results() == {"cancelled": MANY}
    effects = Counter(effect.id for effect in fleet.tenant.graph.effects)
    assert (len(effects), set(effects.values())) == (MANY, {1})
    shown = fleet.tenant.slack.messages(CHANNEL)
    roots = [one for one in shown if one.thread_ts in (None, one.ts)]
    replies = Counter(one.thread_ts for one in shown if one.thread_ts and one.thread_ts != one.ts)
    assert (len(roots), len(replies), set(replies.values())) == (MANY, MANY, {1})
    lines = Counter(_post(one) for one in fleet.tenant.slack.messages(AUDIT))
    assert [post for post, times in lines.items() if times > 1] == []
    assert len([post for post in lines if post.endswith(f":{Event.ENDED}")]) == MANY  # the day's head may be there too
    store = Store(_url())
    try:
        rows = await store.rows(sa.select(audit_rows.c.target_id, audit_rows.c.event))
        held = len(await store.rows(sa.select(claims.c.key)))
        verdict = await verify(store, KEY.encode(), None, now() - timedelta(days=400))
    finally:
        await store.close()
    told = Counter((row.target_id, row.event) for row in rows)
    assert held == 0
    for target in targets:
        assert (told[target, Event.REQUESTED], told[target, Event.ENDED]) == (1, 1)
        assert told[target, Event.CALLED] >= 1
    assert (verdict.problems, verdict.rows) == (0, len(rows))


def _post(message: Message) -> str:
    """The bot's id of what it has posted."""
    assert message.metadata
    return str(message.metadata["event_payload"]["id"])


async def _results() -> dict[str, int]:
    """How many ended how; other ends than cancelled with their reason, for whoever reads a failure."""
    store = Store(_url())
    try:
        ended = await store.rows(sa.select(audit_rows.c.detail).where(audit_rows.c.event == Event.ENDED))
        details = [row.detail for row in ended]
    finally:
        await store.close()
    return dict(Counter("cancelled" if one["result"] == "cancelled" else str(one) for one in details))


def _url() -> str:
    return os.environ["DATABASE_URL"]
