"""The configuration: environment variables, a `.env` file, or files of the same names in a secrets directory."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigError
from bot.resources import Cloud

_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,}")
_GUID: Final = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

# The hosts of a cloud belong together: tokens are not interchangeable (microsoft-graph-docs: deployments.md).
_HOSTS: Final[dict[Cloud, tuple[str, str]]] = {
    "global": ("https://graph.microsoft.com", "https://login.microsoftonline.com"),
    "usgov": ("https://graph.microsoft.us", "https://login.microsoftonline.us"),
    "usgovdod": ("https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
    "china": ("https://microsoftgraph.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"),
}


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _origin(value: str) -> str:
    parts = urlsplit(value if "://" in value else f"https://{value}")
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        raise ValueError("must be an origin such as https://host:port, without a path")
    return f"https://{parts.netloc}"


def _slack_api(value: str) -> str:
    if not value.endswith("/api/"):
        raise ValueError("must end in /api/")
    if not value.startswith("https://") and not (value.startswith("http://") and is_loopback(value)):
        raise ValueError("must be https (plain http only on this machine)")
    return value


def _channel(value: str) -> str:
    if not _CHANNEL.fullmatch(value):
        raise ValueError("must be a channel id such as C0123456789, not a name")
    return value


Origin = Annotated[str, AfterValidator(_origin)]
Channel = Annotated[str, AfterValidator(_channel)]


class Settings(BaseSettings):
    """The configuration contract; README *Configuration* explains each variable."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    slack_bot_token: SecretStr
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: Annotated[str, AfterValidator(_slack_api)] = "https://slack.com/api/"

    azure_tenant_id: str = Field(pattern=_GUID)
    azure_client_id: str = Field(pattern=_GUID)
    azure_federated_token_file: Path | None = None
    azure_client_certificate_path: Path | None = None
    azure_client_secret: SecretStr | None = None
    azure_cloud: Cloud = "global"
    graph_url: Origin = ""
    azure_authority_host: Origin = ""
    ca_bundle: Path | None = None

    database_url: SecretStr = SecretStr("sqlite:///var/bot.db")
    public_url: Origin | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)

    notify_channel: Channel | None = None
    audit_channel: Channel | None = None
    kinds: str = ""
    policy_file: Path = Path("policy.toml")
    token_keys: SecretStr | None = None

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    time_scale: float = Field(default=1.0, gt=0)

    @field_validator("azure_federated_token_file", "azure_client_certificate_path", "ca_bundle")
    @classmethod
    def _exists(cls, value: Path | None) -> Path | None:
        if value and not value.is_file():
            raise ValueError("names no readable file")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        graph, login = _HOSTS[self.azure_cloud]
        object.__setattr__(self, "graph_url", self.graph_url or graph)
        object.__setattr__(self, "azure_authority_host", self.azure_authority_host or login)
        problems = list(self._contradictions())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached by Socket Mode; otherwise it reaches the bot over HTTP."""
        return self.slack_app_token is not None

    @property
    def resource(self) -> str:
        """The audience of Graph tokens: the cloud's, also where `GRAPH_URL` points elsewhere."""
        return _HOSTS[self.azure_cloud][0]

    @property
    def graph_hosts(self) -> frozenset[str]:
        """The hosts whose URLs people may paste: the cloud's own, and the configured one."""
        return frozenset(urlsplit(url).netloc for url in (self.resource, self.graph_url))

    @property
    def loopback_only(self) -> bool:
        """Whether every configured service is on this machine, as in the sandbox and in tests."""
        return all(is_loopback(url) for url in (self.graph_url, self.azure_authority_host, self.slack_api_url))

    def _contradictions(self) -> list[str]:
        problems = []
        if not (self.azure_federated_token_file or self.azure_client_certificate_path or self.azure_client_secret):
            problems.append(
                "AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_SECRET: one is required"
            )
        if not self.socket_mode and not self.slack_signing_secret:
            problems.append("SLACK_SIGNING_SECRET: required in HTTP mode (or set SLACK_APP_TOKEN for Socket Mode)")
        if not self.socket_mode and not self.public_url:
            problems.append("PUBLIC_URL: required in HTTP mode (or set SLACK_APP_TOKEN for Socket Mode)")
        if self.time_scale != 1 and not self.loopback_only:
            problems.append("TIME_SCALE: only with GRAPH_URL, AZURE_AUTHORITY_HOST and SLACK_API_URL on this machine")
        return problems


def load_settings() -> Settings:
    """The settings of this process; raises `ConfigError` that names every variable concerned."""
    directory = os.environ.get("SECRETS_DIR") or "/run/secrets"
    options: dict[str, Any] = {"_secrets_dir": directory} if Path(directory).is_dir() else {}
    try:
        return Settings(**options)
    except ValidationError as error:
        raise ConfigError(_problems(error)) from None


def _problems(error: ValidationError) -> list[str]:
    problems = []
    for detail in error.errors(include_input=False, include_url=False):
        message = detail["msg"].removeprefix("Value error, ")
        if not detail["loc"]:
            problems += message.splitlines()
            continue
        name = str(detail["loc"][0]).upper()
        problems.append(f"{name}: {'required' if detail['type'] == 'missing' else _readable(name, message)}")
    return problems


def _readable(name: str, message: str) -> str:
    return "must be a GUID" if name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID") else message
