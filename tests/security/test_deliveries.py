"""Deliveries of which Slack's own library makes too much: deep JSON of strangers, and the same click again."""

import json
import logging
import sqlite3
import time
from contextlib import closing
from typing import Final
from urllib.parse import urlencode

import pytest

from bot.sandbox.people import ALICE
from bot.sandbox.slack_payloads import view_submission
from bot.sandbox.tenant import Tenant
from tests.scenarios.conftest import Start
from tests.scenarios.play import WHY, Play
from tests.web.edge import FORM, ask

DEEP: Final = 100_000
JSON: Final = {"Content-Type": "application/json"}


async def test_deep_json_of_strangers(
    attacked: Tenant, start_attacked: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody reads it. Fails without the verifier in front of Bolt, which reads it first and runs out of stack."""
    deep = b'{"a":' * DEEP + b"1" + b"}" * DEEP
    form = urlencode({"payload": "[" * DEEP + "]" * DEEP}).encode()
    async with start_attacked("http") as bot:
        for body, kind in ((deep, JSON), (b"[" * DEEP, JSON), (form, FORM)):
            for signed in ({}, attacked.slack.sign(b"another")):
                reply = await ask(bot.port, body=body, headers=kind | signed)
                assert reply.status == 401
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_a_submission_that_slack_delivers_again(attacked: Tenant, start_attacked: Start) -> None:
    """Signed anew each time, as after a lost answer. Fails when a dialog can begin more than one cancellation."""
    alice = Play(attacked, ALICE)
    attacked.graph.variant["approvalItem"] = "204"
    target = attacked.graph.add("approvalItem", owner=ALICE.oid)
    async with start_attacked("http"):
        view = await alice.dialog(f"approval-item {target}")
        await alice.loaded()
        view.enter("justification", WHY)
        body = urlencode({"payload": json.dumps(view_submission(attacked.slack._world, ALICE, view))}).encode()
        for number in range(3):
            headers = FORM | attacked.slack.sign(body, int(time.time()) - number)
            retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_timeout"} if number else {}
            ack = await attacked.slack.deliver_raw(body, headers | retry)
            assert (ack.status, ack.body is None) == (200, number == 0)
        await alice.reply()
    assert [effect.id for effect in attacked.graph.effects] == [target]
    assert [len(alice.roots()), len(alice.replies()), len(alice.private())] == [1, 1, 0]
    with closing(sqlite3.connect(attacked.directory / "bot.db")) as database:
        [(rows,)] = database.execute("SELECT count(*) FROM audit_rows WHERE event IN ('requested', 'joined')")
    assert rows == 1
