"""Which channel hears of what: as `[[notify]]` says, the others in NOTIFY_CHANNEL."""

import asyncio

from bot.sandbox.people import ALICE
from bot.sandbox.tenant import AUDIT, CHANNEL, POLICY, SHARED, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import words
from tests.scenarios.watch.scene import APPROVAL, add, carded, cards, polled, polls, watching


def policy(tenant: Tenant, *tables: tuple[str, str]) -> dict[str, str]:
    """The policy of the tenant, with kinds told in these channels."""
    file = tenant.directory / "notify.toml"
    told = (f'\n[[notify]]\nkinds = ["{kinds}"]\nchannel = "{channel}"\n' for kinds, channel in tables)
    file.write_text("".join((POLICY, *told)), encoding="utf-8")
    file.chmod(0o600)
    return {"POLICY_FILE": str(file)}


async def test_each_kind_in_its_channels(tenant: Tenant, start: Start) -> None:
    """Fails when one of several tables of a kind counts, or when a kind that one names goes to the default as well."""
    package, approval = add(tenant), tenant.graph.add(APPROVAL, owner=ALICE.oid)
    async with watching(start, **policy(tenant, ("access-package", AUDIT), ("access-package", SHARED))):
        await carded(tenant, package, AUDIT)
        await carded(tenant, package, SHARED)
        await carded(tenant, approval, CHANNEL)
        await polled(tenant)
    for channel, target in ((AUDIT, package), (SHARED, package), (CHANNEL, approval)):
        [card] = cards(tenant, channel)
        assert target in words(card.blocks)


async def test_a_channel_without_a_default(tenant: Tenant, start: Start) -> None:
    """Fails when what no table names is looked at, and told nowhere."""
    approval = tenant.graph.add(APPROVAL, owner=ALICE.oid)
    package = add(tenant)
    async with watching(start, NOTIFY_CHANNEL="", **policy(tenant, ("access-package", AUDIT))):
        await carded(tenant, package, AUDIT)
        await polled(tenant)
    assert cards(tenant, CHANNEL) == []
    assert not [call for call in tenant.graph.calls if approval in call.path or "operationApproval" in call.path]


async def test_off(tenant: Tenant, start: Start) -> None:
    """Fails when POLL_SECONDS=0 leaves a kind watched that a table names."""
    add(tenant)
    async with start("socket", **policy(tenant, ("*", AUDIT))):
        await asyncio.sleep(1)  # twenty times what a watch takes to look
    assert polls(tenant) == []
    assert cards(tenant, AUDIT) == []
