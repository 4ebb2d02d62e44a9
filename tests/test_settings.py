"""The configuration contract: what is required, refused and normalised, and that no secret is told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.resources import Service
from bot.settings import Settings, is_loopback, load_settings

CANARY = "canary-4711"
KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
GOOD = {
    "SLACK_BOT_TOKEN": f"xoxb-{CANARY}",
    "SLACK_SIGNING_SECRET": f"signing-{CANARY}",
    "AZURE_TENANT_ID": "7e4a0000-5a4d-4b0c-9d00-0000000c0de0",
    "AZURE_CLIENT_ID": "B0700000-0000-4000-8000-00000000C11E",
    "AZURE_CLIENT_SECRET": f"secret-{CANARY}",
    "PUBLIC_URL": "https://bot.example.test",
}
LOOPBACK = {
    "GRAPH_URL": "https://127.0.0.1:8443",
    "ARM_URL": "https://127.0.0.1:8446",
    "AZURE_AUTHORITY_HOST": "https://localhost:8444",
    "SLACK_API_URL": "http://[::1]:8445/api/",
}
Load = Callable[..., Settings]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Loads the good settings with changes (None: not set), in an empty directory and environment."""
    monkeypatch.chdir(tmp_path)
    for name in {str(field.alias or name).upper() for name, field in Settings.model_fields.items()}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "secrets"))

    def with_changes(**changes: str | None) -> Settings:
        for name, value in (GOOD | changes).items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        return load_settings()

    return with_changes


