"""Slack asks an address whether it is the app's before it sends events there (docs.slack.dev, url_verification)."""

from bot.sandbox.tenant import Tenant
from tests.scenarios.conftest import Start


async def test_slack_verifies_the_address(tenant: Tenant, start: Start) -> None:
    """Fails when the verifier, or a listener, takes it for a stranger's."""
    async with start("http"):
        challenge, ack = await tenant.slack.verify_url()
    assert (ack.status, ack.body) == (200, {"challenge": challenge})
