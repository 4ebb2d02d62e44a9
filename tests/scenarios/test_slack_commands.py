"""What people type after the command: the dialog, filled in as far as they said, or one private sentence."""

from typing import Final
from urllib.parse import urlencode

import pytest

from bot.sandbox.people import ALICE, TEAM_ID
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import CHANNEL, Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import Play, words

ID: Final = "00000000-0000-4000-8000-00000000c0de"
GRAPH: Final = "https://graph.microsoft.com"
APPROVALS: Final = f"{GRAPH}/beta/solutions/approval/approvalItems"
PACKAGES: Final = f"{GRAPH}/beta/identityGovernance/entitlementManagement/accessPackageAssignmentRequests"

URLS: Final = {
    "as documented": f"{APPROVALS}/{ID}",
    "with the action": f"{APPROVALS}/{ID}/cancel",
    "with a slash": f"{APPROVALS}/{ID}/",
    "in parentheses": f"{APPROVALS}('{ID}')",
    "in Slack's brackets": f"<{APPROVALS}/{ID}>",
    "with a label": f"<{APPROVALS}/{ID}|approval>",
}

# What is typed, and what the answer must name.
MISTAKES: Final = {
    "an unknown kind": (f"acess-pakage {ID}", "Did you mean access-package?"),
    "nothing like a kind": (f"qqqqqqqq {ID}", "“qqqqqqqq” is not a kind that I know. Possible here: "),
    "dots": ("approval-item ..", "no id of the kind approval-item"),
    "a query": ("approval-item a?x", "no id of the kind approval-item"),
    "a fragment": ("approval-item a#", "no id of the kind approval-item"),
    "escaped dots": ("approval-item %2e%2e", "no id of the kind approval-item"),
    "a long id": ("approval-item " + "a" * 10_000, "no id of the kind approval-item"),
    "an id of another kind": ("governance-role /subscriptions/x", "no id of the kind governance-role"),
    "an empty id in a URL": (f"{APPROVALS}('')", "The id of the request is missing."),
    "a foreign URL": (f"https://graph.example.test/beta/solutions/approval/approvalItems/{ID}", "Only addresses of "),
    "a URL without TLS": (f"http://graph.microsoft.com/beta/x/{ID}", "Only addresses of "),
    "a URL with a password": (f"https://a:b@graph.microsoft.com/beta/x/{ID}", "Only addresses of "),
    "a URL of something else": (f"{GRAPH}/v1.0/users/{ID}", "names no request that this bot can cancel"),
    "too long a reason": (f"approval-item {ID} {'x' * 3001}", "The justification has 3001 characters"),
    "a reason of markup": (f"<!channel> {ID}", "“<!channel>” is not a kind"),
}


async def _opened(tenant: Tenant, play: Play, text: str) -> View:
    """The dialog of a command, and it is closed again."""
    view = await play.dialog(text)
    await tenant.slack.close(play.person.slack_id, view.id)
    return view


def _filled_in(view: View) -> tuple[str | None, str | None, str | None]:
    values = view.state["values"]
    kind = values["kind"]["kind"]["selected_option"]
    return kind and kind["value"], values["id"]["id"]["value"], values["justification"]["justification"]["value"]


@pytest.mark.usefixtures("bot")
async def test_the_dialog_holds_what_was_typed(tenant: Tenant, alice: Play) -> None:
    for typed, expected in (
        ("", (None, None, None)),
        ("approval-item", ("approval-item", None, None)),
        (f"approval-item {ID}", ("approval-item", ID, None)),
        (f"approval-item  {ID}  Two\nlines ", ("approval-item", ID, "Two\nlines")),
        (f"approval-item {ID} a < b & c > d &lt; &amp;", ("approval-item", ID, "a < b & c > d &lt; &amp;")),
        (f"approval-item {ID} <!channel> <@U0BOB>", ("approval-item", ID, "<!channel> <@U0BOB>")),
    ):
        assert _filled_in(await _opened(tenant, alice, typed)) == expected


@pytest.mark.usefixtures("socket_bot")
async def test_kinds_have_the_names_of_graph_too(tenant: Tenant, alice: Play) -> None:
    for typed, kind in (
        ("approvalItem", "approval-item"),
        ("APPROVALITEM", "approval-item"),
        ("Approval-Item", "approval-item"),
        ("accessPackageAssignmentRequest", "access-package"),
        ("governanceroleassignmentrequest", "governance-role"),
    ):
        assert _filled_in(await _opened(tenant, alice, f"{typed} {ID}"))[:2] == (kind, ID)


@pytest.mark.usefixtures("socket_bot")
@pytest.mark.parametrize("url", URLS.values(), ids=URLS.keys())
async def test_a_graph_address_with_a_reason(tenant: Tenant, alice: Play, url: str) -> None:
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    view = await alice.dialog(f"{url.replace(ID, target)} Not needed")
    kind, _, why = _filled_in(view)
    assert (kind, why) == ("approval-item", "Not needed")
    await alice.submit(view)
    await alice.reply()
    assert [effect.id for effect in tenant.graph.effects] == [target]