def problems(load: Load, **changes: str | None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(**changes)
    shown = str(caught.value) + repr(caught.value)
    assert CANARY not in shown
    assert KEY not in shown
    return caught.value.problems


def named(load: Load, **changes: str | None) -> set[str]:
    """The variables that the problems name."""
    return {name for problem in problems(load, **changes) for name in problem.split(": ", 1)[0].split(", ")}


def test_minimal(load: Load) -> None:
    settings = load()
    assert settings.slack_bot_token.get_secret_value() == GOOD["SLACK_BOT_TOKEN"]
    assert settings.graph_url == settings.resource == "https://graph.microsoft.com"
    assert settings.azure_authority_host == "https://login.microsoftonline.com"
    assert not settings.socket_mode
    assert (settings.host, settings.port, settings.time_scale) == ("127.0.0.1", 3000, 1.0)


def test_everything_missing_is_named_at_once(load: Load) -> None:
    missing = {"AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_CERTIFICATE_PATH", *GOOD}
    assert named(load, **dict.fromkeys(GOOD)) == missing


def test_empty_is_missing(load: Load) -> None:
    assert named(load, SLACK_BOT_TOKEN="", PUBLIC_URL="") == {"SLACK_BOT_TOKEN", "PUBLIC_URL"}


def test_missing_and_wrong_are_named_together(load: Load) -> None:
    wrong = {"AZURE_TENANT_ID": "common", "SLACK_SIGNING_SECRET": None, "PORT": "x", "NOTIFY_CHANNEL": "#general"}
    assert named(load, **wrong) == set(wrong)


def test_socket_mode_needs_no_http(load: Load) -> None:
    settings = load(SLACK_APP_TOKEN=f"xapp-{CANARY}", SLACK_SIGNING_SECRET=None, PUBLIC_URL=None)
    assert settings.socket_mode


LINKING = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": CANARY, "PUBLIC_URL": GOOD["PUBLIC_URL"], "TOKEN_KEYS": KEY}


def test_linking(load: Load) -> None:
    assert not load().linking
    settings = load(**LINKING)
    assert (settings.linking, settings.email_match) == (True, "warn")
    assert settings.slack_login_url == "https://slack.com/openid/connect/authorize"
    assert named(load, **LINKING | {"SLACK_CLIENT_ID": "A0CANCEL"}) == {"SLACK_CLIENT_ID"}


@pytest.mark.parametrize("lacking", LINKING)
def test_linking_needs_all_of_it(load: Load, lacking: str) -> None:
    socket = {"SLACK_APP_TOKEN": f"xapp-{CANARY}"}
    assert named(load, **socket | LINKING | {lacking: None}) >= {lacking}


@pytest.mark.parametrize("name", ["AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_CERTIFICATE_PATH"])
def test_other_credentials(load: Load, tmp_path: Path, name: str) -> None:
    file = tmp_path / "credential"
    file.write_text("-----BEGIN PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n")
    file.chmod(0o600)
    settings = load(AZURE_CLIENT_SECRET=None, **{name: str(file)})
    assert getattr(settings, name.lower()) == file


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_TENANT_ID", "common"),
        ("AZURE_TENANT_ID", "organizations"),
        ("AZURE_TENANT_ID", "example.onmicrosoft.com"),
        ("AZURE_TENANT_ID", f"{GOOD['AZURE_TENANT_ID']}\n"),
        ("AZURE_TENANT_ID", f"x{GOOD['AZURE_TENANT_ID']}"),
        ("AZURE_CLIENT_ID", CANARY),
        ("AZURE_CLOUD", "mars"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/does/not/exist"),
        ("AZURE_CLIENT_CERTIFICATE_PATH", "/"),
        ("CA_BUNDLE", "/does/not/exist"),
        ("CA_BUNDLE", pytest.__file__),
        ("AZURE_CLIENT_CERTIFICATE_PATH", pytest.__file__),
        ("DATABASE_URL", CANARY),
        ("DATABASE_URL", f"mysql://user:{CANARY}@db.example.test/bot"),
        ("AUDIT_KEY", CANARY),
        ("AUDIT_KEY", "x" * 31),
        ("AUDIT_RETENTION_DAYS", "0"),
        ("AUDIT_RETENTION_DAYS", "for ever"),
        ("TOKEN_KEYS", CANARY),
        ("TOKEN_KEYS", f"{KEY},{CANARY}"),
        ("TOKEN_KEYS", "kéy"),
        ("TOKEN_KEYS", KEY[:-4]),
        ("TOKEN_KEYS", ","),
        ("TOKEN_KEYS", f"{KEY};{KEY}"),
        ("TOKEN_KEYS", KEY + KEY),
        ("GRAPH_URL", "http://graph.example.test"),
        ("GRAPH_URL", "https://graph.example.test/v1.0"),
        ("GRAPH_URL", "https://graph.example.test?x=1"),
        ("GRAPH_URL", f"https://user:{CANARY}@graph.example.test"),
        ("GRAPH_URL", "https://"),
        ("GRAPH_URL", "https://[::1"),
        ("GRAPH_URL", "https://graph.example.test:port"),
        ("GRAPH_URL", "https://graph.example.test:99999"),
        ("GRAPH_URL", "https://graph example.test"),
        ("ARM_URL", "http://management.example.test"),
        ("ARM_URL", "https://management.example.test/subscriptions"),
        ("ARM_URL", "https://management.example.test?api-version=2020-10-01"),
        ("ARM_URL", f"https://user:{CANARY}@management.example.test"),
        ("ARM_URL", "https://management.example.test:port"),
        ("AZURE_AUTHORITY_HOST", f"https://login.example.test/{GOOD['AZURE_TENANT_ID']}"),
        ("PUBLIC_URL", "http://bot.example.test"),
        ("PUBLIC_URL", "https://bot.example.test/slack"),
        ("SLACK_API_URL", "https://slack.com/api"),
        ("SLACK_API_URL", "http://slack.com/api/"),
        ("SLACK_API_URL", "http://localhost.example.test/api/"),
        ("SLACK_API_URL", "ftp://127.0.0.1/api/"),
        ("SLACK_API_URL", "https:///api/"),
        ("SLACK_LOGIN_URL", "http://slack.com/openid/connect/authorize"),
        ("SLACK_LOGIN_URL", "https://slack.com/openid/connect/authorize?team=T0"),
        ("SLACK_LOGIN_URL", "https:///authorize"),
        ("EMAIL_MATCH", "sometimes"),
        ("NOTIFY_CHANNEL", "#general"),
        ("NOTIFY_CHANNEL", "c0123456789"),
        ("AUDIT_CHANNEL", "U0123456789"),
        ("AUDIT_CHANNEL", "C0123456789\n"),
        ("POLL_SECONDS", "4"),
        ("POLL_SECONDS", "3601"),
        ("POLL_SECONDS", "-5"),
        ("POLL_SECONDS", "7.5"),
        ("POLL_SECONDS", "often"),
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "LOUD"),
        ("TIME_SCALE", "0"),
        ("TIME_SCALE", "-1"),
        ("TIME_SCALE", "nan"),
        ("TIME_SCALE", "fast"),
    ],
)
def test_bad_form(load: Load, name: str, value: str) -> None:
    assert named(load, **{name: value}) == {name}


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://graph.example.test/", "https://graph.example.test"),
        ("graph.example.test", "https://graph.example.test"),
        ("graph.example.test:8443/", "https://graph.example.test:8443"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("HTTPS://Graph.Example.Test", "https://graph.example.test"),
        ("https://graph.example.test:443", "https://graph.example.test"),
    ],
)
def test_origins_are_normalised(load: Load, given: str, normal: str) -> None:
    settings = load(GRAPH_URL=given, ARM_URL=given, AZURE_AUTHORITY_HOST=given, PUBLIC_URL=given)
    urls = (settings.graph_url, settings.arm_url, settings.azure_authority_host, settings.public_url)
    assert set(urls) == {normal}


