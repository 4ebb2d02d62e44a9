"""A second person: asked in the thread for exactly one cancellation, while nobody holds its target."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from bot.app import Bot
from bot.cancellation import Actor, Answer, Cancellation
from bot.outcome import Result
from bot.resources import Target
from bot.runs import Begun
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB, CAROL, DAVE, GUEST, STRANGER, TEAM_ID, Person
from bot.sandbox.slack_records import Message
from bot.sandbox.tenant import AUDIT, CHANNEL, PRIVATE, Tenant
from bot.second import unapproved
from bot.slack import directory
from bot.slack.blocks import APPROVE_ACTION, DECLINE_ACTION
from bot.store import now
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import POST
from tests.scenarios.play import WHY, Play, buttons, tampered, words

KIND, TYPE = "operation-approval", "operationApprovalRequest"
ROLE, ROLE_TYPE = "governance-role", "governanceRoleAssignmentRequest"
QUESTION: Final = "A second person has to approve this cancellation"
SOON: Final = "0.002"  # leaves the second person 1.8 s

POLICY: Final = f"""
[[rule]]
effect = "allow"
kinds = ["*"]
actors = ["*"]

[[rule]]
effect = "allow"
kinds = ["{KIND}"]
actors = ["S0HELPDESK"]
own_only = false
identity = "application"
second_person = ["S0LEADS"]

[[rule]]
effect = "allow"
kinds = ["{ROLE}"]
actors = ["S0HELPDESK"]
own_only = false
second_person = ["S0LEADS", "{ALICE.slack_id}"]

[[rule]]
effect = "allow"
kinds = ["{ROLE}"]
actors = ["{BOB.slack_id}"]
own_only = false

[[rule]]
effect = "deny"
kinds = ["{ROLE}"]
actors = ["S0BANNED"]
"""


@pytest.fixture
def policy(tenant: Tenant, tmp_path: Path) -> str:
    """Its file. Carol may have anybody's cancelled, if Bob or Dave, who has not signed in, agrees."""
    tenant.slack.add_usergroup("S0LEADS", {BOB.slack_id, CAROL.slack_id, DAVE.slack_id, GUEST.slack_id})
    tenant.slack.add_usergroup("S0BANNED", {ALICE.slack_id})
    tenant.graph.admins.add(BOB.oid)
    path = tmp_path / "second.toml"
    path.write_text(POLICY, encoding="utf-8")
    path.chmod(0o600)
    return str(path)


@pytest.fixture
async def served(start: Start, policy: str) -> AsyncIterator[Bot]:
    """A bot whose second persons have a minute and a half."""
    async with start(POLICY_FILE=policy, TIME_SCALE="0.1") as started:
        yield started


@pytest.fixture
def bob(tenant: Tenant) -> Play:
    """The second person."""
    return Play(tenant, BOB)


async def ask(play: Play, kind: str, target: str, why: str = WHY) -> Message:
    """Has somebody cancel what needs a second person; the message that asks for one."""
    view = await play.dialog(f"{kind} {target}")
    before = len(questions(play.tenant))
    ack = await play.submit(view, justification=why)
    assert not ack.body, ack.body
    question = await play.tenant.slack.until(lambda: [*questions(play.tenant), None][before])
    # Nobody presses a button faster than that.
    await rows_are(play.tenant, True, f"SELECT 1 FROM posts WHERE ts = '{question.ts}'")  # noqa: S608 - ours
    return question


def questions(tenant: Tenant) -> list[Message]:
    """The messages that ask a second person, and still can be answered."""
    return [one for one in tenant.slack.messages(CHANNEL) if APPROVE_ACTION in buttons(one)]


async def press(tenant: Tenant, person: Person, message: Message, action: str = APPROVE_ACTION, **forged: str) -> None:
    """Presses a button of the question."""
    ack = await tenant.slack.click(person.slack_id, message.channel, message.ts, action, **forged)
    assert ack.status == 200


async def ended(tenant: Tenant, lines: int = 1) -> Message:
    """The line of the audit channel, once it is there."""
    await tenant.slack.until(lambda: len(tenant.slack.messages(AUDIT)) >= lines)
    await Play(tenant, CAROL).over()
    return tenant.slack.messages(AUDIT)[-1]


def said(message: Message) -> str:
    """What it says, in one line."""
    return " ".join(words(message.blocks).split())


