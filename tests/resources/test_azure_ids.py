"""Azure Resource Manager's ids are paths: matched as strictly as a GUID, from the first slash to the last digit.

What is one, `is_id` says in its own way.
"""

from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.resources import Resource, Service, Target, TargetError, load, path_of, target_of, target_of_url
from tests.resources.azure_ids import GROUP, GUID, MANAGEMENT, PROVIDER, SITE, SUBSCRIPTION, id_at, is_id

REGISTRY: Final = load()
RESOURCES: Final = {
    resource.lists[0].path.rpartition("/")[2]: resource for resource in REGISTRY if resource.service is Service.ARM
}
EACH = pytest.mark.parametrize(("collection", "resource"), RESOURCES.items(), ids=RESOURCES)
HOST: Final = "management.azure.com"
HOSTS: Final = (HOST, "graph.microsoft.com")
OTHER: Final = {
    "roleAssignmentScheduleRequests": "roleEligibilityScheduleRequests",
    "roleEligibilityScheduleRequests": "roleAssignmentScheduleRequests",
}

SCOPES: Final = (
    "",
    f"{MANAGEMENT}/Contoso",
    f"{MANAGEMENT}/{GUID}",
    SUBSCRIPTION,
    GROUP,
    f"{SUBSCRIPTION}/resourceGroups/(a).b_c-..d",
    SITE,
    f"{SITE}/slots/next",
    f"{SITE}/a/b/c/d/e/f/g/h",
    f"{SUBSCRIPTION}/providers/Microsoft.Support/supportTickets/1",
)

NO_SCOPES: Final = {
    "no slash before it": SUBSCRIPTION[1:],
    "a slash alone": "/",
    "two slashes before it": f"/{SUBSCRIPTION}",
    "two slashes in it": SUBSCRIPTION.replace("s/", "s//"),
    "two slashes after it": f"{SUBSCRIPTION}/",
    "one dot": f"{SUBSCRIPTION}/resourceGroups/.",
    "dots": f"{SUBSCRIPTION}/resourceGroups/..",
    "dots that lead out": f"{GROUP}/../..",
    "dots before it": f"/..{SUBSCRIPTION}",
    "dots as a provider": f"{GROUP}/providers/../sites/intranet",
    "a provider that ends with a dot": f"{GROUP}/providers/Microsoft./sites/intranet",
    "dots as a type": f"{GROUP}/providers/Microsoft.Web/../intranet",
    "dots as a resource": f"{GROUP}/providers/Microsoft.Web/sites/..",
    "escaped dots": f"{SUBSCRIPTION}/resourceGroups/%2e%2e",
    "an escaped slash": f"{SUBSCRIPTION}/resourceGroups/a%2Fb",
    "an escaped letter": SUBSCRIPTION.replace("sub", "%73ub"),
    "a backslash": f"{SUBSCRIPTION}\\resourceGroups\\rg",
    "a query": f"{SUBSCRIPTION}?x=",
    "a fragment": f"{SUBSCRIPTION}#",
    "parameters": f"{SUBSCRIPTION};x=1",
    "a host": f"https://example.test{SUBSCRIPTION}",
    "a host without a scheme": f"//example.test{SUBSCRIPTION}",
    "a space": f"{SUBSCRIPTION}/resourceGroups/a b",
    "a line break": f"{SUBSCRIPTION}/resourceGroups/a\n",
    "a line break before it": f"\n{SUBSCRIPTION}",
    "a null": f"{SUBSCRIPTION}/resourceGroups/a\x00",
    "a long s": SUBSCRIPTION.replace("s", "\u017f"),
    "a Kelvin sign": f"{SUBSCRIPTION}/resourceGroups/\u212a",
    "a dotless i": SUBSCRIPTION.replace("i", "\u0131"),
    "another letter": f"{SUBSCRIPTION}/resourceGroups/\u00fc",
    "full-width digits": SUBSCRIPTION.replace("7", "\uff17"),
    "a subscription that is none": "/subscriptions/mine",
    "a subscription and more": f"{SUBSCRIPTION}0",
    "an action": f"{SUBSCRIPTION}/cancel",
    "a group without a name": f"{SUBSCRIPTION}/resourceGroups",
    "two groups": f"{GROUP}/resourceGroups/rg-2",
    "a group of nothing": "/resourceGroups/rg-1",
    "a type without a resource": f"{GROUP}/providers/Microsoft.Web/sites",
    "a provider without a type": f"{GROUP}/providers/Microsoft.Web",
    "a subscription in a resource": f"{SITE}{SITE}",
    "what another provider adds to a resource": f"{SITE}/providers/Microsoft.Insights/diagnosticSettings/1",
    "another request of a resource": f"{SITE}{PROVIDER}/roleAssignmentScheduleRequests/{GUID}",
    "providers as a resource": f"{GROUP}/providers/Microsoft.Web/sites/providers",
    "a resource too deep": f"{SITE}/a/b/c/d/e/f/g/h/i/j",
    "a resource of the tenant": "/providers/Microsoft.Web/sites/intranet",
    "a management group without a name": MANAGEMENT,
    "what is in a management group": f"{MANAGEMENT}/Contoso{SUBSCRIPTION}",
    "the alias of the specification's examples": f"/providers/Microsoft.Subscription{SUBSCRIPTION}",
    "another request": f"{SUBSCRIPTION}{PROVIDER}/roleAssignmentScheduleRequests/{GUID}",
    "another request, in another case": f"{SUBSCRIPTION}{PROVIDER}/roleAssignmentScheduleRequests/{GUID}".upper(),
    "a role": f"{SUBSCRIPTION}{PROVIDER}/roleDefinitions/{GUID}",
    "a name of 261 letters": f"{SUBSCRIPTION}/resourceGroups/{'a' * 261}",
    "very long": f"{GROUP}/providers/Microsoft.Web" + f"/{'a' * 200}/{'b' * 200}" * 4,
}


