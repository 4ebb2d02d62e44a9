"""What azure-rest-api-specs (authorization, stable/2020-10-01) says of both sorts of schedule requests.

SPEC is that folder of GitHub's Azure/azure-rest-api-specs.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

from bot.resources import Meaning, Service, Standing, load, path_of, target_of_url
from tests.contract.facts import EVERYWHERE, ID, PERSON, Call, Contract, Facts, Listing, Read, Sample, States
from tests.contract.pim import ERRORS, STANDINGS

HOST: Final = "management.azure.com"
VERSION: Final = "2020-10-01"
SUBSCRIPTION: Final = "/subscriptions/dfa2a084-766f-4003-8ae1-c4aeb893a99f"
GROUP: Final = f"{SUBSCRIPTION}/resourceGroups/Rg-1_(old).x"
SCOPES: Final = (
    "",
    "/providers/Microsoft.Management/managementGroups/Contoso-1",
    SUBSCRIPTION,
    GROUP,
    f"{GROUP}/providers/Microsoft.Web/sites/intranet",
    f"{GROUP}/providers/Microsoft.Web/sites/intranet/slots/next",
    f"{SUBSCRIPTION}/providers/Microsoft.Support/supportTickets/1",
)

_ARM_ALONE: Final = {
    "Accepted": Standing.UNKNOWN,
    "PendingEvaluation": Standing.UNKNOWN,
    "PendingRevocation": Standing.UNKNOWN,
    "PendingApprovalProvisioning": Standing.UNKNOWN,
    "PendingExternalProvisioning": Standing.UNKNOWN,
    "FailedAsResourceIsLocked": Standing.UNKNOWN,
    "AdminApproved": Standing.UNKNOWN,
    "AdminDenied": Standing.FINAL,
    "TimedOut": Standing.FINAL,
    "ProvisioningStarted": Standing.UNKNOWN,
    "Invalid": Standing.FINAL,
}
_CREATED: Final = datetime(2020, 9, 9, 21, 35, 27, 910000, tzinfo=UTC)


class AzureContract(Contract):
    """An address is the id and the host before it, and so is the call's path."""

    def test_urls(self, url: str) -> None:
        target = target_of_url(load(), url, {HOST})
        assert (target.kind, target.scope) == (self.facts.kind, "")
        assert target.id.casefold() == self.facts.urls[url].casefold()

    def test_the_path_of_a_pasted_url_is_the_documented_one(self, url: str) -> None:
        target = target_of_url(load(), url, {HOST})
        [declared] = self.resource.cancel
        assert path_of(self.resource, declared.path, target) == f"{target.id}/cancel"
        assert path_of(self.resource, self.resource.read.path, target) == target.id

    def test_the_version_is_in_no_path(self) -> None:
        kind = self.resource
        calls = [(call.version, call.path) for call in kind.cancel] + [(call.version, call.path) for call in kind.lists]
        for version, path in [*calls, (kind.read.version, kind.read.path)]:
            assert version == VERSION
            assert VERSION not in path


def facts_of(kind: str, type_name: str, ends: Collection[str]) -> Facts:
    """`ends`: as what a cancelled one is shown; what the specification does not say is as in Graph."""
    file = f"SPEC {type_name[0].upper()}{type_name[1:]}.json"
    collection = f"{type_name}s"
    action = f"Microsoft.Authorization/{collection}"
    return Facts(
        kind=kind,
        graph_type=type_name,
        service=Service.ARM,
        calls=(
            Call(
                source=f"{file}: …_Cancel (200, no body either way); an application's Azure roles allow actions",
                version=VERSION,
                path="{id}/cancel",
                success={200: Meaning.DONE},
                delegated=("user_impersonation",),
                application=(f"{action}/cancel/action",),
            ),
        ),
        read=Read(
            source=f"{file}: …_Get",
            version=VERSION,
            path="{id}",
            delegated=("user_impersonation",),
            application=(f"{action}/read",),
        ),
        lists=(
            Listing(
                source=f"{file}: …_ListForScope, $filter=asRequestor() (those that the current user requested)",
                version=VERSION,
                path=f"/providers/{action}",
                query={"$filter": "asRequestor()"},
                delegated=("user_impersonation",),
                own=True,
            ),
        ),
        states=(
            States(
                source=f"{file}: the enumeration Status",
                path="properties.status",
                standings={**STANDINGS, **_ARM_ALONE},
                cancelled=frozenset(ends),
                active=frozenset({"Provisioned"}),
            ),
        ),
        samples=_samples(file, collection),
        errors=ERRORS,
        urls=_addresses(collection),
        clouds_source="facts of each cloud's resource manager: CONTRIB concepts/deployments.md, learn.microsoft.com",
        clouds=EVERYWHERE,
    )


def _samples(file: str, collection: str) -> tuple[Sample, ...]:
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/c8d4ff99-41c3-41a8-9f60-21dfdad59608"
    properties = {
        "scope": SUBSCRIPTION,
        "roleDefinitionId": role,
        "principalId": ID,
        "principalType": "User",
        "requestType": "SelfActivate",
        "status": "Provisioned",
        "approvalId": None,
        "justification": None,
        "requestorId": PERSON,
        "createdOn": "2020-09-09T21:35:27.91Z",
    }
    expanded = {
        "scope": {"id": SUBSCRIPTION, "displayName": "Pay-As-You-Go", "type": "subscription"},
        "roleDefinition": {"id": role, "displayName": "Contributor", "type": "BuiltInRole"},
        "principal": {"id": ID, "displayName": "User Account", "email": "user@example.test", "type": "User"},
    }
    whole = {
        "id": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/{collection}/{ID}",
        "name": ID,
        "type": f"Microsoft.Authorization/{collection}",
    }
    waiting = {**properties, "status": "PendingApproval"}
    return (
        Sample(
            f"{file}, example Get…ByName: provisioned",
            {**whole, "properties": {**properties, "expandedProperties": expanded}},
            Standing.FINAL,
            PERSON,
            "Contributor",
            _CREATED,
        ),
        Sample(f"{file}: nothing expanded", {**whole, "properties": waiting}, Standing.UNKNOWN, PERSON, role, _CREATED),
        Sample(f"{file}: every property is optional", {**whole, "properties": {}}, Standing.UNKNOWN, ""),
    )


def _addresses(collection: str) -> Mapping[str, str]:
    """The ways to write the address of a request at each scope, and the id that it names."""
    ids = [f"{scope}/providers/Microsoft.Authorization/{collection}/{ID}" for scope in SCOPES]
    capital = f"{collection[0].upper()}{collection[1:]}"  # as in the specification's examples
    shown = {f"https://{HOST}{one.replace(collection, capital)}": one for one in ids}
    return shown | {
        written: one
        for one in ids
        for written in (
            f"https://{HOST}{one}",
            f"https://{HOST}{one}?api-version={VERSION}",
            f"https://{HOST}{one}/",
            f"https://{HOST}{one}/cancel",
            f"https://{HOST}{one}/cancel/?api-version=2022-04-01-preview#top",
            f"https://{HOST}{one.lower()}/cancel",
            f"https://{HOST.upper()}{one.upper()}/CANCEL",
            f"<https://{HOST}{one}>",
            f"<https://{HOST}{one}/cancel|the request>",
        )
    }
