"""The configuration: environment variables, a `.env` file, or files of the same names in a secrets directory."""

import ipaddress
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, DotEnvSettingsSource, NoDecode

from bot import logs
from bot.errors import ConfigError
from bot.files import is_mounted, problems_of_secret
from bot.networks import Network, networks
from bot.notify_rules import CHANNEL, FEWEST_SECONDS, MOST_SECONDS
from bot.resources import Cloud, Service
from bot.storage import ENV_FILE, MODEL_CONFIG, Storage, problems_of, secrets_of, sources

_GUID: Final = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


# The hosts of a cloud belong together: tokens are not interchangeable (microsoft-graph-docs: deployments.md).
class _Hosts(NamedTuple):
    graph: str
    login: str
    arm: str


_US_LOGIN: Final = "https://login.microsoftonline.us"
_US_ARM: Final = "https://management.usgovcloudapi.net"
_HOSTS: Final[dict[Cloud, _Hosts]] = {
    "global": _Hosts(
        "https://graph.microsoft.com", "https://login.microsoftonline.com", "https://management.azure.com"
    ),
    "usgov": _Hosts("https://graph.microsoft.us", _US_LOGIN, _US_ARM),
    "usgovdod": _Hosts("https://dod-graph.microsoft.us", _US_LOGIN, _US_ARM),
    "china": _Hosts(
        "https://microsoftgraph.chinacloudapi.cn",
        "https://login.partner.microsoftonline.cn",
        "https://management.chinacloudapi.cn",
    ),
}


_HOST: Final = re.compile(r"[0-9a-z._:-]+")
_NEARLY: Final = 0.85
_KEY_LENGTH: Final = 44  # characters of 32 bytes in base64
_LOGIN: Final = "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET"
_SAMPLES: Final = ("…", "xoxb-…", "xapp-…", "00000000-0000-0000-0000-000000000000")
_CREDENTIALS: Final = ("azure_federated_token_file", "azure_client_certificate_path", "azure_client_secret")


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin(value: str) -> str:
    """The https origin, normalised; raises `ValueError` for anything else."""
    parts = urlsplit(value if "://" in value else f"https://{value}")
    host, port = parts.hostname or "", parts.port
    if (
        parts.scheme != "https"
        or not _HOST.fullmatch(host)
        or parts.path.strip("/")
        or parts.query
        or "@" in parts.netloc
    ):
        raise ValueError("must be an https origin such as https://host:port, without a path")
    host = f"[{host}]" if ":" in host else host
    return f"https://{host}" if port in (None, 443) else f"https://{host}:{port}"


def _slack_api(value: str) -> str:
    if not value.endswith("/api/") or not urlsplit(value).hostname:
        raise ValueError("must end in /api/")
    if not value.startswith("https://") and not (value.startswith("http://") and is_loopback(value)):
        raise ValueError("must be https (plain http only on this machine)")
    return value


def _slack_login(value: str) -> str:
    parts = urlsplit(value)
    if parts.query or parts.fragment or not parts.hostname:
        raise ValueError("must be the address of a page, without a query")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(value)):
        raise ValueError("must be https (plain http only on this machine)")
    return value


def is_channel(value: str) -> bool:
    """Whether this is a channel's id; a name or a person's id is none."""
    return bool(CHANNEL.fullmatch(value))


def _channel(value: str) -> str:
    if not is_channel(value):
        raise ValueError("must be a channel id such as C0123456789, not a name")
    return value


Origin = Annotated[str, AfterValidator(origin)]
Channel = Annotated[str, AfterValidator(_channel)]


class Selection(BaseSettings):
    """What can be cancelled and by whom: checked also where the rest is wrong, so that everything is named at once."""

    model_config = MODEL_CONFIG

    azure_cloud: Cloud = "global"
    kinds: str = ""
    policy_file: Path = Path("policy.toml")


