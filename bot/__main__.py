"""The command line: `python -m bot COMMAND`. Exit codes: 0 done, 1 the work failed, 2 wrong use or configuration."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from bot import logs
from bot.errors import BotError, ConfigError, InputError

COMMANDS = {
    "serve": "answer Slack until told to stop",
    "sandbox": "play with the bot on this machine, without Slack or Microsoft",
    "check": "see whether everything that is configured can be reached",
    "migrate": "bring the database's schema up to date",
    "kinds": "list what can be cancelled, and with which permissions",
    "notify": "post the notification of one request, with its Cancel button",
    "policy": "lint the policy file, and explain what it decides for somebody",
    "audit": "verify or export the audit trail",
    "jobs": "see the cancellations that run, and begin a stopped one again",
    "links": "see who is linked to which Microsoft account, and revoke a link",
    "manifest": "print the Slack app manifest",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its module has `add_arguments` and a coroutine `run` that returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="cancel-approval-bot", description="Cancels requests in Microsoft Graph and Azure from Slack."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        import_module(f"bot.cli.{name}").add_arguments(commands.add_parser(name, help=summary, description=summary))
    options = parser.parse_args(arguments)
    logs.configure("console", "WARNING")
    try:
        code = int(asyncio.run(import_module(f"bot.cli.{options.command}").run(options)))
        sys.stdout.flush()
    except ConfigError as error:
        print("The configuration does not allow this:", *error.problems, sep="\n  ", file=sys.stderr)
        return 2
    except InputError as error:
        print(error.sentence, error.next_step, file=sys.stderr)
        return 2
    except BotError as error:
        print(error.sentence, error.next_step, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 1
    except BrokenPipeError:  # whoever read our output has seen enough; Python would say so once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
