"""Targets from what people type or paste: everything that is not one is refused, nothing is repaired."""

import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.resources import Resource, Service, Target, TargetError, is_url, load, path_of, target_of, target_of_url

ID: Final = "00000000-0000-4000-8000-00000000c0de"
HOST: Final = "graph.microsoft.com"
HOSTS: Final = (HOST, "localhost:8443")
COLLECTION: Final = f"https://{HOST}/beta/solutions/approval/approvalItems"
REGISTRY: Final = load()
RESOURCES: Final = tuple(REGISTRY)
GRAPH: Final = tuple(resource for resource in RESOURCES if resource.service is Service.GRAPH)
EACH_KIND = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.kind)

NO_IDS: Final = {
    "dots": "..",
    "one dot": ".",
    "a query": "a?x",
    "a fragment": "a#",
    "escaped dots": "%2e%2e",
    "an id and a query": f"{ID}?$expand=x",
    "an id and a fragment": f"{ID}#",
    "an id and an action": f"{ID}/cancel",
    "another path": f"../users/{ID}",
    "a path after it": f"{ID}/../../users",
    "an escaped slash": f"{ID}%2Fcancel",
    "a backslash": f"{ID}\\..",
    "a newline after it": f"{ID}\n",
    "a newline before it": f"\n{ID}",
    "a space after it": f"{ID} ",
    "a null": f"{ID}\x00",
    "braces": f"{{{ID}}}",
    "quotes": f"'{ID}'",
    "no hyphens": ID.replace("-", ""),
    "one digit less": ID[:-1],
    "one digit more": f"{ID}0",
    "no hexadecimal": ID.replace("c0de", "code"),
    "full-width digits": ID.replace("0", "\uff10"),
    "Arabic digits": ID.replace("0", "\u0660"),
    "very long": "a" * 10_000,
    "many digits": "0" * 10_000,
    "two": f"{ID}{ID}",
    "a slot": "{id}",
}


@EACH_KIND
@pytest.mark.parametrize("text", NO_IDS.values(), ids=NO_IDS.keys())
def test_what_is_no_id_is_refused(resource: Resource, text: str) -> None:
    """Fails when an id need only begin like one."""
    with pytest.raises(TargetError) as refused:
        target_of(resource, text)
    assert refused.value.problem == "bad_id"
    with pytest.raises(TargetError):
        path_of(resource, resource.cancel[0].path, Target(resource.kind, text, resource.default_scope))


@EACH_KIND
def test_an_empty_id_has_its_own_word(resource: Resource) -> None:
    with pytest.raises(TargetError) as refused:
        target_of(resource, "")
    assert refused.value.problem == "empty_id"


@pytest.mark.parametrize("resource", GRAPH, ids=lambda resource: resource.kind)
def test_an_id_is_a_target(resource: Resource) -> None:
    target = target_of(resource, ID)
    assert (target.kind, target.id, target.scope) == (resource.kind, ID, resource.default_scope)


@EACH_KIND
def test_a_scope_of_no_kind_makes_no_path(resource: Resource) -> None:
    with pytest.raises(TargetError):
        path_of(resource, resource.read.path, Target(resource.kind, ID, "../.."))


def test_spellings_of_one_target_have_one_key() -> None:
    assert Target("a-kind", ID.upper(), "aadRoles").key == Target("a-kind", ID, "AADRoles").key
    assert Target("a-kind", ID, "aadRoles").key != Target("a-kind", ID, "aadGroups").key


FOREIGN: Final = {
    "another host": f"https://graph.example.test/beta/solutions/approval/approvalItems/{ID}",
    "a host that begins alike": f"https://{HOST}.example.test/beta/solutions/approval/approvalItems/{ID}",
    "a host that ends alike": f"https://x{HOST}/beta/solutions/approval/approvalItems/{ID}",
    "plain http": f"{COLLECTION}/{ID}".replace("https", "http"),
    "another scheme": f"{COLLECTION}/{ID}".replace("https", "ftp"),
    "a user": f"{COLLECTION}/{ID}".replace("https://", "https://robin@"),
    "a user and a password": f"{COLLECTION}/{ID}".replace("https://", "https://robin:secret@"),
    "the host as a user": f"https://{HOST}@example.test/beta/solutions/approval/approvalItems/{ID}",
    "an empty user": f"{COLLECTION}/{ID}".replace("https://", "https://@"),
    "another port": f"{COLLECTION}/{ID}".replace(HOST, f"{HOST}:8443"),
    "the other host's port missing": f"{COLLECTION}/{ID}".replace(HOST, "localhost"),
    "a trailing dot": f"{COLLECTION}/{ID}".replace(HOST, f"{HOST}."),
    "no host": f"https:///beta/solutions/approval/approvalItems/{ID}",
}


