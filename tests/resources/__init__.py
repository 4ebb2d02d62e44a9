"""The kinds: targets and the registry."""
