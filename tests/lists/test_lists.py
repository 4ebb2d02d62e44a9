"""Lists: read once for all who ask, kept for a while, and never more than can be held."""

import asyncio
import traceback

import pytest
from structlog.testing import capture_logs

from bot.errors import AnswerLost, BotError, ConsentNeeded, ServiceError, SignInNeeded
from bot.graph.tokens import Account
from bot.sandbox.faults import Fault
from bot.sandbox.graph import LISTS
from bot.sandbox.people import ALICE, BOB, TENANT_ID
from tests.graph.world import REGISTRY, World
from tests.lists.shelf import PACKAGE, READ, TYPE, Make, ids, until


def hangs() -> Fault:
    return Fault(LISTS, delay=3600)


async def test_many_who_ask_at_once_share_one_reading(world: World, lists_with: Make) -> None:
    """Fails when everybody who finds nothing begins a reading."""
    item = world.graph.add(TYPE, owner=ALICE.oid)
    lists = lists_with()
    found = await asyncio.gather(*(lists.kept(PACKAGE) for _ in range(20)))
    assert [ids(one) for one in found] == [{item}] * 20
    assert len(world.graph.calls) == 1


async def test_one_who_gives_up_ends_it_for_nobody(world: World, lists_with: Make) -> None:
    """Fails when a reading is its first asker's."""
    lists = lists_with()
    world.graph.faults.add(Fault(LISTS, delay=0.5))
    first, second = (asyncio.create_task(lists.kept(PACKAGE)) for _ in range(2))
    await until(lambda: bool(world.graph.calls))
    first.cancel()
    assert ids(await second) == set()
    assert len(world.graph.calls) == 1


async def test_a_fresh_one_is_not_read_again(world: World, lists_with: Make) -> None:
    """Fails when nothing is kept."""
    lists = lists_with()
    assert await lists.kept(PACKAGE) is await lists.kept(PACKAGE)
    assert len(world.graph.calls) == 1
    assert await lists.read(PACKAGE) is await lists.kept(PACKAGE)
    assert len(world.graph.calls) == 2


async def test_an_older_one_answers_at_once_and_is_read_anew_beside(world: World, lists_with: Make) -> None:
    """Fails when whoever asks waits for Microsoft, which here does not answer for an hour, or when nothing is begun."""
    lists = lists_with(list_fresh=0)
    before = await lists.kept(PACKAGE)
    item = world.graph.add(TYPE, owner=ALICE.oid)
    world.graph.faults.add(hangs())
    async with asyncio.timeout(60):
        assert await lists.kept(PACKAGE) is before
    await until(lambda: len(world.graph.calls) == 2)
    await lists.close()  # that reading
    assert await lists.kept(PACKAGE) is before
    await until(lambda: len(world.graph.calls) == 3)
    assert ids(await lists.read(PACKAGE)) == {item}


@pytest.mark.parametrize(
    ("seconds", "fresh"), [({"list_fresh": 0}, True), ({"list_fresh": 0, "list_oldest": 0}, False)]
)
async def test_one_that_is_too_old_is_not_shown(
    world: World, lists_with: Make, seconds: dict[str, float], fresh: bool
) -> None:
    """Fails when what was found once is good enough for ever."""
    lists = lists_with(**seconds)
    await lists.kept(PACKAGE)
    item = world.graph.add(TYPE, owner=ALICE.oid)
    assert ids(await lists.kept(PACKAGE, fresh=fresh)) == {item}


async def test_people_do_not_share_their_own_lists(world: World, lists_with: Make) -> None:
    """Fails when lists are kept by kind alone."""
    lists = lists_with()
    alices, bobs = (world.graph.add(TYPE, owner=one.oid) for one in (ALICE, BOB))
    alice, bob = await world.sign_in(ALICE, READ), await world.sign_in(BOB, READ)
    found = [ids(await lists.kept(PACKAGE, account)) for account in (alice, bob, None)]
    assert found == [{alices}, {bobs}, {alices, bobs}]


@pytest.mark.parametrize(
    ("headers", "again", "calls"), [({}, 1000, 1), ({"Retry-After": "1000"}, 0, 1), ({}, 0, 2)], ids=str
)
async def test_a_failure_is_not_asked_for_again_too_soon(
    world: World, lists_with: Make, headers: dict[str, str], again: float, calls: int
) -> None:
    """The first two fail when failures are forgotten, or what the service asked for is."""
    lists = lists_with(list_again=again)
    world.graph.faults.add(Fault(LISTS, status=429, headers=headers, times=-1))
    for _ in range(2):
        with pytest.raises(ServiceError) as caught:
            await lists.kept(PACKAGE)
        assert caught.value.status == 429
    assert len(world.graph.calls) == calls


@pytest.mark.parametrize(("headers", "calls"), [({"Retry-After": "1000"}, 1), ({}, 2)], ids=str)
async def test_who_wants_it_as_it_is_now_waits_as_asked(
    world: World, lists_with: Make, headers: dict[str, str], calls: int
) -> None:
    """The first fails when what the service asked for binds only those whom an older list would do."""
    lists = lists_with()
    world.graph.faults.add(Fault(LISTS, status=429, headers=headers, times=-1))
    for _ in range(2):
        with pytest.raises(ServiceError):
            await lists.read(PACKAGE)
    assert len(world.graph.calls) == calls


