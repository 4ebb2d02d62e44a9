"""`check` names everything that is not as it must be; and no command uses secrets that lie open to others."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.resources import Service, load
from bot.sandbox.people import ALICE
from bot.sandbox.tenant import AUDIT, CHANNEL, ELSEWHERE, HELPDESK, Tenant
from tests.certificates import self_signed
from tests.cli.conftest import ROOT, Command, spawn

NOBODY = "https://127.0.0.1:1"
LOOK_AFTER = [("audit", "verify"), ("jobs", "list"), ("links", "list"), ("migrate",)]


def lines(out: str) -> dict[str, str]:
    """The first word of each line by what it is about."""
    return {name: how for how, name in re.findall(r"^(ok|FAIL|--) +([^:]+):", out, re.MULTILINE)}


async def test_everything_is_there(command: Command, tenant: Tenant) -> None:
    ran = await command("check", **tenant.environment())
    assert (ran.code, ran.err) == (0, "")
    assert lines(ran.out) == {
        **dict.fromkeys(["settings", "database", "audit key", "Entra", "Graph", "Azure", "Slack", "Socket Mode"], "ok"),
        **dict.fromkeys(["NOTIFY_CHANNEL", "AUDIT_CHANNEL", f"user group {HELPDESK}"], "ok"),
        **dict.fromkeys(["linking", "notified by itself", "file"], "--"),
    }


async def test_every_host_that_is_out_of_reach(command: Command, tenant: Tenant) -> None:
    """Fails when it stops at the first."""
    away = {
        "DATABASE_URL": "postgresql://bot:canary@127.0.0.1:1/bot",
        "AUDIT_KEY": "x" * 32,
        "AZURE_AUTHORITY_HOST": NOBODY,
        "GRAPH_URL": NOBODY,
        "ARM_URL": NOBODY,
        "SLACK_API_URL": "http://127.0.0.1:1/api/",
    }
    ran = await command("check", **tenant.environment() | away)
    assert (ran.code, "Traceback" in ran.err) == (1, False)
    found = lines(ran.out)
    assert {name for name, how in found.items() if how == "FAIL"} == {"database", "Entra", "Graph", "Azure", "Slack"}
    assert (found["NOTIFY_CHANNEL"], found["AUDIT_CHANNEL"]) == ("--", "--")
    assert "canary" not in ran.out + ran.err


async def test_certificates_that_nobody_trusts(command: Command, tenant: Tenant) -> None:
    """Fails when only the connection is tried, and not TLS."""
    ran = await command("check", **tenant.environment() | {"CA_BUNDLE": "", "TIME_SCALE": "0.1"})
    for name, variable in (("Graph", "GRAPH_URL"), ("Azure", "ARM_URL")):
        assert f"FAIL  {name}: " in ran.out
        assert f"(SSLCertVerificationError). Check {variable} and CA_BUNDLE." in ran.out


async def test_azure_is_not_tried_where_nothing_needs_it(command: Command, tenant: Tenant) -> None:
    """Fails when a host that is never called has to be reached."""
    kinds = ",".join(kind.kind for kind in load() if kind.service is Service.GRAPH)
    ran = await command("check", **tenant.environment() | {"KINDS": kinds, "ARM_URL": NOBODY})
    assert "Azure" not in lines(ran.out)
    assert ran.code == 0, ran.out


async def test_missing_scopes_are_named(command: Command, tenant: Tenant) -> None:
    tenant.slack.scopes -= {"users:read", "users:read.email", "usergroups:read"}
    ran = await command("check", **tenant.environment())
    lacking = "usergroups:read, users:read, users:read.email"
    sentence = f"the bot token lacks the scopes {lacking}. Install the app again, with the manifest."
    assert (ran.code, f"FAIL  Slack: {sentence}\n" in ran.out) == (1, True), ran.out


async def test_the_sample_of_the_readme(command: Command, tmp_path: Path) -> None:
    """Fails when what everybody copies goes to Slack and Microsoft as if it were real."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [sample] = re.findall(r"```sh\n( *SLACK_BOT_TOKEN=.*?)```", readme, re.DOTALL)
    (tmp_path / ".env").write_text(re.sub(r"^ +", "", sample, flags=re.MULTILINE), encoding="utf-8")
    (tmp_path / ".env").chmod(0o600)
    for name in ("check", "serve"):
        ran = await command(name)
        assert ran.code == 2
        assert re.findall(r"(\w+): is the README's sample still", ran.err) == [
            "SLACK_BOT_TOKEN",
            "SLACK_APP_TOKEN",
            "AZURE_TENANT_ID",
            "AZURE_CLIENT_ID",
            "AZURE_CLIENT_SECRET",
        ]


