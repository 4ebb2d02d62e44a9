"""What the Azure Resource Manager stand-in shows: lists of one's own and of scopes, pages, and whole requests."""

from operator import itemgetter

from bot.sandbox.arm import SUBSCRIPTION, ArmStandIn
from bot.sandbox.people import ALICE, BOB, CAROL
from tests.sandbox.arm_clients import ASSIGNMENT, COLLECTION, ELIGIBILITY, GROUP, VERSION, As
from tests.sandbox.graph_clients import code_of


async def test_lists_of_ones_own(arm: ArmStandIn, act: As) -> None:
    mine = arm.add(ASSIGNMENT, owner=ALICE.oid, scope=GROUP)
    assigned = arm.add(ASSIGNMENT, owner=CAROL.oid, principalId=ALICE.oid)
    ended = arm.add(ASSIGNMENT, owner=ALICE.oid, state="Provisioned")
    arm.add(ASSIGNMENT, owner=BOB.oid)
    eligible = arm.add(ELIGIBILITY, owner=ALICE.oid)
    alice = await act(ALICE)
    assert await alice.listed("", "asRequestor()") == [mine, ended]
    assert await alice.listed("", "asTarget()") == [mine, assigned, ended]
    assert await alice.listed("", "asRequestor() and status eq 'Granted'") == [mine]
    assert await alice.listed(GROUP, "asRequestor()") == [mine]
    assert await alice.listed("", "asRequestor()", f"{ELIGIBILITY}s") == [eligible]
    for query in (VERSION, {**VERSION, "$filter": "atScope()"}):
        assert code_of(await alice("GET", COLLECTION, query)) == (403, "AuthorizationFailed")
    assert await (await act(None)).listed("", "asTarget()") == []
    assert arm.violations == []


async def test_lists_of_scopes(arm: ArmStandIn, act: As) -> None:
    root, subscription, group = (arm.add(ASSIGNMENT, owner=ALICE.oid, scope=one) for one in ("", SUBSCRIPTION, GROUP))
    arm.add(ASSIGNMENT, owner=BOB.oid, scope=f"{SUBSCRIPTION}/resourceGroups/rg")
    beside = arm.add(ASSIGNMENT, owner=ALICE.oid, scope=f"{GROUP}2")
    for client in (await act(CAROL), await act(None)):
        assert await client.listed(GROUP, "atScope()") == [root, subscription, group]
        by_alice = f"principalId eq '{ALICE.oid}'"
        assert await client.listed(SUBSCRIPTION, by_alice) == [root, subscription, group, beside]
        assert await client.listed(GROUP, by_alice) == [root, subscription, group]
        assert len(await client.listed(SUBSCRIPTION, "status eq 'Granted'")) == 4
    assert arm.violations == []


async def test_pages(arm: ArmStandIn, act: As) -> None:
    """Their link has a name of its own, and leads to this very host."""
    arm.page_size = 2
    ids = [arm.add(ASSIGNMENT, owner=ALICE.oid, age=60.0 * age) for age in range(3)]
    alice = await act(ALICE)
    first = (await alice("GET", COLLECTION, {**VERSION, "$filter": "asRequestor()"})).json()
    assert first.keys() == {"value", "nextLink"}
    assert first["nextLink"].startswith(f"{arm.url}{COLLECTION}?")
    second = [(await alice("GET", first["nextLink"], None)).json() for _ in range(2)]
    assert second[0] == second[1]
    assert [one["id"] for one in first["value"] + second[0]["value"]] == ids
    created = [one["properties"]["createdOn"] for one in first["value"]]
    assert sorted(created, reverse=True) == created
    arm.next_link_override = "https://evil.example.test/providers/"
    assert (await alice("GET", first["nextLink"], None)).json()["nextLink"] == arm.next_link_override
    assert arm.violations == []


async def test_examples_of_the_specification(arm: ArmStandIn, act: As) -> None:
    """GetRoleAssignmentScheduleRequestByName.json and its sibling: every member is there."""
    alice, items = await act(ALICE), [arm.add(kind, owner=ALICE.oid) for kind in (ASSIGNMENT, ELIGIBILITY)]
    one, other = [(await alice("GET", item)).json() for item in items]
    assert one["type"] == "Microsoft.Authorization/RoleAssignmentScheduleRequests"
    assert (one["properties"]["requestType"], other["properties"]["requestType"]) == ("SelfActivate", "AdminAssign")
    for entity in (one, other):
        assert entity.keys() == {"properties", "name", "id", "type"}
        expanded = entity["properties"]["expandedProperties"]
        scope, role, principal = itemgetter("scope", "roleDefinition", "principal")(expanded)
        assert (scope["id"], scope["type"], principal["email"]) == (SUBSCRIPTION, "subscription", ALICE.email)
        assert role["id"] == entity["properties"]["roleDefinitionId"]
