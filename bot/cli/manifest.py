"""`manifest`: the Slack app manifest."""

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The bot's address, for HTTP mode."""
    parser.add_argument("--public-url", help="for HTTP mode: the https address of the bot; default: Socket Mode")


async def run(options: argparse.Namespace) -> int:
    """Prints it as JSON, which Slack takes as well as YAML."""
    from bot.manifest import manifest

    print(json.dumps(manifest(options.public_url), indent=2))
    return 0
