"""`check`: whether everything that is configured can be reached, and is as it must be; one line each."""

import argparse
import asyncio
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bot.errors import BadCredential, BotError, ConfigError

if TYPE_CHECKING:
    from bot.services import Services
    from bot.settings import Settings

_SECONDS: Final = 10


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


async def run(_options: argparse.Namespace) -> int:
    """Prints a line for each thing, and goes on after what is not as it must be; the worst exit code of them."""
    from bot.cli.policy import report
    from bot.configuration import load_configuration
    from bot.policy import Identity, groups_named
    from bot.services import open_services

    configuration = load_configuration()
    settings = configuration.settings
    print("ok    settings:", ", ".join(resource.kind for resource in configuration.enabled))
    print(f"      policy: {configuration.policy.path.absolute()}")
    for line in report(configuration):
        print(f"      {line}")
    _tell_linking(settings)
    if not settings.linking and not any(rule.identity is Identity.APPLICATION for rule in configuration.rules):
        print("      and no rule cancels as the application: nobody can cancel anything")
    async with open_services(configuration, trying=True) as services:
        codes = [
            await _line("database", _database(services)),
            await _line("audit key", _audit_key(settings)),
            await _line("Entra", _entra(services, settings)),
            await _line("Graph", _graph(services, settings.graph_url)),
            slack := await _line("Slack", _slack(services)),
        ]
        if settings.slack_app_token and not slack:
            token = settings.slack_app_token.get_secret_value()
            codes.append(await _line("Socket Mode", _socket(services, token)))
        channels = {"NOTIFY_CHANNEL": settings.notify_channel, "AUDIT_CHANNEL": settings.audit_channel}
        for name, channel_id in channels.items():
            if channel_id and slack:
                print(f"--    {name}: not tried, without Slack")
            elif channel_id:
                codes.append(await _line(name, _channel(services, channel_id)))
        for group in sorted(groups_named(configuration.rules)):
            if slack:
                print(f"--    user group {group}: not tried, without Slack")
            else:
                codes.append(await _line(f"user group {group}", _group(services, group)))
        _tell_files(settings, services)
    return max(codes)


async def _line(name: str, check: Awaitable[str]) -> int:
    """Prints how the check went; its exit code."""
    try:
        print(f"ok    {name}: {await check}")
    except ConfigError as error:
        print(f"FAIL  {name}:", "; ".join(error.problems))
        return 2
    except BotError as error:
        print(f"FAIL  {name}: {error.sentence} {error.next_step}".rstrip())
        return 1
    return 0


def _tell_linking(settings: "Settings") -> None:
    from bot.web.linking import CALLBACK, SLACK_CALLBACK, START

    if settings.linking:
        print(f"ok    linking: {settings.public_url}{START}")
        print(f"      redirect URLs to register, at Slack: {settings.public_url}{SLACK_CALLBACK}")
        print(f"                                 at Entra: {settings.public_url}{CALLBACK}")
    else:
        print("--    linking: nobody can link accounts; SLACK_CLIENT_ID is not set")


async def _database(services: "Services") -> str:
    await services.store.prepare()
    return services.store.url.get_backend_name()


async def _audit_key(settings: "Settings") -> str:
    from bot.keys import audit_key_file, existing_audit_key

    if settings.audit_key:
        return "AUDIT_KEY"
    database_url = settings.database_url.get_secret_value()
    file = audit_key_file(database_url)
    if not file.exists():
        return f"{file}, which serve will make"
    existing_audit_key("", database_url)
    return str(file)


async def _entra(services: "Services", settings: "Settings") -> str:
    try:
        await services.tokens.application(settings.resource)
    except BotError as error:
        mend = error.next_step
        if isinstance(error, BadCredential):
            mend = f"Check {services.credential.variable} ({error.cause})."
        raise BotError(f"{settings.azure_authority_host}: {error.sentence}", mend) from error
    return settings.azure_authority_host


async def _graph(services: "Services", url: str) -> str:
    """Whether the host answers and shows a certificate that is trusted; nothing is asked of it."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=services.context)
            writer.close()
    except OSError as error:  # TLS's errors and TimeoutError are among these
        raise BotError(
            f"{url}: it cannot be reached ({type(error).__name__}).", "Check GRAPH_URL and CA_BUNDLE."
        ) from error
    return url


async def _slack(services: "Services") -> str:
    """The team, if the token has every scope that the manifest asks for."""
    from bot.manifest import SCOPES
    from bot.services import refused_token
    from bot.slack.api import FAULTS

    try:
        answer = await services.slack.auth_test()
    except FAULTS as error:
        raise refused_token(error, services.slack, "SLACK_BOT_TOKEN") from error
    headers = {str(name).casefold(): value for name, value in answer.headers.items()}
    granted = {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",")}
    if missing := sorted(SCOPES.keys() - granted):
        raise BotError(
            f"the bot token lacks the scopes {', '.join(missing)}.", "Install the app again, with the manifest."
        )
    return f"team {answer['team_id']}, with every scope"


async def _socket(services: "Services", token: str) -> str:
    from bot.services import refused_token
    from bot.slack.api import FAULTS

    try:
        await services.slack.apps_connections_open(app_token=token)
    except FAULTS as error:
        raise refused_token(error, services.slack, "SLACK_APP_TOKEN") from error
    return "a connection may be opened"


async def _channel(services: "Services", channel_id: str) -> str:
    from bot.slack.api import FAULTS, error_of

    try:
        found = (await services.slack.conversations_info(channel=channel_id))["channel"]
    except FAULTS as error:
        raise BotError(
            f"{channel_id}: {error_of(error)}.", "Check the id, and invite the bot to the channel."
        ) from error
    if not found.get("is_member"):
        raise BotError(f"{channel_id}: the bot is not in it.", "Invite the bot to the channel.")
    return channel_id


async def _group(services: "Services", group: str) -> str:
    """Its members; while one that the policy names cannot be looked up, nobody may do anything."""
    from bot.slack.api import FAULTS, error_of

    try:
        members = (await services.slack.usergroups_users_list(usergroup=group))["users"]
    except FAULTS as error:
        raise BotError(f"{error_of(error)}.", "Mend its id in POLICY_FILE: nobody is let in without it.") from error
    return f"{len(members)} members"


def _tell_files(settings: "Settings", services: "Services") -> None:
    """The modes of the files that hold secrets: those of ours are private, or this would not have been reached."""
    from bot.files import is_mounted, mode_of

    for path in _files(settings, services):
        if path.is_file():
            print(f"--    file: {path}, mode {mode_of(path)}{', as it is mounted' if is_mounted(path) else ''}")


def _files(settings: "Settings", services: "Services") -> Iterator[Path]:
    from bot.database import files_of
    from bot.files import secrets_directory
    from bot.keys import audit_key_file
    from bot.storage import ENV_FILE

    yield Path(ENV_FILE)
    yield from filter(None, (settings.azure_client_certificate_path, settings.azure_federated_token_file))
    yield from files_of(services.store.url)
    if not settings.audit_key:
        yield audit_key_file(settings.database_url.get_secret_value())
    directory = secrets_directory()
    names = {str(field.alias or name).lower() for name, field in type(settings).model_fields.items()}
    yield from sorted(one for one in directory.glob("*") if one.name.lower() in names)
