"""Every click is answered within three seconds, and what goes wrong behind it is said: never silence."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE
from bot.sandbox.slack_records import Ack
from bot.sandbox.tenant import CHANNEL, Tenant
from tests.scenarios.play import NOTHING_SENT, WHY, Play, tampered, words
from tests.scenarios.test_slack_cards import posted

OURS = "The bot's own database cannot be used just now, so nothing was sent."


@contextmanager
def _locked(tenant: Tenant) -> Iterator[sqlite3.Connection]:
    """Another process writes to the database and does not finish."""
    other = sqlite3.connect(tenant.directory / "bot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()


def _in_time(ack: Ack) -> bool:
    return ack.status == 200 and not ack.timed_out and ack.seconds < 3


async def _without(tenant: Tenant, table: str) -> None:
    await tampered(tenant, f"ALTER TABLE {table} RENAME TO gone")


@pytest.mark.usefixtures("bot")
async def test_a_submission_while_the_database_is_locked(tenant: Tenant, alice: Play) -> None:
    """Fails when the acknowledgement waits for the database, or when what was said not to be sent is sent later."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    await alice.loaded()
    with _locked(tenant):
        assert _in_time(await tenant.slack.submit(alice.person.slack_id, view.id, {"justification": WHY}))
        assert NOTHING_SENT in view.errors["justification"]
    await alice.submit(view, justification=WHY)
    assert "Cancelled" in words((await alice.reply()).blocks)
    assert len(tenant.graph.effects) == len(alice.roots()) == len(alice.replies()) == 1
    assert alice.private() == []
    with closing(sqlite3.connect(tenant.directory / "bot.db")) as database:
        events = database.execute("SELECT event FROM audit_rows ORDER BY seq").fetchall()
    assert events == [("requested",), ("called",), ("ended",)]


@pytest.mark.usefixtures("socket_bot")
async def test_a_submission_that_fails_late(tenant: Tenant, alice: Play) -> None:
    """The dialog says already that nothing was sent: fails when that is told once more, or untrue."""
    view = await alice.dialog(f"approval-item {tenant.graph.add('approvalItem', owner=ALICE.oid)}")
    await alice.loaded()
    with _locked(tenant) as other:
        assert _in_time(await tenant.slack.submit(alice.person.slack_id, view.id, {"justification": WHY}))
        assert NOTHING_SENT in view.errors["justification"]
        other.execute("DROP TABLE audit_rows")
        other.execute("COMMIT")
    await alice.submit(view, justification=WHY)
    assert OURS in view.errors["justification"]
    assert tenant.graph.effects == []
    assert alice.private() == []


@pytest.mark.usefixtures("bot")
async def test_clicks_while_the_database_is_locked(tenant: Tenant, alice: Play) -> None:
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    card = await posted(tenant, "approval-item", target)
    with _locked(tenant):
        assert _in_time(await alice.command(f"approval-item {target}"))
        assert _in_time(await tenant.slack.click(ALICE.slack_id, CHANNEL, card.ts, "cancel_target"))
    await tenant.slack.until(lambda: tenant.slack.open_view(ALICE.slack_id))


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("method", ["views.open", "response_url", "chat.postMessage"])
async def test_clicks_while_slack_is_slow(tenant: Tenant, alice: Play, method: str) -> None:
    tenant.slack.faults.add(Fault(method, delay=2.5, times=-1))
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    assert _in_time(await alice.command("help"))
    assert _in_time(await alice.command(f"approval-item {target}"))
    view = await tenant.slack.until(lambda: tenant.slack.open_view(ALICE.slack_id))
    assert _in_time(await alice.submit(view, justification=WHY))
    tenant.slack.faults.clear()
    await tenant.slack.until(lambda: tenant.graph.effects)


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("table", ["links", "dialogs", "cards"])
async def test_an_exception_behind_a_click_is_told(tenant: Tenant, alice: Play, table: str) -> None:
    """Fails when only what concerns the person is told."""
    card = await posted(tenant, "approval-item", tenant.graph.add("approvalItem", owner=ALICE.oid))
    await _without(tenant, table)
    assert _in_time(await tenant.slack.click(ALICE.slack_id, CHANNEL, card.ts, "cancel_target"))
    assert OURS in await alice.told()
    assert len(alice.private()) == 1


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("table", ["links", "dialogs", "cancellations", "audit_rows"])
async def test_an_exception_behind_a_submission_is_told(tenant: Tenant, alice: Play, table: str) -> None:
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"approval-item {target}")
    await alice.loaded()
    await _without(tenant, table)
    assert _in_time(await alice.submit(view, justification=WHY))
    assert OURS in view.errors["justification"]
    assert tenant.graph.effects == []
    assert tenant.slack.messages(CHANNEL) == []


@pytest.mark.usefixtures("socket_bot")
async def test_an_exception_behind_the_details_is_told(tenant: Tenant, alice: Play) -> None:
    """Fails when the filling in may end without a word: the dialog says that it is reading for ever."""
    await _without(tenant, "cards")
    target = tenant.graph.add("approvalItem", owner=ALICE.oid, state="completed")
    await alice.dialog(f"approval-item {target}")
    view = await alice.loaded()
    assert "You can still go on: it is read again before the call." in words(view.blocks)
