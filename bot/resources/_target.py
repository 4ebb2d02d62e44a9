"""A target, kind and id, from what people type or paste: matched whole, never repaired."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bot.resources._registry import Registry
from bot.resources._spec import Resource, Service

_LONGEST = 2000
_SLACK_LINK = re.compile(r"<(https?://[^<>|]*)(?:\|[^<>]*)?>")
_VERSION = re.compile(r"/(?:v1\.0|beta)(?=/)")
_ACTION = re.compile(r"(?:/cancel)?/?\Z", re.IGNORECASE)


class TargetError(ValueError):
    """What was given names no target. `problem` is one of `Problem`'s words, `detail` what a sentence may quote."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


@dataclass(frozen=True)
class Target:
    """One request at the service. `scope` is the provider, where the kind has several."""

    kind: str
    id: str
    scope: str = ""

    @property
    def key(self) -> str:
        """What two spellings of the same target have in common."""
        return f"{self.kind}/{self.scope.casefold()}/{self.id.casefold()}"

    @property
    def digest(self) -> str:
        """A short name for the same, where there is no room for an id: 40 hexadecimal digits."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:40]


def target_of(resource: Resource, text: str) -> Target:
    """The target of a bare id; raises `TargetError` unless the whole text is an id of this kind."""
    if not text:
        raise TargetError("empty_id")
    if not resource.id_pattern.fullmatch(text):
        raise TargetError("bad_id", text)
    return Target(resource.kind, text, resource.default_scope)


def is_url(text: str) -> bool:
    """Whether somebody meant a URL, bare or in Slack's angle brackets."""
    return text.startswith(("http://", "https://", "<http://", "<https://"))


def target_of_url(registry: Registry, text: str, hosts: Collection[str]) -> Target:
    """The target that a pasted URL names, with or without the action; raises `TargetError`.

    `hosts`: the `host` or `host:port` whose URLs are understood. The key may stand in parentheses, as OData writes it.
    """
    link = _SLACK_LINK.fullmatch(text)
    path = _path(link.group(1) if link else text, hosts)
    version = _VERSION.match(path)
    if not version:
        return _of_arm(registry, path)
    for resource in registry:
        for template in resource.urls:
            found = _pattern(template).fullmatch(path[version.end() :])
            if found:
                return _found(resource, found)
    raise TargetError("unknown_url")


def path_of(resource: Resource, template: str, target: Target) -> str:
    """A documented path with this target's id, matched once more and quoted; raises `TargetError`."""
    if not resource.id_pattern.fullmatch(target.id) or target.scope not in (resource.scopes or ("",)):
        raise TargetError("bad_id", target.id)
    # Only an id of Azure Resource Manager's has more than letters, digits and hyphens: it is a path.
    return template.replace("{id}", quote(target.id, safe="/()")).replace("{scope}", quote(target.scope, safe=""))


def _of_arm(registry: Registry, path: str) -> Target:
    """Azure Resource Manager's paths have no version, and are the ids themselves."""
    arm_id = _ACTION.sub("", path)
    for resource in registry:
        if resource.service is Service.ARM and resource.id_pattern.fullmatch(arm_id):
            return target_of(resource, arm_id)
    raise TargetError("unknown_url")


def _path(url: str, hosts: Collection[str]) -> str:
    # urlsplit drops line breaks, tabs and leading control characters.
    if len(url) > _LONGEST or not url.isprintable() or " " in url:
        raise TargetError("unknown_url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise TargetError("unknown_url") from None
    host = f"{parts.hostname}:{port}" if port not in (None, 443) else str(parts.hostname)
    if parts.scheme != "https" or "@" in parts.netloc or host not in hosts:
        raise TargetError("foreign_url", ", ".join(sorted(hosts)))
    return parts.path


def _pattern(template: str) -> re.Pattern[str]:
    source = re.escape(template).replace(r"\{scope\}", r"(?P<scope>\w+)")
    source = source.replace(r"/\{id\}", r"(?:/(?P<id>[^/]*)|\('?(?P<key>[^/']*)'?\))")
    return re.compile(source + r"(?:/\w+)?/?", re.IGNORECASE)


def _found(resource: Resource, found: re.Match[str]) -> Target:
    groups = found.groupdict()
    target = target_of(resource, groups["id"] or groups["key"] or "")
    scope = groups.get("scope") or ""
    named = next((name for name in resource.scopes if name.casefold() == scope.casefold()), "")
    if scope and not named:
        raise TargetError("unknown_url")
    return Target(target.kind, target.id, named)
