"""Files that hold secrets are private from the moment they exist, and refused where others can use them."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.database import driver_url, hold_alone
from bot.errors import ConfigError
from bot.files import is_mounted, make_private_file, make_private_folder, problems_of_policy, problems_of_secret
from bot.keys import audit_key
from bot.store import Store
from bot.tables import cards

UMASKS = [0, 0o002, 0o022, 0o077, 0o777]
PRIVATE = [0o600, 0o400, 0o700, 0o1600]
OPEN = [0o644, 0o640, 0o604, 0o620, 0o602, 0o666, 0o060, 0o006]


@pytest.fixture(params=UMASKS, ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Something that holds a secret, and that others may read."""
    path = tmp_path / "it's a key.pem"
    path.write_text("canary")
    path.chmod(0o644)
    return path


@pytest.mark.usefixtures("umask")
def test_made_for_the_owner_alone(tmp_path: Path) -> None:
    """Fails without `fchmod` and `chmod`: a umask of 0777 leaves a file that nobody can open, not even its owner."""
    made = tmp_path / "one" / "two" / "file"
    make_private_file(made)
    assert [mode(one) for one in (made, made.parent, made.parent.parent)] == [0o600, 0o700, 0o700]


def test_what_is_there_is_left_as_it_is(tmp_path: Path, file: Path) -> None:
    """Fails when the working directory, or somebody's file, is made private by the way."""
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path)
    make_private_file(file)
    assert (mode(tmp_path), mode(file), file.read_text()) == (0o755, 0o644, "canary")


@pytest.mark.usefixtures("umask")
async def test_everything_of_a_database(tmp_path: Path) -> None:
    """Fails when SQLite makes its file itself, with the umask; what it makes beside it takes the file's mode."""
    folder = tmp_path / "var"
    store = Store(f"sqlite:///{folder}/bot.db")
    audit_key("", f"sqlite:///{folder}/bot.db")
    store.hold_alone()
    await store.prepare()
    await store.change(cards.delete())
    found = {path.name: mode(path) for path in folder.iterdir()}
    await store.close()
    names = {"bot.db", "bot.db-wal", "bot.db-shm", "bot.db.lock", "audit.key"}
    assert found == dict.fromkeys(names, 0o600)
    assert mode(folder) == 0o700


