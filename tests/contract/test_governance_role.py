"""governanceRoleAssignmentRequest against its documents.

CONTRIB is GitHub's microsoftgraph/microsoft-graph-docs-contrib.
"""

from datetime import date, datetime, timedelta, timezone

import pytest

from bot.resources import ErrorMeaning, Meaning, Standing, Target, TargetError, load, path_of, target_of, target_of_url
from bot.resources.governance_role import RESOURCE
from tests.contract.facts import HOST, ID, PERSON, Call, Contract, Error, Facts, Read, Sample, States, addresses

_COLLECTION = "/privilegedAccess/{scope}/roleAssignmentRequests"
_CANCEL = "CONTRIB beta/api/governanceroleassignmentrequest-cancel.md"
_GET = "CONTRIB beta/api/governanceroleassignmentrequest-get.md"
_RESOURCE_PAGE = "CONTRIB beta/resources/governanceroleassignmentrequest.md"
_STATUS_PAGE = "CONTRIB beta/resources/governanceroleassignmentrequeststatus.md"
_PROVIDERS = {"azureResources": "AzureResources", "aadRoles": "AzureAD", "aadGroups": "AzureADGroup"}
_ROLE = "be0767b9-2c31-4b0d-b820-726228e7ff5c"

_REQUEST = {
    "id": ID,
    "resourceId": "ec3a00f7-81dc-43b3-bbe7-650d3a5f7d46",
    "roleDefinitionId": _ROLE,
    "subjectId": PERSON,
    "type": "UserAdd",
    "assignmentState": "Active",
    "requestedDateTime": "2018-05-09T21:26:15.73-07:00",
    "reason": None,
    "status": {"status": "InProgress", "subStatus": "PendingApproval", "statusDetails": []},
}
_CREATED = datetime(2018, 5, 9, 21, 26, 15, 730000, tzinfo=timezone(timedelta(hours=-7)))


def _by_type(kind_of_request: str, requestor: str) -> Sample:
    return Sample(
        f"{_RESOURCE_PAGE}: {kind_of_request}",
        {**_REQUEST, "type": kind_of_request},
        Standing.YES,
        requestor,
        _ROLE,
        _CREATED,
    )


class TestGovernanceRole(Contract):
    resource = RESOURCE
    facts = Facts(
        kind="governance-role",
        graph_type="governanceRoleAssignmentRequest",
        calls=(
            Call(
                source=f"{_CANCEL} (an older version lists an application permission, this one says not supported)",
                version="beta",
                path=f"{_COLLECTION}/{{id}}/cancel",
                success={204: Meaning.DONE},
                delegated=("PrivilegedAccess.ReadWrite.{scope}",),
            ),
        ),
        read=Read(
            source=_GET,
            version="beta",
            path=f"{_COLLECTION}/{{id}}",
            delegated=("PrivilegedAccess.ReadWrite.{scope}",),
            application=("PrivilegedAccess.Read.{scope}",),
        ),
        states=(
            States(
                source=f"{_STATUS_PAGE}; {_CANCEL}: the four that can be cancelled",
                path="status.subStatus",
                standings={
                    "Accepted": Standing.UNKNOWN,
                    "PendingEvaluation": Standing.UNKNOWN,
                    "Granted": Standing.YES,
                    "Denied": Standing.FINAL,
                    "PendingProvisioning": Standing.UNKNOWN,
                    "Provisioned": Standing.FINAL,
                    "PendingRevocation": Standing.UNKNOWN,
                    "Revoked": Standing.FINAL,
                    "Canceled": Standing.FINAL,
                    "Failed": Standing.FINAL,
                    "PendingApprovalProvisioning": Standing.YES,
                    "PendingApproval": Standing.YES,
                    "FailedAsResourceIsLocked": Standing.UNKNOWN,
                    "PendingAdminDecision": Standing.YES,
                    "AdminApproved": Standing.UNKNOWN,
                    "AdminDenied": Standing.FINAL,
                    "TimedOut": Standing.FINAL,
                    "ProvisioningStarted": Standing.UNKNOWN,
                },
                cancelled=frozenset({"Canceled"}),
                active=frozenset({"Provisioned"}),
            ),
        ),
        samples=(
            *(_by_type(name, PERSON) for name in ("UserAdd", "UserRemove", "UserExtend", "UserRenew", "userAdd")),
            *(_by_type(name, "") for name in ("AdminAdd", "AdminUpdate", "AdminRemove", "AdminExtend", "AdminRenew")),
            Sample(
                f"{_GET}: closed",
                {**_REQUEST, "status": {"status": "Closed", "subStatus": "Revoked"}},
                Standing.FINAL,
                PERSON,
                _ROLE,
                _CREATED,
            ),
            Sample(f"{_RESOURCE_PAGE}: no subject", {"type": "UserAdd", "status": None}, Standing.UNKNOWN, ""),
        ),
        errors=(
            Error(_CANCEL, 400, ErrorMeaning.NOT_FOUND, code="RoleAssignmentRequestNotFound"),
            Error(_CANCEL, 400, ErrorMeaning.NOT_FOUND, message="RoleAssignmentRequestNotFound"),
            Error(_CANCEL, 400, ErrorMeaning.NOT_CANCELLABLE, code="RequestCannotBeCancelled"),
            Error(_CANCEL, 400, ErrorMeaning.NOT_CANCELLABLE, message="RequestCannotBeCancelled"),
        ),
        urls={
            url: scope
            for provider in _PROVIDERS
            for url, scope in addresses("beta", _COLLECTION.replace("{scope}", provider), provider).items()
        },
        clouds_source="learn.microsoft.com governanceroleassignmentrequest-cancel (beta): all but China",
        clouds={"global", "usgov", "usgovdod"},
        retired=(date(2026, 10, 28), "Azure Resource Manager's roleAssignmentScheduleRequest"),
    )


def test_a_bare_id_means_azure_resources() -> None:
    target = target_of(RESOURCE, ID)
    assert target.scope == "azureResources"
    assert path_of(RESOURCE, RESOURCE.cancel[0].path, target) == (
        f"/privilegedAccess/azureResources/roleAssignmentRequests/{ID}/cancel"
    )


def test_each_provider_has_its_permission() -> None:
    """CONTRIB beta/api/governanceroleassignmentrequest-cancel.md, one table a provider."""
    assert dict(RESOURCE.scopes) == _PROVIDERS


@pytest.mark.parametrize("scope", ["aadUsers", "..", "azure%52esources", "aadRoles/aadRoles", "AADRØLES"])
def test_a_provider_that_is_not_documented_is_refused(scope: str) -> None:
    url = f"https://{HOST}/beta/privilegedAccess/{scope}/roleAssignmentRequests/{ID}"
    with pytest.raises(TargetError) as refused:
        target_of_url(load(), url, {HOST})
    assert refused.value.problem == "unknown_url"


@pytest.mark.parametrize("scope", ["", "aadUsers", "aadroles", "../me"])
def test_no_path_is_made_without_a_documented_provider(scope: str) -> None:
    with pytest.raises(TargetError):
        path_of(RESOURCE, RESOURCE.cancel[0].path, Target("governance-role", ID, scope))
