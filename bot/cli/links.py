"""`links`: who is linked to which Microsoft account."""

import argparse
from typing import TYPE_CHECKING

from bot.cli.existing import existing_store
from bot.errors import InputError

if TYPE_CHECKING:
    from bot.accounts import Link


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list, revoke USER."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="every link, the oldest first")
    revoking = actions.add_parser("revoke", help="delete a link and its tokens; the person can link again")
    revoking.add_argument("user", help="the Slack user's id, as `links list` prints it")


async def run(options: argparse.Namespace) -> int:
    """Prints the links, or that one is gone; raises `InputError`."""
    from bot.accounts import Accounts
    from bot.storage import load_storage

    async with existing_store(load_storage()) as store:
        accounts = Accounts(store, "")  # links are not encrypted, and no token is read
        links = await accounts.links()
        if options.action == "list":
            print("\n".join(map(_line, links)) or "Nobody is linked.")
            return 0
        found = [one for one in links if one.user == options.user]
        if not found:
            raise InputError("user", f"{options.user} is not linked.", "See: links list.")
        for one in found:
            await accounts.unlink(one.team, one.user)
            print(f"Revoked: {_line(one)}")
    return 0


def _line(one: "Link") -> str:
    account = one.linked.account
    return f"{one.team}  {one.user}  {one.linked.name}  {account.oid}  since {one.since:%Y-%m-%d %H:%M:%S}"
