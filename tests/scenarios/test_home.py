"""The App Home: as whom one acts, what one can cancel, what became of one's last cancellations; and kept fresh."""

import asyncio
import time
from typing import Final

import pytest

from bot.sandbox.browser import Browser
from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB, DAVE, GUEST, STRANGER, Person
from bot.sandbox.tenant import Tenant
from bot.slack.listing import LISTED_ACTION
from tests.scenarios.conftest import Start
from tests.scenarios.graph.cases import POST, READ
from tests.scenarios.linking import walk
from tests.scenarios.play import Play, tampered, words

KIND, TYPE = "access-package", "accessPackageAssignmentRequest"
LIST: Final = r"GET .*/assignmentRequests(/filterByCurrentUser.*)?$"
PENDING, PAST = "What you can cancel", "Your last cancellations"


def shown(tenant: Tenant, person: Person) -> str:
    """What their Home says, in one line; empty before anything was published."""
    view = tenant.slack.home(person.slack_id)
    return " ".join(words(view.blocks).split()) if view else ""


def above(tenant: Tenant, person: Person) -> str:
    """Their account, and what they can cancel."""
    return shown(tenant, person).partition(PAST)[0]


def below(tenant: Tenant, person: Person) -> str:
    """Their last cancellations."""
    return shown(tenant, person).partition(PAST)[2]


def offered(tenant: Tenant, person: Person) -> list[str]:
    """What the buttons of their Home carry."""
    view = tenant.slack.home(person.slack_id)
    accessories = [block["accessory"] for block in view.blocks if "accessory" in block] if view else []
    return [one["value"] for one in accessories if one["action_id"] == LISTED_ACTION]


def published(tenant: Tenant) -> int:
    """How often a Home was published."""
    return sum(call.method == "views.publish" and not call.error for call in tenant.slack.calls)


async def opened(tenant: Tenant, person: Person, until: str = PAST) -> str:
    """What their Home says, once they have opened it and it says this."""
    await tenant.slack.open_home(person.slack_id)
    await tenant.slack.until(lambda: until in shown(tenant, person))
    return shown(tenant, person)


@pytest.mark.usefixtures("bot")
async def test_opened(tenant: Tenant) -> None:
    target = tenant.graph.add(TYPE, owner=ALICE.oid)
    others = tenant.graph.add(TYPE, owner=BOB.oid)
    said = await opened(tenant, ALICE)
    assert f"You act at Microsoft as {ALICE.email}" in said
    assert (target in above(tenant, ALICE), others in said) == (True, False)
    assert "Sales tools" in said
    assert len(offered(tenant, ALICE)) == 1
    assert "You have cancelled nothing" in below(tenant, ALICE)
    assert "As of " in said
    view = tenant.slack.home(ALICE.slack_id)
    assert view
    assert "mrkdwn" not in str(view.blocks)


@pytest.mark.usefixtures("bot")
async def test_cancelled_from_there(tenant: Tenant, alice: Play) -> None:
    """Fails when a cancellation's end does not draw the Home anew."""
    target = tenant.graph.add(TYPE, owner=ALICE.oid)
    await opened(tenant, ALICE)
    await tenant.slack.click_home(ALICE.slack_id, LISTED_ACTION)
    view = await alice.loaded()
    await alice.submit(view, justification="Not needed")
    await tenant.slack.until(lambda: "Cancelled, " in below(tenant, ALICE))
    assert f"{KIND} {target}" in below(tenant, ALICE)
    assert target not in above(tenant, ALICE)
    assert "I see nothing now that you may cancel" in above(tenant, ALICE)


async def test_a_second_person_cannot_be_asked_from_there(start: Start, tenant: Tenant, alice: Play) -> None:
    """Fails when that is told only when the reason is written and sent."""
    rule = '[[rule]]\neffect = "allow"\nkinds = ["*"]\nactors = ["*"]\nsecond_person = ["*"]\n'
    path = tenant.directory / "second.toml"
    path.write_text(rule, encoding="utf-8")
    path.chmod(0o600)
    async with start(POLICY_FILE=str(path)):
        target = tenant.graph.add(TYPE, owner=ALICE.oid)
        await opened(tenant, ALICE, target)
        await tenant.slack.click_home(ALICE.slack_id, LISTED_ACTION)
        view = await alice.view_saying("second person's approval, for which I ask in a channel")
        assert "submit" not in view.definition
        await tenant.slack.close(ALICE.slack_id, view.id)
        shown = await alice.dialog(f"{KIND} {target}")
        assert "submit" in shown.definition


