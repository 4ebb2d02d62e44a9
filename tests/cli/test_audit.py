"""`audit` as a process: words, exit codes, and the bytes of an export."""

import asyncio
import csv
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.audit import Audit, Event
from bot.cancellation import Actor, Cancellation
from bot.keys import audit_key
from bot.resources import Target
from bot.store import Store
from bot.tables import audit_people
from bot.trail import MOST_FINDINGS, erase
from tests.cli.conftest import ROOT, Command

ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "xoxb-test",
    "SLACK_APP_TOKEN": "xapp-test",
    "AZURE_TENANT_ID": "11111111-0000-4000-8000-000000000000",
    "AZURE_CLIENT_ID": "22222222-0000-4000-8000-000000000000",
    "AZURE_CLIENT_SECRET": "test",
}
CANCELLATION = Cancellation(
    id="a" * 32,
    actor=Actor("T0", "U0", "C0"),
    target=Target("approval-item", "6f1f8b3a-0000-4000-8000-0000000000aa"),
    justification="Büro ☕",
    at=datetime.now(UTC),
)
WHY = ["=1+1", "+1", "-1", "@SUM(1)", "\tx", "\r=x", "\n=x", 'a "b", c;\r\nsecond line', "1=1", "Büro ☕", ""]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Where the commands look when DATABASE_URL is not set."""
    store = Store(f"sqlite:///{tmp_path}/var/bot.db")
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
def audit(store: Store, tmp_path: Path) -> Audit:
    return Audit(store, audit_key("", f"sqlite:///{tmp_path}/var/bot.db"))


async def write(audit: Audit, *reasons: str) -> str:
    """A row for each justification; the head."""
    for part, reason in enumerate(reasons):
        await audit.record(Event.CALLED, replace(CANCELLATION, justification=reason), {"why": "Büro \ud800"}, part)
    return str(await audit.head())


async def test_trail_as_it_was_written(command: Command, audit: Audit) -> None:
    head = await write(audit, *WHY[:3])
    ran = await command("audit", "verify", **ENVIRONMENT)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"ok: 3 rows, head {head}\nWhether rows were cut off the end cannot be told")
    ran = await command("audit", "verify", "--head", head, **ENVIRONMENT)
    assert (ran.code, ran.err, ran.out) == (0, "", f"ok: 3 rows, head {head}\n")


@pytest.mark.usefixtures("audit")
async def test_empty_trail(command: Command) -> None:
    ran = await command("audit", "verify", **ENVIRONMENT)
    assert (ran.code, ran.out.splitlines()[0]) == (0, "ok: the trail is empty")
    ran = await command("audit", "verify", "--head", f"1:{'0' * 64}", **ENVIRONMENT)
    assert (ran.code, ran.out.splitlines()[-1]) == (1, "not ok: the trail is empty")


async def test_findings(command: Command, audit: Audit, store: Store) -> None:
    await write(audit, *map(str, range(MOST_FINDINGS + 5)))
    await store.change(audit_people.update().values(justification="other"))
    ran = await command("audit", "verify", **ENVIRONMENT)
    assert (ran.code, ran.err) == (1, "")
    lines = ran.out.splitlines()
    assert lines[0] == "FAIL  row 1: who and why are not as they were written"
    assert lines[MOST_FINDINGS] == "FAIL  and 5 more"
    assert lines[MOST_FINDINGS + 1].startswith("not ok: 25 rows, head 25:")


async def test_erased_people(command: Command, audit: Audit, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.audit.now", lambda: datetime.now(UTC) - timedelta(days=3))
    await write(audit, "x", "y")
    await erase(store, datetime.now(UTC) - timedelta(days=2))
    ran = await command("audit", "verify", **ENVIRONMENT, AUDIT_RETENTION_DAYS="2")
    assert (ran.code, "erased from 2 of them (AUDIT_RETENTION_DAYS is 2)" in ran.out) == (0, True)
    ran = await command("audit", "verify", **ENVIRONMENT, AUDIT_RETENTION_DAYS="4")
    assert (ran.code, "FAIL  row 1: who and why are gone, and it is too young" in ran.out) == (1, True)


async def test_key_that_is_not_there_is_not_made(command: Command, audit: Audit, tmp_path: Path) -> None:
    await write(audit, "x")
    (tmp_path / "var" / "audit.key").unlink()
    ran = await command("audit", "verify", **ENVIRONMENT)
    assert (ran.code, "AUDIT_KEY: there is no var/audit.key, which serve makes" in ran.err) == (2, True)
    ran = await command("audit", "export", "--format", "jsonl", **ENVIRONMENT)
    assert (ran.code, ran.err, ran.out.count("\n")) == (0, "", 1)
    ran = await command("audit", "verify", **ENVIRONMENT, AUDIT_KEY="another key, but long enough for one")
    assert (ran.code, "this AUDIT_KEY is not the one that the trail was written with" in ran.out) == (1, True)
    assert not (tmp_path / "var" / "audit.key").exists()


@pytest.mark.parametrize("arguments", [("verify",), ("export", "--format", "csv")])
async def test_database_that_is_not_there_is_not_made(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ran = await command("audit", *arguments, **ENVIRONMENT)
    assert (ran.code, "DATABASE_URL: there is no database at var/bot.db" in ran.err) == (2, True)
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("verify", "--head", "12"), "--head: must be N:HASH"),
        (("verify", "--head", ""), "--head: must be N:HASH"),
        (("export", "--format", "csv", "--since", "yesterday"), "--since: must be a date such as 2026-03-04"),
        (("export", "--format", "csv", "--until", "2026-02-30"), "--until: must be a date such as 2026-03-04"),
        (("export", "--format", "csv", "--until", "0001-01-01T00:00+09:00"), "--until: must be a date such as"),
        (
            ("export", "--format", "csv", "--since", "2026-03-04T01:00+01:00", "--until", "2026-03-04"),
            "--since must be before --until.",
        ),
    ],
)
async def test_wrong_use_is_one_sentence(command: Command, arguments: tuple[str, ...], sentence: str) -> None:
    ran = await command("audit", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert sentence in ran.err


@pytest.mark.parametrize("arguments", [(), ("export",), ("export", "--format", "xml")])
async def test_incomplete_use(command: Command, arguments: tuple[str, ...]) -> None:
    assert (await command("audit", *arguments)).code == 2


async def test_csv_holds_no_formula(command: Command, audit: Audit) -> None:
    await write(audit, *WHY)
    ran = await command("audit", "export", "--format", "csv", **ENVIRONMENT, PYTHONIOENCODING="latin-1", LC_ALL="C")
    assert (ran.code, ran.err) == (0, "")
    header, *rows = csv.reader(io.StringIO(ran.out, newline=""), strict=True)
    assert ",".join(header) == (
        "seq,at,cancellation_id,event,part,kind,target_id,scope,team,user,oid,justification,detail,mac"
    )
    assert ran.out.count("\r\n") == len(WHY) + 1 + 1  # one is within a justification
    assert [row[11] for row in rows] == [f"'{why}" for why in WHY[:7]] + WHY[7:]
    assert json.loads(rows[0][12]) == {"why": "Büro \ud800"}


async def test_jsonl_holds_what_was_written(command: Command, audit: Audit) -> None:
    await write(audit, *WHY)
    ran = await command("audit", "export", "--format", "jsonl", **ENVIRONMENT, PYTHONIOENCODING="latin-1")
    assert (ran.code, ran.err) == (0, "")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["justification"] for row in rows] == WHY
    assert (rows[0]["seq"], rows[0]["detail"], rows[0]["oid"]) == (1, {"why": "Büro \ud800"}, "")


async def test_window(command: Command, audit: Audit) -> None:
    await write(audit, "x")
    today = datetime.now(UTC)
    for since, until, count in (
        ("2020-01-01", f"{today.year + 1}-01-01", 1),
        (f"{today.year + 1}-01-01T00:00:00Z", f"{today.year + 2}-01-01", 0),
    ):
        ran = await command("audit", "export", "--format", "jsonl", "--since", since, "--until", until, **ENVIRONMENT)
        assert (ran.code, ran.out.count("\n")) == (0, count)


async def export_to(stdout: int, directory: Path) -> asyncio.subprocess.Process:
    """An export whose output goes there; this process keeps no copy of it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "audit", "export", "--format", "jsonl"),
        env=ENVIRONMENT | {"PYTHONPATH": str(ROOT)},
        cwd=directory,
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(stdout)
    return process


async def test_reader_that_has_seen_enough(audit: Audit, tmp_path: Path) -> None:
    await write(audit, *["x" * 60_000] * 5)
    reader, writer = os.pipe()
    process = await export_to(writer, tmp_path)
    assert await asyncio.to_thread(os.read, reader, 1) == b"{"
    os.close(reader)
    _, err = await asyncio.wait_for(process.communicate(), 90)
    assert (process.returncode, err) == (1, b"")


async def test_disk_that_is_full(audit: Audit, tmp_path: Path) -> None:
    await write(audit, "x")
    process = await export_to(os.open("/dev/full", os.O_WRONLY), tmp_path)
    _, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 1
    assert err.startswith(b"The export could not be written (No space left on device)")
    assert err.count(b"\n") == 1
