"""`notify`: posts the card of one request. Operators and other systems call it."""

import argparse

from bot.errors import BotError, InputError, ServiceFailure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Kind and id, or a Graph URL, and where to post."""
    parser.add_argument("kind", help="the kind, or a whole Graph URL")
    parser.add_argument("id", nargs="?", default="", help="the request's id; not with a URL")
    parser.add_argument("--channel", help="channel id; default: NOTIFY_CHANNEL")


async def run(options: argparse.Namespace) -> int:
    """Posts the card and prints channel and timestamp; what only a person can read is left out."""
    from bot.configuration import load_configuration
    from bot.outcome import Look
    from bot.posts import Posts
    from bot.reading import Reader
    from bot.resources import is_url
    from bot.services import open_services
    from bot.settings import is_channel
    from bot.slack.cards import Cards
    from bot.slack.posting import Poster
    from bot.slack.request import Parser

    configuration = load_configuration()
    settings = configuration.settings
    channel = options.channel or settings.notify_channel
    parser = Parser(configuration.everything, configuration.enabled, settings.azure_cloud, settings.service_hosts)
    target = parser.target("", options.kind) if is_url(options.kind) else parser.target(options.kind, options.id)
    if not channel or not is_channel(channel):
        raise InputError("channel", "Give --channel or NOTIFY_CHANNEL, a channel id such as C0123456789.")
    async with open_services(configuration) as services:
        reader = Reader(services.graph)
        try:
            look = await reader.as_application(configuration.enabled[target.kind], target)
        except ServiceFailure:
            look = Look()
        if look.missing:
            raise BotError("Microsoft Graph knows no such request; nothing was posted.", "Check kind and id.")
        poster = Poster(services.slack, Posts(services.store), settings.slack_api_url, services.timings.slack_patience)
        cards = Cards(services.store, poster, configuration.enabled, services.team)
        ts = await cards.notify(channel, target, look)
    if not ts:
        raise BotError(f"Slack did not take the message for {channel}.", "Invite the bot to the channel first.")
    print(channel, ts)
    return 0
