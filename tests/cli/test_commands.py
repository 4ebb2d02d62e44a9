"""Exit codes and words of every command."""

import json
import socket
from pathlib import Path

import pytest

from bot.resources import load
from bot.sandbox.people import ALICE
from bot.sandbox.tenant import AUDIT, CHANNEL, ELSEWHERE, Tenant
from tests.cli.conftest import Command


async def test_serve_names_everything_that_is_missing(command: Command) -> None:
    ran = await command(
        "serve",
        KINDS="aproval-item",
        TOKEN_KEYS="short",
        AZURE_TENANT_ID="common",
        AZURE_CLOUD="mars",
        POLICY_FILE="no.toml",
    )
    assert ran.code == 2
    for name in (
        "SLACK_BOT_TOKEN",
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "SLACK_SIGNING_SECRET",
        "PUBLIC_URL",
        "TOKEN_KEYS",
        "AZURE_CLOUD",
        "POLICY_FILE: no.toml does not exist",
        "KINDS: aproval-item is no kind; did you mean approval-item?",
    ):
        assert name in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (
            '[[rule]]\neffect = "allow"\nkinds = ["approval-item"]\nactors = ["*"]\nidentity = "application"',
            "only people",
        ),
        ('[[rule]]\neffect = "allow"\nkinds = ["*"]\nactors = ["*"]\nidentity = "application"', "one by one"),
        ('[[rule]]\neffect = "allow"\nkinds = ["nonsense"]\nactors = ["*"]', "nonsense is no kind"),
        ('[[rule]]\neffect = "allow"\nkinds = ["*"]\nactors = ["*"]\nwho = "me"', "rule 1 who"),
        ('[[notify]]\nkinds = ["acess-package"]\nchannel = "C01"', "notify 1 kinds: acess-package is no kind; did you"),
        ('[[notify]]\nkinds = ["approvalItem"]\nchannel = "C01"', "notify 1 kinds: approvalItem is no kind; did you"),
        ('[[notify]]\nkinds = ["*"]\nchannel = "#it-ops"', "notify 1 channel: '#it-ops' is no id"),
        ("[[rule", "policy.toml"),
    ],
)
async def test_unusable_policy_stops_the_start(
    command: Command, tenant: Tenant, tmp_path: Path, policy: str, problem: str
) -> None:
    """Fails when what the file says beyond the known keys is passed over."""
    environment = tenant.environment()
    (tmp_path / "policy.toml").write_text(policy)
    ran = await command("serve", **environment)
    assert (ran.code, problem in ran.err) == (2, True), ran.err


async def test_application_rule_for_a_kind_that_is_off(command: Command, tenant: Tenant) -> None:
    ran = await command("serve", **tenant.environment() | {"KINDS": "approval-item"})
    assert ran.code == 2
    assert "operation-approval is to be cancelled as the application, but is not switched on" in ran.err


async def test_named_policy_must_exist(command: Command, tenant: Tenant) -> None:
    ran = await command("check", **tenant.environment() | {"POLICY_FILE": "polciy.toml"})
    assert (ran.code, "polciy.toml does not exist" in ran.err) == (2, True)


async def test_check_says_what_to_register(command: Command, tenant: Tenant) -> None:
    url = tenant.front.url
    ran = await command("check", **tenant.environment(linking=True))
    assert f"ok    linking: {url}/auth/start\n" in ran.out
    assert (f"{url}/auth/slack/callback\n" in ran.out, f"{url}/auth/callback\n" in ran.out) == (True, True)


async def test_check_says_what_is_wrong(command: Command, tenant: Tenant) -> None:
    ran = await command(
        "check", **tenant.environment() | {"AZURE_CLIENT_SECRET": "wrong", "NOTIFY_CHANNEL": "C0ELSEWHERE"}
    )
    assert ran.code == 1
    assert "Microsoft Entra does not accept the bot's own credential" in ran.out
    assert "FAIL  NOTIFY_CHANNEL: C0ELSEWHERE: the bot is not in it" in ran.out
    assert f"ok    AUDIT_CHANNEL: {AUDIT}" in ran.out


