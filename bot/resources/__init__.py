"""The kinds of requests that can be cancelled, one module each, as data. Adding a kind is adding one module."""

from bot.resources._entity import Snapshot, same_state, snapshot
from bot.resources._registry import Registry, RegistryError, load
from bot.resources._spec import (
    CancelCall,
    Cloud,
    DocumentedError,
    ErrorMeaning,
    ListCall,
    Meaning,
    Permissions,
    ReadCall,
    Requestor,
    Resource,
    Retirement,
    Service,
    Slot,
    Standing,
    States,
)
from bot.resources._target import Target, TargetError, is_url, path_of, target_of, target_of_url

__all__ = [
    "CancelCall",
    "Cloud",
    "DocumentedError",
    "ErrorMeaning",
    "ListCall",
    "Meaning",
    "Permissions",
    "ReadCall",
    "Registry",
    "RegistryError",
    "Requestor",
    "Resource",
    "Retirement",
    "Service",
    "Slot",
    "Snapshot",
    "Standing",
    "States",
    "Target",
    "TargetError",
    "is_url",
    "load",
    "path_of",
    "same_state",
    "snapshot",
    "target_of",
    "target_of_url",
]
