"""`manifest`: the Slack app manifest."""

import argparse
import json

from bot.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The bot's address, for HTTP mode."""
    parser.add_argument("--public-url", help="for HTTP mode: the https address of the bot; default: Socket Mode")


async def run(options: argparse.Namespace) -> int:
    """Prints it as JSON, which Slack takes as well as YAML."""
    from bot.manifest import manifest
    from bot.settings import origin

    try:
        public_url = origin(options.public_url) if options.public_url else None
    except ValueError as error:
        raise InputError("public-url", f"--public-url: {error}.") from None
    print(json.dumps(manifest(public_url), indent=2))
    return 0
