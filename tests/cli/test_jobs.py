"""`jobs`: what an operator sees of cancellations, and does for one that has stopped."""

import sqlite3

from bot.sandbox.people import ALICE
from bot.sandbox.tenant import AUDIT
from tests.cli.conftest import Command
from tests.faults.served import Served


async def cancelled(served: Served) -> str:
    """The id of a cancellation that has ended."""
    view, values = await served.dialog()
    await served.press(view, values)
    await served.tenant.slack.until(lambda: served.tenant.slack.messages(AUDIT), 20)
    await served.alice.over()
    return str(view.private_metadata)


def stop(served: Served, one: str) -> None:
    """Leaves the database as it is after the last of its workflows has failed by a fault of ours."""
    with sqlite3.connect(served.tenant.directory / "bot.db", timeout=20) as database:
        database.execute("UPDATE cancellations SET ended_at = NULL, run = 19 WHERE id = ?", (one,))
        database.execute("DELETE FROM operation_outputs WHERE workflow_uuid = ?", (one,))
        last = "UPDATE workflow_status SET workflow_uuid = ? || '.19', status = 'ERROR' WHERE workflow_uuid = ?"
        database.execute(last, (one, one))
    database.close()


async def test_listed_and_shown(served: Served, command: Command) -> None:
    assert (await command("jobs", "list", **served.environment)).out == "None is open.\n"
    one = await cancelled(served)
    listed = await command("jobs", "list", "--ended", **served.environment)
    assert listed.out.startswith(f"{one}  done  approval-item ")
    assert f"by {ALICE.slack_id}" in listed.out
    shown = await command("jobs", "show", one, **served.environment)
    lines = [line.strip() for line in shown.out.splitlines()]
    assert lines[lines.index("steps:") + 1 :][:4] == ["1 begin", "2 thread", "3 look", "4 call"]
    assert [line.split()[2] for line in lines[lines.index("audit trail:") + 1 :]] == ["requested", "called", "ended"]
    assert "Asked for by mistake" not in shown.out


async def test_stopped_one_begins_again(served: Served, command: Command) -> None:
    """What is done is not done again. Fails when a new workflow does not take up what the rows tell."""
    one = await cancelled(served)
    stop(served, one)
    assert f"{one}  stopped  " in (await command("jobs", "list", **served.environment)).out
    begun = await command("jobs", "retry", one, **served.environment)
    assert (begun.code, f"{one}.20 begins within seconds" in begun.out) == (0, True)
    await served.alice.over()
    assert len(served.tenant.graph.effects) == len(served.alice.replies()) == len(served.alice.roots()) == 1
    assert len(served.tenant.slack.messages(AUDIT)) == 1


async def test_what_cannot_be_begun_again(served: Served, command: Command) -> None:
    one = await cancelled(served)
    refused = await command("jobs", "retry", one, **served.environment)
    assert (refused.code, "Only a stopped one begins again; it is: done." in refused.err) == (1, True)
    unknown = await command("jobs", "show", "nobody's", **served.environment)
    assert (unknown.code, "There is no cancellation nobody's." in unknown.err) == (2, True)


async def test_second_process_on_one_file(served: Served, command: Command) -> None:
    """Fails without the lock: both would do what the other is just doing."""
    second = await command("serve", **served.environment)
    assert second.code == 2
    assert "another bot is serving with" in second.err
    assert "use PostgreSQL for several at once" in second.err
