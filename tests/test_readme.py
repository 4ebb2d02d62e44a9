"""The README tells what there is: every setting, kind, command and dependency."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS
from bot.manifest import SCOPES, USER_SCOPES
from bot.resources import load
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def _dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return [re.split(r"[>=\[]", name)[0] for name in listed if not name.startswith("types-")]


@pytest.mark.parametrize("name", [(field.alias or name).upper() for name, field in Settings.model_fields.items()])
def test_setting(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("word", [*COMMANDS, *SCOPES, *USER_SCOPES, *(resource.kind for resource in load())])
def test_command_scope_and_kind(word: str) -> None:
    assert f"`{word}`" in README


@pytest.mark.parametrize("name", _dependencies())
def test_dependency_has_a_reason(name: str) -> None:
    assert name in README
