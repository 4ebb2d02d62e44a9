"""The table of cases holds: each names tests that exist, and each of these says how it fails without its defence."""

import re
from importlib import import_module

import pytest

from tests.security.cases import CASES

NODES = sorted({node for case in CASES.values() for node in case.tests})


def test_every_case_of_the_list_has_its_row() -> None:
    """Fails when a row is taken out."""
    numbers = {name for name in CASES if name.isdecimal()}
    assert numbers == {str(number) for number in range(1, 26)}


@pytest.mark.parametrize("name", CASES)
def test_every_case_is_shown(name: str) -> None:
    """Fails while a row names no test."""
    assert CASES[name].tests


@pytest.mark.parametrize("node", NODES)
def test_a_test_exists_and_says_how_it_fails(node: str) -> None:
    """Fails when a test was renamed or taken out, or does not say without what it fails."""
    path, _, name = node.partition("::")
    module = import_module(path.removesuffix(".py").replace("/", "."))
    test = vars(module)[name]
    assert name.startswith("test_")
    assert re.search(r"\bfails\b", f"{test.__doc__}", re.IGNORECASE)