US_ARM = "management.usgovcloudapi.net"


@pytest.mark.parametrize(
    ("cloud", "graph", "login", "arm"),
    [
        ("global", "graph.microsoft.com", "login.microsoftonline.com", "management.azure.com"),
        ("usgov", "graph.microsoft.us", "login.microsoftonline.us", US_ARM),
        ("usgovdod", "dod-graph.microsoft.us", "login.microsoftonline.us", US_ARM),
        (
            "china",
            "microsoftgraph.chinacloudapi.cn",
            "login.partner.microsoftonline.cn",
            "management.chinacloudapi.cn",
        ),
    ],
)
def test_cloud_sets_hosts_together(load: Load, cloud: str, graph: str, login: str, arm: str) -> None:
    settings = load(AZURE_CLOUD=cloud)
    assert (settings.graph_url, settings.azure_authority_host) == (f"https://{graph}", f"https://{login}")
    assert (settings.arm_url, settings.resource) == (f"https://{arm}", f"https://{graph}")
    assert settings.audiences == {Service.GRAPH: f"https://{graph}", Service.ARM: f"https://{arm}"}
    assert settings.service_hosts == {graph, arm}


@pytest.mark.parametrize("name", ["GRAPH_URL", "ARM_URL"])
def test_override_changes_where_calls_go_but_not_the_audience(load: Load, name: str) -> None:
    proxy = "https://proxy.example.test:8443"
    settings = load(AZURE_CLOUD="usgov", **{name: proxy})
    urls = {"GRAPH_URL": "https://graph.microsoft.us", "ARM_URL": f"https://{US_ARM}"} | {name: proxy}
    assert (settings.graph_url, settings.arm_url) == tuple(urls.values())
    assert settings.resource == "https://graph.microsoft.us"
    assert settings.audiences[Service.ARM] == f"https://{US_ARM}"
    assert settings.service_hosts == {"proxy.example.test:8443", "graph.microsoft.us", US_ARM}


@pytest.mark.parametrize("remote", [{name} for name in LOOPBACK] + [set(LOOPBACK)], ids=sorted)
def test_time_scale_only_on_this_machine(load: Load, remote: set[str]) -> None:
    local = {name: url for name, url in LOOPBACK.items() if name not in remote}
    assert named(load, TIME_SCALE="0.01", **local) == {"TIME_SCALE"}


