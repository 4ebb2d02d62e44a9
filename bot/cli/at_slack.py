"""What `check` tries at Slack: the tokens, and every channel and user group that is configured."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from bot.configuration import Configuration
from bot.errors import BotError
from bot.manifest import SCOPES
from bot.policy import groups_named
from bot.services import Services, refused_token
from bot.slack.api import FAULTS, error_of


async def team_of(services: Services) -> str:
    """The team, if the token has every scope that the manifest asks for."""
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


def checks(services: Services, configuration: Configuration) -> Iterator[tuple[str, Callable[[], Awaitable[str]]]]:
    """What each is about, and how it is tried; to be tried where Slack takes the bot token."""
    settings = configuration.settings
    if token := settings.slack_app_token:
        yield "Socket Mode", partial(_socket, services, token.get_secret_value())
    channels = [("NOTIFY_CHANNEL", settings.notify_channel), ("AUDIT_CHANNEL", settings.audit_channel)]
    channels += [
        ("[[notify]]", channel) for channel in dict.fromkeys(one.channel for one in configuration.policy.notify)
    ]
    for name, channel in channels:
        if channel:
            yield name, partial(_channel, services, channel)
    for group in sorted(groups_named(configuration.rules)):
        yield f"user group {group}", partial(_group, services, group)


async def _socket(services: Services, token: str) -> str:
    try:
        await services.slack.apps_connections_open(app_token=token)
    except FAULTS as error:
        raise refused_token(error, services.slack, "SLACK_APP_TOKEN") from error
    return "a connection may be opened"


async def _channel(services: Services, channel_id: str) -> str:
    try:
        found = (await services.slack.conversations_info(channel=channel_id))["channel"]
    except FAULTS as error:
        raise BotError(
            f"{channel_id}: {error_of(error)}.", "Check the id, and invite the bot to the channel."
        ) from error
    if not found.get("is_member"):
        raise BotError(f"{channel_id}: the bot is not in it.", "Invite the bot to the channel.")
    return channel_id


async def _group(services: Services, group: str) -> str:
    """Its members; while one that the policy names cannot be looked up, nobody may do anything."""
    try:
        members = (await services.slack.usergroups_users_list(usergroup=group))["users"]
    except FAULTS as error:
        raise BotError(f"{error_of(error)}.", "Mend its id in POLICY_FILE: nobody is let in without it.") from error
    return f"{len(members)} members"