async def test_a_failure_that_is_told_often_does_not_grow(world: World, lists_with: Make) -> None:
    """Fails when the same error is raised as it is: each raise adds to its traceback, and that holds the frames."""
    lists = lists_with()
    world.graph.faults.add(Fault(LISTS, status=500))
    lengths = set()
    for _ in range(5):
        with pytest.raises(AnswerLost) as caught:
            await lists.kept(PACKAGE)
        lengths.add(len(traceback.extract_tb(caught.value.__traceback__)))
    assert len(lengths) == 2  # once as it was met, then as it is told


async def test_a_failure_beside_keeps_what_was_found(world: World, lists_with: Make) -> None:
    """Fails when a failure takes the place of a list, or each who asks begins another reading."""
    lists = lists_with(list_fresh=0)
    before = await lists.kept(PACKAGE)
    world.graph.faults.add(Fault(LISTS, status=500, times=-1))
    with capture_logs() as logged:
        assert await lists.kept(PACKAGE) is before
        await until(lambda: bool(logged))
        assert await lists.kept(PACKAGE) is before
        with pytest.raises(AnswerLost):  # a round trip, in which whatever was begun before has come in
            await lists.read(REGISTRY["operation-approval"])
    assert [(one["kind"], one["status"]) for one in logged] == [(PACKAGE.kind, 500), ("operation-approval", 500)]
    assert len([call for call in world.graph.calls if call.path.endswith(PACKAGE.lists[0].path)]) == 2


async def test_a_failure_is_logged_once_until_it_changes(world: World, lists_with: Make) -> None:
    """Fails when each attempt logs a line."""
    lists = lists_with(list_again=0)
    for status in (403, 403, 429):
        world.graph.faults.add(Fault(LISTS, status=status))
    with capture_logs() as logged:
        for _ in range(3):
            with pytest.raises(ServiceError):
                await lists.kept(PACKAGE)
        await lists.kept(PACKAGE)
    assert [(one["event"], one.get("status")) for one in logged] == [
        ("list_not_read", 403),
        ("list_not_read", 429),
        ("list_read_again", None),
    ]


async def test_a_bug_in_a_reading_beside_is_told(
    lists_with: Make, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when only whoever waits would hear of it: nobody waits."""
    lists = lists_with(list_fresh=0)
    await lists.kept(PACKAGE)
    world.graph.add(TYPE, owner=ALICE.oid)
    monkeypatch.setattr("bot.lists.snapshot", None)
    with capture_logs() as logged:
        await lists.kept(PACKAGE)
        await until(lambda: bool(logged))
    assert [one["event"] for one in logged] == ["list_broke"]


async def test_whoever_has_signed_in_since_is_asked_no_more(world: World, lists_with: Make) -> None:
    """Fails when this is remembered as long as what only the service can mend."""
    lists = lists_with(list_fresh=0)
    with pytest.raises(SignInNeeded):
        await lists.kept(PACKAGE, Account(TENANT_ID, ALICE.oid))
    account = await world.sign_in(ALICE, "User.Read")
    with pytest.raises(ConsentNeeded):
        await lists.kept(PACKAGE, account)
    assert await world.sign_in(ALICE, READ) == account
    assert ids(await lists.kept(PACKAGE, account)) == set()


async def test_a_list_of_none_is_not_asked_for(world: World, lists_with: Make) -> None:
    with pytest.raises(ConsentNeeded):
        await lists_with().kept(REGISTRY["approval-item"])
    assert world.graph.calls == []


async def test_one_that_takes_too_long_is_given_up(world: World, lists_with: Make) -> None:
    """Fails without a limit for all pages together: each of the two hundred is quick enough."""
    world.graph.add(TYPE, owner=ALICE.oid)
    world.graph.next_link_override = "{page}"
    world.graph.faults.add(Fault(LISTS, delay=0.2, times=-1))
    with pytest.raises(AnswerLost):
        await lists_with(list_whole=1).kept(PACKAGE)
    assert len(world.graph.calls) < 10


async def test_lists_of_many_people_are_forgotten(lists_with: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when nothing that is too old to be shown is dropped."""
    monkeypatch.setattr("bot.lists._KEPT", 3)
    lists = lists_with(list_oldest=0, list_again=0, list_fresh=0)
    for number in range(10):
        with pytest.raises(SignInNeeded):
            await lists.kept(PACKAGE, Account(TENANT_ID, f"nobody-{number}"))
    for _ in range(5):
        await lists.kept(PACKAGE)
    assert len(lists._kept) + len(lists._failed) <= 5


async def test_closing_ends_a_reading(world: World, lists_with: Make) -> None:
    lists = lists_with()
    world.graph.faults.add(hangs())
    reading = asyncio.create_task(lists.kept(PACKAGE))
    await until(lambda: bool(world.graph.calls))
    async with asyncio.timeout(60):
        await lists.close()
        with pytest.raises((asyncio.CancelledError, BotError)):
            await reading
