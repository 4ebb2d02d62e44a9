"""What somebody may cancel now: nothing of anybody else's, and no silence about what could not be read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from bot.cancellation import Actor
from bot.gate import Gate
from bot.graph.tokens import Account
from bot.pending import Choices, Pending
from bot.policy import OWN_REQUESTS_ONLY, Identity, Rule
from bot.reading import Reader
from bot.resources import Resource, Service
from bot.sandbox.faults import Fault
from bot.sandbox.graph import LISTS
from bot.sandbox.people import ALICE, BOB, CAROL, TENANT_ID, Person
from tests.graph.world import ARM, GRAPH, REGISTRY, World
from tests.lists.shelf import PACKAGE, READ, Make

APPROVAL: Final = REGISTRY["operation-approval"]
ITEM: Final = REGISTRY["approval-item"]
GROUP: Final = REGISTRY["group-assignment"]
LISTED: Final = {one.kind: one for one in REGISTRY if one.lists}
SHARED: Final = {kind for kind, one in LISTED.items() if one.lists_for(application=True)}
PERSONAL: Final = LISTED.keys() - SHARED
"""The service shows these to people alone."""

OTHERS: Final = Rule(effect="allow", kinds=("*",), actors=(CAROL.slack_id,), own_only=False)
AS_APPLICATION: Final = Rule(
    effect="allow", kinds=(APPROVAL.kind,), actors=("*",), own_only=False, identity=Identity.APPLICATION
)
PACKAGES = r"GET .*/assignmentRequests$"


class AsTheyAre:
    """Nobody has changed."""

    async def again(self, actor: Actor) -> Actor:
        return actor


def pending(world: World, lists_with: Make, *rules: Rule, **seconds: float) -> Pending:
    everybody: Sequence[Rule] = (*OWN_REQUESTS_ONLY, *rules)
    gate = Gate(REGISTRY, everybody, AsTheyAre(), Reader(world.client), linking=True)
    return Pending(gate, lists_with(**seconds))


async def linked(world: World, person: Person) -> Actor:
    for service, audience in ((Service.ARM, ARM), (Service.GRAPH, GRAPH)):
        calls = [call for kind in PERSONAL for call in LISTED[kind].lists if LISTED[kind].service is service]
        names = {call.permissions.delegated[0] for call in calls} | ({READ} if service is Service.GRAPH else set())
        account = await world.sign_in(person, *sorted(names), audience=audience)
    return replace(unlinked(person), account=account)


def unlinked(person: Person) -> Actor:
    return Actor("T0", person.slack_id, "C0")


def add(world: World, resource: Resource, owner: Person, **properties: Any) -> str:
    return world.target(resource.kind, owner, **properties).id


def ids(choices: Choices) -> list[str]:
    return [one.target.id for one in choices.items]


def kinds(resources: Sequence[Resource]) -> set[str]:
    return {one.kind for one in resources}


async def test_people_see_their_own(world: World, lists_with: Make) -> None:
    """The bot reads everybody's, and Alice's lists have what she approves or gets. Fails without the ownership."""
    mine = {add(world, one, ALICE) for one in LISTED.values()}
    for one in LISTED.values():
        add(world, one, BOB)
    add(world, ITEM, BOB, approvers=[{"user": {"id": ALICE.oid}}])
    add(world, GROUP, BOB, principalId=ALICE.oid)
    found = await pending(world, lists_with).of(await linked(world, ALICE))
    assert set(ids(found)) == mine
    assert (found.unread, found.sign_in, found.longer) == ((), (), ())
    calls = [*world.graph.calls, *world.arm.calls]
    assert {(call.path.removeprefix(f"/{call.version}"), call.app_only) for call in calls} == {
        (call.path, kind in SHARED)
        for kind, one in LISTED.items()
        for call in one.lists_for(application=kind in SHARED)
    }


async def test_whose_nobody_knows_is_nobodys_own(world: World, lists_with: Make) -> None:
    """Fails when nothing equals nothing."""
    add(world, PACKAGE, ALICE, requestor={"id": ALICE.oid, "objectId": None})
    carols = pending(world, lists_with, OTHERS)
    assert ids(await carols.of(await linked(world, ALICE))) == []
    assert len(ids(await carols.of(await linked(world, CAROL)))) == 1


async def test_whoever_may_cancel_others_sees_them_newest_first(world: World, lists_with: Make) -> None:
    """What tells no moment comes last."""
    undated = add(world, PACKAGE, ALICE, createdDateTime=None)
    older = world.graph.add_many(PACKAGE.graph_type, 2, owner=BOB.oid, age=3600)
    newer = add(world, APPROVAL, ALICE, age=60)
    helpdesk = pending(world, lists_with, OTHERS)
    assert ids(await helpdesk.of(await linked(world, CAROL))) == [newer, *reversed(older), undated]
    assert ids(await helpdesk.of(await linked(world, BOB))) == list(reversed(older))


@pytest.mark.parametrize(
    ("rules", "seen"),
    [
        ((OTHERS,), True),
        ((OTHERS.model_copy(update={"channels": ("C0",)}),), True),
        ((OTHERS.model_copy(update={"channels": ("C1",)}),), False),
        ((OTHERS, Rule(effect="deny", kinds=(PACKAGE.kind,), actors=(CAROL.slack_id,))), False),
        ((OTHERS.model_copy(update={"kinds": (ITEM.kind,)}),), False),
    ],
    ids=["allowed", "in this channel", "elsewhere", "denied", "another kind"],
)
async def test_the_policy_decides(world: World, lists_with: Make, rules: tuple[Rule, ...], seen: bool) -> None:
    """Fails when a list is shown to whoever asks."""
    item = add(world, PACKAGE, ALICE)
    found = await pending(world, lists_with, *rules).of(await linked(world, CAROL))
    assert ids(found) == [item] * seen


async def test_what_is_denied_is_not_even_read(world: World, lists_with: Make) -> None:
    denied = Rule(effect="deny", kinds=("*",), actors=("*",))
    found = await pending(world, lists_with, denied).of(await linked(world, ALICE))
    assert found == Choices()
    assert world.graph.calls == []


async def test_whoever_is_not_linked_is_asked_to_sign_in(world: World, lists_with: Make) -> None:
    """Fails when what the bot can read is shown before it is known who asks."""
    for resource in LISTED.values():
        add(world, resource, ALICE)
    found = await pending(world, lists_with).of(unlinked(ALICE))
    assert (ids(found), kinds(found.sign_in)) == ([], set(LISTED))
    assert (world.graph.calls, world.arm.calls) == ([], [])


async def test_what_is_cancelled_as_the_application_needs_no_account(world: World, lists_with: Make) -> None:
    item = add(world, APPROVAL, BOB)
    found = await pending(world, lists_with, AS_APPLICATION).of(unlinked(ALICE))
    assert (ids(found), kinds(found.sign_in)) == ([item], LISTED.keys() - {APPROVAL.kind})


async def test_only_ones_own(world: World, lists_with: Make) -> None:
    """Fails when `own` is forgotten; and when somebody unknown hears that nothing is theirs."""
    mine = add(world, APPROVAL, CAROL)
    add(world, APPROVAL, BOB)
    helpdesk = pending(world, lists_with, OTHERS, AS_APPLICATION)
    assert ids(await helpdesk.of(await linked(world, CAROL), own=True)) == [mine]
    found = await helpdesk.of(unlinked(ALICE), own=True)
    assert (ids(found), kinds(found.sign_in)) == ([], set(LISTED))


async def test_one_kind(world: World, lists_with: Make) -> None:
    item = add(world, PACKAGE, ALICE)
    add(world, APPROVAL, ALICE)
    alice = await linked(world, ALICE)
    assert ids(await pending(world, lists_with).of(alice, [PACKAGE.kind])) == [item]
    assert len(world.graph.calls) == 1
    assert await pending(world, lists_with).of(alice, ["governance-role"]) == Choices()


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_kind_that_cannot_be_read_is_named(world: World, lists_with: Make, status: int) -> None:
    """And hides no other; nobody's own token makes a busy service busier. Fails when it counts as an empty one."""
    item = add(world, APPROVAL, ALICE)
    world.graph.faults.add(Fault(PACKAGES, status=status, times=-1))
    found = await pending(world, lists_with).of(await linked(world, ALICE))
    assert (ids(found), kinds(found.unread), found.sign_in) == ([item], {PACKAGE.kind}, ())
    assert not [call for call in world.graph.calls if "/assignmentRequests/filterByCurrentUser" in call.path]


