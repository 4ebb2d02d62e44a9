"""Links the sandbox's people to their accounts, as signing in will: by redeeming codes of the stand-in.

It may know both sides, and refuses to run anywhere but on this machine.
"""

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

import httpx

from bot.configuration import Configuration
from bot.errors import ConfigError
from bot.graph.signin import begin, redeem
from bot.sandbox.people import Person
from bot.services import Services


async def link(
    configuration: Configuration,
    services: Services,
    consents: Mapping[Person, Sequence[str]],
    redirect_uri: str,
) -> None:
    """Signs everybody in with what they consent to; raises `ConfigError` off this machine."""
    settings = configuration.settings
    if not settings.loopback_only:
        raise ConfigError(["People can be linked without a browser only in the sandbox."])
    async with httpx.AsyncClient(verify=services.context, trust_env=False) as browser:
        for person, permissions in consents.items():
            scopes = [f"{settings.resource}/{permission}" for permission in permissions]
            flow = await asyncio.to_thread(begin, services.msal, scopes, redirect_uri, person.email)
            back = (await browser.get(flow["auth_uri"])).headers["Location"]
            answer = dict(parse_qsl(urlsplit(back).query))
            signed_in = await asyncio.to_thread(redeem, services.msal, flow, answer)
            await services.accounts.link(services.team, person.slack_id, signed_in, followed=True)
