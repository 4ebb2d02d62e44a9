"""Keys: of the audit chain, of people's words at rest, which follows from it, and of tokens."""

import base64
import contextlib
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.engine import make_url

from bot import logs
from bot.errors import ConfigError
from bot.files import is_mounted, make_private_file, problems_of_secret

log = structlog.get_logger(__name__)

FEWEST_CHARACTERS: Final = 32


def audit_key(configured: str, database_url: str) -> bytes:
    """`AUDIT_KEY` or, beside a SQLite file, the content of `audit.key`, which is made once; raises `ConfigError`."""
    if configured:
        return configured.encode()
    path = audit_key_file(database_url)
    try:
        key = _kept(path)
        logs.hide("audit.key", key)
        return key.encode()
    except OSError as error:
        raise ConfigError([f"AUDIT_KEY: {path} cannot be used ({error.strerror}); set AUDIT_KEY"]) from error


def existing_audit_key(configured: str, database_url: str) -> bytes:
    """As `audit_key`, but makes none: a new key fits no trail that is there already."""
    if not configured and not audit_key_file(database_url).exists():
        raise ConfigError(
            [
                f"AUDIT_KEY: there is no {audit_key_file(database_url)}, which serve makes when it first starts; "
                "if there was one, restore it, or set AUDIT_KEY to what it held"
            ]
        )
    return audit_key(configured, database_url)


def audit_key_file(database_url: str) -> Path:
    """Where the key lies that is made, beside the SQLite file; raises `ConfigError` with PostgreSQL."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        raise ConfigError(["AUDIT_KEY: required with PostgreSQL, the same for every instance"])
    return Path(str(url.database)).with_name("audit.key")


def _kept(path: Path) -> str:
    if not path.exists():
        _make(path)
    if not is_mounted(path) and (problems := list(problems_of_secret("AUDIT_KEY", path))):
        raise ConfigError(problems)
    key = path.read_text().strip()
    if len(key) < FEWEST_CHARACTERS:
        raise ConfigError([f"AUDIT_KEY: {path} holds no key; restore it, or the trail cannot be verified"])
    return key


def _make(path: Path) -> None:
    # Complete, and on the disk, before it has its name: two that start at once use the same key. A name of its own:
    # what a killed one left behind may be the key itself, under both names.
    made = path.with_name(f".audit.key.{secrets.token_hex(8)}")
    try:
        make_private_file(made)
        with made.open("w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
    finally:
        made.unlink(missing_ok=True)


class Vault:
    """Encrypts tokens with `TOKEN_KEYS`, of which the newest comes first. Without keys it holds nothing."""

    def __init__(self, token_keys: str) -> None:
        keys = token_keys.replace(",", " ").split()
        self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None

    def seal(self, row: Sequence[str], secret: str) -> bytes:
        """The secret, for the row of that key only; raises `ConfigError` without keys."""
        if self._fernet is None:
            raise ConfigError(["TOKEN_KEYS: required for linking"])
        # Fernet authenticates no context: the row's key goes inside, or a row copied to another person would open.
        return self._fernet.encrypt(json.dumps([*row, secret]).encode())

    def open(self, row: Sequence[str], sealed: bytes) -> str | None:
        """The secret; None where these keys do not open it, or it was sealed for another row."""
        if self._fernet is None:
            return None
        try:
            *of, secret = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            log.warning("tokens_unreadable", row=row)
            return None
        if of != list(row):
            log.error("tokens_of_another_row", row=row)
            return None
        return str(secret)


class Sealer:
    """Encrypts what must not lie readable in the database: what people wrote, and where to answer them."""

    def __init__(self, key: bytes) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"cancel-approval-bot: people's words").derive(key)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, row: str, words: dict[str, str]) -> bytes:
        """The words, for the row of that id only."""
        return self._fernet.encrypt(json.dumps([row, words]).encode())

    def open(self, row: str, sealed: bytes | None) -> dict[str, str]:
        """The words; none where there are none, or none that this key opens for this row."""
        if sealed is None:
            return {}
        try:
            of, words = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            log.error("words_unreadable", row=row)
            return {}
        opened: dict[str, Any] = words if of == row else {}
        return opened
