"""What an id of a schedule request in Azure Resource Manager is, told without a pattern.

The specification is azure-rest-api-specs (authorization, 2020-10-01).
"""

import string
from typing import Final

GUID: Final = "7c53453e-d5a4-41e0-8eb1-32d5ec8bfdee"
SUBSCRIPTION: Final = f"/subscriptions/{GUID}"
GROUP: Final = f"{SUBSCRIPTION}/resourceGroups/rg-1"
SITE: Final = f"{GROUP}/providers/Microsoft.Web/sites/intranet"
MANAGEMENT: Final = "/providers/Microsoft.Management/managementGroups"
PROVIDER: Final = "/providers/Microsoft.Authorization"


def id_at(collection: str, scope: str = "", name: str = GUID) -> str:
    """The id of the request of that name at a scope, by default the root."""
    return f"{scope}{PROVIDER}/{collection}/{name}"


_LETTERS: Final = frozenset(string.ascii_letters + string.digits + "_.()-")


def is_id(text: str, collection: str) -> bool:
    """Whether it is the whole id of a request in this collection: taken apart from the end, without a pattern."""
    first, *parts = text.split("/")
    names = [part for part in parts if part and set(part) <= _LETTERS and part not in (".", "..") and len(part) < 261]
    if first or len(names) != len(parts) or len(text) > 1000:
        return False
    *scope, providers, provider, collected, name = [part.lower() for part in parts] if len(parts) > 3 else [""] * 4
    known = (providers, provider, collected) == ("providers", "microsoft.authorization", collection.lower())
    return known and _is_guid(name) and _is_scope(scope)


def _is_scope(parts: list[str]) -> bool:
    if parts[:3] == ["providers", "microsoft.management", "managementgroups"]:
        return len(parts) == 4
    if parts[:1] == ["subscriptions"]:
        rest = parts[2:]
        rest = rest[2:] if rest[:1] == ["resourcegroups"] and len(rest) > 1 else rest
        return len(parts) > 1 and _is_guid(parts[1]) and (not rest or _is_resource(rest))
    return not parts


def _is_resource(parts: list[str]) -> bool:
    depth, rest = divmod(len(parts) - 2, 2)
    provider = parts[1] if len(parts) > 1 else ""
    labels = provider.split(".")
    plain = 1 < len(labels) < 7 and all(one.isascii() and one.isalnum() and len(one) < 51 for one in labels)
    once = parts[0] == "providers" and "providers" not in parts[1:]
    return plain and once and provider != "microsoft.authorization" and 0 < depth < 6 and rest == 0


def _is_guid(text: str) -> bool:
    lengths = [len(part) for part in text.split("-")]
    return lengths == [8, 4, 4, 4, 12] and set(text.lower()) <= set("0123456789abcdef-")