async def test_modes(command: Command, tenant: Tenant, tmp_path: Path) -> None:
    """What a platform mounts is read as it is, and its mode is told; so are our own files'."""
    mount = tmp_path / "secrets"
    mount.mkdir()
    environment = tenant.environment() | {"SECRETS_DIR": str(mount)}
    (mount / "SLACK_BOT_TOKEN").write_text(environment.pop("SLACK_BOT_TOKEN"))
    (mount / "SLACK_BOT_TOKEN").chmod(0o444)
    (mount / "unrelated").touch()
    (tmp_path / ".env").touch(mode=0o400)
    ran = await command("check", **environment)
    assert ran.code == 0, ran.out + ran.err
    assert f"--    file: {mount}/SLACK_BOT_TOKEN, mode 0444, as it is mounted\n" in ran.out
    assert f"--    file: {tmp_path}/bot.db, mode 0600\n" in ran.out
    assert "--    file: .env, mode 0400\n" in ran.out
    assert "unrelated" not in ran.out


Expose = Callable[[Path], dict[str, str]]


def env_file(directory: Path) -> dict[str, str]:
    (directory / ".env").touch()
    (directory / ".env").chmod(0o644)
    return {}


def certificate(directory: Path) -> dict[str, str]:
    (directory / "bot.pem").write_text(self_signed())
    (directory / "bot.pem").chmod(0o640)
    return {"AZURE_CLIENT_CERTIFICATE_PATH": str(directory / "bot.pem")}


def policy(directory: Path) -> dict[str, str]:
    (directory / "policy.toml").chmod(0o664)
    return {}


def database(directory: Path) -> dict[str, str]:
    (directory / "bot.db").touch()
    (directory / "bot.db").chmod(0o604)
    return {}


def key(directory: Path) -> dict[str, str]:
    (directory / "bot.db").touch(mode=0o600)
    (directory / "audit.key").write_text("k" * 32)
    (directory / "audit.key").chmod(0o644)
    return {}


OPEN: dict[str, tuple[Expose, str]] = {
    ".env": (env_file, "chmod 600 .env"),
    "AZURE_CLIENT_CERTIFICATE_PATH": (certificate, "chmod 600 {directory}/bot.pem"),
    "POLICY_FILE": (policy, "chmod go-w {directory}/policy.toml"),
    "DATABASE_URL": (database, "chmod 600 {directory}/bot.db"),
    "AUDIT_KEY": (key, "chmod 600 {directory}/audit.key"),
}


@pytest.mark.parametrize("name", OPEN)
async def test_open_files_stop_the_start(command: Command, tenant: Tenant, tmp_path: Path, name: str) -> None:
    """One sentence with the file, its mode and what mends it; nothing is posted and Graph is not asked."""
    expose, mend = OPEN[name]
    environment = tenant.environment()
    environment |= expose(tmp_path)
    for which in ("serve", "check"):
        ran = await command(which, **environment)
        assert ran.code == 2, ran.out + ran.err
        [sentence] = [line for line in (ran.out + ran.err).splitlines() if "others than its owner can" in line]
        assert f"{name}: others" in sentence
        assert sentence.endswith(f"run: {mend.format(directory=tmp_path)}")
        assert "Traceback" not in ran.err
    assert tenant.slack.messages(CHANNEL) == tenant.slack.messages(AUDIT) == []
    assert tenant.graph.calls == []


