"""`jobs`: the cancellations that run, that ended, and that stopped."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from bot.cli.existing import existing_store

if TYPE_CHECKING:
    from bot.jobs import Jobs, Listed

_MOMENT: Final = "%Y-%m-%d %H:%M:%S"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list, show ID, retry ID."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the cancellations that have not ended")
    listing.add_argument("--ended", action="store_true", help="those that ended instead, the latest first")
    for name, summary in (
        ("show", "one cancellation: its state, recorded steps, and rows in the audit trail"),
        ("retry", "have a stopped cancellation begun again: it reads first, and calls only what is still to be called"),
    ):
        actions.add_parser(name, help=summary).add_argument("id", help="as `jobs list` prints it")


async def run(options: argparse.Namespace) -> int:
    """Prints what was asked for, or that the cancellation is begun again."""
    async with _open() as jobs:
        if options.action == "list":
            found = await jobs.listed(ended=options.ended)
            print("\n".join(map(_line, found)) or ("None has ended." if options.ended else "None is open."))
        elif options.action == "show":
            one, steps, trail = await jobs.shown(options.id)
            print(_line(one), "steps:", *(f"  {step}" for step in steps), "audit trail:", *trail, sep="\n")
        else:
            begun = await jobs.retry(options.id)
            print(f"{begun.workflow_id} begins within seconds, where a bot is serving. See: jobs show {begun.id}")
    return 0


@asynccontextmanager
async def _open() -> "AsyncIterator[Jobs]":
    from bot.jobs import Jobs
    from bot.storage import load_storage
    from bot.workflows import Records

    async with existing_store(load_storage()) as store:
        records = Records(store.url)
        try:
            yield Jobs(store, records)
        finally:
            records.close()


def _line(one: "Listed") -> str:
    ended = f"ended {one.ended_at:{_MOMENT}}" if one.ended_at else ""
    told = (one.run.id, one.state, f"{one.kind} {one.target_id}", f"by {one.user}", f"since {one.created_at:{_MOMENT}}")
    return "  ".join(filter(None, (*told, ended)))
