"""Whoever had made a request is told that somebody else has had it cancelled, if it is certain who that is."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from bot.app import Bot
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB, CAROL, DAVE, GONE, GUEST, STRANGER, Person
from bot.sandbox.slack_records import Message
from bot.sandbox.tenant import Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import POST, READ
from tests.scenarios.play import Play, words

KIND, TYPE = "access-package", "accessPackageAssignmentRequest"
TOLD: Final = "A request of yours is cancelled"
NOBODY: Final = "11111111-0000-4000-8000-000000000009"


@pytest.fixture
async def without_addresses(start: Start) -> AsyncIterator[Bot]:
    """A bot that compares no e-mail addresses."""
    async with start(EMAIL_MATCH="off") as bot:
        yield bot


async def cancelled(tenant: Tenant, play: Play, owner: str, **properties: Any) -> str:
    """Somebody cancels such a request of that owner's, and all of it has ended."""
    target = tenant.graph.add(TYPE, owner=owner, **properties)
    reply = await play.cancel(KIND, target)
    assert "Cancelled" in words(reply.blocks)
    return target


async def told(tenant: Tenant, person: Person, messages: int = 1) -> list[Message]:
    """What a person was told, once there is so much."""
    await tenant.slack.until(lambda: len(tenant.slack.dms(person.slack_id)) >= messages)
    return tenant.slack.dms(person.slack_id)


async def said(caplog: pytest.LogCaptureFixture, word: str) -> str:
    """Everything that the log has said, once it has said this."""
    async with asyncio.timeout(60):
        while word not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.02)
    return caplog.text


def asked(tenant: Tenant, method: str) -> int:
    """How often Slack was asked this."""
    return sum(call.method == method for call in tenant.slack.calls)


def everybody(tenant: Tenant) -> dict[str, int]:
    """Who was told something alone, and how often."""
    return {
        one.slack_id: len(tenant.slack.dms(one.slack_id))
        for one in tenant.slack.people
        if tenant.slack.dms(one.slack_id)
    }


@pytest.mark.usefixtures("bot")
async def test_linked(tenant: Tenant, carol: Play) -> None:
    target = await cancelled(tenant, carol, ALICE.oid)
    [message] = await told(tenant, ALICE)
    shown = words(message.blocks)
    parts = (
        TOLD,
        KIND,
        target,
        "Sales tools",
        f"@{CAROL.slack_id}",
        "Asked for by mistake",
        " UTC",
        "make the request again",
    )
    assert [part for part in parts if part not in shown] == []
    assert shown.index(" by ") < shown.index("with this reason:") < shown.index("Asked for by mistake")
    assert everybody(tenant) == {ALICE.slack_id: 1}
    assert asked(tenant, "users.lookupByEmail") == 0


