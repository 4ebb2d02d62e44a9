"""A channel learns of new requests by itself: one card for each, and one line for what was pending before."""

from datetime import datetime

from bot.sandbox.people import ALICE, BOB
from bot.sandbox.tenant import AUDIT, CHANNEL, ELSEWHERE, POLICY, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play, buttons, words
from tests.scenarios.watch.scene import APPROVAL, HOUR, PACKAGE, add, carded, cards, ended, polled, summaries, watching


async def test_card_says_who_what_why_since_when_and_until_when(tenant: Tenant, start: Start, alice: Play) -> None:
    async with watching(start):
        target = add(tenant)
        card = await carded(tenant, target)
        facts = words(card.blocks)
        since = datetime.fromisoformat(tenant.graph.get(PACKAGE, target)["createdDateTime"])
        assert "For:  Sales tools" in facts
        assert "Requested by:  Alice Example" in facts
        assert "Their reason:  I join the sales team." in facts
        assert "State:  pendingApproval (as of " in facts
        assert f"Since:  {since:%d %B %Y %H:%M} UTC" in facts
        approval = await carded(tenant, tenant.graph.add(APPROVAL, owner=BOB.oid))
        assert "Until: " in words(approval.blocks)
        assert "Decided by:  Carol Helpdesk" in words(approval.blocks)
        assert [buttons(one) for one in cards(tenant)] == [["cancel_target"]] * 2
        view = await alice.press(card.ts)
        await alice.submit(view, justification=WHY)
        assert "Cancelled" in words((await alice.reply()).blocks)
        assert f"@{ALICE.slack_id}" in await ended(tenant, card)
        await polled(tenant)
        assert len(cards(tenant)) == 2


async def test_first_list(tenant: Tenant, start: Start) -> None:
    """Only what is younger than an hour gets a card. Fails when older ones do, or are told of more than once."""
    young, old = add(tenant, age=HOUR - 600), [add(tenant, age=HOUR + 600 + n) for n in range(37)]
    undated = tenant.graph.add(PACKAGE, owner=ALICE.oid, createdDateTime=None)
    async with watching(start):
        await carded(tenant, young)
        await tenant.slack.until(lambda: summaries(tenant))
        await polled(tenant)
        late = add(tenant, age=2 * HOUR)
        await carded(tenant, late)
    async with watching(start):
        await polled(tenant)
    told = [word for card in cards(tenant) for word in (young, late, undated, *old) if word in words(card.blocks)]
    assert told == [young, late]
    assert summaries(tenant) == [
        "Access package request: 38 were pending before I began to watch, without a card. /cancel-approval lists them."
    ]


async def test_first_list_is_empty(tenant: Tenant, start: Start) -> None:
    """Fails when the first list counts as the first only once something is in it."""
    async with watching(start):
        await polled(tenant)
        await carded(tenant, add(tenant, age=5 * HOUR))
    assert summaries(tenant) == []


async def test_a_long_list_is_read_to_its_end_and_told_in_order(tenant: Tenant, start: Start) -> None:
    """Fails when a page is left out, or when what was seen together is told in any order."""
    tenant.graph.page_size = 3
    targets = [add(tenant, age=600.0 - n) for n in (1, 4, 2, 6, 3, 5, 7, 8)]
    by_age = sorted(targets, key=lambda one: tenant.graph.get(PACKAGE, one)["createdDateTime"])
    async with watching(start):
        await tenant.slack.until(lambda: len(cards(tenant)) == len(targets))
        await polled(tenant)
    assert [next(one for one in targets if one in words(card.blocks)) for card in cards(tenant)] == by_age


async def test_nothing_is_told_twice_by_the_next_process(tenant: Tenant, start: Start) -> None:
    async with watching(start):
        card = await carded(tenant, add(tenant))
        await polled(tenant)
    async with watching(start):
        await polled(tenant)
        assert cards(tenant) == [card]
        assert not card.edited


async def test_off(tenant: Tenant, start: Start) -> None:
    """Fails when POLL_SECONDS = 0 polls."""
    add(tenant)
    async with start("socket", POLL_SECONDS="0"):
        await tenant.slack.until(lambda: tenant.slack.connections)
    assert tenant.graph.calls == []


async def test_no_channel(tenant: Tenant, start: Start) -> None:
    """Fails when lists are polled of which nobody hears."""
    add(tenant)
    async with watching(start, NOTIFY_CHANNEL=""):
        await tenant.slack.until(lambda: tenant.slack.connections)
    assert (tenant.graph.calls, tenant.slack.messages(CHANNEL)) == ([], [])


async def test_each_channel_that_the_policy_names(tenant: Tenant, start: Start) -> None:
    """Fails when a kind goes to one channel alone, or to those of another kind."""
    policy = tenant.directory / "notify.toml"
    tables = [f'[[notify]]\nkinds = ["access-package"]\nchannel = "{one}"\n' for one in (CHANNEL, AUDIT)]
    policy.write_text(POLICY + "\n".join(tables), encoding="utf-8")
    policy.chmod(0o600)
    tenant.slack.add_channel(ELSEWHERE, "elsewhere", members=set())
    async with watching(start, POLICY_FILE=str(policy), NOTIFY_CHANNEL=ELSEWHERE):
        package, approval = add(tenant), tenant.graph.add(APPROVAL, owner=BOB.oid)
        both = [await carded(tenant, package, one) for one in (CHANNEL, AUDIT)]
        await carded(tenant, approval, ELSEWHERE)
        await polled(tenant)
        assert [len(cards(tenant, one)) for one in (CHANNEL, AUDIT, ELSEWHERE)] == [1, 1, 1]
        tenant.graph.decide(PACKAGE, package, "denied")
        for card in both:
            await ended(tenant, card)
