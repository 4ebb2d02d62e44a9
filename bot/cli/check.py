"""`check`: whether everything that is configured can be reached, one line each."""

import argparse
from collections.abc import Awaitable, Callable

from bot.errors import BotError


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


async def run(_options: argparse.Namespace) -> int:
    """Prints a line for each thing; 1 when something is not as it must be."""
    from bot.configuration import load_configuration
    from bot.services import Services, open_services
    from bot.slack.api import FAULTS, error_of

    configuration = load_configuration()
    settings = configuration.settings
    print("ok    settings:", ", ".join(resource.kind for resource in configuration.enabled))

    async def entra(services: Services) -> str:
        await services.tokens.application(settings.resource)
        return settings.azure_authority_host

    async def channel(services: Services, name: str, channel_id: str) -> str:
        try:
            found = (await services.slack.conversations_info(channel=channel_id))["channel"]
        except FAULTS as error:
            raise BotError(f"{name} {channel_id}: {error_of(error)}", "Invite the bot to the channel.") from error
        if not found.get("is_member"):
            raise BotError(f"{name} {channel_id}: the bot is not in it", "Invite the bot to the channel.")
        return channel_id

    async with open_services(configuration) as services:
        print("ok    database")
        print("ok    Slack: team", services.team)
        checks: dict[str, Callable[[], Awaitable[str]]] = {"Entra": lambda: entra(services)}
        for name, channel_id in (
            ("NOTIFY_CHANNEL", settings.notify_channel),
            ("AUDIT_CHANNEL", settings.audit_channel),
        ):
            if channel_id:
                checks[name] = lambda name=name, channel_id=channel_id: channel(services, name, channel_id)
        return max([await _line(name, check) for name, check in checks.items()])


async def _line(name: str, check: Callable[[], Awaitable[str]]) -> int:
    try:
        print(f"ok    {name}: {await check()}")
    except BotError as error:
        print(f"FAIL  {name}: {error.sentence} {error.next_step}".rstrip())
        return 1
    return 0
