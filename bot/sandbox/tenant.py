"""A whole invented workspace and tenant: stand-ins, channels, policy, and the environment that a bot needs there."""

import base64
import secrets
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.sandbox.arm import AUDIENCE as ARM
from bot.sandbox.arm import ArmStandIn
from bot.sandbox.entra import EntraStandIn
from bot.sandbox.entra_client import Credentials
from bot.sandbox.front import FrontDoor
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.graph_facts import FACTS
from bot.sandbox.graph_types import Facts
from bot.sandbox.people import ALICE, BOB, CAROL, DAVE, GONE, GUEST, PEOPLE, STRANGER, TENANT_ID, Person
from bot.sandbox.service import Service
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.tls import ThrowAwayAuthority

CHANNEL, AUDIT, ELSEWHERE, PRIVATE, SHARED = "C0ITOPS", "C0AUDIT", "C0ELSEWHERE", "G0PRIVATE", "C0SHARED"
HELPDESK = "S0HELPDESK"
CLIENT_ID = "b0700000-0000-4000-8000-00000000c11e"
SLACK_CLIENT_ID = "1000000000.2000000000"
PUBLIC_HOST = "bot.example.test"
REDIRECT_URI = f"https://{PUBLIC_HOST}/auth/callback"

_OWN = (
    "ApprovalSolution.ReadWrite",
    "EntitlementMgmt-SubjectAccess.ReadWrite",
    "PrivilegedAccess.ReadWrite.AzureAD",
    "PrivilegedAccess.ReadWrite.AzureResources",
    "PrivilegedAccess.ReadWrite.AzureADGroup",
    "RoleAssignmentSchedule.ReadWrite.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
    "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
    f"{ARM}/user_impersonation",
)
CONSENTS: dict[Person, tuple[str, ...]] = {
    ALICE: (*_OWN, "DeviceManagementConfiguration.Read.All"),
    BOB: _OWN,
    CAROL: (*_OWN, "EntitlementManagement.ReadWrite.All", "DeviceManagementConfiguration.Read.All"),
}
"""Who has signed in, and what they consented to: of Graph, or of the resource that stands before the slash.

Carol is the help desk. Dave has not signed in.
"""

POLICY = f"""\
# Everybody cancels what they asked for themselves.
[[rule]]
effect = "allow"
kinds = ["*"]
actors = ["*"]

# The help desk cancels for others too, as itself.
[[rule]]
effect = "allow"
kinds = ["access-package", "approval-item", "privileged-role", "governance-role", "role-assignment",
         "role-eligibility", "group-assignment", "group-eligibility", "azure-role-assignment", "azure-role-eligibility"]
actors = ["{HELPDESK}"]
own_only = false

# Intune's approvals are cancelled by the bot's own application.
[[rule]]
effect = "allow"
kinds = ["operation-approval"]
actors = ["{HELPDESK}"]
own_only = false
identity = "application"

# Bob may have them cancelled, too, if somebody of the help desk agrees.
[[rule]]
effect = "allow"
kinds = ["operation-approval"]
actors = ["{BOB.slack_id}"]
own_only = false
identity = "application"
second_person = ["{HELPDESK}"]
"""


