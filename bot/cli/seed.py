"""Links the sandbox's people to their accounts, as signing in will: by redeeming codes of the stand-in.

It may know both sides, and refuses to run anywhere but on this machine.
"""

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

import httpx

from bot.configuration import Configuration
from bot.errors import ConfigError
from bot.graph.signin import SignedIn, begin, redeem
from bot.sandbox.people import Person
from bot.services import Services


async def link(
    configuration: Configuration,
    services: Services,
    consents: Mapping[Person, Sequence[str]],
    redirect_uri: str,
) -> None:
    """Signs everybody in with what they consent to; raises `ConfigError` off this machine.

    A consent is a permission of Graph, or begins with the audience of another service and a slash.
    """
    settings = configuration.settings
    if not settings.loopback_only:
        raise ConfigError(["People can be linked without a browser only in the sandbox."])
    async with httpx.AsyncClient(verify=services.context, trust_env=False) as browser:
        for person, permissions in consents.items():
            *others, own = _by_audience(permissions, settings.resource)
            for scopes in others:
                await _sign_in(services, browser, person, scopes, redirect_uri)
            # A refresh token is good for whatever its person has consented to, so one of them is kept.
            signed_in = await _sign_in(services, browser, person, own, redirect_uri)
            await services.accounts.link(services.team, person.slack_id, signed_in, followed=True)


async def _sign_in(
    services: Services, browser: httpx.AsyncClient, person: Person, scopes: Sequence[str], redirect_uri: str
) -> SignedIn:
    flow = await asyncio.to_thread(begin, services.msal, scopes, redirect_uri, person.email)
    back = (await browser.get(flow["auth_uri"])).headers["Location"]
    return await asyncio.to_thread(redeem, services.msal, flow, dict(parse_qsl(urlsplit(back).query)))


def _by_audience(permissions: Sequence[str], graph: str) -> list[list[str]]:
    """The scopes of each audience, since one sign-in has one; Graph's last, also where there are none."""
    scopes: dict[str, list[str]] = {graph: []}
    for permission in permissions:
        audience, _, name = permission.rpartition("/")
        scopes.setdefault(audience or graph, []).append(f"{audience or graph}/{name}")
    own = scopes.pop(graph)
    return [*scopes.values(), own]
