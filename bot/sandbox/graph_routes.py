"""Which call of the table a request is, and whether it has the form of one."""

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from bot.sandbox.graph_types import Call, Caller, Collection, Facts, Violation

Action = Literal["list", "list own", "get", "cancel", "operation"]

_ID = re.compile(r"[0-9A-Za-z-]+")


@dataclass(frozen=True)
class Route:
    """One call: what is done in which collection, and to which id."""

    facts: Facts
    collection: Collection
    action: Action
    id: str = ""


def find_route(table: Sequence[Facts], method: str, path: str) -> Route:
    """Return the call for a decoded path.

    Raises:
        Violation: no document has such a call.
    """
    for facts in (one for kind in table for one in (kind, *kind.others)):
        for collection in facts.collections:
            if collection.of_all:
                route = _action_of_all(facts, collection, method, path)
            else:
                route = _operation(facts, collection, method, path) or _call(facts, collection, method, path)
            if route is not None:
                return route
    raise Violation(f"no document has {method} {path}")


def _operation(facts: Facts, collection: Collection, method: str, path: str) -> Route | None:
    if facts.operations is None or method != "GET":
        return None
    prefix = f"/{collection.version}/{facts.operations}/"
    name = path.removeprefix(prefix)
    return Route(facts, collection, "operation", name) if path.startswith(prefix) and _ID.fullmatch(name) else None


def _action_of_all(facts: Facts, collection: Collection, method: str, path: str) -> Route | None:
    whole = f"/{collection.version}/{collection.path}/{collection.action}"
    return Route(facts, collection, "cancel") if (method, path) == ("POST", whole) else None


def _call(facts: Facts, collection: Collection, method: str, path: str) -> Route | None:
    base = f"/{collection.version}/{collection.path}"
    if path == base:
        return Route(facts, collection, "list") if method == "GET" else None
    if not path.startswith(f"{base}/"):
        return None
    match method, path.removeprefix(f"{base}/").split("/"):
        case "GET", [name] if name in collection.own_lists:
            return Route(facts, collection, "list own")
        case "GET", [name] if collection.get_one and _ID.fullmatch(name):
            return Route(facts, collection, "get", name)
        case "POST", [name, collection.action] if _ID.fullmatch(name) or (not name and facts.null_id):
            return Route(facts, collection, "cancel", name)
    return None


def record(request: web.Request, raw: bytes, caller: Caller | None, id_header: str) -> Call:
    """Return what is kept of a request; the version stands in its path or, at Azure Resource Manager, in its query."""
    return Call(
        method=request.method,
        path=request.path,
        query=dict(request.query),
        version=request.query.get("api-version") or request.path.lstrip("/").partition("/")[0],
        body=_decode(raw),
        oid=caller.oid if caller else None,
        app_only=caller is not None and caller.app_only,
        scopes=caller.permissions if caller else frozenset(),
        client_request_id=request.headers.get(id_header),
    )


def _decode(raw: bytes) -> Any:
    """Return JSON where it is JSON, text otherwise, None when empty."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


def check_form(request: web.Request, raw: bytes, id_header: str) -> None:
    """Check what holds for every call.

    Raises:
        Violation: no GUID as the client's request id, a repeated query option, a slash in disguise, or a body of the
            wrong form.
    """
    try:
        uuid.UUID(request.headers[id_header])
    except (KeyError, ValueError) as error:
        raise Violation(f"every call needs a GUID as {id_header}") from error
    if "%2f" in request.rel_url.raw_path.casefold():
        raise Violation("a name in the path holds a slash")
    if len(set(request.query)) != len(request.query):
        raise Violation("a query option is given twice")
    if not raw:
        if "Transfer-Encoding" in request.headers:
            raise Violation("a call without a body needs Content-Length 0, or none")
    elif request.method != "POST":
        raise Violation(f"{request.method} takes no body")
    elif request.content_type != "application/json" or not isinstance(_decode(raw), dict):
        raise Violation("a body must be a JSON object, sent as application/json")