@pytest.mark.parametrize("typed", LOOK_AFTER, ids=" ".join)
@pytest.mark.parametrize("name", [".env", "DATABASE_URL"])
async def test_operators_commands_use_them_neither(
    command: Command, tmp_path: Path, typed: tuple[str, ...], name: str
) -> None:
    OPEN[name][0](tmp_path)
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/bot.db", "AUDIT_KEY": "k" * 32}
    if name == ".env":
        (tmp_path / "bot.db").touch(mode=0o600)
    ran = await command(*typed, **environment)
    assert (ran.code, ran.out) == (2, "")
    assert f"{name}: others than its owner can read or change" in ran.err


async def test_audit_does_not_use_an_open_key(command: Command, tmp_path: Path) -> None:
    key(tmp_path)
    ran = await command("audit", "verify", DATABASE_URL=f"sqlite:///{tmp_path}/bot.db")
    assert (ran.code, "AUDIT_KEY: others than its owner can read or change" in ran.err) == (2, True)


async def test_a_channel_without_the_bot(command: Command, tenant: Tenant) -> None:
    """Fails when a channel counts that the bot sees and cannot post in."""
    ran = await command("check", **tenant.environment() | {"AUDIT_CHANNEL": ELSEWHERE})
    sentence = f"{ELSEWHERE}: the bot is not in it. Invite the bot to the channel."
    assert (ran.code, f"FAIL  AUDIT_CHANNEL: {sentence}\n" in ran.out) == (1, True), ran.out


def notifying(tenant: Tenant, *tables: tuple[str, str]) -> dict[str, str]:
    """The tenant's environment, with kinds told by themselves in these channels."""
    environment = tenant.environment() | {"POLL_SECONDS": "30"}
    tables_text = (f'\n[[notify]]\nkinds = ["{kind}"]\nchannel = "{one}"\npoll_seconds = 60\n' for kind, one in tables)
    policy = Path(environment["POLICY_FILE"])
    policy.write_text("".join((policy.read_text(), *tables_text)))
    return environment


async def test_what_is_told_by_itself(command: Command, tenant: Tenant) -> None:
    """Every list and channel is tried. Fails when only those of the settings are, and not the policy's."""
    tenant.graph.add("accessPackageAssignmentRequest", owner=ALICE.oid)
    ran = await command("check", **notifying(tenant, ("access-package", AUDIT), ("access-package", ELSEWHERE)))
    assert ran.code == 1, ran.out + ran.err
    told = {kind.kind for kind in load() if kind.lists_for(application=True)}
    untold = [kind.kind for kind in load() if kind.kind not in told]
    others = sorted(told - {"access-package"})
    assert "operation-approval" in others
    assert "approval-item" in untold
    for line in (
        f"ok    notified by itself: {AUDIT}, {ELSEWHERE} of access-package, read every 60 s",
        *(f"ok    notified by itself: {CHANNEL} of {kind}, read every 30 s" for kind in others),
        f"--    notified by itself: nobody of {', '.join(untold)}",
        f"ok    [[notify]]: {AUDIT}",
        f"FAIL  [[notify]]: {ELSEWHERE}: the bot is not in it. Invite the bot to the channel.",
        "ok    list of access-package: the application can read it (1 on the first page)",
        *(f"ok    list of {kind}: the application can read it (0 on the first page)" for kind in others),
    ):
        assert f"{line}\n" in ran.out
    assert tenant.graph.violations == []
    assert tenant.arm.violations == []


async def test_a_list_that_the_application_may_not_read(command: Command, tenant: Tenant) -> None:
    """Fails when it is found only by whoever wonders why nobody is notified."""
    tenant.entra.app_roles.remove("EntitlementManagement.Read.All")
    ran = await command("check", **notifying(tenant))
    sentence = (
        "the application cannot read it: Microsoft answered 403 Authorization_RequestDenied. Grant it "
        "EntitlementManagement.Read.All or EntitlementManagement.ReadWrite.All, or let no channel hear of it."
    )
    assert (ran.code, f"FAIL  list of access-package: {sentence}\n" in ran.out) == (1, True), ran.out
    assert lines(ran.out)["list of operation-approval"] == "ok"


