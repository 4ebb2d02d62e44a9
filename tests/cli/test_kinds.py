"""`kinds` tells how each kind is listed."""

import pytest

from bot.resources import load
from tests.cli.conftest import Command

KNOWN = {
    "access-package": "listed as the application",
    "approval-item": "listed as the person",
    "governance-role": "not listed",
    "operation-approval": "listed as the application",
    "privileged-role": "not listed",
}
OWN = "list your own: GET /v1.0/identityGovernance/entitlementManagement/assignmentRequests/filterByCurrentUser"


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
        assert line.startswith(f"pending ones are {how}, so "), resource.kind


async def test_every_list_call_is_told(told: dict[str, list[str]]) -> None:
    for resource in load():
        lists = [line for line in told[resource.kind] if line.startswith("  list")]
        assert all(call.path in line for call, line in zip(resource.lists, lists, strict=True))
    assert any(line.strip().startswith(OWN) for line in told["access-package"])
