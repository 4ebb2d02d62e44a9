"""A bot at which people link their accounts, behind the door that terminates TLS, and their browsers."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from bot.app import Bot
from bot.sandbox.browser import Browser
from bot.sandbox.people import DAVE
from bot.sandbox.tenant import Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import Play

Open = Callable[[], Browser]


@pytest.fixture
async def linking(tenant: Tenant, start: Start) -> AsyncIterator[Bot]:
    """The bot in Socket Mode, at an https address of the intranet."""
    async with start(**tenant.environment(linking=True)) as bot:
        tenant.front.forward_to(bot.port)
        yield bot


@pytest.fixture
async def browsers(tenant: Tenant) -> AsyncIterator[Open]:
    """Opens browsers, each with its own cookies."""
    async with AsyncExitStack() as stack:

        def opened() -> Browser:
            browser = Browser(tenant.directory / "ca.pem")
            stack.push_async_exit(browser)
            return browser

        yield opened


@pytest.fixture
def browser(browsers: Open) -> Browser:
    """Dave's."""
    return browsers()


@pytest.fixture
def dave(tenant: Tenant) -> Play:
    """Somebody who is not linked yet."""
    return Play(tenant, DAVE)


@pytest.fixture
def start_url(tenant: Tenant) -> str:
    """Where the link in Slack leads."""
    return f"{tenant.front.url}/auth/start"