def _refused(resource: Resource, text: str) -> None:
    with pytest.raises(TargetError) as refused:
        target_of(resource, text)
    assert refused.value.problem == "bad_id"
    for template in (resource.read.path, *(call.path for call in resource.cancel)):
        with pytest.raises(TargetError):
            path_of(resource, template, Target(resource.kind, text))
    with pytest.raises(TargetError):
        target_of_url(REGISTRY, f"https://{HOST}{text}".replace("#", "%23").replace("?", "%3F"), HOSTS)


@EACH
@pytest.mark.parametrize("scope", SCOPES)
def test_a_request_at_any_scope(collection: str, resource: Resource, scope: str) -> None:
    whole = id_at(collection, scope)
    for text in (whole, whole.upper(), whole.lower()):
        target = target_of(resource, text)
        assert (target.kind, target.id, target.scope) == (resource.kind, text, "")
        assert target.key == target_of(resource, whole).key
        assert path_of(resource, resource.cancel[0].path, target) == f"{text}/cancel"
        assert target_of_url(REGISTRY, f"https://{HOST}{text}/cancel?api-version=2020-10-01", HOSTS) == target


@EACH
@pytest.mark.parametrize("scope", NO_SCOPES.values(), ids=NO_SCOPES)
def test_what_is_no_scope(collection: str, resource: Resource, scope: str) -> None:
    """Fails when an id need only end like one."""
    _refused(resource, id_at(collection, scope))


@EACH
def test_the_longest(collection: str, resource: Resource) -> None:
    scope = f"{SUBSCRIPTION}/providers/Microsoft.Web/{'a' * 250}/{'b' * 250}/{'c' * 250}/"
    longest = id_at(collection, scope + "d" * (1000 - len(id_at(collection, scope))))
    assert target_of(resource, longest).id == longest
    _refused(resource, longest.replace("d/providers", "dd/providers"))


