"""Slack: handlers that parse, call the use case and present; and what people read."""