async def asked_table(tenant: Tenant, query: str) -> list[tuple[Any, ...]]:
    """Rows of the bot's database."""
    engine = sa.create_engine(f"sqlite:///{tenant.directory}/bot.db")

    def read() -> list[tuple[Any, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    try:
        return await asyncio.to_thread(read)
    finally:
        engine.dispose()


async def rows_are(tenant: Tenant, there: bool, query: str) -> None:
    """Waits until there are such rows, or none any more."""
    while bool(await asked_table(tenant, query)) is not there:  # noqa: ASYNC110 - a database tells nobody
        await asyncio.sleep(0.01)


async def trail(tenant: Tenant) -> list[tuple[Any, ...]]:
    """Event and person of every row of the audit trail."""
    query = "SELECT event, user FROM audit_rows JOIN audit_people USING (seq) ORDER BY seq"
    return await asked_table(tenant, query)


def untouched(tenant: Tenant) -> bool:
    """Whether nothing was cancelled."""
    return not tenant.graph.effects and not [call for call in tenant.graph.calls if call.method == "POST"]


@pytest.mark.usefixtures("served")
async def test_approved(tenant: Tenant, carol: Play) -> None:
    """The call is made once, after the approval, and everybody can read who approved."""
    target = tenant.graph.add(TYPE, owner=ALICE.oid)
    question = await ask(carol, KIND, target)
    told = words(question.blocks)
    assert all(part in told for part in (QUESTION, KIND, target, WHY, f"@{CAROL.slack_id}"))
    assert buttons(question) == [APPROVE_ACTION, DECLINE_ACTION]
    [root] = carol.roots()
    assert question.thread_ts == root.ts
    assert "Waits for a second person's approval" in words(root.blocks)
    assert untouched(tenant)
    await press(tenant, BOB, question)
    line = said(await ended(tenant))
    assert ("Cancelled" in line, f"approved by @{BOB.slack_id}" in line) == (True, True), line
    assert len(tenant.graph.effects) == 1
    shown = next(one for one in carol.replies() if one.ts == question.ts)
    assert f"Approved by @{BOB.slack_id}" in said(shown)
    assert buttons(shown) == []
    assert "Cancelled" in words(carol.roots()[0].blocks)
    assert await trail(tenant) == [
        ("requested", CAROL.slack_id),
        ("asked", CAROL.slack_id),
        ("approved", BOB.slack_id),
        ("called", CAROL.slack_id),
        ("ended", CAROL.slack_id),
    ]


@pytest.mark.usefixtures("served")
async def test_the_call_runs_as_the_first_person(tenant: Tenant, carol: Play) -> None:
    question = await ask(carol, ROLE, tenant.graph.add(ROLE_TYPE, owner=ALICE.oid))
    await press(tenant, BOB, question)
    await ended(tenant)
    assert [effect.oid for effect in tenant.graph.effects] == [CAROL.oid]


@pytest.mark.usefixtures("served")
async def test_own_requests_need_nobody(tenant: Tenant, carol: Play) -> None:
    """By the first rule. At the request nobody knows whose it is: what was read decides."""
    target = tenant.graph.add(ROLE_TYPE, owner=CAROL.oid)
    await carol.cancel(ROLE, target)
    assert questions(tenant) == []
    assert len(tenant.graph.effects) == 1


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("person", [BOB, CAROL], ids=["second", "taken back"])
async def test_declined(tenant: Tenant, carol: Play, person: Person) -> None:
    """By the second person; or by whoever asked, who may take it back."""
    question = await ask(carol, KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
    await press(tenant, person, question, DECLINE_ACTION)
    assert "Not carried out" in said(await ended(tenant))
    assert untouched(tenant)
    shown = next(one for one in carol.replies() if one.ts == question.ts)
    assert f"Declined by @{person.slack_id}" in said(shown)
    assert ("The second person declined it." if person is BOB else "You took it back.") in await carol.told()
    assert ("declined", person.slack_id) in await trail(tenant)


async def test_lapses(tenant: Tenant, carol: Play, start: Start, policy: str) -> None:
    """Fails when the question stays open: somebody could approve next week."""
    async with start(POLICY_FILE=policy, TIME_SCALE=SOON):
        question = await ask(carol, KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
        assert "Not carried out" in said(await ended(tenant))
        shown = next(one for one in carol.replies() if one.ts == question.ts)
        assert "Nobody approved this cancellation in time" in said(shown)
        assert buttons(shown) == []
        assert "nobody approved it in time" in await carol.told()
        assert untouched(tenant)


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("person", "sentence", "reason"),
    [
        (CAROL, "You cannot approve what you asked for yourself", "same_person"),
        (ALICE, "You may not approve this.", "second_no_rule"),
        (GUEST, "This bot works only for full members", "guest"),
        (STRANGER, "This bot works only for full members", "other_team"),
    ],
    ids=["same person", "not named", "guest", "stranger"],
)
async def test_who_may_not(tenant: Tenant, carol: Play, person: Person, sentence: str, reason: str) -> None:
    """Each fails without its check in `Gate.second`, or without looking the person up. Carol is one of the leads."""
    question = await ask(carol, KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
    await press(tenant, person, question)
    assert sentence in await Play(tenant, person).told()
    assert untouched(tenant)
    rows = await asked_table(tenant, "SELECT detail FROM audit_rows WHERE event = 'denied'")
    assert [reason in row[0] for row in rows] == [True]
    await press(tenant, BOB, question)  # it can still be approved
    assert "Cancelled" in said(await ended(tenant))


@pytest.mark.usefixtures("served")
async def test_deny_rule(tenant: Tenant, carol: Play) -> None:
    """Fails when deny rules are not asked about the second person, whom the other rule names."""
    question = await ask(carol, ROLE, tenant.graph.add(ROLE_TYPE, owner=BOB.oid))
    await press(tenant, ALICE, question)
    assert "You may not approve this." in await Play(tenant, ALICE).told()
    assert untouched(tenant)


@pytest.mark.usefixtures("served")
async def test_second_person_without_an_account(tenant: Tenant, carol: Play) -> None:
    """Fails when only Slack users are compared: one person may have two."""
    question = await ask(carol, KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
    await press(tenant, DAVE, question)
    assert "Microsoft account" in await Play(tenant, DAVE).told()
    assert untouched(tenant)


@pytest.mark.usefixtures("served")
async def test_forged_buttons(tenant: Tenant, carol: Play) -> None:
    """A made-up id, and the right id on another message; fails when what a button carries is believed."""
    first = await ask(carol, KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
    second = await ask(carol, KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
    value = _value(second)
    for forged in ("0" * 32, "", "x" * 2000, value):
        await press(tenant, BOB, first, value=forged)
    await Play(tenant, BOB).told_times(4)
    assert all("This button is no longer valid." in told for told in Play(tenant, BOB).private())
    assert untouched(tenant)
    rows = await asked_table(tenant, "SELECT detail FROM audit_rows WHERE event = 'denied'")
    assert ["forged_button" in row[0] for row in rows] == [True] * 4


@pytest.mark.usefixtures("served")
async def test_used_twice(tenant: Tenant, carol: Play) -> None:
    """By two leads at once, and once more afterwards; fails when the row is not answered once."""
    tenant.slack.add_usergroup("S0LEADS", {BOB.slack_id, ALICE.slack_id})
    question = await ask(carol, KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
    value = _value(question)
    await asyncio.gather(*(press(tenant, one, question) for one in (BOB, ALICE, BOB)))
    await ended(tenant)
    assert len(tenant.graph.effects) == 1
    assert [event for event, _ in await trail(tenant)].count("approved") == 1
    told = [*Play(tenant, BOB).private(), *Play(tenant, ALICE).private()]
    assert len(told) == 2
    assert all("This was answered already" in one for one in told)
    assert value


@pytest.mark.usefixtures("served")
async def test_expired(tenant: Tenant, carol: Play) -> None:
    """Fails when only the workflow's timer ends the question: it may sleep late, or on a dead process."""
    question = await ask(carol, KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
    await tampered(tenant, "UPDATE approvals SET until = '2026-01-01 00:00:00.000000'")
    await press(tenant, BOB, question)
    assert "nobody did in time" in await Play(tenant, BOB).told()
    assert untouched(tenant)


@pytest.mark.usefixtures("served")
async def test_another_target_than_was_asked_for(tenant: Tenant, carol: Play) -> None:
    """Fails without the digest: whoever can write the row makes an approval one of something else."""
    target, other = (tenant.graph.add(TYPE, owner=ALICE.oid) for _ in range(2))
    question = await ask(carol, KIND, target)
    await tampered(tenant, f"UPDATE cancellations SET target_id = '{other}'")  # noqa: S608 - ours
    await press(tenant, BOB, question)
    assert "no longer valid" in await Play(tenant, BOB).told()
    assert untouched(tenant)


@pytest.mark.usefixtures("served")
async def test_waiting_holds_no_claim(tenant: Tenant, carol: Play, bob: Play) -> None:
    """Fails when the question keeps the target: somebody who may cancel it alone would wait for 15 minutes."""
    target = tenant.graph.add(ROLE_TYPE, owner=ALICE.oid)
    question = await ask(carol, ROLE, target)
    view = await bob.dialog(f"{ROLE} {target}")
    await bob.submit(view, justification="At once")
    await tenant.slack.until(lambda: len(tenant.slack.messages(AUDIT)) == 1)
    assert len(tenant.graph.effects) == 1
    await rows_are(tenant, False, "SELECT 1 FROM claims")
    await press(tenant, BOB, question)
    assert "Nothing left to cancel" in said(await ended(tenant, 2))
    assert len(tenant.graph.effects) == 1


@pytest.mark.usefixtures("served")
async def test_who_joined_goes_on(tenant: Tenant, carol: Play, bob: Play) -> None:
    """Bob submits while Carol's is still being read. Fails when asking leaves those who had joined behind."""
    target = tenant.graph.add(ROLE_TYPE, owner=ALICE.oid)
    views = [await carol.dialog(), await bob.dialog()]
    tenant.graph.faults.add(Fault(r"GET ", delay=1.0))
    for play, view in zip((carol, bob), views, strict=True):
        await play.submit(view, kind=ROLE, id=target, justification=WHY)
    await tenant.slack.until(lambda: len(tenant.slack.messages(AUDIT)) == 1)
    assert [effect.oid for effect in tenant.graph.effects] == [BOB.oid]
    assert ("joined", BOB.slack_id) in await trail(tenant)
    [question] = questions(tenant)
    await press(tenant, BOB, question, DECLINE_ACTION)
    await ended(tenant, 2)


@pytest.mark.usefixtures("served")
async def test_approved_while_another_one_runs(tenant: Tenant, carol: Play, bob: Play) -> None:
    """It joins that one, and its person hears how it ended; fails when an approval takes the target from others."""
    target = tenant.graph.add(ROLE_TYPE, owner=ALICE.oid)
    question = await ask(carol, ROLE, target)
    view = await bob.dialog(f"{ROLE} {target}")
    await bob.loaded()
    tenant.graph.faults.add(Fault(POST, delay=1.5))
    await bob.submit(view, justification="At once")
    await tenant.slack.until(lambda: [call for call in tenant.graph.calls if call.method == "POST"])
    await press(tenant, BOB, question)
    await ended(tenant)
    assert len(tenant.graph.effects) == 1
    assert "Cancelled" in await carol.told()
    assert all("Cancelled" in said(root) for root in carol.roots())
    shown = next(one for one in carol.replies() if one.ts == question.ts)
    assert buttons(shown) == []


@pytest.mark.usefixtures("served")
async def test_right_before_the_call(tenant: Tenant, carol: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bob leaves the group while the call waits for Microsoft. Fails without the step `assured`."""
    monkeypatch.setattr(directory, "_KEEP", 0.0)
    tenant.graph.faults.add(Fault(POST, status=429, headers={"Retry-After": "3"}))
    question = await ask(carol, KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
    await press(tenant, BOB, question)
    await tenant.slack.until(lambda: [call for call in tenant.graph.calls if call.method == "POST"])
    tenant.slack.add_usergroup("S0LEADS", {DAVE.slack_id})
    assert "Not carried out" in said(await ended(tenant))
    assert tenant.graph.effects == []


@pytest.mark.usefixtures("served")
async def test_where_nobody_can_be_asked(tenant: Tenant) -> None:
    """The bot is not in that channel; fails when the cancellation waits for an answer that nobody can give."""
    play = Play(tenant, CAROL, PRIVATE)
    view = await play.dialog(f"{KIND} {tenant.graph.add(TYPE, owner=ALICE.oid)}")
    await play.submit(view, justification=WHY)
    assert "I cannot ask for it here" in await play.told()
    assert "Not carried out" in said(await ended(tenant))
    assert untouched(tenant)


@pytest.mark.usefixtures("served")
async def test_slack_is_away_when_it_was_answered(tenant: Tenant, carol: Play) -> None:
    """Fails when the question is changed only once: its buttons would stand there for ever."""
    question = await ask(carol, KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
    tenant.slack.faults.add(Fault("chat.update", status=503, times=2))
    await press(tenant, BOB, question)
    await ended(tenant)
    assert len(tenant.graph.effects) == 1
    shown = next(one for one in carol.replies() if one.ts == question.ts)
    assert buttons(shown) == []
    assert f"Approved by @{BOB.slack_id}" in said(shown)


async def test_who_waited_has_failed() -> None:
    """Nobody holds the target any more. Fails when the next workflow goes on as if it did."""
    first = Cancellation("c" * 32, Actor(TEAM_ID, CAROL.slack_id, CHANNEL), Target(KIND, "id"), WHY, now())
    left = unapproved(Begun(current=True, asked=True), first)
    assert left
    assert left.result is Result.FAILED
    assert unapproved(Begun(current=True), first) is None
    assert unapproved(Begun(current=True, asked=True, answer=Answer.APPROVED), first) is None


def _value(message: Message) -> str:
    [actions] = [block for block in message.blocks if block["type"] == "actions"]
    return str(actions["elements"][0]["value"])
