"""What is read of an entity."""

import json

import pytest

from bot.resources import load, snapshot


@pytest.mark.parametrize(
    ("title", "read"),
    [("\\ud83d", "?"), ("a\\u0000b", "ab"), ("\\ud83d\\ude00", "😀"), ("é", "é"), ("plain", "plain")],
    ids=["half a pair", "NUL", "a pair", "accent", "plain"],
)
def test_what_no_database_can_keep(title: str, read: str) -> None:
    """JSON can carry it; PostgreSQL then cannot read the row. Fails when it is passed on."""
    entity = json.loads(f'{{"accessPackage": {{"displayName": "{title}"}}}}')
    assert snapshot(load()["access-package"], entity).title == read