@pytest.mark.parametrize("person", [ALICE, CAROL])
async def test_where_the_application_may_not_people_read_their_own(
    world: World, lists_with: Make, person: Person
) -> None:
    """Carol may cancel others', too: she is told that this is not all. Fails when it is."""
    world.entra.app_roles = set()
    mine = add(world, PACKAGE, person)
    add(world, PACKAGE, BOB)
    found = await pending(world, lists_with, OTHERS).of(await linked(world, person), [PACKAGE.kind])
    assert ids(found) == [mine]
    assert kinds(found.unread) == ({PACKAGE.kind} if person is CAROL else set())
    assert [call.app_only for call in world.graph.calls] == [True, False]


@pytest.mark.parametrize("person", [ALICE, CAROL])
async def test_what_microsoft_lists_only_to_each(world: World, lists_with: Make, person: Person) -> None:
    """Carol may cancel others', too, which no list shows. Fails when that is a failure, or when it is not told."""
    mine = add(world, GROUP, person)
    add(world, GROUP, BOB)
    found = await pending(world, lists_with, OTHERS).of(await linked(world, person))
    assert (ids(found), found.unread) == ([mine], ())
    own = {kind for kind in PERSONAL if all(call.own for call in LISTED[kind].lists)}
    assert kinds(found.own_only) == (own if person is CAROL else set())
    assert GROUP.kind in own


