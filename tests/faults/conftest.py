"""A bot in a process of its own."""

from tests.faults.served import served

__all__ = ["served"]
