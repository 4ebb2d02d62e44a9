"""The registry of kinds: it finds them by name, and contradictions stop the start."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

import bot.resources
from bot.resources import CancelCall, Cloud, ReadCall, Registry, RegistryError, Resource, load
from bot.resources.approval_item import RESOURCE

STATES: Final = RESOURCE.states
CALL: Final = RESOURCE.cancel[0]


def test_every_module_is_a_kind() -> None:
    folder = Path(bot.resources.__file__).parent
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert {resource.kind.replace("-", "_") for resource in load()} == modules


@pytest.mark.parametrize("resource", tuple(load()), ids=lambda resource: resource.kind)
def test_a_kind_is_found_by_either_name_in_any_case(resource: Resource) -> None:
    """Two kinds may be two actions of one type; then its name means the first."""
    registry = load()
    first = next(one for one in registry if one.graph_type == resource.graph_type)
    for name, found in ((resource.kind, resource), (resource.graph_type, first)):
        for text in (name, name.upper(), name.lower()):
            assert registry.find(text) == found
    assert registry[resource.kind] == resource


def test_one_type_has_two_actions() -> None:
    """Any other type that comes twice would be found under one of its kinds only, without anybody having meant it."""
    types = Counter(resource.graph_type for resource in load())
    assert [name for name, times in types.items() if times > 1] == ["operationApprovalRequest"]
    found = load().find("operationApprovalRequest")
    assert found is not None
    assert found.kind == "operation-approval"


@pytest.mark.parametrize("name", ["", "approval", "approval item", "approval-items", "approval-item\n", "*"])
def test_other_names_find_nothing(name: str) -> None:
    assert load().find(name) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("aproval-item", "approval-item"),
        ("approvalItems", "approval-item"),
        ("acces-package", "access-package"),
        ("Governance-Rolle", "governance-role"),
        ("operation-aproval", "operation-approval"),
        ("privileged_role", "privileged-role"),
        ("role-asignment", "role-assignment"),
        ("azure-role-eligability", "azure-role-eligibility"),
        ("operation-approval-withdrawal", "operation-approval-withdraw"),
        ("xyzzy", None),
        ("", None),
        ("a" * 100_000, None),
    ],
)
def test_the_nearest_kind(typed: str, meant: str | None) -> None:
    assert load().nearest(typed) == meant


def test_only_keeps_what_is_named() -> None:
    some = load().only(["approval-item", "access-package", "no-such-kind"], "global")
    assert {resource.kind for resource in some} == {"approval-item", "access-package"}
    assert some.find("governance-role") is None
    assert list(load().only([], "global")) == []


EVERYWHERE: Final = {
    "access-package",
    "azure-role-assignment",
    "azure-role-eligibility",
    "group-assignment",
    "group-eligibility",
    "operation-approval",
    "operation-approval-withdraw",
    "role-assignment",
    "role-eligibility",
}


@pytest.mark.parametrize(
    ("cloud", "kinds"),
    [
        ("global", EVERYWHERE | {"approval-item"}),
        ("usgov", EVERYWHERE),
        ("usgovdod", EVERYWHERE),
        ("china", EVERYWHERE),
    ],
)
def test_current_kinds_of_a_cloud(cloud: Cloud, kinds: set[str]) -> None:
    """Retired kinds are never current; Teams approvals are documented for the global service alone."""
    assert set(load().current(cloud)) == kinds


@pytest.mark.parametrize("resource", [one for one in load() if one.retirement], ids=lambda resource: resource.kind)
def test_what_replaces_a_kind_is_a_kind_of_today(resource: Resource) -> None:
    registry, ended = load(), resource.retirement
    assert ended is not None
    assert ended.kinds
    assert set(ended.kinds) <= set(registry.current("global"))


def _named(kind: str, graph_type: str) -> Resource:
    return replace(RESOURCE, kind=kind, graph_type=graph_type)


@pytest.mark.parametrize(
    "second",
    [
        RESOURCE,
        _named("approval-item", "anotherType"),
        _named("Approval-Item", "anotherType"),
        _named("approvalitem", "anotherType"),
    ],
    ids=["the same", "its kind", "its kind in another case", "type as kind"],
)
def test_a_name_that_is_taken_is_refused(second: Resource) -> None:
    with pytest.raises(RegistryError, match="is taken"):
        Registry([RESOURCE, second])


def test_a_kind_may_be_named_as_its_type() -> None:
    assert Registry([_named("approvalitem", "approvalItem")]).find("APPROVALITEM") is not None


def test_a_new_kind_is_one_more() -> None:
    added = _named("another-kind", "anotherType")
    registry = Registry([*load(), added])
    assert registry.find("anothertype") is added
    assert len(list(registry)) == len(list(load())) + 1


def _calling(path: str) -> CancelCall:
    return replace(CALL, path=path)


def _reading(path: str) -> ReadCall:
    return replace(RESOURCE.read, path=path)


CONTRADICTIONS: Final = {
    "nothing cancels it": replace(RESOURCE, cancel=()),
    "an unknown slot in a call": replace(RESOURCE, cancel=(CALL, _calling("/things/{name}/cancel"))),
    "an empty slot": replace(RESOURCE, cancel=(_calling("/things/{}/cancel"),)),
    "an unknown slot in the read call": replace(RESOURCE, read=_reading("/things/{name}")),
    "an unknown slot in a URL": replace(RESOURCE, urls=("/things/{key}",)),
    "an unknown slot in a list call": replace(RESOURCE, lists=(replace(RESOURCE.lists[0], path="/{group}/things"),)),
    "a provider where it has none": replace(RESOURCE, cancel=(_calling("/{scope}/things/{id}/cancel"),)),
    "cancelled is not final": replace(RESOURCE, states=replace(STATES, cancelled=frozenset({"withdrawn"}))),
    "active is not final": replace(RESOURCE, states=replace(STATES, active=frozenset({"delivered"}))),
    "a state is both": replace(RESOURCE, states=replace(STATES, yes=frozenset({"pending", "completed"}))),
    "a state is both, in another case": replace(RESOURCE, states=replace(STATES, yes=frozenset({"Completed"}))),
    "a state is both, with another l": replace(RESOURCE, states=replace(STATES, yes=frozenset({"cancelled"}))),
}


@pytest.mark.parametrize("resource", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_contradiction_is_refused(resource: Resource) -> None:
    """States are compared without case and either way of spelling; so must the check be."""
    with pytest.raises(RegistryError, match=RESOURCE.kind):
        Registry([resource])
