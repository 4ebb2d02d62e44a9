"""What people read of a kind or of one request: what it is, and why it is not to be had or not to be read."""

from collections.abc import Sequence
from typing import Final

from bot.resources import Cloud, Registry, Resource, TargetError
from bot.slack import text

ENDED_LISTS: Final = f"{text.COMMAND} mine lists what of yours is pending."


def of_target_error(error: TargetError, resource: Resource | None) -> str:
    """What is wrong with what somebody gave for a target."""
    label = resource.kind if resource else "request"
    return {
        "empty_id": f"The id of the {label} is missing. It looks like {_sample(resource)}.",
        "bad_id": f"That is no id of the kind {label}. It looks like {_sample(resource)}.",
        "foreign_url": f"Only addresses of {error.detail} are understood here. Give kind and id instead.",
        "unknown_url": "That address names no request that this bot can cancel. Give kind and id instead.",
    }[error.problem]


def unknown_kind(word: str, everything: Registry, enabled: Registry, cloud: Cloud) -> str:
    """What to answer when somebody named a kind that is not to be had here."""
    known = everything.find(word)
    kinds = ", ".join(resource.kind for resource in enabled)
    if known and cloud not in known.clouds:
        return f"Microsoft does not offer {known.kind} in this cloud. Possible here: {kinds}."
    if known:
        return f"{known.kind} is not switched on here. Possible here: {kinds}."
    nearest = enabled.nearest(word)
    guess = f"Did you mean {nearest}? " if nearest else ""
    return f"“{text.clip(word, 40)}” is not a kind that I know. {guess}Possible here: {kinds}."


def ended_kind(resource: Resource, enabled: Registry) -> str:
    """What to answer when somebody named something of a kind that Microsoft ended."""
    off = f"{resource.label}: {resource.kind} is not switched on here."
    return f"{off} {retirement(resource)} {successors(resource, enabled)}"


def successors(resource: Resource, enabled: Registry) -> str:
    """By which kinds, of those that are switched on, one that Microsoft ended is replaced here."""
    kinds = [one.kind for one in replacing(resource, enabled)]
    return f"Here that is {_either(kinds)}." if kinds else "No kind that replaces it is switched on here."


def replacing(resource: Resource, enabled: Registry) -> tuple[Resource, ...]:
    """The kinds that are switched on and replace this one."""
    named = resource.retirement.kinds if resource.retirement else ()
    return tuple(found for kind in named if (found := enabled.find(kind)))


def instead(resource: Resource, state: str) -> str:
    """Said where the state of a request asks for another action than the one that was asked for."""
    what = f"{resource.label} ({resource.kind})"
    return f"Its state is “{state}”, which takes another action than you asked for. This dialog offers that: {what}."


def missing(resource: Resource) -> str:
    """What stands in place of the details of a request that does not exist."""
    return f"{resource.service.label} knows no such request. Check the kind and the id."


def gone(resource: Resource) -> str:
    """What is said of a request that exists no more."""
    return f"Nothing left to cancel: {resource.service.label} knows no such request any more."


def details_later(resource: Resource) -> str:
    """What stands in place of details that could not be read."""
    later = "You can still go on: it is read again before the call."
    return f"{resource.service.label} does not show it just now. {later}"


def unreadable(resource: Resource) -> str:
    """What stands in place of a state that could not be read."""
    if resource.read.permissions.application:
        return "could not be read just now"
    return "only the person concerned can read it"


def retirement(resource: Resource) -> str:
    """What is said of a kind that Microsoft ended; empty for the others."""
    ended = resource.retirement
    if not ended:
        return ""
    return f"Microsoft retired this kind on {ended.on:%d %B %Y}; its successor is {ended.successor}."


def _either(words: Sequence[str]) -> str:
    *before, last = words
    return f"{', '.join(before)} or {last}" if before else last


def _sample(resource: Resource | None) -> str:
    """What ids of the kind look like: an id alone, or a path that ends with one."""
    guid = "00000000-0000-0000-0000-000000000000"
    return guid if resource is None or resource.id_pattern.fullmatch(guid) else f"/subscriptions/…/providers/…/{guid}"
