"""`policy explain`: what an operator is told of who may, and that asking changes nothing."""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import pytest

from bot.cli.seed import link
from bot.configuration import load_configuration
from bot.sandbox.people import ALICE, BOB, CAROL, DAVE, GONE, GUEST, TEAM_ID, TENANT_ID, Person
from bot.sandbox.tenant import CHANNEL, CONSENTS, HELPDESK, PRIVATE, REDIRECT_URI, SHARED, Tenant
from bot.services import open_services
from tests.cli.conftest import Command, Ran

PACKAGE: Final = "accessPackageAssignmentRequest"
NOWHERE: Final = "0f0f0f0f-0000-4000-8000-000000000000"
LEADS: Final = "S0LEADS"
SECOND: Final = f"""\
[[rule]]
effect = "allow"
kinds = ["*"]
actors = ["*"]

[[rule]]
effect = "allow"
kinds = ["access-package"]
actors = ["{HELPDESK}"]
own_only = false
second_person = ["{LEADS}", "{DAVE.slack_id}"]

[[rule]]
effect = "deny"
kinds = ["*"]
actors = ["{BOB.slack_id}"]
"""


@dataclass(frozen=True)
class Asking:
    """A workspace in which Alice, Bob and Carol are linked, and questions to the command there."""

    tenant: Tenant
    environment: dict[str, str]
    command: Command

    async def explain(self, person: Person, *more: str, **changes: str) -> Ran:
        asked = ("--user", person.slack_id, "--kind", "access-package", *more)
        return await self.command("policy", "explain", *asked, **self.environment | changes)

    def write(self, policy: str) -> None:
        (self.tenant.directory / "policy.toml").write_text(policy, encoding="utf-8")

    def kept(self) -> list[str]:
        """Everything in the database."""
        with closing(sqlite3.connect(self.tenant.directory / "bot.db")) as database:
            return list(database.iterdump())