class Settings(Selection, Storage):
    """The configuration contract; README *Configuration* explains each variable."""

    slack_bot_token: SecretStr
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: Annotated[str, AfterValidator(_slack_api)] = "https://slack.com/api/"
    slack_login_url: Annotated[str, AfterValidator(_slack_login)] = "https://slack.com/openid/connect/authorize"
    slack_client_id: str = Field(default="", pattern=r"^([0-9]+\.[0-9]+)?$")
    slack_client_secret: SecretStr | None = None

    azure_tenant_id: str = Field(pattern=_GUID)
    azure_client_id: str = Field(pattern=_GUID)
    azure_federated_token_file: Path | None = None
    azure_client_certificate_path: Path | None = None
    azure_client_secret: SecretStr | None = None
    graph_override: Origin | None = Field(default=None, alias="GRAPH_URL")
    arm_override: Origin | None = Field(default=None, alias="ARM_URL")
    authority_override: Origin | None = Field(default=None, alias="AZURE_AUTHORITY_HOST")
    ca_bundle: Path | None = None

    public_url: Origin | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(networks)] = Field(
        default=(), validate_default=False
    )

    notify_channel: Channel | None = None
    audit_channel: Channel | None = None
    poll_seconds: int = 30
    token_keys: SecretStr | None = None
    email_match: Literal["require", "warn", "off"] = "warn"

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    time_scale: float = Field(default=1.0, gt=0)

    @field_validator("azure_federated_token_file", "azure_client_certificate_path", "ca_bundle")
    @classmethod
    def _is_readable(cls, value: Path | None) -> Path | None:
        if value and not (value.is_file() and os.access(value, os.R_OK)):
            raise ValueError("names no readable file")
        return value

    @field_validator("azure_client_certificate_path")
    @classmethod
    def _has_certificate_and_key(cls, value: Path | None) -> Path | None:
        pem = value.read_bytes() if value else b""
        if value and not (b"PRIVATE KEY-----" in pem and b"-----BEGIN CERTIFICATE" in pem):
            raise ValueError("must be a PEM file with the certificate and its private key")
        return value

    @field_validator("ca_bundle")
    @classmethod
    def _has_certificates(cls, value: Path | None) -> Path | None:
        try:
            ssl.create_default_context(cafile=value)
        except ssl.SSLError:
            raise ValueError("must be a PEM file with certificates") from None
        return value

    @field_validator("token_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            keys = value.get_secret_value().replace(",", " ").split() if value else []
            # Fernet itself reads two keys without a separator as the first of them.
            if value and (not keys or any(len(key) != _KEY_LENGTH for key in keys)):
                raise ValueError
            for key in keys:
                Fernet(key)
        except ValueError:
            raise ValueError(
                "must be Fernet keys (32 bytes in URL-safe base64), newest first, with commas between them"
            ) from None
        return value

    @field_validator("poll_seconds")
    @classmethod
    def _is_no_burden(cls, value: int) -> int:
        if value and not FEWEST_SECONDS <= value <= MOST_SECONDS:
            raise ValueError(f"must be from {FEWEST_SECONDS} to {MOST_SECONDS}, or 0: nobody is notified by itself")
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _name_all_problems(cls, given: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        """Pydantic stops before what concerns several fields; whoever configures wants everything at once."""
        problems = [*_missing(given), *_open_to_others(given), *_misspelt(cls)]
        try:
            settings = validate(given)
        except ValidationError as error:
            raise ConfigError([*problems_of(error), *problems]) from None
        if settings.time_scale != 1 and not settings.loopback_only:
            problems.append(
                "TIME_SCALE: only with GRAPH_URL, ARM_URL, AZURE_AUTHORITY_HOST and SLACK_API_URL on this machine"
            )
        if settings.metrics_port == settings.port:
            problems.append("METRICS_PORT: must be another than PORT")
        if problems:
            raise ConfigError(problems)
        return settings

    @property
    def graph_url(self) -> str:
        """Where Graph is called."""
        return self.graph_override or _HOSTS[self.azure_cloud].graph

    @property
    def arm_url(self) -> str:
        """Where Azure Resource Manager is called."""
        return self.arm_override or _HOSTS[self.azure_cloud].arm

    @property
    def azure_authority_host(self) -> str:
        """Where Entra is called."""
        return self.authority_override or _HOSTS[self.azure_cloud].login

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached by Socket Mode; otherwise it reaches the bot over HTTP."""
        return self.slack_app_token is not None

    @property
    def linking(self) -> bool:
        """Whether people can link their accounts themselves."""
        return bool(self.slack_client_id)

    @property
    def resource(self) -> str:
        """The audience of Graph tokens: the cloud's, also where `GRAPH_URL` points elsewhere."""
        return _HOSTS[self.azure_cloud].graph

    @property
    def audiences(self) -> Mapping[Service, str]:
        """The same of each service."""
        return {Service.GRAPH: self.resource, Service.ARM: _HOSTS[self.azure_cloud].arm}

    @property
    def service_hosts(self) -> frozenset[str]:
        """The hosts whose URLs people may paste: the cloud's own, and the configured ones."""
        return frozenset(urlsplit(url).netloc for url in (*self.audiences.values(), self.graph_url, self.arm_url))

    @property
    def loopback_only(self) -> bool:
        """Whether every configured service is on this machine, as in the sandbox and in tests."""
        return all(
            is_loopback(url) for url in (self.graph_url, self.arm_url, self.azure_authority_host, self.slack_api_url)
        )


def load_settings() -> Settings:
    """The settings of this process; raises `ConfigError` that names every variable concerned."""
    settings = Settings(**sources())
    logs.hide("configuration", *secrets_of(settings))
    return settings


def load_selection() -> Selection:
    """What can be checked when the rest is wrong; with the default cloud where that is wrong, too."""
    try:
        return Selection(**sources())
    except ValidationError:
        return Selection(azure_cloud="global", **sources())


def _open_to_others(given: Mapping[str, Any]) -> Iterator[str]:
    """Files that others may not use, or not change. A federated token is the platform's, and short-lived."""
    certificate = given.get("azure_client_certificate_path")
    if certificate and not is_mounted(Path(certificate)):
        yield from problems_of_secret("AZURE_CLIENT_CERTIFICATE_PATH", Path(certificate))


def _misspelt(settings: type[BaseSettings]) -> Iterator[str]:
    """Names in `.env` that are nearly one of ours: what they set would silently be left at its default."""
    names = {(field.alias or name).upper() for name, field in settings.model_fields.items()}
    for given in DotEnvSettingsSource(settings, env_file=ENV_FILE).env_vars:
        name = given.upper()
        nearest = get_close_matches(name, names, 1, _NEARLY)
        if nearest and name not in names:
            yield f"{name}: there is no such variable; did you mean {nearest[0]}?"


def _missing(given: Mapping[str, object]) -> Iterator[str]:
    """What only the whole can tell to be missing."""
    for name, value in given.items():
        if value in _SAMPLES:
            yield f"{name.upper()}: is the README's sample still"
    if not any(given.get(name) for name in _CREDENTIALS):
        yield f"{', '.join(name.upper() for name in _CREDENTIALS)}: one of them is required"
    if str(given.get("database_url") or "").startswith("postgres") and not given.get("audit_key"):
        yield "AUDIT_KEY: required with PostgreSQL, the same for every instance"
    for name, others, kind in (("slack_bot_token", "xapp-", "an app"), ("slack_app_token", "xoxb-", "a bot")):
        if str(given.get(name) or "").startswith(others):
            yield f"{name.upper()}: is {kind} token; the two are swapped"
    login = ("slack_client_id", "slack_client_secret")
    if any(given.get(name) for name in login):
        for name in (*login, "public_url", "token_keys"):
            if not given.get(name):
                yield f"{name.upper()}: required for linking accounts (or set none of {_LOGIN})"
    if not given.get("slack_app_token"):
        for name in ("slack_signing_secret", "public_url"):
            if not given.get(name):
                yield f"{name.upper()}: required in HTTP mode (or set SLACK_APP_TOKEN for Socket Mode)"