class Tenant:
    """Starts everything on loopback; `environment` is what a bot needs to work in it."""

    def __init__(self, directory: Path, *, facts: Sequence[Facts] = FACTS) -> None:
        self.directory = directory
        self.secret, self.signing_secret = secrets.token_urlsafe(24), secrets.token_hex(16)
        self.bot_token, self.app_token = f"xoxb-{secrets.token_hex(12)}", f"xapp-{secrets.token_hex(12)}"
        self._authority = ThrowAwayAuthority(directory / "ca.pem")
        self.slack_secret = secrets.token_hex(16)
        self.slack = SlackStandIn(
            PEOPLE,
            bot_token=self.bot_token,
            app_token=self.app_token,
            signing_secret=self.signing_secret,
            client_id=SLACK_CLIENT_ID,
            client_secret=self.slack_secret,
        )
        self.entra = EntraStandIn(
            PEOPLE,
            TENANT_ID,
            self._authority,
            client_id=CLIENT_ID,
            redirect_uris={REDIRECT_URI},
            credentials=Credentials(secret=self.secret),
        )
        self.graph = GraphStandIn(self.entra, self._authority, facts=facts)
        self.graph.admins.add(CAROL.oid)
        self.arm = ArmStandIn(self.entra, self._authority)
        self.arm.admins.add(CAROL.oid)
        self.front = FrontDoor(self._authority)
        self._furnish()

    @property
    def microsoft(self) -> tuple[Service, ...]:
        """The services that hold requests."""
        return (self.graph, self.arm)

    def service_of(self, type_name: str) -> Service:
        """Return the one whose type this is.

        Raises:
            KeyError: no service has such a type.
        """
        for one in self.microsoft:
            if type_name in one.facts:
                return one
        raise KeyError(type_name)

    async def __aenter__(self) -> Self:
        for part in (self.slack, self.entra, self.graph, self.arm, self.front):
            await part.start()
        self.slack.redirect_uris.add(f"{self.front.url}/auth/slack/callback")
        self.entra.redirect_uris.add(f"{self.front.url}/auth/callback")
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for part in (self.front, self.arm, self.graph, self.entra, self.slack):
            await part.stop()

    def environment(self, *, http: bool = False, linking: bool = False) -> dict[str, str]:
        """The variables of a bot in Socket Mode or, with `http`, in HTTP mode; with `linking` it is behind `front`."""
        policy = self.directory / "policy.toml"
        policy.write_text(POLICY, encoding="utf-8")
        policy.chmod(0o600)  # whatever the umask: the bot takes no policy that others can change
        keys = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        mode = (
            {"SLACK_SIGNING_SECRET": self.signing_secret, "PUBLIC_URL": f"https://{PUBLIC_HOST}"}
            if http
            else {"SLACK_APP_TOKEN": self.app_token}
        )
        return mode | {
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_API_URL": self.slack.api_url,
            "AZURE_TENANT_ID": TENANT_ID,
            "AZURE_CLIENT_ID": CLIENT_ID,
            "AZURE_CLIENT_SECRET": self.secret,
            "AZURE_AUTHORITY_HOST": self.entra.url,
            "GRAPH_URL": self.graph.url,
            "ARM_URL": self.arm.url,
            "CA_BUNDLE": str(self.directory / "ca.pem"),
            "DATABASE_URL": f"sqlite:///{self.directory / 'bot.db'}",
            "PORT": "0",
            "NOTIFY_CHANNEL": CHANNEL,
            "AUDIT_CHANNEL": AUDIT,
            "KINDS": "*",
            "POLICY_FILE": str(policy),
            "TOKEN_KEYS": keys,
            "TIME_SCALE": "0.1",
            "POLL_SECONDS": "0",
            **(self._linking() if linking else {}),
        }

    def _linking(self) -> dict[str, str]:
        return {
            "PUBLIC_URL": self.front.url,
            "SLACK_LOGIN_URL": self.slack.login_url,
            "SLACK_CLIENT_ID": SLACK_CLIENT_ID,
            "SLACK_CLIENT_SECRET": self.slack_secret,
        }

    def _furnish(self) -> None:
        team = {one.slack_id for one in (ALICE, BOB, CAROL, DAVE)}
        others = {one.slack_id for one in (GUEST, STRANGER, GONE)}
        self.slack.add_channel(CHANNEL, "it-ops", members=team | others)
        self.slack.add_channel(AUDIT, "audit", members={CAROL.slack_id})
        self.slack.add_channel(ELSEWHERE, "elsewhere", members=team, bot_is_member=False)
        self.slack.add_channel(PRIVATE, "private", members=team, bot_is_member=False, private=True)
        self.slack.add_channel(SHARED, "shared", members=team | others, ext_shared=True)
        self.slack.add_usergroup(HELPDESK, {CAROL.slack_id})
