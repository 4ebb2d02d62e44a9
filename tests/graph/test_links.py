"""Addresses from the wire: what is taken from them, and what is refused."""

from contextlib import suppress

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
        "https://graph.microsoft.com/beta/../roles",
        "https://graph.microsoft.com/beta/roles/.",
        f"https://graph.microsoft.com/beta/{'x' * 70_000}",
    ],
)
def test_next_link_elsewhere(link: str) -> None:
    with pytest.raises(AnswerLost):
        own_path(link, HOSTS)


BASE = "https://graph.microsoft.com"
STARTS = st.sampled_from(
    [
        BASE,
        "https://127.0.0.1:8443",
        "http://graph.microsoft.com",
        "https://x@graph.microsoft.com",
        "https://",
        "//",
        "",
    ]
)
FOLDERS = st.sampled_from(["", FOLDER, FOLDER.lower(), FOLDER.replace("beta", "v1.0"), "/beta/users", "/beta"])
PIECES = st.sampled_from(
    [
        *("/beta/", "/v1.0/", "graph.microsoft.com", "@", "evil.example.test", ":", "444", "\\", "?", "#", "[", "]"),
        *("..", "/", "%2e%2e", "%2f", "\n", "\t", " ", "\u3002", "\uff0f", "$skiptoken=x", FOLDER, KEY),
    ]
)
SOME = st.lists(PIECES, max_size=2).map("".join)
NEARLY = st.builds(
    lambda start, first, folder, then, last: f"{start}{first}{folder}{then}/{KEY}{last}",
    STARTS,
    SOME,
    FOLDERS,
    SOME,
    SOME,
)
ADDRESSES = st.one_of(st.text(), NEARLY, NEARLY)


@settings(deadline=None)
@given(ADDRESSES)
def test_whatever_is_taken_from_an_address_is_asked_of_our_host(link: str) -> None:
    """Built as `Wire` builds it. Fails without the comparison of the host, and where the whole address is used."""
    with suppress(AnswerLost):
        _is_ours(own_path(link, HOSTS))
    path = operation_path(APPROVAL, link, HOSTS)
    if path:
        _is_ours(path)
        assert APPROVAL.id_pattern.fullmatch(path.rpartition("/")[2])
        assert path.casefold().startswith((f"{FOLDER}/".casefold(), f"{FOLDER}/".replace("beta", "v1.0").casefold()))


def _is_ours(path: str) -> None:
    url = httpx.Request("GET", f"{BASE}{path}").url
    assert (url.scheme, url.host, url.port, url.userinfo) == ("https", "graph.microsoft.com", None, b"")
    assert url.raw_path.startswith((b"/beta/", b"/v1.0/"))


@settings(deadline=None)
@given(ADDRESSES)
def test_an_address_is_ours_or_nothing_is_taken_from_it(link: str) -> None:
    """The client that would go there agrees. Fails without the comparison of scheme, of host, or of port and user."""
    try:
        own_path(link, HOSTS)
    except AnswerLost:
        return
    url = httpx.URL(link)
    assert (url.scheme, url.userinfo) == ("https", b"")
    assert (url.host, url.port) in (("graph.microsoft.com", None), ("127.0.0.1", 8443))