@pytest.mark.parametrize("url", FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign_addresses_are_refused(url: str) -> None:
    with pytest.raises(TargetError) as refused:
        target_of_url(REGISTRY, url, HOSTS)
    assert refused.value.problem == "foreign_url"
    assert HOST in refused.value.detail


UNKNOWN: Final = {
    "another version": f"{COLLECTION}/{ID}".replace("beta", "v2.0"),
    "no version": f"{COLLECTION}/{ID}".replace("/beta", ""),
    "two versions": f"{COLLECTION}/{ID}".replace("/beta", "/beta/v1.0"),
    "another collection": f"https://{HOST}/beta/users/{ID}",
    "the collection itself": COLLECTION,
    "something below it": f"{COLLECTION}/{ID}/requests/{ID}",
    "something before it": f"{COLLECTION}/{ID}".replace("/beta", "/beta/me"),
    "two slashes": f"{COLLECTION}//{ID}",
    "a path through the parent": f"{COLLECTION}/../approvalItems/{ID}",
    "no port": f"{COLLECTION}/{ID}".replace(HOST, f"{HOST}:port"),
    "a port out of range": f"{COLLECTION}/{ID}".replace(HOST, f"{HOST}:99999"),
    "an open bracket": f"{COLLECTION}/{ID}".replace(HOST, f"[{HOST}"),
    "too long": f"{COLLECTION}/{ID}?{'x' * 2000}",
}


@pytest.mark.parametrize("url", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_addresses_of_no_request_are_refused(url: str) -> None:
    with pytest.raises(TargetError) as refused:
        target_of_url(REGISTRY, url, HOSTS)
    assert refused.value.problem == "unknown_url"


@pytest.mark.parametrize(
    "broken",
    [
        f"{COLLECTION}/{ID[:8]}\n{ID[8:]}",
        f"{COLLECTION}/{ID[:8]}\t{ID[8:]}",
        f"{COLLECTION}\r\n/{ID}",
        f"{COLLECTION}/{ID}\n",
        f"<{COLLECTION}/{ID}\n>",
        f"\x01{COLLECTION}/{ID}",
        f" {COLLECTION}/{ID}",
        f"{COLLECTION}/{ID} ",
    ],
)
def test_a_broken_address_is_not_mended(broken: str) -> None:
    """`urlsplit` drops line breaks, tabs and leading control characters; what was typed must match as a whole."""
    with pytest.raises(TargetError):
        target_of_url(REGISTRY, broken, HOSTS)


@pytest.mark.parametrize("text", [t for t in NO_IDS.values() if not (set(t) & set("?#\n") or t.endswith("/cancel"))])
def test_an_address_with_a_bad_id_is_refused(text: str) -> None:
    """But for queries, fragments and the action, which an address may have; line breaks are the test above."""
    with pytest.raises(TargetError):
        target_of_url(REGISTRY, f"{COLLECTION}/{text}", HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        f"{COLLECTION}/{ID}",
        f"{COLLECTION}/{ID}".replace(HOST, f"{HOST}:443"),
        f"{COLLECTION}/{ID}".replace(HOST, HOST.upper()),
        f"{COLLECTION}/{ID}".replace(HOST, "localhost:8443"),
        f"{COLLECTION}/{ID}?$select=id&next=https://example.test/",
        f"{COLLECTION}/{ID}#/cancel",
        f"<{COLLECTION}/{ID}>",
        f"<{COLLECTION}/{ID}|see https://example.test>",
    ],
)
def test_addresses_that_are_understood(url: str) -> None:
    assert target_of_url(REGISTRY, url, HOSTS) == Target("approval-item", ID)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://x", True),
        ("http://x", True),
        ("<https://x|y>", True),
        ("<http://x>", True),
        (ID, False),
        ("approval-item", False),
        ("", False),
        ("<@U1>", False),
    ],
)
def test_what_was_meant_as_an_address(text: str, expected: bool) -> None:
    assert is_url(text) is expected


# Text that is nearly an id or an address finds more than arbitrary text does.
PIECES = st.sampled_from(
    [ID, ID.upper(), "..", "/", "?", "#", "%2e", "%", "\n", "'", "(", ")", "cancel", "\u0130", "\uff0f"]
)
NEARLY = st.one_of(st.text(), st.lists(PIECES, max_size=6).map("".join))
TEMPLATES = [url for resource in GRAPH for url in resource.urls]


@given(resource=st.sampled_from(RESOURCES), text=NEARLY)
def test_no_id_leaves_the_documented_path(resource: Resource, text: str) -> None:
    try:
        target = target_of(resource, text)
    except TargetError:
        return
    _stays_on_its_path(resource, target)


@given(template=st.sampled_from(TEMPLATES), scope=st.one_of(NEARLY, st.just("aadRoles")), text=NEARLY, after=NEARLY)
def test_no_address_leaves_the_documented_path(template: str, scope: str, text: str, after: str) -> None:
    url = f"https://{HOST}/beta{template.replace('{scope}', scope).replace('{id}', text)}{after}"
    try:
        target = target_of_url(REGISTRY, url, HOSTS)
    except TargetError:
        return
    _stays_on_its_path(REGISTRY[target.kind], target)


def _stays_on_its_path(resource: Resource, target: Target) -> None:
    for template in (resource.read.path, *(call.path for call in resource.cancel)):
        path = path_of(resource, template, target)
        assert path == template.replace("{id}", target.id).replace("{scope}", target.scope)
        assert path.count("/") == template.replace("{id}", target.id).count("/")
        assert not any(piece in path for piece in ("?", "#", "..", "%", "\\", "//", " ", "\n"))
        assert path.isascii()


ONE_EDIT = st.builds(
    lambda whole, at, cut, piece: whole[:at] + piece + whole[at + cut :],
    st.sampled_from([ID, ID.upper()]),
    st.sampled_from([0, 7, 8, 9, len(ID) - 1, len(ID)]),
    st.integers(0, 1),
    st.sampled_from(["", " ", "\n", "..", "/", "?", "0", "A", "\u0660", "\x00"]),
)


@settings(deadline=None)
@given(resource=st.sampled_from(GRAPH), text=ONE_EDIT)
def test_nothing_is_repaired(resource: Resource, text: str) -> None:
    """Fails with `match` instead of `fullmatch`, and when what is given is trimmed or normalised."""
    if re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text):
        assert target_of(resource, text).id == text
    else:
        with pytest.raises(TargetError):
            target_of(resource, text)
