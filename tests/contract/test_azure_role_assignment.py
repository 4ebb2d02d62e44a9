"""Azure Resource Manager's roleAssignmentScheduleRequest against its specification."""

from bot.resources.azure_role_assignment import RESOURCE
from tests.contract.azure import AzureContract, facts_of


class TestAzureRoleAssignment(AzureContract):
    resource = RESOURCE
    facts = facts_of("azure-role-assignment", "roleAssignmentScheduleRequest", {"Canceled"})
