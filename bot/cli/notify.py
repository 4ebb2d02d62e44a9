"""`notify`: posts the card of one request. Operators and other systems call it."""

import argparse
from typing import TYPE_CHECKING

from bot.errors import BotError, InputError, ServiceFailure

if TYPE_CHECKING:
    from bot.notify_rules import NotifyRules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Kind and id, or a URL, and where to post."""
    parser.add_argument("kind", help="the kind, or a whole URL")
    parser.add_argument("id", nargs="?", default="", help="the request's id; not with a URL")
    parser.add_argument("--channel", help="channel id; default: where the kind is told by itself")


async def run(options: argparse.Namespace) -> int:
    """Posts the card, unless it is there, and prints where; what only a person can read is left out."""
    from bot.configuration import load_configuration
    from bot.notices import Notices
    from bot.outcome import Look
    from bot.posts import Posts
    from bot.reading import Reader
    from bot.resources import is_url
    from bot.services import open_services
    from bot.slack.cards import Cards
    from bot.slack.posting import Poster
    from bot.slack.request import Parser

    configuration = load_configuration()
    settings = configuration.settings
    parser = Parser(configuration.everything, configuration.enabled, settings.azure_cloud, settings.service_hosts)
    target = parser.target("", options.kind) if is_url(options.kind) else parser.target(options.kind, options.id)
    channels = _channels(options.channel, configuration.notify, target.kind)
    async with open_services(configuration) as services:
        reader, resource = Reader(services.graph), configuration.enabled[target.kind]
        try:
            look = await reader.as_application(resource, target)
        except ServiceFailure:
            look = Look()
        if look.missing:
            raise BotError(f"{resource.service.label} knows no such request; nothing was posted.", "Check kind and id.")
        poster = Poster(services.slack, Posts(services.store), settings.slack_api_url, services.timings.slack_patience)
        cards = Cards(services.store, poster, configuration.enabled, services.team)
        notices, refused = Notices(services.store, services.team), []
        for channel in channels:
            ts = await cards.notify(channel, target, look, notices.id_of(channel, target.key))
            if ts:
                print(channel, ts)
            else:
                refused.append(channel)
    if refused:
        raise BotError(f"Slack did not take the message for {', '.join(refused)}.", "Invite the bot there first.")
    return 0


def _channels(given: str | None, rules: "NotifyRules", kind: str) -> tuple[str, ...]:
    from bot.settings import is_channel

    channels = (given,) if given else rules.channels(kind)
    if not channels or not all(map(is_channel, channels)):
        raise InputError("channel", "Give --channel or NOTIFY_CHANNEL, a channel id such as C0123456789.")
    return channels
