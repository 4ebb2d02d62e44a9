"""Known secrets go into every input and through every fault; afterwards they are nowhere but where they belong."""

import asyncio
import json
import re
import signal
from pathlib import Path
from typing import Final

import httpx
from cryptography.fernet import Fernet

from bot.sandbox.browser import Browser
from bot.sandbox.faults import Fault
from bot.sandbox.people import DAVE
from bot.sandbox.tenant import Tenant
from tests.cli.conftest import spawn
from tests.cli.test_serving import ready
from tests.scenarios.graph.cases import APPROVAL_ITEM
from tests.scenarios.linking.walk import to_confirm, to_microsoft, url
from tests.scenarios.play import Play

TOKENS: Final = re.compile(rb"eyJ[\w-]{10,}\.[\w-]{10,}|xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}|[01]\.A[\w-]{30,}")
"""Tokens of every sort, by their looks."""

WHY: Final = "canary-justification-4711"
AUDIT_KEY: Final = "canary-audit-key-4711-long-enough-for-one"
FORM_SECRETS: Final = ("code", "refresh_token", "client_secret", "code_verifier", "state", "nonce", "csrf")


async def test_no_secret_gets_out(tenant: Tenant, tmp_path: Path, port: int) -> None:
    """Fails, for instance, without the redaction in logs, or when sessions are kept as they are."""
    keys = Fernet.generate_key().decode()
    extra = {"PORT": str(port), "LOG_LEVEL": "DEBUG", "TOKEN_KEYS": keys, "AUDIT_KEY": AUDIT_KEY, "TIME_SCALE": "0.01"}
    environment = tenant.environment(linking=True) | extra
    process = await spawn(tmp_path, environment, "serve")
    try:
        await ready(port)
        tenant.front.forward_to(port)
        seen, secrets = await _all(tenant)
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), 30)
    secrets |= _sent(tenant) | {keys, AUDIT_KEY, *_configured(environment)}
    told = json.dumps([call.args for call in tenant.slack.calls if call.method != "openid.connect.token"]).encode()
    files = await asyncio.to_thread(lambda: b"".join(path.read_bytes() for path in tmp_path.glob("bot.db*")))
    for place, content in {"log": out + err, "pages": "".join(seen).encode(), "Slack": told, "database": files}.items():
        assert TOKENS.findall(content) == [], place
        assert [one for one in secrets if len(one) > 8 and one.encode() in content] == [], place
    assert WHY.encode() not in out + err
    assert process.returncode == 0


async def _all(tenant: Tenant) -> tuple[list[str], set[str]]:
    """The pages that people saw of the bot, and their cookies."""
    authority = tenant.directory / "ca.pem"
    async with Browser(authority) as browser, Browser(authority) as other:
        seen = await _use(tenant, browser) + await _abuse(tenant, other)
        return seen, {cookie.value or "" for one in (browser, other) for cookie in one.client.cookies.jar}


async def _use(tenant: Tenant, browser: Browser) -> list[str]:
    """Dave begins, links, and what he began goes on. The pages that he saw of the bot."""
    tenant.graph.variant[APPROVAL_ITEM.graph_type] = "204"
    dave, pages = Play(tenant, DAVE), []
    target = tenant.graph.add(APPROVAL_ITEM.graph_type, owner=DAVE.oid)
    await dave.submit(await dave.dialog(f"approval-item {target}"), justification=WHY)
    await to_confirm(tenant, browser, DAVE)
    pages.append(browser.page.html.replace(browser.page.forms[0].hidden["csrf"], ""))
    pages.append((await browser.press("Yes, link them")).html)
    await dave.reply()
    tenant.entra.revoke(DAVE.oid)
    tenant.graph.faults.add(Fault("GET .*", status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}))
    await dave.command(f"approval-item {target} {WHY}")
    await dave.loaded()
    return pages


async def _abuse(tenant: Tenant, browser: Browser) -> list[str]:
    """Everything goes wrong: answers that are none, foreign ones, and secrets where nobody expects them."""
    pages = []
    exchange = "openid.connect.token"
    for fault in (Fault(exchange, body=b"<html>canary</html>"), Fault(exchange, status=500)):
        tenant.slack.faults.add(fault)
        await browser.open(url(tenant))
        await browser.press("Continue with Slack")
        pages.append((await browser.press(DAVE.name)).html)
    for fault in (Fault("POST .*/token", body=b"<html>eyJcanary</html>"), Fault("POST .*/token", status=503)):
        await to_microsoft(tenant, browser, DAVE)
        tenant.entra.faults.add(fault)
        pages.append((await browser.press(DAVE.email)).html)
    for page in ("callback?code=canary-code-4711&state=canary-state-4711", "slack/callback?code=canary-code-4711"):
        pages.append((await browser.open(f"{tenant.front.url}/auth/{page}")).html)
    body = b"token=xoxb-canary-4711-4711&payload=" + b"x" * 100
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:  # noqa: S501 - a stranger checks nothing
        await client.post(f"{tenant.front.url}/slack/events", content=body)
    return pages


def _sent(tenant: Tenant) -> set[str]:
    """The secrets that went over the wires."""
    forms = [call.parameters for call in tenant.entra.calls]
    urls = set(tenant.slack._world.response_urls)
    planted = {"canary-code-4711", "canary-state-4711"}
    return planted | urls | {form[name] for form in forms for name in FORM_SECRETS if form.get(name)}


def _configured(environment: dict[str, str]) -> list[str]:
    names = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_CLIENT_SECRET", "AZURE_CLIENT_SECRET")
    return [environment[name] for name in names]
