"""Every kind against fragments of Microsoft's service metadata (CSDL), which lie beside the checkout.

The fragments are extracts: a type that is not in one says nothing. Each kind's actions, and the types that are there,
must agree with what the kind declares.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from bot.resources import CancelCall, ListCall, Resource, load

FRAGMENTS: Final = Path(__file__).parents[2].parent / "shared/facts/csdl"
RESOURCES: Final = tuple(load())
NAMES: Final = [resource.kind for resource in RESOURCES]
CALLS: Final = [(resource, call) for resource in RESOURCES for call in resource.cancel]
CALL_NAMES: Final = [f"{resource.kind} {call.version}" for resource, call in CALLS]
LISTS: Final = [(resource, call) for resource in RESOURCES for call in resource.lists]
LIST_NAMES: Final = [f"{resource.kind} {call.path.rpartition('/')[2]}" for resource, call in LISTS]
PROD: Final = {"v1.0": ("v1.0-Prod",), "beta": ("beta-Prod", "beta-USNat")}

# What the extracts leave out, so that a type that goes missing from one is noticed.
LEFT_OUT: Final = {
    "approvalIdentitySet",
    "accessPackage",
    "accessPackageSubject",
    "operationApprovalRequestStatus",
    "privilegedRoleAssignmentRequest",
}


class Schema:
    """The types and actions of one or more fragments."""

    def __init__(self, *documents: str) -> None:
        # A fragment has several roots: one around them makes it a document.
        # These are files beside the checkout, not data from the network.
        roots = [ET.fromstring(f"<Schema>{text}</Schema>") for text in documents]  # noqa: S314
        self.actions = [element for root in roots for element in root.iter("Action")]
        self.functions = [element for root in roots for element in root.iter("Function")]
        self._types = {
            element.get("Name", ""): element
            for root in roots
            for tag in ("EntityType", "ComplexType", "EnumType")
            for element in root.iter(tag)
        }

    def action(self, name: str, graph_type: str) -> ET.Element | None:
        """The action of that name bound to one entity of that type, or to a collection of them."""
        bindings = (f"graph.{graph_type}", f"Collection(graph.{graph_type})")
        for action in self.actions:
            binding = action.find("Parameter")
            # USNat writes one of them "Cancel".
            named = action.get("Name", "").casefold() == name.casefold()
            if named and binding is not None and binding.get("Type") in bindings:
                return action
        return None

    def has_function(self, name: str, graph_type: str, parameter: str) -> bool:
        """Whether a function of that name, bound to a collection of that type, takes a parameter of that type."""
        wanted = [f"Collection(graph.{graph_type})", parameter]
        found = [function for function in self.functions if function.get("Name") == name]
        return any([one.get("Type") for one in function.iter("Parameter")] == wanted for function in found)

    def members(self, enumeration: str) -> set[str]:
        """The names of an enumeration's members."""
        return {member.get("Name", "") for member in self._types[enumeration].iter("Member")}

    def type_at(self, graph_type: str, path: str) -> str:
        """The type of what is at a dotted path, as far as the fragments tell; raises `KeyError` where nothing is."""
        current = graph_type
        for step in path.split("."):
            if current in LEFT_OUT:
                return current
            current = self._property(current, step)
        return current

    def is_open(self, graph_type: str) -> bool:
        """Whether entities of the type may have properties that it does not declare."""
        return self._types[graph_type].get("OpenType") == "true"

    def _property(self, graph_type: str, name: str) -> str:
        if name == "id" and self._types[graph_type].get("BaseType") == "graph.entity":
            return "Edm.String"
        for child in self._types[graph_type]:
            if child.tag in ("Property", "NavigationProperty") and child.get("Name") == name:
                return child.get("Type", "").removeprefix("graph.")
        raise KeyError(f"{graph_type} has no {name}")


@pytest.fixture(scope="module")
def documents() -> Mapping[str, str]:
    """The fragments by the name of their schema."""
    if not FRAGMENTS.is_dir():
        reason = f"the fragments of Microsoft's metadata are not at {FRAGMENTS}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    paths = sorted(FRAGMENTS.glob("*-fragment.xml"))
    return {path.name.removesuffix("-fragment.xml"): path.read_text(encoding="utf-8") for path in paths}


