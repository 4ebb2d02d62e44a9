"""`kinds` tells how each kind is listed."""

import pytest

from bot.resources import CancelCall, ListCall, ReadCall, load
from tests.cli.conftest import Command

KNOWN = {
    "access-package": "listed as the application",
    "approval-item": "listed as the person",
    "governance-role": "not listed",
    "operation-approval": "listed as the application",
    "privileged-role": "not listed",
}
OWN = "list your own     GET /v1.0/identityGovernance/entitlementManagement/assignmentRequests/filterByCurrentUser"
AZURE = "cancel            POST {id}/cancel?api-version=2020-10-01"


@pytest.fixture
async def told(command: Command) -> dict[str, list[str]]:
    """The lines of each kind."""
    ran = await command("kinds")
    assert (ran.code, ran.err) == (0, "")
    paragraphs = [text.splitlines() for text in ran.out.strip().split("\n\n")]
    return {lines[0].split()[0]: lines for lines in paragraphs}


async def test_how_each_kind_is_listed(told: dict[str, list[str]]) -> None:
    """Fails when a list that only people can read is said to be the application's."""
    assert list(told) == [resource.kind for resource in load()]
    for resource in load():
        how = "not listed" if not resource.lists else "listed as the person"
        if any(call.permissions.application for call in resource.lists):
            how = "listed as the application"
        assert KNOWN.get(resource.kind, how) == how
        [line] = [one.strip() for one in told[resource.kind] if one.startswith("  pending ones")]
        assert line.startswith(f"pending ones are  {how}, so "), resource.kind


async def test_every_call_is_told(told: dict[str, list[str]]) -> None:
    for resource in load():
        addresses = [line for line in told[resource.kind] if " GET " in line or " POST " in line]
        calls: list[CancelCall | ReadCall | ListCall] = [*resource.cancel, resource.read, *resource.lists]
        for call in calls:
            assert any(call.path in line and call.version in line for line in addresses)
        assert len(addresses) == len(set(addresses))
    assert any(line.strip().startswith(OWN) for line in told["access-package"])
    assert any(line.strip() == AZURE for line in told["azure-role-assignment"])


async def test_states_and_what_is_over(told: dict[str, list[str]]) -> None:
    for resource in load():
        lines = {line[:19].strip(): line[20:] for line in told[resource.kind][1:]}
        assert lines["can be cancelled"].split(", ") == sorted(resource.states.yes)
        assert lines["over"].split(", ") == sorted(resource.states.final)
        assert ("retired" in lines) is (resource.retirement is not None)
    assert "here: azure-role-assignment," in told["governance-role"][-1]