async def test_what_the_list_does_not_know_yet(start: Start, tenant: Tenant, alice: Play) -> None:
    """Fails when the Home offers what was just cancelled, because a list of ten seconds ago has it."""
    async with start(TIME_SCALE="1"):
        target = tenant.graph.add(TYPE, owner=ALICE.oid)
        await opened(tenant, ALICE, target)
        await alice.cancel(KIND, target)
        await tenant.slack.until(lambda: "Cancelled, " in below(tenant, ALICE))
        assert target not in above(tenant, ALICE)


@pytest.mark.usefixtures("socket_bot")
async def test_refused(tenant: Tenant) -> None:
    bob = Play(tenant, BOB)
    target = tenant.graph.add(TYPE, owner=ALICE.oid)
    await opened(tenant, BOB)
    await bob.cancel(KIND, target)
    await tenant.slack.until(lambda: "Not carried out" in below(tenant, BOB))
    assert target not in above(tenant, BOB)


async def test_settled_later(start: Start, tenant: Tenant, alice: Play) -> None:
    """Fails when what becomes known later is not shown."""
    async with start(TIME_SCALE="0.005"):
        tenant.graph.variant["approvalItem"] = "204"
        target = tenant.graph.add("approvalItem", owner=ALICE.oid)
        await opened(tenant, ALICE)
        view = await alice.dialog(f"approval-item {target}")
        await alice.loaded()
        for fault in (
            Fault(POST, drop=True, after_effect=True),
            Fault(f"{READ}.*{target}"),
            Fault(f"{READ}.*{target}", status=403),
        ):
            tenant.graph.faults.add(fault)
        await alice.submit(view, justification="lost")
        await tenant.slack.until(lambda: "Not known" in below(tenant, ALICE))
        await tenant.slack.until(lambda: "Cancelled, " in below(tenant, ALICE))


