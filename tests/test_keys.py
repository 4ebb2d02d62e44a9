"""The audit key is made once and never replaced; sealed words open for their own row and key only."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.keys import Sealer, audit_key, existing_audit_key

SECRET = b"the key of these tests, long enough"
WORDS = {"justification": "canary Ünwanted ☕", "response_url": "https://hooks.example.test/canary"}
PRINTS = "import sys; from bot.keys import audit_key; print(audit_key('', sys.argv[1]).decode())"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/var/bot.db"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "audit.key"


def test_configured(database_url: str, path: Path) -> None:
    for use in (audit_key, existing_audit_key):
        assert use(SECRET.decode(), database_url) == SECRET
    assert not path.parent.exists()


def test_made_once(database_url: str, path: Path) -> None:
    before = os.umask(0)
    try:
        key = audit_key("", database_url)
    finally:
        os.umask(before)
    assert len(key) == 64
    assert audit_key("", database_url) == existing_audit_key("", database_url) == key
    assert [(one.name, one.stat().st_mode & 0o777) for one in path.parent.iterdir()] == [(path.name, 0o600)]
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_each_place_has_its_own(tmp_path: Path) -> None:
    assert len({audit_key("", f"sqlite:///{tmp_path}/{one}/bot.db") for one in "ab"}) == 2


async def test_two_processes_at_once(database_url: str) -> None:
    """Fails when one goes on with a key that the other's file has replaced."""

    async def other() -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PRINTS, database_url, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        return output.strip()

    assert set(await asyncio.gather(other(), other())) == {existing_audit_key("", database_url)}


@pytest.mark.parametrize("content", ["", "\n", "k" * 31, f"{'k' * 31}\n"])
def test_file_that_holds_no_key(database_url: str, path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)
    for use in (audit_key, existing_audit_key):
        with pytest.raises(ConfigError, match=r"audit\.key holds no key; restore it"):
            use("", database_url)
    assert path.read_text() == content


def test_line_end_is_no_part_of_the_key(database_url: str, path: Path) -> None:
    path.parent.mkdir()
    path.write_text(f"{'k' * 32}\n")
    path.chmod(0o600)
    assert audit_key("", database_url) == b"k" * 32


def test_place_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(ConfigError, match=r"cannot be used .*; set AUDIT_KEY"):
        audit_key("", f"sqlite:///{tmp_path}/var/bot.db")


def test_existing_key_is_never_made(database_url: str, path: Path) -> None:
    """Fails when verifying a trail whose key is lost makes a key that fits nothing."""
    with pytest.raises(ConfigError, match=r"there is no .*audit\.key, .* restore it, or set AUDIT_KEY"):
        existing_audit_key("", database_url)
    assert not path.parent.exists()


def test_sealed_words() -> None:
    sealed = Sealer(SECRET).seal("row", WORDS)
    assert b"canary" not in sealed
    assert Sealer(SECRET).open("row", sealed) == WORDS


def test_sealed_words_of_another_row_or_key() -> None:
    sealed = Sealer(SECRET).seal("row", WORDS)
    assert Sealer(SECRET).open("another", sealed) == {}
    assert Sealer(SECRET + b"!").open("row", sealed) == {}


@pytest.mark.parametrize("sealed", [None, b"", b"no token"])
def test_nothing_sealed(sealed: bytes | None) -> None:
    assert Sealer(SECRET).open("row", sealed) == {}


def test_changed_seal() -> None:
    sealed = bytearray(Sealer(SECRET).seal("row", WORDS))
    sealed[20] ^= 1
    assert Sealer(SECRET).open("row", bytes(sealed)) == {}


def test_killed_while_it_was_made(database_url: str, path: Path) -> None:
    """Fails when a process of the same id (a container's 1) replaces the key through the name that was left behind."""
    key = audit_key("", database_url)
    os.link(path, path.with_name(f".audit.key.{os.getpid()}"))
    assert audit_key("", database_url) == key