@pytest.fixture(scope="module")
def schemas(documents: Mapping[str, str]) -> Mapping[str, Schema]:
    """The two versions of the global service; beta's types are partly told by a national cloud's copy."""
    return {version: Schema(*(documents[name] for name in names)) for version, names in PROD.items()}


@pytest.mark.parametrize(("resource", "call"), CALLS, ids=CALL_NAMES)
def test_the_action_exists(schemas: Mapping[str, Schema], resource: Resource, call: CancelCall) -> None:
    action = schemas[call.version].action(_action_name(call), resource.graph_type)
    assert action is not None
    assert action.get("IsBound") == "true"


@pytest.mark.parametrize(("resource", "call"), CALLS, ids=CALL_NAMES)
def test_the_action_is_bound_as_the_path_says(
    schemas: Mapping[str, Schema], resource: Resource, call: CancelCall
) -> None:
    action = schemas[call.version].action(_action_name(call), resource.graph_type)
    assert action is not None
    binding = action.find("Parameter")
    assert binding is not None
    on_one = f"/{{id}}/{_action_name(call)}" in call.path
    assert binding.get("Type") == (
        f"graph.{resource.graph_type}" if on_one else f"Collection(graph.{resource.graph_type})"
    )


@pytest.mark.parametrize(("resource", "call"), CALLS, ids=CALL_NAMES)
def test_the_body_has_the_parameters(schemas: Mapping[str, Schema], resource: Resource, call: CancelCall) -> None:
    action = schemas[call.version].action(_action_name(call), resource.graph_type)
    assert action is not None
    parameters = {parameter.get("Name") for parameter in action.iter("Parameter")} - {"bindingParameter"}
    if (resource.kind, call.version) == ("access-package", "beta"):
        # The page documents a body for people who are no administrators; the metadata declares no parameter.
        assert parameters == set()
        assert set(call.body or {}) == {"id", "requestStatus"}
    else:
        assert set(call.body or {}) == parameters


def test_the_body_of_an_access_package_names_properties_of_the_request(schemas: Mapping[str, Schema]) -> None:
    """What contradicts the action's parameters is at least a part of the entity, as the page says."""
    for name in ("id", "requestStatus"):
        assert schemas["beta"].type_at("accessPackageAssignmentRequest", name) == "Edm.String"


@pytest.mark.parametrize("resource", RESOURCES, ids=NAMES)
def test_requestor_and_created_are_declared(schemas: Mapping[str, Schema], resource: Resource) -> None:
    when = [resource.requestor.when[0]] if resource.requestor.when else []
    for path in (resource.requestor.oid, *resource.requestor.names, resource.created, *when):
        assert schemas[resource.read.version].type_at(resource.graph_type, path)


@pytest.mark.parametrize("resource", RESOURCES, ids=NAMES)
def test_titles_and_reasons_are_declared_or_the_type_is_open(schemas: Mapping[str, Schema], resource: Resource) -> None:
    schema = schemas[resource.read.version]
    for path in (*resource.titles, *resource.reasons):
        try:
            assert schema.type_at(resource.graph_type, path)
        except KeyError:
            assert schema.is_open(resource.graph_type), path


@pytest.mark.parametrize("resource", RESOURCES, ids=NAMES)
def test_states_are_declared_in_one_version(schemas: Mapping[str, Schema], resource: Resource) -> None:
    allowed = [resource.states.allowed] if resource.states.allowed else []
    for path in (*resource.states.paths, *allowed):
        assert any(_declares(schema, resource.graph_type, path) for schema in schemas.values()), path


@pytest.mark.parametrize("resource", RESOURCES, ids=NAMES)
def test_what_is_expanded_is_a_relationship(schemas: Mapping[str, Schema], resource: Resource) -> None:
    for name in filter(None, resource.read.query.get("$expand", "").split(",")):
        assert schemas[resource.read.version].type_at(resource.graph_type, name) in LEFT_OUT