def test_time_scale_on_this_machine(load: Load) -> None:
    settings = load(TIME_SCALE="0.01", **LOOPBACK)
    assert settings.loopback_only
    assert settings.time_scale == 0.01


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("https://127.0.0.1", True),
        ("https://127.8.9.10:1", True),
        ("https://[::1]:1/x", True),
        ("https://LOCALHOST", True),
        ("https://127.0.0.1.example.test", False),
        ("https://localhost.example.test", False),
        ("https://localhost@example.test", False),
        ("https://0.0.0.0", False),
        ("https://10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


def test_environment_wins_over_env_file_and_that_over_secrets(load: Load, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("SLACK_BOT_TOKEN", "AZURE_CLIENT_SECRET", "SLACK_SIGNING_SECRET"):
        (secrets / name).write_text("from the directory\n")
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=from the file\nAZURE_CLIENT_SECRET=from the file\nUNKNOWN=x\n")
    (tmp_path / ".env").chmod(0o600)
    settings = load(AZURE_CLIENT_SECRET=None, SLACK_SIGNING_SECRET=None)
    assert settings.slack_bot_token.get_secret_value() == GOOD["SLACK_BOT_TOKEN"]
    assert settings.azure_client_secret is not None
    assert settings.azure_client_secret.get_secret_value() == "from the file"
    assert settings.slack_signing_secret is not None
    assert settings.slack_signing_secret.get_secret_value() == "from the directory"


def test_no_secret_is_shown(load: Load) -> None:
    settings = load(
        SLACK_APP_TOKEN=f"xapp-{CANARY}",
        TOKEN_KEYS=KEY,
        DATABASE_URL=f"postgresql://user:{CANARY}@db.example.test/bot",
        AUDIT_KEY=f"{CANARY} and more of it, long enough",
    )
    shown = repr(settings) + str(settings) + str(settings.model_dump()) + settings.model_dump_json()
    assert CANARY not in shown
    assert KEY not in shown


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_several_instances_share_the_audit_key(load: Load, scheme: str) -> None:
    """Fails when each instance of a PostgreSQL database makes its own: then no two rows verify with one key."""
    assert named(load, DATABASE_URL=f"{scheme}://db.example.test/bot") == {"AUDIT_KEY"}
    settings = load(DATABASE_URL=f"{scheme}://db.example.test/bot", AUDIT_KEY="x" * 32)
    assert settings.audit_key is not None
    assert settings.audit_key.get_secret_value() == "x" * 32


@pytest.mark.parametrize("separator", [",", ", ", " "])
def test_several_token_keys(load: Load, separator: str) -> None:
    keys = load(TOKEN_KEYS=f"{KEY}{separator}{KEY}").token_keys
    assert keys is not None
    assert keys.get_secret_value() == f"{KEY}{separator}{KEY}"


def test_metrics_port(load: Load) -> None:
    """Off unless it is set. Fails when Prometheus could be given the edge's own port, or none that it can know."""
    assert load().metrics_port is None
    assert load(METRICS_PORT="").metrics_port is None
    assert load(METRICS_PORT="9090").metrics_port == 9090
    for wrong in ("0", "65536", "x", "3000"):
        assert named(load, METRICS_PORT=wrong) == {"METRICS_PORT"}


@pytest.mark.parametrize(("value", "seconds"), [(None, 30), ("", 30), ("0", 0), ("5", 5), ("3600", 3600)])
def test_poll_seconds(load: Load, value: str | None, seconds: int) -> None:
    assert load(POLL_SECONDS=value).poll_seconds == seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ("", []),
        ("10.1.0.0/16", ["10.1.0.0/16"]),
        ("10.1.0.0/16, 192.0.2.7,2001:db8::/32", ["10.1.0.0/16", "192.0.2.7/32", "2001:db8::/32"]),
    ],
)
def test_trusted_proxies(load: Load, value: str | None, expected: list[str]) -> None:
    assert [str(network) for network in load(TRUSTED_PROXIES=value).trusted_proxies] == expected


@pytest.mark.parametrize("wrong", ["a.example.test", "10.1.0.0/33", "10.1.0.1/16", "0.0.0.0/0", "::/0", "10.1", "[]"])
def test_proxies_that_are_none(load: Load, wrong: str) -> None:
    """Fails when the whole world is a trusted proxy: everybody would be whoever they say they are."""
    [problem] = problems(load, TRUSTED_PROXIES=f"10.1.0.0/16, {wrong}")
    assert problem.startswith("TRUSTED_PROXIES: ")
    assert wrong in problem