@pytest.mark.usefixtures("socket_bot")
async def test_whoever_never_opened_it(tenant: Tenant, alice: Play) -> None:
    """Fails when Microsoft is asked for lists that nobody looks at."""
    await alice.cancel(KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
    await tenant.slack.open_home(ALICE.slack_id, tab="messages")
    await opened(tenant, BOB)
    assert tenant.slack.home(ALICE.slack_id) is None


async def test_opened_before_a_restart(start: Start, tenant: Tenant, alice: Play) -> None:
    """Fails when only the process that drew it keeps it fresh."""
    async with start():
        await opened(tenant, ALICE)
    async with start():
        await alice.cancel(KIND, tenant.graph.add(TYPE, owner=ALICE.oid))
        await tenant.slack.until(lambda: "Cancelled, " in below(tenant, ALICE))


@pytest.mark.usefixtures("socket_bot")
async def test_the_newest_ten(tenant: Tenant) -> None:
    targets = [tenant.graph.add(TYPE, owner=ALICE.oid, age=60.0 * age) for age in range(12)]
    said = await opened(tenant, ALICE)
    assert [target in said for target in targets] == [True] * 10 + [False] * 2
    assert "And 2 more" in said


@pytest.mark.parametrize(
    ("kinds", "said", "unsaid"),
    [
        (f"operation-approval,{KIND}", "There is nothing now that you may cancel", "Microsoft offers no list"),
        ("operation-approval,privileged-role", "Microsoft offers no list of these", "There is nothing now"),
    ],
)
async def test_empty(start: Start, tenant: Tenant, kinds: str, said: str, unsaid: str) -> None:
    """Fails when kinds without a list pass for empty ones."""
    async with start(KINDS=kinds):
        found = await opened(tenant, ALICE)
    assert (said in found, unsaid in found) == (True, False)


@pytest.mark.usefixtures("socket_bot")
async def test_a_kind_that_cannot_be_read(tenant: Tenant) -> None:
    """Fails when an unread list passes for an empty one."""
    tenant.graph.faults.add(Fault(LIST, status=500, times=-1))
    said = await opened(tenant, ALICE)
    assert "Microsoft did not show these just now" in said
    assert "There is nothing now" not in said


@pytest.mark.usefixtures("socket_bot")
async def test_microsoft_is_slow(tenant: Tenant) -> None:
    """Fails when somebody looks at an empty Home until Microsoft has answered."""
    target = tenant.graph.add(TYPE, owner=ALICE.oid)
    tenant.graph.faults.add(Fault(LIST, delay=4.0, times=-1))
    said = await opened(tenant, ALICE, "Reading it from Microsoft")
    assert ALICE.email in said
    await tenant.slack.until(lambda: target in above(tenant, ALICE))


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("person", [GUEST, STRANGER], ids=lambda one: one.kind)
async def test_strangers(tenant: Tenant, person: Person) -> None:
    """Fails when somebody who may not use the bot gets more than that sentence."""
    tenant.graph.add(TYPE, owner=person.oid)
    said = await opened(tenant, person, "full members")
    assert (PENDING in said, PAST in said) == (False, False)
    assert tenant.graph.calls == []


@pytest.mark.usefixtures("socket_bot")
async def test_opened_again(tenant: Tenant) -> None:
    """Fails when a list that was read some time ago is shown as of now."""
    await opened(tenant, ALICE)
    target = tenant.graph.add(TYPE, owner=ALICE.oid)
    await asyncio.sleep(0.3)  # a list is fresh for 0.1 s here
    await opened(tenant, ALICE, target)


@pytest.mark.usefixtures("socket_bot")
async def test_bursts(tenant: Tenant) -> None:
    """Fails when each event is drawn on its own, or beside another, so that an older Home comes last."""
    held, began = Fault("views.publish", delay=3.0), time.monotonic()
    tenant.slack.faults.add(held)
    await tenant.slack.open_home(ALICE.slack_id)
    await tenant.slack.until(lambda: held.times == 0)
    target = tenant.graph.add(TYPE, owner=ALICE.oid)
    await asyncio.gather(*(tenant.slack.open_home(ALICE.slack_id, retries=2) for _ in range(5)))
    await tenant.slack.until(lambda: target in shown(tenant, ALICE))
    assert time.monotonic() - began > 3.0
    assert published(tenant) <= 4


@pytest.mark.usefixtures("socket_bot")
async def test_slack_asks_to_wait(tenant: Tenant) -> None:
    tenant.slack.faults.add(Fault("views.publish", status=429, headers={"Retry-After": "1"}))
    assert ALICE.email in await opened(tenant, ALICE)


@pytest.mark.usefixtures("socket_bot")
async def test_something_of_ours_fails(tenant: Tenant) -> None:
    """Fails when an error leaves the Home empty."""
    await tampered(tenant, "ALTER TABLE homes RENAME TO gone")
    await opened(tenant, ALICE, "I could not look this up just now")


@pytest.mark.usefixtures("socket_bot")
async def test_nobody_can_link(tenant: Tenant) -> None:
    said = await opened(tenant, DAVE)
    assert "Signing in is not set up here" in said
    assert "Not shown before you have signed in" in said
    assert "There is nothing now" not in said


@pytest.mark.usefixtures("socket_bot")
async def test_signed_out(tenant: Tenant, alice: Play) -> None:
    """Fails when the Home goes on showing what only the linked account may see."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    await opened(tenant, ALICE, target)
    await alice.command("signout")
    await tenant.slack.until(lambda: "Signing in is not set up here" in shown(tenant, ALICE))
    assert target not in shown(tenant, ALICE)


async def test_linked_meanwhile(start: Start, tenant: Tenant) -> None:
    """Fails when the Home goes on asking for what was done."""
    async with start(**tenant.environment(linking=True)) as bot, Browser(tenant.directory / "ca.pem") as browser:
        tenant.front.forward_to(bot.port)
        await opened(tenant, DAVE, "Sign in")
        await walk.link(tenant, browser, DAVE)
        await tenant.slack.until(lambda: f"You act at Microsoft as {DAVE.email}" in shown(tenant, DAVE))
