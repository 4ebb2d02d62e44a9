"""Addresses from the wire: what is taken from them, and what is refused."""

import pytest

from bot.errors import AnswerLost
from bot.graph.links import operation_path, own_path
from tests.graph.world import REGISTRY

KEY = "6f1f8b3a-0000-4000-8000-0000000000aa"
FOLDER = "/beta/solutions/approval/operations"
HOSTS = frozenset({"graph.microsoft.com", "127.0.0.1:8443"})
APPROVAL = REGISTRY["approval-item"]


@pytest.mark.parametrize(
    "location",
    [
        f"https://graph.microsoft.com{FOLDER}/{KEY}",
        f"https://127.0.0.1:8443{FOLDER}/{KEY}",
        f"https://graph.microsoft.com{FOLDER}/{KEY}?x=1#y",
        f"{FOLDER}/{KEY}",
    ],
)
def test_operation_of_our_own(location: str) -> None:
    assert operation_path(APPROVAL, location, HOSTS) == f"{FOLDER}/{KEY}"


def test_operation_keeps_the_spelling_of_the_service() -> None:
    location = f"https://graph.microsoft.com{FOLDER}/{KEY}".lower()
    assert operation_path(APPROVAL, location, HOSTS) == f"{FOLDER.lower()}/{KEY}"


@pytest.mark.parametrize(
    "location",
    [
        "",
        "https://[",
        f"http://graph.microsoft.com{FOLDER}/{KEY}",
        f"https://evil.example.test{FOLDER}/{KEY}",
        f"//evil.example.test{FOLDER}/{KEY}",
        f"https://graph.microsoft.com@evil.example.test{FOLDER}/{KEY}",
        f"https://user@graph.microsoft.com{FOLDER}/{KEY}",
        f"https://graph.microsoft.com:444{FOLDER}/{KEY}",
        f"https://graph.microsoft.com.evil.example.test{FOLDER}/{KEY}",
        f"https://graph.microsoft.com\\@evil.example.test{FOLDER}/{KEY}",
        f"https://graph.microsoft.com/v2.0/solutions/approval/operations/{KEY}",
        f"https://graph.microsoft.com{FOLDER}/../../../users/{KEY}",
        f"https://graph.microsoft.com{FOLDER}/{KEY}/cancel",
        f"https://graph.microsoft.com{FOLDER}/%2e%2e",
        f"https://graph.microsoft.com{FOLDER}/",
        f"https://graph.microsoft.com/beta/users/{KEY}",
        f"{FOLDER}/{KEY}\u0000",
    ],
)
def test_operation_elsewhere(location: str) -> None:
    assert operation_path(APPROVAL, location, HOSTS) == ""


def test_kind_without_operations_has_none() -> None:
    location = f"https://graph.microsoft.com{FOLDER}/{KEY}"
    assert operation_path(REGISTRY["governance-role"], location, HOSTS) == ""


def test_next_link_keeps_its_query() -> None:
    link = "https://graph.microsoft.com/beta/roles?$skiptoken=a%2Fb&$top=5"
    assert own_path(link, HOSTS) == "/beta/roles?$skiptoken=a%2Fb&$top=5"


@pytest.mark.parametrize(
    "link",
    [
        "",
        "/beta/roles",
        "https://[",
        "https://evil.example.test/beta/roles",
        "https://graph.microsoft.com/roles",
        "https://graph.microsoft.com/betamax/roles",
        "https://user@graph.microsoft.com/beta/roles",
        "http://graph.microsoft.com/beta/roles",
        "https://graph.microsoft.com/beta/\u0001",
        "https://graph.microsoft.com/beta/\ud800",
    ],
)
def test_next_link_elsewhere(link: str) -> None:
    with pytest.raises(AnswerLost):
        own_path(link, HOSTS)
