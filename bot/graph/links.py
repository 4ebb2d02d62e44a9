"""Addresses that came over the wire: only their path is used, and only when they are the service's own.

The token always goes to the configured host, whatever an address says.
"""

from collections.abc import Set as AbstractSet
from urllib.parse import SplitResult, urlsplit

from bot.errors import AnswerLost
from bot.resources import Resource

_VERSIONS = ("/v1.0/", "/beta/")
_LONGEST = 16_384  # characters; httpx refuses an address of 65,536 with an error that is none of a request's


def operation_path(resource: Resource, location: str, hosts: AbstractSet[str]) -> str:
    """The path of the operation that a `Location` names; empty when it names none of this kind."""
    parts = _split(location)
    relative = not parts.scheme and not parts.netloc
    if not resource.operations or not (relative or _own(parts, hosts)):
        return ""
    version, _, rest = parts.path.removeprefix("/").partition("/")
    folder, _, key = f"/{rest}".rpartition("/")
    # A documented example has the path in lower case.
    known = folder.casefold() == resource.operations.rpartition("/")[0].casefold()
    whole = f"/{version}/" in _VERSIONS and known and resource.id_pattern.fullmatch(key)
    return f"/{version}{folder}/{key}" if whole else ""


def own_path(url: str, hosts: AbstractSet[str], *, versioned: bool = True) -> str:
    """Path and query of a `nextLink`; raises `AnswerLost` when it leads elsewhere. `versioned`: as Graph's paths."""
    parts = _split(url)
    clean = url.isascii() and url.isprintable() and len(url) <= _LONGEST
    # httpx resolves these, and would ask for what stands above the version.
    begins = _VERSIONS if versioned else ("/providers/", "/subscriptions/")
    dots = {".", ".."} & set(parts.path.split("/"))
    if not clean or dots or not _own(parts, hosts) or not parts.path.startswith(begins):
        raise AnswerLost("Microsoft pointed to another address for the rest of its answer.")
    return f"{parts.path}?{parts.query}"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("invalid:")


def _own(parts: SplitResult, hosts: AbstractSet[str]) -> bool:
    return parts.scheme == "https" and parts.netloc in hosts
