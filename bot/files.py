"""Files that hold secrets, and the one that decides who may cancel: made private, refused where others can use them.

Modes alone are looked at. What an access control list gives beyond them shows in the group's bits (POSIX.1e: its mask).
"""

import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_MOUNTS: Final = "/run/secrets"
_USE: Final = 0o066
_CHANGE: Final = 0o022


def secrets_directory() -> Path:
    """The directory of files named like variables: `SECRETS_DIR`, or where containers mount secrets."""
    return Path(os.environ.get("SECRETS_DIR") or _MOUNTS)


def is_mounted(path: Path) -> bool:
    """Whether the file lies in a secrets directory: its mode is the platform's, and nobody here can mend it."""
    real = os.path.realpath(path)
    return any(Path(real).is_relative_to(os.path.realpath(one)) for one in (secrets_directory(), _MOUNTS))


def mode_of(path: Path) -> str:
    """The file's permissions in octal, such as 0600, of what a symbolic link leads to; raises `OSError`."""
    return f"{path.stat().st_mode & 0o7777:04o}"


def problems_of_secret(name: str, path: Path) -> Iterator[str]:
    """Why a file of secrets is refused: its group or others can use it, or we cannot. Nothing where there is none.

    `name` is what the file is configured by. Whoever owns it put it there, so the owner may be anybody: a container's
    root reads a file of the host's user.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        if not _is_readable(path):
            owner = f"{os.geteuid()} {shlex.quote(str(path))}"
            yield f"{name}: {path} cannot be read by the user that this runs as; run as root: chown {owner}"
        elif path.stat().st_mode & _USE:
            yield (
                f"{name}: others than its owner can read or change {path} (mode {mode_of(path)}); "
                f"run: chmod 600 {shlex.quote(str(path))}"
            )


def problems_of_policy(path: Path) -> Iterator[str]:
    """Why the policy's file is refused: who can change it decides who may cancel. Everybody may read it."""
    with suppress(OSError):  # whoever reads it says why it cannot be read
        if path.stat().st_mode & _CHANGE:
            yield (
                f"POLICY_FILE: others than its owner can change {path} (mode {mode_of(path)}), and so who may cancel; "
                f"run: chmod go-w {shlex.quote(str(path))}"
            )


def make_private_folder(folder: Path) -> None:
    """Makes the folder, and those above it that are missing, 0700 whatever the umask; raises `OSError`."""
    if folder.exists():
        return
    make_private_folder(folder.parent)
    with suppress(FileExistsError):  # another process was first
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)


def make_private_file(path: Path) -> None:
    """Makes an empty file, 0600 whatever the umask, and its folder, unless they are there; raises `OSError`."""
    make_private_folder(path.parent)
    with suppress(FileExistsError):
        made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.fchmod(made, 0o600)
        os.close(made)


def _is_readable(path: Path) -> bool:
    try:
        return bool(path.stat()) and os.access(path, os.R_OK, effective_ids=True)
    except PermissionError:
        return False