async def test_wrong_bot_token(command: Command, tenant: Tenant) -> None:
    ran = await command("serve", **tenant.environment() | {"SLACK_BOT_TOKEN": "xoxb-canary"})
    assert (ran.code, "Slack did not accept the token (invalid_auth). Check SLACK_BOT_TOKEN." in ran.err) == (1, True)
    assert "canary" not in ran.out + ran.err


async def test_migrate(command: Command, tenant: Tenant) -> None:
    ran = await command("migrate", **tenant.environment())
    assert (ran.code, ran.out) == (0, "The schema is at revision 0006.\n")


async def test_kinds_needs_no_configuration(command: Command) -> None:
    ran = await command("kinds")
    assert ran.code == 0
    assert all(resource.kind in ran.out for resource in load())


async def test_manifest(command: Command) -> None:
    ran = await command("manifest", "--public-url", "https://bot.example.test")
    assert json.loads(ran.out)["settings"]["interactivity"]["request_url"] == "https://bot.example.test/slack/events"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("notify",),
        ("sandbox", "--port", "99999"),
        ("manifest", "--public-url", "http://bot.example.test"),
    ],
)
async def test_wrong_use(command: Command, arguments: tuple[str, ...]) -> None:
    assert (await command(*arguments)).code == 2


async def test_notify(command: Command, tenant: Tenant) -> None:
    target = tenant.graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    ran = await command("notify", "access-package", target, **tenant.environment())
    [card] = tenant.slack.messages(CHANNEL)
    assert (ran.code, ran.out) == (0, f"{CHANNEL} {card.ts}\n")


async def test_notify_where_the_kind_is_told(command: Command, tenant: Tenant, tmp_path: Path) -> None:
    """Each channel gets its card. Fails when the first that Slack refuses keeps the next from it."""
    target = tenant.graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    environment = tenant.environment()
    rules = (tmp_path / "policy.toml").read_text()
    tables = (f'\n[[notify]]\nkinds = ["access-package"]\nchannel = "{one}"\n' for one in (ELSEWHERE, AUDIT))
    (tmp_path / "policy.toml").write_text("".join((rules, *tables)))
    ran = await command("notify", "access-package", target, **environment)
    [card] = tenant.slack.messages(AUDIT)
    assert (ran.code, ran.out) == (1, f"{AUDIT} {card.ts}\n")
    assert f"Slack did not take the message for {ELSEWHERE}." in ran.err
    assert tenant.slack.messages(CHANNEL) == []


async def test_wrong_app_token(command: Command, tenant: Tenant) -> None:
    ran = await command("serve", **tenant.environment() | {"SLACK_APP_TOKEN": "xapp-canary"})
    assert (ran.code, "Slack did not accept the token (invalid_auth). Check SLACK_APP_TOKEN." in ran.err) == (1, True)
    assert "canary" not in ran.out + ran.err


async def test_port_that_is_taken(command: Command, tenant: Tenant) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = await command("serve", **tenant.environment() | {"PORT": port})
    assert (ran.code, "HOST, PORT: cannot listen there" in ran.err) == (2, True)


@pytest.mark.parametrize(
    "url", ["postgresql://bot@127.0.0.1:1/bot", "sqlite:////proc/nowhere/bot.db", "sqlite:///text.db"]
)
async def test_database_that_cannot_be_used(command: Command, tenant: Tenant, tmp_path: Path, url: str) -> None:
    (tmp_path / "text.db").write_text("This is no database. " * 100)
    (tmp_path / "text.db").chmod(0o600)
    ran = await command("migrate", **tenant.environment() | {"DATABASE_URL": url, "AUDIT_KEY": "x" * 32})
    assert (ran.code, "The database cannot be used" in ran.err, "Traceback" in ran.err) == (1, True, False), ran.err
