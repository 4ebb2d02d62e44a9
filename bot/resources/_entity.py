"""Reads what a service answered about one request, by the paths that its `Resource` declares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from bot.resources._spec import Resource, Standing, States


@dataclass(frozen=True)
class Snapshot:
    """A request as the service showed it at one moment. `requestor_oid` is empty where the service tells none.

    `active`: it is over, and what was asked for may have been given.
    """

    state: str
    standing: Standing
    cancelled: bool
    cancelling: bool
    title: str = ""
    requestor_oid: str = ""
    requestor_name: str = ""
    requestor_email: str = ""
    reason: str = ""
    created: datetime | None = None
    expires: datetime | None = None
    decided_by: str = ""
    active: bool = False


def same_state(value: str) -> str:
    """A state's spelling for comparison: without case, and with one l in "canceled", since Graph writes both."""
    return value.casefold().replace("cancelled", "canceled").replace("cancelling", "canceling")


def snapshot(resource: Resource, entity: Mapping[str, object]) -> Snapshot:
    """What the entity says, whether it came bare or wrapped in `value`."""
    entity = unwrap(entity)
    states = resource.states
    values = tuple(filter(None, (text_at(entity, path) for path in states.paths)))
    return Snapshot(
        state=values[0] if values else "",
        standing=_standing(states, values, entity),
        cancelled=_any(values, states.cancelled),
        cancelling=_any(values, states.cancelling),
        title=_first(entity, resource.titles),
        requestor_oid=_requestor(resource, entity),
        requestor_name=_first(entity, resource.requestor.names),
        requestor_email=text_at(entity, resource.requestor.email),
        reason=_first(entity, resource.reasons),
        created=_moment(text_at(entity, resource.created)),
        expires=_moment(text_at(entity, resource.expires)),
        decided_by=_first(entity, resource.decided_by),
        active=_any(values, states.active),
    )


def unwrap(entity: Mapping[str, object]) -> Mapping[str, object]:
    """The entity itself, where a document shows it inside `value`."""
    inner = entity.get("value")
    return inner if isinstance(inner, Mapping) else entity


def text_at(entity: Mapping[str, object], path: str) -> str:
    """The string at a dotted path, or several joined; empty when anything on the way is missing or of another type."""
    if not path:
        return ""
    node: object = entity
    for step in path.split("."):
        # Whatever json reads is a dict, and asking for that is several times faster than asking for a Mapping.
        node = node.get(step) if isinstance(node, (dict, Mapping)) else None
    if isinstance(node, list):
        return _storable(", ".join(one for one in node if isinstance(one, str)))
    return _storable(node) if isinstance(node, str) else ""


def _storable(text: str) -> str:
    """Without what JSON can carry and no database can keep: halves of surrogate pairs, and NUL."""
    return text if text.isascii() and "\0" not in text else text.encode(errors="replace").decode().replace("\0", "")


def _standing(states: States, values: tuple[str, ...], entity: Mapping[str, object]) -> Standing:
    if _any(values, states.final):
        return Standing.FINAL
    if not _any(values, states.yes) or (states.allowed and entity.get(states.allowed) is False):
        return Standing.UNKNOWN
    return Standing.YES


def _any(values: Iterable[str], states: frozenset[str]) -> bool:
    known = _same_states(states)
    return any(same_state(value) in known for value in values)


@cache
def _same_states(states: frozenset[str]) -> frozenset[str]:
    return frozenset(map(same_state, states))


def _requestor(resource: Resource, entity: Mapping[str, object]) -> str:
    when = resource.requestor.when
    if when and not text_at(entity, when[0]).casefold().startswith(when[1].casefold()):
        return ""
    return text_at(entity, resource.requestor.oid)


def _first(entity: Mapping[str, object], paths: Iterable[str]) -> str:
    return next(filter(None, (text_at(entity, path) for path in paths)), "")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
