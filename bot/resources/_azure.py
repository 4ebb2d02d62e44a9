"""Azure Resource Manager's ids of schedule requests, and their states (azure-rest-api-specs, authorization)."""

import re
from typing import Final

from bot.resources._schedule import ACTIVE
from bot.resources._spec import GUID, States

_NAME: Final = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9_.()-]{1,260}"
_PART: Final = rf"(?!providers/){_NAME}"
# A request is no scope of another one.
_OWNER: Final = r"(?!Microsoft\.Authorization/)[A-Za-z0-9]{1,50}(?:\.[A-Za-z0-9]{1,50}){1,5}"
_RESOURCE: Final = rf"/providers/{_OWNER}(?:/{_PART}/{_PART}){{1,5}}"
_SHORT: Final = r"(?=.{1,1000}\Z)"
"""Where ids are shown and kept there is no room for much longer ones."""

_SCOPE: Final = (
    rf"(?:/providers/Microsoft\.Management/managementGroups/{_NAME}"
    rf"|/subscriptions/{GUID.pattern}(?:/resourceGroups/{_NAME}(?:{_RESOURCE})?|{_RESOURCE})?)?"
)

_FINAL: Final = frozenset(
    {"Canceled", "Denied", "Failed", "Invalid", "Provisioned", "Revoked", "AdminDenied", "TimedOut"}
)


def id_of(collection: str) -> re.Pattern[str]:
    """The pattern of whole ids: a scope, from the root to one resource, and the request in this collection of it."""
    name = rf"/providers/Microsoft\.Authorization/{collection}/{GUID.pattern}"
    # Without re.ASCII, "S" would be the long s, too.
    return re.compile(_SHORT + _SCOPE + name, re.IGNORECASE | re.ASCII)


def states(*cancelled: str) -> States:
    """The states of one of the two sorts, which end as different ones when they are cancelled."""
    return States(
        paths=("properties.status",),
        yes=frozenset({"Granted"}),
        final=_FINAL,
        cancelled=frozenset(cancelled),
        active=ACTIVE,
    )
