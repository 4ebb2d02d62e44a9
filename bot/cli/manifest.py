"""`manifest`: the Slack app manifest."""

import argparse
import json

from bot.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The bot's address, and how Slack reaches it."""
    parser.add_argument("--public-url", help="the https address of the bot; without it: Socket Mode, and no linking")
    parser.add_argument("--socket", action="store_true", help="Socket Mode, although the bot has an address for people")


async def run(options: argparse.Namespace) -> int:
    """Prints it as JSON, which Slack takes as well as YAML."""
    from bot.manifest import manifest
    from bot.settings import origin

    try:
        public_url = origin(options.public_url) if options.public_url else None
    except ValueError as error:
        raise InputError("public-url", f"--public-url: {error}.") from None
    print(json.dumps(manifest(public_url, socket=options.socket), indent=2))
    return 0
