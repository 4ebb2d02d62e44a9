"""`audit`: whether the audit trail is as it was written, and its export."""

import argparse
import csv
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TextIO

from bot.cli.existing import existing_store
from bot.errors import BotError, InputError

if TYPE_CHECKING:
    from bot.audit import Head
    from bot.trail import Entry, Verdict

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
"""What makes a spreadsheet take a text for a formula (OWASP ASVS 5.0, 1.2.10), and line feed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which rows."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    summary = "recompute every hash of the trail; exit code 1 when something was changed"
    verify = actions.add_parser("verify", help=summary, description=summary)
    verify.add_argument("--head", metavar="N:HASH", help="a head noted earlier, to see that the end was not cut off")
    summary = "write the rows to standard output"
    export = actions.add_parser("export", help=summary, description=summary)
    export.add_argument("--format", required=True, choices=("csv", "jsonl"), help="jsonl: one JSON object a line")
    for name, meaning in (("--since", "rows from this moment on"), ("--until", "rows before this moment")):
        export.add_argument(name, metavar="D", help=f"{meaning}: ISO date or date-time, UTC where it names no offset")


async def run(options: argparse.Namespace) -> int:
    """Verifies or exports."""
    if options.action == "verify":
        return await _verify(_head(options.head))
    since, until = _moment("since", options.since), _moment("until", options.until)
    if since and until and since >= until:
        raise InputError("until", "--since must be before --until.")
    return await _export(options.format, since, until)


async def _verify(expected: "Head | None") -> int:
    from bot.keys import existing_audit_key
    from bot.storage import load_storage
    from bot.store import now
    from bot.trail import verify

    storage = load_storage()
    days = storage.audit_retention_days
    async with existing_store(storage) as store:
        configured = storage.audit_key.get_secret_value() if storage.audit_key else ""
        key = existing_audit_key(configured, storage.database_url.get_secret_value())
        verdict = await verify(store, key, expected, now() - timedelta(days=days))
    print("\n".join(_report(verdict, days, expected)))
    return int(verdict.problems > 0)


def _report(verdict: "Verdict", days: int, expected: "Head | None") -> list[str]:
    more = verdict.problems - len(verdict.findings)
    lines = [f"FAIL  {finding}" for finding in verdict.findings]
    if more:
        lines.append(f"FAIL  and {more} more")
    trail = f"{verdict.rows} rows, head {verdict.head}" if verdict.head else "the trail is empty"
    lines.append(f"{'not ok' if verdict.problems else 'ok'}: {trail}")
    if verdict.erased:
        lines.append(f"Who and why have been erased from {verdict.erased} of them (AUDIT_RETENTION_DAYS is {days}).")
    if not expected:
        lines.append(
            "Whether rows were cut off the end cannot be told from the trail alone: verify with --head and the head "
            "that the bot posts to the audit channel once a day."
        )
    return lines


async def _export(form: str, since: datetime | None, until: datetime | None) -> int:
    from bot.storage import load_storage
    from bot.trail import export

    write = {"csv": _write_csv, "jsonl": _write_jsonl}[form]
    async with existing_store(load_storage()) as store:
        try:
            with _standard_output() as out:
                await write(out, export(store, since, until))
        except BrokenPipeError:
            return 1  # whoever reads has seen enough; it is not the whole
        except OSError as error:
            raise BotError(f"The export could not be written ({error.strerror}), so it is not complete.") from error
    return 0


def _standard_output() -> TextIO:
    """The same bytes in every locale; lone surrogates become JSON's own escapes."""
    return open(sys.stdout.fileno(), "w", encoding="utf-8", errors="backslashreplace", newline="", closefd=False)


async def _write_jsonl(out: TextIO, entries: "AsyncIterator[Entry]") -> None:
    async for entry in entries:
        out.write(f"{json.dumps(asdict(entry), ensure_ascii=False, default=repr)}\n")


async def _write_csv(out: TextIO, entries: "AsyncIterator[Entry]") -> None:
    from bot.trail import Entry

    writer = csv.writer(out)  # RFC 4180: CRLF, and quotes where they are needed
    writer.writerow(field.name for field in fields(Entry))
    async for entry in entries:
        row = asdict(entry) | {"detail": json.dumps(entry.detail, ensure_ascii=False, default=repr)}
        writer.writerow(_harmless(value) for value in row.values())


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet shows and never runs."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _head(text: str | None) -> "Head | None":
    from bot.audit import Head

    try:
        return Head.parse(text) if text is not None else None
    except ValueError as error:
        raise InputError("head", f"--head: {error}.") from None


def _moment(name: str, text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text is not None else None
        return at and (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(name, f"--{name}: must be a date such as 2026-03-04 or 2026-03-04T05:06Z.") from None
