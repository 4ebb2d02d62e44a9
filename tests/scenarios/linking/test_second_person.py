"""Somebody who is not linked yet, and may only with a second person, as the bot's application."""

import sqlite3
from contextlib import closing

from bot.sandbox.browser import Browser
from bot.sandbox.people import ALICE, DAVE
from bot.sandbox.tenant import CHANNEL, Tenant
from bot.slack.blocks import APPROVE_ACTION
from tests.scenarios.conftest import Start
from tests.scenarios.linking.walk import link
from tests.scenarios.play import WHY, Play, buttons
from tests.scenarios.test_second_person import rows_are

POLICY = f"""
[[rule]]
effect = "allow"
kinds = ["operation-approval"]
actors = ["{DAVE.slack_id}"]
own_only = false
identity = "application"
second_person = ["{ALICE.slack_id}"]
"""


async def test_only_who_they_are_is_asked(tenant: Tenant, start: Start, browser: Browser, dave: Play) -> None:
    """Fails when the link asks for a permission that the application has: Dave could not grant it."""
    policy = tenant.directory / "second.toml"
    policy.write_text(POLICY, encoding="utf-8")
    policy.chmod(0o600)
    environment = tenant.environment(linking=True) | {"POLICY_FILE": str(policy), "TIME_SCALE": "0.1"}
    async with start(**environment) as bot:
        tenant.front.forward_to(bot.port)
        view = await dave.dialog(f"operation-approval {tenant.graph.add('operationApprovalRequest', owner=ALICE.oid)}")
        ack = await dave.submit(view, justification=WHY)
        assert "Nothing is sent yet" in str(ack.body)
        with closing(sqlite3.connect(tenant.directory / "bot.db")) as database:
            assert database.execute("SELECT permissions FROM wishes").fetchall() == [("",)]
        await link(tenant, browser, DAVE)

        def question() -> str:
            found = [one.ts for one in tenant.slack.messages(CHANNEL) if APPROVE_ACTION in buttons(one)]
            return found[0] if found else ""

        ts = await tenant.slack.until(question)
        await rows_are(tenant, True, f"SELECT 1 FROM posts WHERE ts = '{ts}'")  # noqa: S608 - ours
        await tenant.slack.click(ALICE.slack_id, CHANNEL, ts, APPROVE_ACTION)
        await dave.over()
        assert [effect.oid for effect in tenant.graph.effects] == [None]
