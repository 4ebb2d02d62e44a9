"""A Slack bot that cancels approvals, role and access requests in Microsoft Graph, with a justification."""

__version__ = "0.1.0"
