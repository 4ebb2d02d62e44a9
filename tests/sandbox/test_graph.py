"""What holds for every call of the Graph stand-in, whatever its kind; and that its table drives it."""

import base64
import json
import uuid
from typing import Any

import httpx
import pytest

from bot.sandbox.entra import EntraStandIn
from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.graph_facts import FACTS
from bot.sandbox.graph_types import Collection, Entity, Facts, Permissions, Success
from bot.sandbox.people import ALICE, BOB, CAROL
from bot.sandbox.tls import ThrowAwayAuthority
from tests.sandbox.graph_clients import GRAPH, Application, As, GraphClient, code_of

ITEMS = "/beta/solutions/approval/approvalItems"
OPERATIONS = "/beta/deviceManagement/operationApprovalRequests"
APPROVALS = "ApprovalSolution.ReadWrite"
CP1 = json.dumps({"access_token": {"xms_cc": {"values": ["cp1"]}}})


async def test_error_body_and_ids(graph: GraphStandIn, as_person: As) -> None:
    alice = await as_person(ALICE, APPROVALS)
    mine = str(uuid.uuid4())
    answer = await alice("GET", f"{ITEMS}/{BOB.oid}", headers={"client-request-id": mine})
    inner = answer.json()["error"]["innerError"]
    assert code_of(answer) == (404, "ResourceNotFound")
    assert answer.headers["client-request-id"] == inner["client-request-id"] == mine
    assert answer.headers["request-id"] == inner["request-id"]
    assert inner["date"]
    graph.inner_key = "innererror"
    assert "innererror" in (await alice.get(f"{ITEMS}/{BOB.oid}")).json()["error"]
    assert graph.violations == []


async def test_calls_are_recorded(graph: GraphStandIn, as_person: As, as_application: As) -> None:
    await (await as_person(ALICE, APPROVALS)).get(ITEMS, **{"$top": "5"})
    await (await as_application()).post(f"{OPERATIONS}/{BOB.oid}/cancelApproval", {"a": 1})
    first, second = graph.calls
    assert (first.method, first.path, first.query, first.version) == ("GET", ITEMS, {"$top": "5"}, "beta")
    assert (first.oid, first.app_only, first.status) == (ALICE.oid, False, 200)
    assert first.scopes == {APPROVALS}
    assert (second.oid, second.app_only, second.body, second.status) == (None, True, {"a": 1}, 400)
    assert uuid.UUID(second.client_request_id)


@pytest.mark.parametrize("token", ["no-token", "a.b.c"])
async def test_no_valid_token(graph: GraphStandIn, http: httpx.AsyncClient, token: str) -> None:
    answer = await GraphClient(graph, http, token).get(ITEMS)
    assert code_of(answer) == (401, "InvalidAuthenticationToken")
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="", authorization_uri="https://127.0.0.1')
    assert graph.calls[-1].scopes == frozenset()


async def test_token_for_another_audience(
    graph: GraphStandIn, http: httpx.AsyncClient, application: Application
) -> None:
    tokens = await application.sign_in(ALICE, f"https://graph.microsoft.us/{APPROVALS}")
    answer = await GraphClient(graph, http, tokens["access_token"]).get(ITEMS)
    assert code_of(answer) == (401, "InvalidAuthenticationToken")


async def test_expired_token(entra: EntraStandIn, as_person: As) -> None:
    entra.token_lifetime = -1
    answer = await (await as_person(ALICE, APPROVALS)).get(ITEMS)
    assert code_of(answer) == (401, "InvalidAuthenticationToken")


async def test_challenge_is_met_by_a_token_made_for_it(graph: GraphStandIn, as_person: As) -> None:
    graph.challenge_next()
    alice = await as_person(ALICE, APPROVALS, claims=CP1)
    answer = await alice.get(ITEMS)
    assert code_of(answer) == (401, "InvalidAuthenticationToken")
    header = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in header
    claims = json.loads(base64.b64decode(header.rpartition('claims="')[2].rstrip('"')))
    assert "nbf" in claims["access_token"]
    assert (await alice.get(ITEMS)).status_code == 200

    graph.challenge_next(2)
    fresh = await as_person(ALICE, APPROVALS, claims=json.dumps(claims))
    assert (await fresh.get(ITEMS)).status_code == 200
    assert [(await alice.get(ITEMS)).status_code for _ in range(3)] == [401, 401, 200]


async def test_client_without_the_capability_gets_no_claims(graph: GraphStandIn, as_person: As) -> None:
    graph.challenge_next()
    answer = await (await as_person(ALICE, APPROVALS)).get(ITEMS)
    assert answer.status_code == 401
    assert "claims" not in answer.headers["WWW-Authenticate"]