@pytest.mark.usefixtures("socket_bot")
async def test_by_their_address(tenant: Tenant, carol: Play) -> None:
    await cancelled(tenant, carol, DAVE.oid)
    [message] = await told(tenant, DAVE)
    assert TOLD in words(message.blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_cancelled_as_the_application(tenant: Tenant, carol: Play) -> None:
    await carol.cancel("operation-approval", tenant.graph.add("operationApprovalRequest", owner=BOB.oid))
    [message] = await told(tenant, BOB)
    assert TOLD in words(message.blocks)


@pytest.mark.usefixtures("socket_bot")
async def test_ones_own(tenant: Tenant, alice: Play) -> None:
    """Fails when people are told of themselves, or Microsoft is asked once more for nothing."""
    target = await cancelled(tenant, alice, ALICE.oid)
    posted = max(index for index, call in enumerate(tenant.graph.calls) if call.method == "POST")
    await alice.over()
    assert [call for call in tenant.graph.calls[posted + 1 :] if target in call.path] == []
    assert everybody(tenant) == {}


@pytest.mark.parametrize(
    ("owner", "properties", "why"),
    [
        (GUEST.oid, {}, "guest"),
        (STRANGER.oid, {}, "not_found"),
        (GONE.oid, {}, "not_found"),
        (NOBODY, {}, "not_found"),
        (NOBODY, {"requestor": {"objectId": NOBODY, "displayName": "Nobody"}}, "not_linked"),
        (NOBODY, {"requestor": {"objectId": NOBODY, "email": BOB.email}}, "other_account"),
        (NOBODY, {"requestor": {"email": DAVE.email}}, "not_named"),
    ],
    ids=["guest", "stranger", "deactivated", "unknown", "no address", "address of another account", "no account"],
)
@pytest.mark.usefixtures("socket_bot")
async def test_anything_unclear(
    tenant: Tenant, carol: Play, caplog: pytest.LogCaptureFixture, owner: str, properties: dict[str, Any], why: str
) -> None:
    """Fails when whoever has the address is told, without a look at who that is; the log names no address."""
    await cancelled(tenant, carol, owner, **properties)
    log = await said(caplog, "requestor_not_told")
    assert f"'why': '{why}'" in log
    assert [one.email for one in tenant.slack.people if one.email in log and one != CAROL] == []
    assert everybody(tenant) == {}


@pytest.mark.usefixtures("without_addresses")
async def test_addresses_are_not_asked_for(tenant: Tenant, carol: Play, caplog: pytest.LogCaptureFixture) -> None:
    """Fails when `EMAIL_MATCH=off` does not keep the bot from asking Slack."""
    await cancelled(tenant, carol, DAVE.oid)
    await said(caplog, "'why': 'not_linked'")
    assert asked(tenant, "users.lookupByEmail") == 0
    assert everybody(tenant) == {}


@pytest.mark.usefixtures("socket_bot")
async def test_without_the_scope(tenant: Tenant, carol: Play, caplog: pytest.LogCaptureFixture) -> None:
    """Fails when what Slack refuses for good is asked for again and again."""
    tenant.slack.scopes.discard("users:read.email")
    await cancelled(tenant, carol, DAVE.oid)
    await said(caplog, "'why': 'not_found'")
    assert asked(tenant, "users.lookupByEmail") == 1


@pytest.mark.usefixtures("socket_bot")
async def test_not_cancelled(tenant: Tenant, carol: Play) -> None:
    """Fails when the requestor is told of what was not done."""
    target = tenant.graph.add(TYPE, owner=ALICE.oid, state="delivered")
    assert "Nothing left to cancel" in words((await carol.cancel(KIND, target)).blocks)
    await carol.over()
    later = await cancelled(tenant, carol, ALICE.oid)
    [message] = await told(tenant, ALICE)
    assert later in words(message.blocks)


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("method", ["users.lookupByEmail", "users.info", "conversations.open"])
async def test_slack_is_away(tenant: Tenant, carol: Play, method: str) -> None:
    """Fails when telling is not tried again."""
    target = tenant.graph.add(TYPE, owner=DAVE.oid)
    view = await carol.dialog(f"{KIND} {target}")
    away = Fault(method, status=503, times=2)
    tenant.slack.faults.add(away)
    await carol.submit(view, justification="away")
    [message] = await told(tenant, DAVE)
    assert target in words(message.blocks)
    assert away.times == 0


@pytest.mark.usefixtures("socket_bot")
async def test_microsoft_is_away(tenant: Tenant, carol: Play) -> None:
    """Fails when a read that failed is the last one."""
    target = tenant.graph.add(TYPE, owner=ALICE.oid)
    view = await carol.dialog(f"{KIND} {target}")
    await carol.loaded()
    await carol.submit(view, justification="away")
    await tenant.slack.until(lambda: tenant.graph.effects)
    away = Fault(READ, status=503, times=2)
    tenant.graph.faults.add(away)
    [message] = await told(tenant, ALICE)
    assert away.times == 0
    assert target in words(message.blocks)


async def test_settled_later(start: Start, tenant: Tenant, carol: Play) -> None:
    """Fails when the requestor hears only of what was known at once."""
    async with start(TIME_SCALE="0.001"):
        target = tenant.graph.add(TYPE, owner=ALICE.oid)
        view = await carol.dialog(f"{KIND} {target}")
        await carol.loaded()
        tenant.graph.faults.add(Fault(POST, drop=True, after_effect=True))
        tenant.graph.faults.add(Fault(READ, times=1))
        tenant.graph.faults.add(Fault(READ, status=403, times=2))
        await carol.submit(view, justification="lost")
        assert "Not known" in words((await carol.reply()).blocks)
        [message] = await told(tenant, ALICE)
    assert target in words(message.blocks)
    assert len(tenant.graph.effects) == 1


@pytest.mark.usefixtures("socket_bot")
async def test_shown_as_text(tenant: Tenant, carol: Play) -> None:
    """Fails when what people wrote is mrkdwn, or calls a channel."""
    wild = "<!channel> *bold* <https://evil.example|here> :boom:"
    package = {"id": NOBODY, "displayName": wild, "description": ""}
    target = tenant.graph.add(TYPE, owner=ALICE.oid, accessPackage=package)
    await carol.cancel(KIND, target, why=wild)
    [message] = await told(tenant, ALICE)
    assert words(message.blocks).count(wild) == 2
    assert '"mrkdwn"' not in str(message.blocks).replace("'", '"')
    assert "<!channel>" not in message.text