async def test_lists_are_not_tried_without_entra(command: Command, tenant: Tenant) -> None:
    ran = await command("check", **notifying(tenant) | {"AZURE_AUTHORITY_HOST": NOBODY})
    assert "--    list of access-package: not tried, without Entra and Graph\n" in ran.out


async def test_a_user_group_that_is_none(command: Command, tenant: Tenant, tmp_path: Path) -> None:
    """Fails when it is found only by everybody who is refused for it."""
    policy = tmp_path / "mistyped.toml"
    policy.write_text('[[rule]]\neffect = "deny"\nkinds = ["*"]\nactors = ["S0NOBODY"]\n', encoding="utf-8")
    policy.chmod(0o600)
    ran = await command("check", **tenant.environment() | {"POLICY_FILE": str(policy)})
    assert (ran.code, "FAIL  user group S0NOBODY: no_such_subteam." in ran.out) == (1, True), ran.out


async def test_a_name_that_is_nearly_a_variable(command: Command, tmp_path: Path) -> None:
    """Fails when a mistyped name drops what it was to set: deny rules, the audit channel."""
    (tmp_path / ".env").write_text("POLICY_FIEL=prod.toml\nAUDIT_CHANEL=C0\nEDITOR=vi\n", encoding="utf-8")
    (tmp_path / ".env").chmod(0o600)
    ran = await command("check")
    assert ran.code == 2
    assert "POLICY_FIEL: there is no such variable; did you mean POLICY_FILE?" in ran.err
    assert "AUDIT_CHANEL: there is no such variable; did you mean AUDIT_CHANNEL?" in ran.err
    assert "EDITOR" not in ran.err


async def test_tokens_that_are_swapped(command: Command, tenant: Tenant) -> None:
    environment = tenant.environment()
    tokens = {"SLACK_BOT_TOKEN": environment["SLACK_APP_TOKEN"], "SLACK_APP_TOKEN": environment["SLACK_BOT_TOKEN"]}
    ran = await command("check", **environment | tokens)
    assert ran.code == 2
    assert "SLACK_BOT_TOKEN: is an app token" in ran.err
    assert "SLACK_APP_TOKEN: is a bot token" in ran.err


async def test_an_app_token_that_slack_does_not_take(command: Command, tenant: Tenant) -> None:
    ran = await command("check", **tenant.environment() | {"SLACK_APP_TOKEN": "xapp-another"})
    assert (ran.code, "FAIL  Socket Mode: Slack did not accept the token" in ran.out) == (1, True), ran.out


async def test_the_policy_is_named(command: Command, tenant: Tenant, tmp_path: Path) -> None:
    """Fails when nobody is told that it was looked for elsewhere, or that nobody can cancel anything."""
    environment = tenant.environment()
    ran = await command("check", **environment)
    assert f"{environment['POLICY_FILE']}: 4 rules (4 allow, 0 deny)." in ran.out
    os.remove(environment.pop("POLICY_FILE"))  # noqa: PTH107 - and where it is looked for otherwise, there is none
    ran = await command("check", **environment)
    assert f"policy: {tmp_path}/policy.toml\n" in ran.out
    assert "policy.toml does not exist: everybody may cancel their own requests" in ran.out
    assert "nobody can cancel anything" in ran.out


async def test_whoever_reads_may_stop(tmp_path: Path) -> None:
    """Fails with a traceback: `kinds | head`."""
    process = await spawn(tmp_path, {}, "kinds")
    assert process.stdout
    process.stdout._transport.close()  # type: ignore[attr-defined]  # as a reader that has seen enough
    assert process.stderr
    err = await process.stderr.read()
    await process.wait()
    assert b"Traceback" not in err
