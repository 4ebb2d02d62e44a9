"""Several at once where much happens at the same moment, something is slow, or somebody is in the way."""

import asyncio
import re
import sqlite3
from contextlib import closing
from itertools import pairwise
from typing import Any

import pytest

from bot.cancellations import Cancellations
from bot.sandbox.browser import Browser
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, CAROL
from bot.sandbox.slack_payloads import block_suggestion
from bot.sandbox.tenant import AUDIT, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import READ
from tests.scenarios.linking.walk import link
from tests.scenarios.play import WHY, Play, words
from tests.scenarios.several import SEVERAL, cancelled, effects, named, opened, over, send
from tests.scenarios.test_denied import denied
from tests.scenarios.test_picker import PACKAGE, _digest
from tests.scenarios.test_second_person import asked_table


@pytest.mark.usefixtures("bot")
async def test_pressed_twice(tenant: Tenant, alice: Play) -> None:
    """At the same moment, and again when all is over: nothing is doubled."""
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(4)]
    view = await opened(alice)
    for name, value in ((SEVERAL, [_digest(PACKAGE, one) for one in ids]), ("justification", WHY)):
        view.enter(name, value)
    acks = await asyncio.gather(*(tenant.slack.send_again(ALICE.slack_id, view) for _ in range(2)))
    assert [ack.status for ack in acks] == [200, 200]
    await over(alice, 4)
    ack = await tenant.slack.send_again(ALICE.slack_id, view)
    assert "These were recorded before" in str(ack.body)
    assert (len(alice.roots()), named(alice.replies()), effects(tenant)) == (1, sorted(ids), sorted(ids))
    assert len(tenant.slack.messages(AUDIT)) == 4
    view.enter("justification", "Another reason")
    ack = await tenant.slack.send_again(ALICE.slack_id, view)
    assert "4 requests of this dialog went on with another reason." in str(ack.body)