@pytest.mark.parametrize(("resource", "call"), LISTS, ids=LIST_NAMES)
def test_a_list_asks_for_all_that_is_read_of_an_entity(
    schemas: Mapping[str, Schema], resource: Resource, call: ListCall
) -> None:
    """As far as the type declares it: what a list does not ask for would be missing on cards and in pickers."""
    schema, of = schemas[call.version], resource.requestor
    paths = (of.oid, *of.names, of.email, *resource.titles, *resource.reasons, resource.created, resource.expires)
    paths += (*resource.decided_by, *resource.states.paths, resource.states.allowed, "id")
    declared = {path.partition(".")[0] for path in paths if path and _declares(schema, resource.graph_type, path)}
    asked = _names(call.query["$select"]) | _names(call.query.get("$expand", ""))
    assert declared == asked


@pytest.mark.parametrize(("resource", "call"), LISTS, ids=LIST_NAMES)
def test_a_list_filters_and_sorts_by_declared_properties(
    schemas: Mapping[str, Schema], resource: Resource, call: ListCall
) -> None:
    for option in ("$filter", "$orderby"):
        if text := call.query.get(option):
            assert schemas[call.version].type_at(resource.graph_type, text.partition(" ")[0])


@pytest.mark.parametrize(("resource", "call"), LISTS, ids=LIST_NAMES)
def test_an_own_list_is_a_declared_function(schemas: Mapping[str, Schema], resource: Resource, call: ListCall) -> None:
    name, _, value = call.path.rpartition("/")[2].partition("(on='")
    assert bool(value) == call.own
    if call.own:
        options = f"{resource.graph_type}FilterByCurrentUserOptions"
        assert schemas[call.version].has_function(name, resource.graph_type, f"graph.{options}")
        assert value.removesuffix("')") in schemas[call.version].members(options)


def test_approval_item_states_are_members(schemas: Mapping[str, Schema]) -> None:
    states = load()["approval-item"].states
    assert schemas["beta"].type_at("approvalItem", "state") == "approvalItemState"
    assert states.yes | states.final == schemas["beta"].members("approvalItemState") - {"unknownFutureValue"}


def test_access_package_states_are_members_but_for_three(schemas: Mapping[str, Schema]) -> None:
    """Of the four cancellable states in the text, v1.0's enumeration has one; the others are values of `status`."""
    states = load()["access-package"].states
    members = schemas["v1.0"].members("accessPackageRequestState")
    assert schemas["v1.0"].type_at("accessPackageAssignmentRequest", "state") == "accessPackageRequestState"
    assert states.final <= members
    assert states.yes - members == {"accepted", "pendingNotBefore", "pendingApprovalEscalated"}
    assert members - states.yes - states.final == {"submitted", "delivering", "scheduled", "unknownFutureValue"}


@pytest.mark.parametrize("path", ["status", "requestStatus", "requestState"])
def test_other_states_of_access_packages_are_free_text(schemas: Mapping[str, Schema], path: str) -> None:
    version = "v1.0" if path == "status" else "beta"
    assert schemas[version].type_at("accessPackageAssignmentRequest", path) == "Edm.String"


def test_governance_status_is_free_text(schemas: Mapping[str, Schema]) -> None:
    assert schemas["beta"].type_at("governanceRoleAssignmentRequest", "status.subStatus") == "Edm.String"


@pytest.mark.parametrize("schema", ["v1.0-Prod", "v1.0-Fairfax", "v1.0-Mooncake"])
def test_access_packages_can_be_cancelled_in_every_cloud(documents: Mapping[str, str], schema: str) -> None:
    """Fairfax is US Government, Mooncake China."""
    assert Schema(documents[schema]).action("cancel", "accessPackageAssignmentRequest") is not None


def _action_name(call: CancelCall) -> str:
    return call.path.rpartition("/")[2]


def _names(text: str) -> set[str]:
    return set(text.split(",")) - {""}


def _declares(schema: Schema, graph_type: str, path: str) -> bool:
    try:
        return bool(schema.type_at(graph_type, path))
    except KeyError:
        return False
