"""All kinds: every module of this package that declares a `RESOURCE`, checked when the bot starts."""

import difflib
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import ModuleType

from bot.resources._entity import same_state
from bot.resources._spec import Cloud, Resource

_SLOT = re.compile(r"\{(\w*)\}")


class RegistryError(Exception):
    """A declared kind contradicts itself or another one."""


class Registry:
    """Finds a kind by the name that people type or by its Graph type, in any case."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_kind: dict[str, Resource] = {}
        self._by_name: dict[str, Resource] = {}
        for resource in resources:
            _check(resource)
            self._add(resource)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_kind.values())

    def __getitem__(self, kind: str) -> Resource:
        return self._by_kind[kind]

    def find(self, name: str) -> Resource | None:
        """The kind of that name or Graph type; None when there is none."""
        return self._by_name.get(name.casefold())

    def nearest(self, name: str) -> str | None:
        """The kind that somebody who typed `name` probably meant."""
        close = difflib.get_close_matches(name.casefold()[:100], self._by_name, n=1, cutoff=0.5)
        return self._by_name[close[0]].kind if close else None

    def siblings(self, resource: Resource) -> tuple[Resource, ...]:
        """The other kinds of the same type: other actions, for other states."""
        return tuple(one for one in self if one.graph_type == resource.graph_type and one.kind != resource.kind)

    def only(self, kinds: Iterable[str], cloud: Cloud) -> "Registry":
        """The registry of just these kinds, with the calls that Microsoft offers in this cloud."""
        wanted = set(kinds)
        return Registry(_offered(resource, cloud) for resource in self if resource.kind in wanted)

    def current(self, cloud: Cloud) -> tuple[str, ...]:
        """The kinds that Microsoft has not retired and offers in this cloud."""
        return tuple(r.kind for r in self if not r.retirement and cloud in r.clouds)

    def _add(self, resource: Resource) -> None:
        self._by_kind[resource.kind] = resource
        known = self._by_name.get(resource.kind.casefold())
        if known:
            raise RegistryError(f"{resource.kind}: the name is taken by {known.kind}")
        self._by_name[resource.kind.casefold()] = resource
        # Two kinds may be two actions on one type; then its name means the first.
        self._by_name.setdefault(resource.graph_type.casefold(), resource)


def load() -> Registry:
    """Every kind declared in this package; raises `RegistryError` on a contradiction."""
    package = importlib.import_module("bot.resources")
    names = (m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))
    return Registry(_resource(importlib.import_module(f"bot.resources.{name}")) for name in sorted(names))


def _resource(module: ModuleType) -> Resource:
    resource = getattr(module, "RESOURCE", None)
    if not isinstance(resource, Resource):
        raise RegistryError(f"{module.__name__} declares no RESOURCE")
    return resource


def _offered(resource: Resource, cloud: Cloud) -> Resource:
    return replace(resource, cancel=tuple(call for call in resource.cancel if cloud in call.clouds))


def _check(resource: Resource) -> None:
    known = {"id", "scope"} if resource.scopes else {"id"}
    calls = [call.path for call in resource.cancel] + [call.path for call in resource.lists]
    paths = [*calls, resource.read.path, *resource.urls]
    unknown = {slot for path in paths for slot in _SLOT.findall(path)} - known
    if unknown:
        raise RegistryError(f"{resource.kind}: its paths name {', '.join(sorted(unknown))}")
    if not resource.cancel:
        raise RegistryError(f"{resource.kind}: no call cancels it")
    if not resource.states.cancelled | resource.states.active <= resource.states.final:
        raise RegistryError(f"{resource.kind}: a state that ends it is not final")
    if {same_state(s) for s in resource.states.yes} & {same_state(s) for s in resource.states.final}:
        raise RegistryError(f"{resource.kind}: a state is both cancellable and final")