@pytest.mark.usefixtures("socket_bot")
async def test_a_slow_database(tenant: Tenant, alice: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some are recorded in time, and the dialog says how many; pressing again records the rest, and those alone.

    Fails when what waits in line at the deadline is recorded all the same, or holds up the second try.
    """
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(8)]
    view = await opened(alice)
    record, tried = Cancellations._record, list[object]()

    def slowly(self: Cancellations, connection: Any, *arguments: Any) -> Any:
        tried.append(arguments)
        connection.connection.driver_connection.create_function("wait", 1, lambda s: __import__("time").sleep(s))
        connection.exec_driver_sql("SELECT wait(0.45)")
        return record(self, connection, *arguments)

    monkeypatch.setattr(Cancellations, "_record", slowly)
    digests = [_digest(PACKAGE, one) for one in ids]
    ack = await send(alice, view, *digests)
    assert ack.seconds < 3
    found = re.match(r"(\d) of 8 are recorded and go on;", view.errors["justification"])
    assert found
    assert 1 <= int(found[1]) <= 5
    await asyncio.sleep(1)
    assert len(tried) <= int(found[1]) + 1
    monkeypatch.setattr(Cancellations, "_record", record)
    await send(alice, view, *digests)
    assert tenant.slack.open_view(ALICE.slack_id) is None
    await over(alice, 8)
    assert (len(alice.roots()), effects(tenant), named(alice.replies())) == (1, sorted(ids), sorted(ids))
    assert await asked_table(tenant, "SELECT count(*) FROM audit_rows WHERE event = 'requested'") == [(8,)]


@pytest.mark.usefixtures("socket_bot")
async def test_a_locked_database(tenant: Tenant, alice: Play) -> None:
    """Nothing can be recorded: the dialog stays open, says so, and what hung is not recorded after all."""
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(3)]
    view = await opened(alice)
    other = sqlite3.connect(tenant.directory / "bot.db", isolation_level=None)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        ack = await send(alice, view, *(_digest(PACKAGE, one) for one in ids))
    assert ack.seconds < 3
    assert "nothing was sent" in view.errors["justification"]
    await send(alice, view, *(_digest(PACKAGE, one) for one in ids))
    await over(alice, 3)
    assert (effects(tenant), alice.private()) == (sorted(ids), [])


@pytest.mark.usefixtures("socket_bot")
async def test_twenty_five_at_once(tenant: Tenant, alice: Play) -> None:
    """One root, although 25 workflows begin at the same moment. Fails without `Roots`' line: some are posted twice.

    It is redrawn at a pace, so far fewer times than there are ends, and the last time shows all.
    """
    ids = tenant.graph.add_many(PACKAGE, 25, owner=ALICE.oid)
    view = await opened(alice)
    tenant.slack.faults.add(Fault("chat.postMessage", delay=0.5))
    await cancelled(alice, view, *(_digest(PACKAGE, one) for one in ids))
    assert "All 25 have ended: 25 cancelled" in words(alice.roots()[0].blocks)
    assert len(alice.roots()) == 1
    assert effects(tenant) == named(alice.replies()) == sorted(ids)
    methods = [call.method for call in tenant.slack.calls]
    assert "chat.delete" not in methods
    assert len(tenant.slack.messages(AUDIT)) == 25


async def test_redraws_keep_their_pace(tenant: Tenant, alice: Play, start: Start) -> None:
    """Twelve end at almost the same moment. Fails when each end is a change of the message: Slack takes 50 a minute."""
    ids = tenant.graph.add_many(PACKAGE, 12, owner=ALICE.oid)
    async with start(TIME_SCALE="0.5"):
        view = await opened(alice)
        await cancelled(alice, view, *(_digest(PACKAGE, one) for one in ids))
        root = alice.roots()[0].ts
    drawn = [call.at for call in tenant.slack.calls if call.method == "chat.update" and call.args["ts"] == root]
    assert len(drawn) <= 6
    assert all(later - earlier > 0.5 for earlier, later in pairwise(drawn))


@pytest.mark.usefixtures("socket_bot")
async def test_slack_takes_few_messages_at_a_time(tenant: Tenant, alice: Play) -> None:
    """What it puts off is told later, once: of thirteen messages in one channel it takes three at once."""
    ids = tenant.graph.add_many(PACKAGE, 12, owner=ALICE.oid)
    view = await opened(alice)
    tenant.slack.pace.on, tenant.slack.pace.per_second = True, 4.0
    await cancelled(alice, view, *(_digest(PACKAGE, one) for one in ids))
    assert tenant.slack.pace.refused > 0
    assert named(alice.replies()) == effects(tenant) == sorted(ids)
    assert (len(alice.roots()), len(tenant.slack.messages(AUDIT))) == (1, 12)


@pytest.mark.usefixtures("socket_bot")
async def test_somebody_deletes_the_root(tenant: Tenant, alice: Play) -> None:
    """Nothing is posted in its place, and everybody hears the end all the same."""
    ids = [tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(3)]
    view = await opened(alice)
    tenant.graph.faults.add(Fault(READ, delay=1.0, times=3))
    await send(alice, view, *(_digest(PACKAGE, one) for one in ids))
    await tenant.slack.until(alice.roots)
    alice.roots()[0].deleted = True
    await tenant.slack.until(lambda: len(tenant.slack.messages(AUDIT)) == 3)
    await alice.over()
    assert (effects(tenant), alice.roots(), alice.replies()) == (sorted(ids), [], [])
    assert sorted(one for one in ids for told in alice.private() if one in told) == sorted(ids)


async def test_whoever_has_to_sign_in_again(
    tenant: Tenant, alice: Play, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it goes on by itself afterwards, under the same root. Fails when a wish forgets its batch."""
    tenant.entra.token_lifetime = 60  # MSAL renews what has less than five minutes left
    monkeypatch.setattr("bot.slack.directory._KEEP", 0.0)
    ids = sorted(tenant.graph.add(PACKAGE, owner=ALICE.oid) for _ in range(3))
    async with start(**tenant.environment(linking=True)) as bot, Browser(tenant.directory / "ca.pem") as browser:
        tenant.front.forward_to(bot.port)
        view = await opened(alice, "several access-package")
        tenant.entra.revoke(ALICE.oid)
        await send(alice, view, *(_digest(PACKAGE, one) for one in ids))
        await over(alice, 3)
        assert "All 3 have ended: 3 not carried out" in words(alice.roots()[0].blocks)
        told = [one for one in alice.private() if "this goes on by itself" in one]
        assert sorted(one for one in ids for words_ in told if one in words_) == ids
        await link(tenant, browser, ALICE)
        await over(alice, 6, "All 3 have ended: 3 cancelled")
    assert (effects(tenant), len(alice.roots())) == (ids, 1)
    assert named(alice.replies()) == sorted(ids * 2)


@pytest.mark.usefixtures("socket_bot")
async def test_whoever_has_signed_out_meanwhile(tenant: Tenant, alice: Play) -> None:
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await opened(alice)
    await alice.command("signout")
    await alice.told()
    await send(alice, view, _digest(PACKAGE, target))
    assert "1 of these cannot be chosen any more" in view.errors[f"{SEVERAL}:"]
    assert "Type /cancel-approval signin." in view.errors[f"{SEVERAL}:"]


@pytest.mark.usefixtures("socket_bot")
async def test_the_dialog_is_its_persons_alone(tenant: Tenant, alice: Play) -> None:
    """Nobody else is offered anything in it, or submits it. Fails without `Dialogs.recorded`."""
    target = tenant.graph.add(PACKAGE, owner=ALICE.oid)
    view = await opened(alice)
    view.enter(SEVERAL, [_digest(PACKAGE, target)])
    view.enter("justification", WHY)
    ack = await tenant.slack.send_again(CAROL.slack_id, view)
    assert "This dialog can no longer be used." in str(ack.body)
    world = tenant.slack._world
    asked = block_suggestion(
        world, world.people[CAROL.slack_id], view, {"action_id": SEVERAL, "block_id": f"{SEVERAL}:", "value": ""}
    )
    assert (await tenant.slack._deliver("interactive", asked, 0)).body == {"options": []}
    assert await denied(tenant, 2) == [(CAROL.slack_id, "", "", "forged_dialog")] * 2
    assert tenant.graph.effects == []