@EACH
def test_what_is_no_request(collection: str, resource: Resource) -> None:
    """Fails when an id need only begin like one, and for another collection or provider."""
    whole = id_at(collection, SUBSCRIPTION)
    wrong = [
        whole.removesuffix(GUID),
        whole.removesuffix(f"/{GUID}"),
        f"{whole}/..",
        f"{whole}/../{GUID}",
        f"{whole}/approve",
        f"{whole}/cancel/cancel",
        f"{whole}//",
        f"{whole}\n",
        f"{whole} ",
        f"{whole}0",
        f"{whole}%20",
        f"{whole}%2Fcancel",
        f"{whole}?api-version=1#",
        f"{whole},{whole}",
        f"{whole}{whole}",
        id_at(OTHER[collection], SUBSCRIPTION),
        id_at(collection[:-1], SUBSCRIPTION),
        id_at("roleAssignments", SUBSCRIPTION),
        id_at(collection, SUBSCRIPTION, ".."),
        id_at(collection, SUBSCRIPTION, "me"),
        id_at(collection, SUBSCRIPTION, f"{{{GUID}}}"),
        whole.replace("Authorization", "Authorisation"),
        whole.replace("Microsoft.", "Microsoftx"),
        whole.replace("Microsoft.Authorization", "Microsoft.Authorization.Evil"),
        GUID,
    ]
    for text in wrong:
        with pytest.raises(TargetError):
            target_of(resource, text)


@EACH
def test_addresses_of_another_form(collection: str, resource: Resource) -> None:
    whole = id_at(collection, SUBSCRIPTION)
    assert target_of_url(REGISTRY, f"https://{HOST}{whole}", HOSTS).kind == resource.kind
    for url in (
        f"https://{HOST}{whole}//",
        f"https://{HOST}{whole}/cancel/cancel",
        f"https://{HOST}{whole}/approve",
        f"https://{HOST}{whole}/cancelling",
        f"https://{HOST}/{whole}",
        f"https://{HOST}/v1.0{whole}",
        f"https://{HOST}/2020-10-01{whole}",
        f"https://{HOST}{SUBSCRIPTION}",
        f"https://{HOST}/?id={whole}",
        f"https://{HOST}/#{whole}",
        f"https://{HOST}.example.test{whole}",
        f"https://management.example.test{whole}",
        f"http://{HOST}{whole}",
        f"https://robin@{HOST}{whole}",
    ):
        with pytest.raises(TargetError):
            target_of_url(REGISTRY, url, HOSTS)


_PATHS: Final = ("/cancel", SUBSCRIPTION, GROUP, PROVIDER, "/providers/", "/a/b", GUID)
_PIECES: Final = st.sampled_from(
    [*"/.?#\n \\aA0-(", "..", "%2e", "%2F", "\u0130", "\u0131", "\u017f", "\u212a", "\uff0f", *_PATHS]
)
_EDITED: Final = st.builds(
    lambda scope, collection, at, cut, piece: (
        (whole := id_at(collection, scope))[: int(at * len(whole))] + piece + whole[int(at * len(whole)) + cut :]
    ),
    st.sampled_from(SCOPES),
    st.sampled_from(tuple(RESOURCES)),
    st.floats(0, 1),
    st.integers(0, 3),
    st.one_of(st.just(""), _PIECES, st.text(max_size=3)),
)
_ASSEMBLED: Final = st.builds(
    lambda parts, collection: id_at(collection, "".join(parts)),
    st.lists(st.one_of(st.sampled_from(SCOPES), _PIECES), max_size=4),
    st.sampled_from(tuple(RESOURCES)),
)


@settings(max_examples=500)
@given(collection=st.sampled_from(tuple(RESOURCES)), text=st.one_of(_EDITED, _ASSEMBLED, st.text()))
@example(collection="roleAssignmentScheduleRequests", text=id_at("roleAssignmentScheduleRequest\u017f"))
def test_nothing_is_repaired_and_nothing_leaves_its_path(collection: str, text: str) -> None:
    """Fails with `match` instead of `fullmatch`, without `re.ASCII`, and where dots or slashes are let through."""
    resource = RESOURCES[collection]
    try:
        target = target_of(resource, text)
    except TargetError:
        assert not is_id(text, collection)
        return
    assert is_id(text, collection)
    assert target.id == text
    assert path_of(resource, resource.cancel[0].path, target) == f"{text}/cancel"