ITEM = f"{ITEMS}/{ALICE.oid}"


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/v1.0/solutions/approval/approvalItems", {}),
        ("GET", "/beta/users", {}),
        ("GET", f"{ITEMS}/", {}),
        ("GET", f"{ITEMS}/a%2F..%2Fb", {}),
        ("DELETE", ITEM, {}),
        ("POST", ITEMS, {}),
        ("POST", f"{ITEM}/cancel/", {}),
        ("POST", f"{ITEM}/Cancel", {}),
        ("POST", f"{ITEM}/cancelApproval", {}),
        ("POST", f"{ITEMS}//cancel", {}),
        ("POST", f"{ITEM}/cancel", {"json": {}}),
        ("POST", f"{ITEM}/cancel", {"content": b"x", "headers": {"Content-Type": "text/plain"}}),
        ("POST", f"{ITEM}/cancel", {"params": {"$select": "id"}}),
        ("GET", ITEM, {"content": b"{}"}),
        ("GET", ITEM, {"params": {"$filter": "state eq 'pending'"}}),
        ("GET", ITEM, {"params": {"$expand": "owner"}}),
        ("GET", ITEM, {"headers": {"client-request-id": "7"}}),
        ("GET", ITEMS, {"params": {"$filter": "state eq 'pending'"}}),
        ("GET", ITEMS, {"params": {"$top": "0"}}),
        ("GET", ITEMS, {"params": {"$search": "x"}}),
        ("GET", ITEMS, {"params": {"$skiptoken": "guessed"}}),
        ("GET", ITEMS, {"params": [("$top", "1"), ("$top", "2")]}),
    ],
)
async def test_what_no_document_knows_is_a_violation(
    graph: GraphStandIn, as_person: As, method: str, path: str, options: dict[str, Any]
) -> None:
    graph.add("approvalItem", owner=ALICE.oid, id=ALICE.oid)
    alice = await as_person(ALICE, APPROVALS)
    assert code_of(await alice(method, path, **options)) == (400, "BadRequest")
    assert len(graph.violations) == 1
    assert graph.effects == []


async def test_body_must_be_json(graph: GraphStandIn, as_application: As) -> None:
    item = graph.add("operationApprovalRequest", owner=ALICE.oid)
    application = await as_application()
    for content, kind in ((b"{", "application/json"), (b"[]", "application/json"), (b"{}", "text/json")):
        path = f"{OPERATIONS}/{item}/cancelApproval"
        answer = await application("POST", path, content=content, headers={"Content-Type": kind})
        assert answer.status_code == 400
    assert len(graph.violations) == 3


async def test_lost_answer_after_the_effect(graph: GraphStandIn, as_person: As) -> None:
    graph.variant["approvalItem"] = "204"
    item = graph.add("approvalItem", owner=ALICE.oid)
    alice = await as_person(ALICE, APPROVALS)
    graph.faults.add(Fault("POST .*/cancel$", drop=True, after_effect=True))
    with pytest.raises(httpx.TransportError):
        await alice.post(f"{ITEMS}/{item}/cancel")
    assert (len(graph.effects), graph.calls[-1].status) == (1, None)
    assert (await alice.get(f"{ITEMS}/{item}")).json()["state"] == "canceled"


async def test_faults_before_the_effect(graph: GraphStandIn, as_person: As) -> None:
    graph.variant["approvalItem"] = "204"
    item = graph.add("approvalItem", owner=ALICE.oid)
    path = f"{ITEMS}/{item}/cancel"
    alice = await as_person(ALICE, APPROVALS)
    graph.faults.add(Fault("POST .*/cancel$", status=429, headers={"Retry-After": "7"}))
    graph.faults.add(Fault("POST .*/cancel$", status=503, body=b"<html>"))
    graph.faults.add(Fault("POST .*/cancel$", drop=True))
    throttled = await alice.post(path)
    assert code_of(throttled) == (429, "TooManyRequests")
    assert (throttled.headers["Retry-After"], throttled.headers["request-id"] != "") == ("7", True)
    assert (await alice.post(path)).content == b"<html>"
    with pytest.raises(httpx.TransportError):
        await alice.post(path)
    assert graph.effects == []
    assert (await alice.post(path)).status_code == 204


async def test_slow_answer(graph: GraphStandIn, as_person: As) -> None:
    item = graph.add("approvalItem", owner=ALICE.oid)
    alice = await as_person(ALICE, APPROVALS)
    graph.faults.add(Fault("GET .*", delay=0.2, times=-1))
    with pytest.raises(httpx.ReadTimeout):
        await alice("GET", f"{ITEMS}/{item}", timeout=0.05)
    graph.faults.clear()
    assert (await alice.get(f"{ITEMS}/{item}")).status_code == 200


def practice_entity(item_id: str, owner: str, now: str) -> Entity:
    return {"id": item_id, "status": "", "createdBy": {"user": {"id": owner}}, "createdDateTime": now}


PRACTICE = Facts(
    type_name="practiceRequest",
    collections=(
        Collection(
            "v1.0",
            "practice/requests",
            read=Permissions(frozenset({"Practice.Read"})),
            cancel=Permissions(frozenset({"Practice.ReadWrite"})),
            action="withdraw",
        ),
    ),
    entity=practice_entity,
    state_path=("status",),
    initial="Granted",
    cancellable=frozenset({"granted"}),
    cancelled="Revoked",
    success={"204": Success(204)},
)


async def test_table_drives_the_stand_in(
    entra: EntraStandIn, authority: ThrowAwayAuthority, http: httpx.AsyncClient, application: Application
) -> None:
    graph = GraphStandIn(entra, authority, GRAPH, (*FACTS, PRACTICE))
    await graph.start()
    item = graph.add("practiceRequest", owner=ALICE.oid)
    tokens = await application.sign_in(CAROL, "Practice.Read Practice.ReadWrite")
    carol = GraphClient(graph, http, tokens["access_token"])
    assert (await carol.post(f"/v1.0/practice/requests/{item}/withdraw")).status_code == 204
    assert (await carol.get(f"/v1.0/practice/requests/{item}")).json()["status"] == "Revoked"
    graph.set_state("practiceRequest", item, "Granted")
    assert (await carol.post(f"/v1.0/practice/requests/{item}/withdraw")).status_code == 204
    assert ([effect.oid for effect in graph.effects], graph.violations) == ([CAROL.oid] * 2, [])
    await graph.stop()