async def test_a_link_as_slack_delivers_it(tenant: Tenant, alice: Play, start: Start) -> None:
    """Slack may turn an address into <address|label>, and then does not escape the brackets."""
    text = f"<{APPROVALS}/{ID}|the approval> {'x' * 3001}"
    command = {"command": "/cancel-approval", "text": text, "team_id": TEAM_ID, "user_id": ALICE.slack_id}
    body = urlencode(command).encode()
    async with start("http"):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        await tenant.slack.deliver_raw(body, tenant.slack.sign(body) | form)
        assert "The justification has 3001 characters" in await alice.told()


@pytest.mark.usefixtures("socket_bot")
async def test_an_address_of_the_older_beta_path(tenant: Tenant, alice: Play) -> None:
    assert _filled_in(await _opened(tenant, alice, f"{PACKAGES}/{ID}/cancel"))[0] == "access-package"


@pytest.mark.usefixtures("socket_bot")
async def test_an_address_keeps_its_provider(tenant: Tenant, alice: Play) -> None:
    """Fails when the dialog is filled in with the bare id, which means Azure resources."""
    target = tenant.graph.add("governanceRoleAssignmentRequest", owner=ALICE.oid, provider="aadRoles")
    view = await alice.dialog(f"{GRAPH}/beta/privilegedAccess/aadRoles/roleAssignmentRequests/{target} Not needed")
    await alice.submit(view)
    await alice.reply()
    assert [effect.id for effect in tenant.graph.effects] == [target]
    assert all("azureResources" not in call.path for call in tenant.graph.calls)


@pytest.mark.usefixtures("bot")
async def test_help_explains(tenant: Tenant, alice: Play) -> None:
    for number, typed in enumerate(("help", " HELP "), 1):
        await alice.command(typed)
        await alice.told_times(number)
    assert all(part in alice.private()[-1] for part in ("/cancel-approval <kind> <id>", "access-package", "<URL>"))
    assert tenant.slack.open_view(ALICE.slack_id) is None


@pytest.mark.usefixtures("bot")
async def test_signing_out(tenant: Tenant, alice: Play) -> None:
    """Fails when the link, or what it opens, outlives `signout`."""
    target = tenant.graph.add("approvalItem", owner=ALICE.oid)
    told = [ALICE.email, "You are signed out", "not linked to a Microsoft account", "not linked"]
    for number, (typed, part) in enumerate(zip(("whoami", "SignOut", "whoami", "signout"), told, strict=True), 1):
        await alice.command(typed)
        await alice.told_times(number)
        assert part in alice.private()[-1]
    await alice.command(f"approval-item {target} Not needed")
    await alice.told_times(5)
    assert "link" in alice.private()[-1]
    assert tenant.slack.open_view(ALICE.slack_id) is None
    assert tenant.graph.effects == []


@pytest.mark.usefixtures("bot")
async def test_each_mistake_gets_one_private_sentence(tenant: Tenant, alice: Play) -> None:
    for number, (typed, told) in enumerate(MISTAKES.values(), 1):
        await alice.command(typed)
        await alice.told_times(number)
        assert told in alice.private()[-1]
        assert len(alice.private()[-1]) < 400
    assert len(alice.private()) == len(MISTAKES)
    assert tenant.slack.open_view(ALICE.slack_id) is None
    assert tenant.graph.calls == []
    assert tenant.slack.messages(CHANNEL) == []
    assert all("<!" not in message.text for message in tenant.slack.ephemerals(ALICE.slack_id))


async def test_a_kind_that_is_not_switched_on(tenant: Tenant, alice: Play, start: Start) -> None:
    async with start(KINDS="access-package,operation-approval"):
        await alice.command(f"governance-role {ID}")
        told = await alice.told()
        assert "governance-role is not switched on here. Microsoft retired this kind on 28 October 2026" in told
        assert "No kind that replaces it is switched on here." in told
        await alice.command(f"{APPROVALS}/{ID}")
        await tenant.slack.until(lambda: len(alice.private()) == 2)
        assert "approval-item is not switched on here. Possible here: access-package," in alice.private()[-1]
        assert tenant.graph.calls == []
        view = await alice.dialog()
        options = view.element("kind")[1]["options"]
        assert [option["value"] for option in options] == ["access-package", "operation-approval"]


@pytest.mark.usefixtures("socket_bot")
async def test_a_retired_kind_says_so_in_the_dialog(alice: Play) -> None:
    for kind, successor in (
        ("privileged-role", "unifiedRoleAssignmentScheduleRequest"),
        ("governance-role", "Azure Resource Manager"),
    ):
        view = await alice.dialog(kind)
        assert "Microsoft retired this kind on" in words(view.blocks)
        assert successor in words(view.blocks)
        assert "Here that is " in words(view.blocks)
        assert "/cancel-approval mine lists what of yours is pending." in words(view.blocks)
        await alice.tenant.slack.close(ALICE.slack_id, view.id)
