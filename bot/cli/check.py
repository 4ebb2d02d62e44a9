"""`check`: whether everything that is configured can be reached, and is as it must be; one line each."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bot.errors import BadCredential, BotError, ConfigError, ServiceError

if TYPE_CHECKING:
    from bot.configuration import Configuration
    from bot.resources import Resource
    from bot.services import Services
    from bot.settings import Settings

_SECONDS: Final = 10

_Checks = Iterable[tuple[str, Callable[[], Awaitable[str]]]]
"""What each is about, and how it is tried."""


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


async def run(_options: argparse.Namespace) -> int:
    """Prints a line for each thing, and goes on after what is not as it must be; the worst exit code of them."""
    from bot.cli.at_slack import checks, team_of
    from bot.configuration import load_configuration
    from bot.services import open_services

    configuration = load_configuration()
    settings = configuration.settings
    _tell_configuration(configuration)
    async with open_services(configuration, trying=True) as services:
        codes = [
            await _line("database", _database(services)),
            await _line("audit key", _audit_key(settings)),
            entra := await _line("Entra", _entra(services, settings)),
            graph := await _line("Graph", _host(services, settings.graph_url, "GRAPH_URL")),
            await _azure(services, configuration),
            slack := await _line("Slack", team_of(services)),
            await _after(slack, "Slack", checks(services, configuration)),
            await _after(entra or graph, "Entra and Graph", _lists(services, configuration)),
        ]
        _tell_files(settings, services)
    return max(codes)


def _tell_configuration(configuration: "Configuration") -> None:
    from bot.cli.policy import report
    from bot.policy import Identity

    settings = configuration.settings
    print("ok    settings:", ", ".join(resource.kind for resource in configuration.enabled))
    print(f"      policy: {configuration.policy.path.absolute()}")
    for line in report(configuration):
        print(f"      {line}")
    _tell_linking(settings)
    if not settings.linking and not any(rule.identity is Identity.APPLICATION for rule in configuration.rules):
        print("      and no rule cancels as the application: nobody can cancel anything")
    watched = configuration.notify.watched(configuration.enabled)
    for one in watched:
        print(
            f"ok    notified by itself: {', '.join(one.channels)} of {one.resource.kind}, read every {one.seconds:g} s"
        )
    heard = {one.resource.kind for one in watched}
    if unheard := [resource.kind for resource in configuration.enabled if resource.kind not in heard]:
        why = "" if settings.poll_seconds else "; POLL_SECONDS is 0"
        print(f"--    notified by itself: nobody of {', '.join(unheard)}{why}")


async def _after(failed: int, without: str, checks: _Checks) -> int:
    """The worst exit code of checks that can be tried only where what they need was found."""
    code = 0
    for name, check in checks:
        if failed:
            print(f"--    {name}: not tried, without {without}")
        else:
            code = max(code, await _line(name, check()))
    return code


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


async def _azure(services: "Services", configuration: "Configuration") -> int:
    """The exit code for Azure Resource Manager, which only some kinds need."""
    from bot.resources import Service

    if not any(resource.service is Service.ARM for resource in configuration.enabled):
        return 0
    return await _line("Azure", _host(services, configuration.settings.arm_url, "ARM_URL"))


async def _host(services: "Services", url: str, variable: str) -> str:
    """Whether the host answers and shows a certificate that is trusted; nothing is asked of it."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=services.context)
            writer.close()
    except OSError as error:  # TLS's errors and TimeoutError are among these
        raise BotError(
            f"{url}: it cannot be reached ({type(error).__name__}).", f"Check {variable} and CA_BUNDLE."
        ) from error
    return url


def _lists(services: "Services", configuration: "Configuration") -> _Checks:
    """What is read by itself, for notifications."""
    for one in configuration.notify.watched(configuration.enabled):
        yield f"list of {one.resource.kind}", partial(_list, services, one.resource)


async def _list(services: "Services", resource: "Resource") -> str:
    """Whether the application may read the first page, of each of its calls."""
    from bot.graph.wire import Caller

    calls = resource.lists_for(application=True)
    try:
        pages = [await anext(services.graph.pages(resource, call, Caller())) for call in calls]
    except ServiceError as error:
        answered = f"Microsoft answered {error.status} {error.service_code}".rstrip()
        raise BotError(
            f"the application cannot read it: {answered}.",
            f"Grant it {' or '.join(calls[0].permissions.application)}, or let no channel hear of it.",
        ) from error
    return f"the application can read it ({sum(map(len, pages))} on the first page)"


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
