"""One bot for all attacks of a module, as good as new for each of them: nobody is linked."""

from collections.abc import AsyncIterator

import pytest

from bot.app import Bot
from bot.sandbox.tenant import Tenant
from tests.scenarios.conftest import running
from tests.scenarios.play import tampered


@pytest.fixture(scope="module")
async def tenant(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tenant]:
    async with Tenant(tmp_path_factory.mktemp("tenant")) as started:
        yield started


@pytest.fixture(scope="module")
def variables() -> dict[str, str]:
    """What is configured otherwise in a module."""
    return {}


@pytest.fixture(scope="module")
async def linking(tenant: Tenant, variables: dict[str, str]) -> AsyncIterator[Bot]:
    """The bot, which asks Slack about people each time."""
    environment = tenant.environment(linking=True) | variables
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("bot.slack.directory._KEEP", 0.0)
        async with running(tenant, "socket", monkeypatch, **environment) as bot:
            tenant.front.forward_to(bot.port)
            yield bot


@pytest.fixture(autouse=True)
async def clean(tenant: Tenant, linking: Bot) -> AsyncIterator[Bot]:
    """Nobody is linked, no browser has a session, and nothing goes wrong unless a test says so."""
    for everything in ("FROM links", "FROM accounts", "FROM browser_sessions", "FROM wishes"):
        await tampered(tenant, f"DELETE {everything}")
    # What MSAL keeps of Entra's answers: its discovery document for a day, and for seconds that it was overloaded.
    linking._services.msal._http_cache.clear()
    yield linking
    assert tenant.slack.violations == []
    for faults in (tenant.slack.faults, tenant.entra.faults):
        faults.clear()
    for changed in (tenant.slack.id_token_claims, tenant.entra.id_token_claims):
        changed.clear()
    for people in (tenant.entra.blocked, tenant.entra.denied_scopes):
        people.clear()
