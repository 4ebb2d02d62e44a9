"""Scopes, claims requests and what a person has granted at the Entra stand-in."""

import json
from dataclasses import dataclass

from bot.sandbox.entra_errors import EntraError, invalid_grant
from bot.sandbox.people import Person

GRAPH = "https://graph.microsoft.com"
GRAPHS = frozenset(
    {
        GRAPH,
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
    }
)
RESOURCES = GRAPHS | {
    "https://management.azure.com",
    "https://management.usgovcloudapi.net",
    "https://management.chinacloudapi.cn",
}
OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})


READ_ROLES = frozenset(
    {
        "EntitlementManagement.Read.All",
        "DeviceManagementConfiguration.Read.All",
        "DeviceManagementRBAC.Read.All",
        "PrivilegedAccess.Read.AzureResources",
        "PrivilegedAccess.Read.AzureAD",
        "PrivilegedAccess.Read.AzureADGroup",
        # There is no smaller permission that reads a request for a role.
        "RoleAssignmentSchedule.ReadWrite.Directory",
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "PrivilegedAssignmentSchedule.Read.AzureADGroup",
        "PrivilegedEligibilitySchedule.Read.AzureADGroup",
    }
)


@dataclass(frozen=True)
class ScopeRequest:
    """The scopes of one request: for one resource, in short names, and OpenID Connect's apart."""

    resource: str
    names: frozenset[str]
    openid: frozenset[str]

    @classmethod
    def parse(cls, scope: str) -> "ScopeRequest":
        """Read a space-separated list; a scope without a resource is Graph's.

        Raises:
            EntraError: several resources at once, or an unknown one.
        """
        scopes = scope.split()
        wanted = [_split(one) for one in scopes if one not in OPENID_SCOPES]
        resources = {resource for resource, _ in wanted} or {GRAPH}
        if len(resources) > 1:
            raise EntraError("invalid_request", 28000, "Scopes of several resources in one request.")
        resource = resources.pop()
        if resource not in RESOURCES:
            raise EntraError("invalid_resource", 500011, f"The resource {resource} is not known in this tenant.")
        return cls(resource, frozenset(name for _, name in wanted), OPENID_SCOPES.intersection(scopes))


def _split(scope: str) -> tuple[str, str]:
    resource, slash, name = scope.rpartition("/")
    return (resource, name) if slash else (GRAPH, scope)


@dataclass(frozen=True)
class ClaimsRequest:
    """The `claims` parameter: the declared capabilities, and whether it answers a claims challenge."""

    capabilities: tuple[str, ...] = ()
    answers_challenge: bool = False

    @classmethod
    def parse(cls, claims: str | None) -> "ClaimsRequest":
        """Read the JSON.

        Raises:
            EntraError: it isn't a JSON object of objects.
        """
        try:
            asked = json.loads(claims or "{}").get("access_token", {})
            capabilities = tuple(asked.get("xms_cc", {}).get("values", ()))
        except (ValueError, AttributeError) as error:
            raise EntraError("invalid_request", 90002025, "The claims parameter isn't a JSON object.") from error
        challenge = any(name == "nbf" or (name.startswith("xms_") and name != "xms_cc") for name in asked)
        return cls(capabilities, challenge)


class Consents:
    """Which scopes each person has consented to, per resource."""

    def __init__(self) -> None:
        self._granted: dict[tuple[str, str], set[str]] = {}

    def grant(self, person: Person, scopes: ScopeRequest, denied: set[str]) -> list[str]:
        """Record the consent given while signing in; return these scopes and those consented to earlier.

        Raises:
            EntraError: one that is asked for is denied.
        """
        self._granted.setdefault((person.oid, scopes.resource), set()).update(scopes.names - denied)
        return self.granted(person, scopes, denied)

    def granted(self, person: Person, scopes: ScopeRequest, denied: set[str]) -> list[str]:
        """Return all scopes consented to.

        Raises:
            EntraError: one that is asked for is not among them.
        """
        if refused := self.lacking(person, scopes) | (scopes.names & denied):
            text = f"Nobody has consented to {', '.join(sorted(refused))}."
            raise invalid_grant(65001, text, suberror="consent_required")
        return sorted(self._known(person, scopes) - denied - {".default"})

    def lacking(self, person: Person, scopes: ScopeRequest) -> frozenset[str]:
        """Return those asked for that this person has not consented to."""
        return scopes.names - {".default"} - self._known(person, scopes)

    def _known(self, person: Person, scopes: ScopeRequest) -> set[str]:
        return self._granted.get((person.oid, scopes.resource), set())
