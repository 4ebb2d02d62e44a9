"""Azure Resource Manager's roleEligibilityScheduleRequest against its specification."""

from bot.resources.azure_role_eligibility import RESOURCE
from tests.contract.azure import AzureContract, facts_of


class TestAzureRoleEligibility(AzureContract):
    resource = RESOURCE
    facts = facts_of("azure-role-eligibility", "roleEligibilityScheduleRequest", {"Canceled", "Revoked"})