@pytest.mark.usefixtures("umask")
async def test_a_database_behind_a_link(tmp_path: Path) -> None:
    """Fails when the file is made at the link: SQLite follows it, and makes what it leads to with the umask."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o700)
    (tmp_path / "bot.db").symlink_to(tmp_path / "data" / "real.db")
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    await store.prepare()
    found = {path.name: mode(path) for path in (tmp_path / "data").iterdir()}
    await store.close()
    assert found["real.db"] == 0o600
    assert set(found.values()) == {0o600}


def test_one_lock_whichever_way_leads_there(tmp_path: Path) -> None:
    """Fails when the lock lies beside the link: then two processes serve on one file."""
    (tmp_path / "link.db").symlink_to(tmp_path / "bot.db")
    held = hold_alone(driver_url(f"sqlite:///{tmp_path}/bot.db"))
    with pytest.raises(ConfigError, match="another bot is serving"):
        hold_alone(driver_url(f"sqlite:///{tmp_path}/link.db"))
    assert held is not None
    os.close(held)


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal", ".lock"])
async def test_a_database_that_others_can_read(tmp_path: Path, end: str) -> None:
    """A restored copy, for instance. Fails when it, or what lies beside it, is used all the same."""
    path = tmp_path / f"bot.db{end}"
    path.touch()
    path.chmod(0o644)
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    for use in (store.prepare, store.migrate):
        with pytest.raises(ConfigError) as refused:
            await use()
        assert refused.value.problems == (
            f"DATABASE_URL: others than its owner can read or change {path} (mode 0644); run: chmod 600 {path}",
        )
    with pytest.raises(ConfigError):
        store.hold_alone()
    path.chmod(0o600)
    await store.prepare()
    await store.close()


async def test_what_is_deleted_is_gone_from_the_file(tmp_path: Path) -> None:
    """Every connection asks for it: whether SQLite does it by itself is up to whoever built it."""
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    await store.prepare()
    for use in (store.read, store.write):
        assert await use(lambda connection: connection.exec_driver_sql("PRAGMA secure_delete").scalar()) == 1
    await store.close()


def test_sqlite_takes_the_mode_of_its_file(tmp_path: Path) -> None:
    """What the above relies on, for the journal of a database that is not in WAL mode yet."""
    path = tmp_path / "bot.db"
    make_private_file(path)
    before = os.umask(0)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("CREATE TABLE t (c)")
            assert mode(tmp_path / "bot.db-journal") == 0o600
            database.execute("COMMIT")
    finally:
        os.umask(before)


@pytest.mark.parametrize("bits", PRIVATE, ids=oct)
def test_private_enough(file: Path, bits: int) -> None:
    file.chmod(bits)
    assert list(problems_of_secret("NAME", file)) == []


@pytest.mark.parametrize("bits", OPEN, ids=oct)
def test_open_to_others(file: Path, bits: int) -> None:
    """One sentence: what is configured by what, how it is, and the command that mends it, for a shell."""
    file.chmod(bits)
    [problem] = problems_of_secret("NAME", file)
    assert problem.startswith(
        f"NAME: others than its owner can read or change {file} (mode {bits:04o}); run: chmod 600"
    )
    assert os.system(problem.partition("run: ")[2]) == 0  # noqa: S605 - the command that people are told to run
    assert list(problems_of_secret("NAME", file)) == []


def test_a_link_is_as_open_as_what_it_leads_to(tmp_path: Path, file: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    assert list(problems_of_secret("NAME", link)) != []
    file.chmod(0o600)
    assert list(problems_of_secret("NAME", link)) == []


@pytest.mark.parametrize("path", ["nothing", "a file/nothing", "dangling"])
def test_nothing_there(tmp_path: Path, path: str) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert list(problems_of_secret("NAME", tmp_path / path)) == list(problems_of_policy(tmp_path / path)) == []


@pytest.mark.parametrize("folder", [0o755, 0o700])
def test_somebody_elses(tmp_path: Path, folder: int) -> None:
    """Whoever runs as another user than who wrote `.env` is told so. Fails with a traceback of whoever reads it."""
    tmp_path.chmod(folder)
    file = tmp_path / ".env"
    file.touch(mode=0o000)
    ours = os.geteuid()
    if ours == 0:
        os.seteuid(65_534)
    try:
        [problem] = problems_of_secret(".env", file)
        assert (
            problem
            == f".env: {file} cannot be read by the user that this runs as; run as root: chown {os.geteuid()} {file}"
        )
    finally:
        os.seteuid(ours)
        tmp_path.chmod(0o700)


def test_mounted(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Kubernetes mounts secrets: links to links, all within. Fails when a link that leads out of it counts, too."""
    mount = tmp_path / "secrets"
    (mount / "..2026").mkdir(parents=True)
    (mount / "..2026" / "key.pem").touch()
    (mount / "..data").symlink_to("..2026")
    (mount / "key.pem").symlink_to("..data/key.pem")
    (mount / "elsewhere.pem").symlink_to(file)
    monkeypatch.setenv("SECRETS_DIR", str(mount))
    inside = (mount / "key.pem", Path("/run/secrets/key.pem"))
    outside = (file, mount / "elsewhere.pem", mount / ".." / file.name, tmp_path / "secrets-2" / "key.pem")
    assert [is_mounted(one) for one in inside] == [True, True]
    assert [is_mounted(one) for one in outside] == [False] * 4


@pytest.mark.parametrize("bits", [0o644, 0o600, 0o444, 0o755])
def test_policy_that_others_only_read(file: Path, bits: int) -> None:
    file.chmod(bits)
    assert list(problems_of_policy(file)) == []


@pytest.mark.parametrize("bits", [0o664, 0o646, 0o666, 0o620])
def test_policy_that_others_can_change(file: Path, bits: int) -> None:
    file.chmod(bits)
    [problem] = problems_of_policy(file)
    assert problem.startswith(f"POLICY_FILE: others than its owner can change {file} (mode {bits:04o}), and so who may")
    assert os.system(problem.partition("run: ")[2]) == 0  # noqa: S605 - the command that people are told to run
    assert (mode(file), list(problems_of_policy(file))) == (bits & ~0o022, [])