async def test_a_sign_in_that_has_ended(world: World, lists_with: Make) -> None:
    """Fails when it counts as a list that cannot be read: only the person can mend it."""
    alice = replace(unlinked(ALICE), account=Account(TENANT_ID, ALICE.oid))
    found = await pending(world, lists_with).of(alice)
    assert (kinds(found.sign_in), found.unread) == (PERSONAL, ())


async def test_more_than_can_be_read(world: World, lists_with: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.lists.MOST", 2)
    world.graph.add_many(PACKAGE.graph_type, 3, owner=ALICE.oid)
    found = await pending(world, lists_with).of(await linked(world, ALICE))
    assert (len(found.items), kinds(found.longer)) == (2, {PACKAGE.kind})


async def test_found_by_its_digest(world: World, lists_with: Make) -> None:
    """Only among what they may cancel. Fails when it is looked for in everybody's list."""
    add(world, PACKAGE, ALICE)
    mine = pending(world, lists_with)
    alice = await linked(world, ALICE)
    [listed] = (await mine.of(alice)).items
    assert await mine.find(alice, listed.target.digest) == listed
    assert await mine.find(alice, "0" * 40) is None
    assert await mine.find(await linked(world, BOB), listed.target.digest) is None


async def test_what_is_asked_for_as_it_is_now(world: World, lists_with: Make) -> None:
    """Fails when `fresh` is forgotten."""
    mine, alice = pending(world, lists_with, list_fresh=0), await linked(world, ALICE)
    assert ids(await mine.of(alice, fresh=True)) == []
    items = {add(world, one, ALICE) for one in LISTED.values()}
    assert set(ids(await mine.of(alice, fresh=True))) == items


async def test_nothing_of_others_by_any_way(world: World, lists_with: Make) -> None:
    """The application's list, one's own, a single kind and a digest, with faults and without."""
    for resource in LISTED.values():
        add(world, resource, BOB, **({"approvers": [{"user": {"id": ALICE.oid}}]} if resource is ITEM else {}))
    alice, bob = await linked(world, ALICE), await linked(world, BOB)
    all_of_bobs = (await pending(world, lists_with).of(bob)).items
    assert len(all_of_bobs) == len(LISTED)
    for fault in (None, Fault(LISTS, status=403), Fault(PACKAGES, status=403, times=-1)):
        if fault:
            world.graph.faults.add(fault)
        mine = pending(world, lists_with, OTHERS)
        seen = [*(await mine.of(alice)).items, *(await mine.of(alice, own=True)).items]
        for kind in LISTED:
            seen += (await mine.of(alice, [kind])).items
        assert seen == []
        assert {await mine.find(alice, one.target.digest) for one in all_of_bobs} == {None}
    assert (world.graph.violations, world.arm.violations) == ([], [])
