"""`check`: whether everything that is configured can be reached, one line each."""

import argparse
from collections.abc import Awaitable

from bot.errors import BadCredential, BotError


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


async def run(_options: argparse.Namespace) -> int:
    """Prints a line for each thing; 1 when something is not as it must be."""
    from bot.configuration import load_configuration
    from bot.services import Services, open_services
    from bot.slack.api import FAULTS, error_of
    from bot.web.linking import CALLBACK, SLACK_CALLBACK, START

    configuration = load_configuration()
    settings = configuration.settings
    print("ok    settings:", ", ".join(resource.kind for resource in configuration.enabled))
    if settings.linking:
        print(f"ok    linking: {settings.public_url}{START}")
        print(f"      redirect URLs to register, at Slack: {settings.public_url}{SLACK_CALLBACK}")
        print(f"                                 at Entra: {settings.public_url}{CALLBACK}")
    else:
        print("--    linking: nobody can link accounts; SLACK_CLIENT_ID is not set")

    async def entra(services: Services) -> str:
        try:
            await services.tokens.application(settings.resource)
        except BotError as error:
            mend = error.next_step
            if isinstance(error, BadCredential):
                mend = f"Check {services.credential.variable} ({error.cause})."
            raise BotError(f"{settings.azure_authority_host}: {error.sentence}", mend) from error
        return settings.azure_authority_host

    async def channel(services: Services, channel_id: str) -> str:
        try:
            found = (await services.slack.conversations_info(channel=channel_id))["channel"]
        except FAULTS as error:
            raise BotError(
                f"{channel_id}: {error_of(error)}.", "Check the id, and invite the bot to the channel."
            ) from error
        if not found.get("is_member"):
            raise BotError(f"{channel_id}: the bot is not in it.", "Invite the bot to the channel.")
        return channel_id

    async with open_services(configuration) as services:
        print("ok    database")
        print("ok    Slack: team", services.team)
        failed = [await _line("Entra", entra(services))]
        for name, channel_id in (
            ("NOTIFY_CHANNEL", settings.notify_channel),
            ("AUDIT_CHANNEL", settings.audit_channel),
        ):
            if channel_id:
                failed.append(await _line(name, channel(services, channel_id)))
    return int(any(failed))


async def _line(name: str, check: Awaitable[str]) -> bool:
    """Prints how the check went; whether it failed."""
    try:
        print(f"ok    {name}: {await check}")
    except BotError as error:
        print(f"FAIL  {name}: {error.sentence} {error.next_step}".rstrip())
        return True
    return False