@pytest.fixture
async def asking(tenant: Tenant, command: Command, monkeypatch: pytest.MonkeyPatch) -> Asking:
    for name in list(os.environ):
        if name.startswith(("SLACK_", "AZURE_", "GRAPH_", "ARM_", "SECRETS_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tenant.directory)
    environment = tenant.environment()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    tenant.slack.add_usergroup(LEADS, {ALICE.slack_id, BOB.slack_id, CAROL.slack_id, GUEST.slack_id})
    configuration = load_configuration()
    async with open_services(configuration) as services:
        await link(configuration, services, CONSENTS, REDIRECT_URI)
    return Asking(tenant, environment, command)


def said(ran: Ran) -> dict[str, str]:
    """The lines by their names; those without one belong to the last that has one."""
    told: dict[str, str] = {}
    name = ""
    for line in ran.out.splitlines():
        name = line[:16].strip() or name
        told[name] = " ".join([told[name], line[17:]] if name in told else [line[17:]])
    return told


async def test_before_reading(asking: Asking) -> None:
    ran = await asking.explain(ALICE, "--channel", CHANNEL)
    rule = f"rule 1, {asking.environment['POLICY_FILE']} line 2"
    assert (ran.code, ran.err) == (0, "")
    assert said(ran) == {
        "person": "U0ALICE: full member; of the user groups that the policy names in: none",
        "account": f"{ALICE.email} ({ALICE.oid})",
        "channel": CHANNEL,
        "at the request": f"allowed if it is their own, as the person ({rule})",
        "their own": f"allowed, as the person ({rule})",
        "somebody else's": f"not allowed: only their own requests ({rule})",
    }


@pytest.mark.parametrize(
    ("person", "owner", "code", "reading", "decision"),
    [
        (ALICE, ALICE, 0, "their own, asked for by", "allowed, as the person (rule 1"),
        (ALICE, BOB, 1, "somebody else's, asked for by", "not allowed: only their own requests (rule 1"),
        (CAROL, BOB, 0, "somebody else's, asked for by", "allowed, as the person (rule 2"),
        (ALICE, None, 1, "Microsoft knows no such request, or does not show it", "allowed if it is their own"),
    ],
    ids=["own", "other", "help desk", "missing"],
)
async def test_after_reading(
    asking: Asking, person: Person, owner: Person | None, code: int, reading: str, decision: str
) -> None:
    """Fails when it goes by what could be said before reading."""
    target = asking.tenant.graph.add(PACKAGE, owner=owner.oid) if owner else NOWHERE
    ran = await asking.explain(person, "--id", target)
    told = said(ran)
    assert ran.code == code
    assert told["reading"].startswith(reading)
    assert told["before the call"].startswith(decision)
    assert ("Nothing shows that it is their own" in told["before the call"]) is (owner is None)
    assert [call.path for call in asking.tenant.graph.calls if call.method != "GET"] == []


async def test_what_goes_unread(asking: Asking) -> None:
    """As the cancellation does: the call can do no more than cancel one's own. Fails when unread means no."""
    asking.tenant.entra.app_roles -= {"EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All"}
    ran = await asking.explain(ALICE, "--id", asking.tenant.graph.add(PACKAGE, owner=ALICE.oid))
    assert ran.code == 0
    assert "It is sent unread" in said(ran)["before the call"]


async def test_second_persons(asking: Asking) -> None:
    """Fails when whoever asks is among those who may approve, or somebody whom a deny rule names."""
    asking.write(SECOND)
    ran = await asking.explain(CAROL, "--id", asking.tenant.graph.add(PACKAGE, owner=BOB.oid))
    assert ran.code == 0
    assert "with a second person (rule 2, " in ran.out
    at = ran.out.splitlines().index("second person    one of S0LEADS, U0DAVE must approve")
    assert [line.strip() for line in ran.out.splitlines()[at + 1 :]] == [
        f"U0ALICE: may, as {ALICE.email}",
        f"U0BOB: not allowed: a deny rule matches (rule 3, {asking.environment['POLICY_FILE']} line 13)",
        "U0CAROL: may not: it is the same person",
        "U0DAVE: may, once they have linked a Microsoft account",
        "U0GUEST: may not: guest",
    ]
    own = await asking.explain(CAROL, "--id", asking.tenant.graph.add(PACKAGE, owner=CAROL.oid))
    assert (own.code, "second person" in said(own)) == (0, False)


async def test_anybody_may_approve(asking: Asking) -> None:
    asking.write(SECOND.replace(f'"{LEADS}"', '"*"'))
    ran = await asking.explain(CAROL)
    assert (ran.code, said(ran)["second person"]) == (0, "anybody else whom no deny rule matches must approve")


async def test_a_url_names_kind_and_id(asking: Asking) -> None:
    target = asking.tenant.graph.add(PACKAGE, owner=ALICE.oid)
    url = f"https://graph.microsoft.com/v1.0/identityGovernance/entitlementManagement/assignmentRequests/{target}"
    ran = await asking.explain(ALICE, "--kind", url)
    assert (ran.code, said(ran)["reading"].split(",")[0]) == (0, "their own"), ran.err


@pytest.mark.parametrize(
    ("person", "more", "told"),
    [
        (GUEST, (), "U0GUEST: not allowed: guest."),
        (ALICE, ("--channel", SHARED), "U0ALICE: not allowed: shared_channel."),
        (BOB, (), "not allowed: a deny rule matches (rule 3, "),
        (DAVE, (), "But it needs their Microsoft account, and nobody can link one here"),
    ],
    ids=["guest", "shared channel", "denied", "not linked"],
)
async def test_who_may_not(asking: Asking, person: Person, more: tuple[str, ...], told: str) -> None:
    asking.write(SECOND)
    ran = await asking.explain(person, *more)
    assert (ran.code, told in ran.out) == (1, True), ran.out


async def test_who_can_still_link(asking: Asking) -> None:
    ran = await asking.explain(DAVE, **asking.tenant.environment(linking=True))
    assert (ran.code, "They are asked to link their Microsoft account first." in ran.out) == (0, True), ran.out


async def test_channel_that_the_bot_does_not_see(asking: Asking) -> None:
    asking.write(SECOND.replace('actors = ["*"]', f'actors = ["*"]\nchannels = ["{PRIVATE}"]'))
    ran = await asking.explain(ALICE, "--channel", PRIVATE)
    assert (ran.code, said(ran)["at the request"]) == (1, "not allowed: no rule matches")
    assert "which the bot does not see" in said(ran)["channel"]


async def test_who_cannot_be_looked_up(asking: Asking) -> None:
    """As the bot itself: a failed look-up allows nobody. Fails when an unknown group counts as one without members."""
    asking.write(SECOND.replace(LEADS, "S0TYPO"))
    ran = await asking.explain(ALICE)
    assert (ran.code, ran.out) == (1, "")
    assert "U0ALICE could not be looked up in Slack (no_such_subteam). Check the ids" in ran.err


async def test_it_changes_nothing(asking: Asking) -> None:
    """No row, no message, and the link of somebody who is deactivated stays. Fails with the bot's own accounts."""
    with closing(sqlite3.connect(asking.tenant.directory / "bot.db")) as database, database:
        database.execute("UPDATE links SET user = ? WHERE user = ?", (GONE.slack_id, BOB.slack_id))
        assert database.execute("SELECT count(*) FROM links WHERE team = ?", (TEAM_ID,)).fetchone() == (3,)
    asking.write(SECOND.replace(BOB.slack_id, DAVE.slack_id))
    before = asking.kept()
    assert any(TENANT_ID in line for line in before)
    target = asking.tenant.graph.add(PACKAGE, owner=BOB.oid)
    for person in (ALICE, CAROL, DAVE, GONE):
        await asking.explain(person, "--id", target)
    assert asking.kept() == before
    methods = {call.method for call in asking.tenant.slack.calls}
    assert methods == {"auth.test", "users.info", "usergroups.users.list"}
    assert {call.method for call in asking.tenant.graph.calls} == {"GET"}


@pytest.mark.parametrize(
    "wrong",
    [
        ("--user", "alice", "--kind", "access-package"),
        ("--user", "S0HELPDESK", "--kind", "access-package"),
        ("--user", "U0ALICE", "--kind", "acess-package"),
        ("--user", "U0ALICE", "--kind", "help"),
        ("--user", "U0ALICE", "--kind", "access-package", "--id", "../x"),
        ("--user", "U0ALICE", "--kind", f"access-package {NOWHERE}"),
        ("--user", "U0ALICE", "--kind", "access-package", "--channel", "#it-ops"),
        ("--user", "U0ALICE"),
    ],
    ids=" ".join,
)
async def test_wrong_use(command: Command, tenant: Tenant, wrong: tuple[str, ...]) -> None:
    ran = await command("policy", "explain", *wrong, **tenant.environment())
    assert (ran.code, ran.out, "Traceback" in ran.err) == (2, "", False), ran.err
