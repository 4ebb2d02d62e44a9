"""Linking the sandbox's people without a browser."""

import os

import pytest

from bot.cli.seed import link
from bot.configuration import load_configuration
from bot.graph.tokens import Account
from bot.resources import Service
from bot.sandbox.people import ALICE, BOB, TENANT_ID
from bot.sandbox.tenant import CONSENTS, REDIRECT_URI, Tenant
from bot.services import open_services


async def test_one_account_for_every_service(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the consents for another service are not given, and when its sign-in is the one that is kept."""
    for name in list(os.environ):
        if name.startswith(("SLACK_", "AZURE_", "GRAPH_", "ARM_", "SECRETS_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tenant.directory)
    for name, value in tenant.environment().items():
        monkeypatch.setenv(name, value)
    configuration = load_configuration()
    graph, arm = (configuration.settings.audiences[service] for service in (Service.GRAPH, Service.ARM))
    async with open_services(configuration) as services:
        await link(configuration, services, {ALICE: CONSENTS[ALICE], BOB: ()}, REDIRECT_URI)
        assert {one.user for one in await services.accounts.links()} == {ALICE.slack_id, BOB.slack_id}
        account, asked = Account(TENANT_ID, ALICE.oid), len(tenant.entra.calls)
        await services.tokens.delegated(account, graph, CONSENTS[ALICE][0])
        assert len(tenant.entra.calls) == asked, "a token of Graph is there already"
        token = await services.tokens.delegated(account, arm, "user_impersonation")
        assert tenant.entra.verify(token, arm)["oid"] == ALICE.oid
        again = await services.tokens.delegated(account, arm, "user_impersonation")
        assert (again, len(tenant.entra.calls)) == (token, asked + 1)
