"""Where rows are kept and how they are chained: the part of the configuration that an operator's commands need."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot import logs
from bot.errors import ConfigError
from bot.files import problems_of_secret, secrets_directory
from bot.keys import FEWEST_CHARACTERS

ENV_FILE: Final = ".env"
MODEL_CONFIG: Final = SettingsConfigDict(
    env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
)


class Storage(BaseSettings):
    """Three variables of the configuration contract; README *Configuration* explains each."""

    model_config = MODEL_CONFIG

    database_url: SecretStr = SecretStr("sqlite:///var/bot.db")
    audit_key: SecretStr | None = None
    audit_retention_days: int = Field(default=400, ge=1)

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("must be sqlite:////path or postgresql://…")
        return value

    @field_validator("audit_key")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value()) < FEWEST_CHARACTERS:
            raise ValueError(f"must have at least {FEWEST_CHARACTERS} characters, made at random")
        return value


def load_storage() -> Storage:
    """What is configured of it, whatever else is missing; raises `ConfigError`."""
    try:
        storage = Storage(**sources())
    except ValidationError as error:
        raise ConfigError(problems_of(error)) from None
    logs.hide("configuration", *secrets_of(storage))
    return storage


def sources() -> dict[str, Any]:
    """Where pydantic looks besides the environment and `.env`; raises `ConfigError` where others can use that."""
    if problems := list(problems_of_secret(ENV_FILE, Path(ENV_FILE))):
        raise ConfigError(problems)
    directory = secrets_directory()
    return {"_secrets_dir": directory} if directory.is_dir() else {}


def secrets_of(storage: Storage) -> Iterator[str]:
    """What must never be told of a configuration: every secret; of the database's address the password."""
    for name, value in storage:
        if isinstance(value, SecretStr):
            secret = value.get_secret_value()
            yield _password(secret) if name == "database_url" else secret
            if name == "token_keys":
                yield from secret.replace(",", " ").split()


def _password(database_url: str) -> str:
    try:
        return str(make_url(database_url).password or "")
    except (ArgumentError, ValueError):
        return database_url


def problems_of(error: ValidationError) -> list[str]:
    """One line for each variable concerned, without its value."""
    problems = []
    for detail in error.errors(include_input=False, include_url=False):
        message = detail["msg"].removeprefix("Value error, ")
        name = str(detail["loc"][0]).upper()
        problems.append(f"{name}: {'required' if detail['type'] == 'missing' else _readable(name, message)}")
    return problems


def _readable(name: str, message: str) -> str:
    return "must be a GUID" if name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID") else message
