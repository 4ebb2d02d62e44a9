"""The bot's own credential in Entra, as an operator gives it: a bad one is found at the start, and named."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from bot.sandbox.entra_client import Credentials
from bot.sandbox.tenant import Tenant
from tests.certificates import self_signed, with_garbage_for_key
from tests.cli.conftest import Command, spawn

CERTIFICATE, SECRET, FEDERATED = (
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
)
REGISTERED = Credentials(secret="right", certificate=self_signed().encode(), federated_token="right.federated.token")


@dataclass(frozen=True)
class Case:
    """What the variable, or the file that it names, holds."""

    variable: str
    content: str
    cause: str = ""


GOOD = {
    "secret": Case(SECRET, "right"),
    "certificate": Case(CERTIFICATE, (REGISTERED.certificate or b"").decode()),
    "federated": Case(FEDERATED, "right.federated.token\n"),
}
BAD = {
    "secret": Case(SECRET, "canary", "invalid_client AADSTS7000215"),
    "certificate": Case(CERTIFICATE, self_signed(), "invalid_client AADSTS700027"),
    "key": Case(CERTIFICATE, with_garbage_for_key(self_signed()), "the private key cannot be read"),
    "federated": Case(FEDERATED, "canary.federated.token", "invalid_client AADSTS700027"),
    "empty": Case(FEDERATED, "\n", "the file is empty"),
}


@dataclass
class Serving:
    """A process that serves; `err` is what it logged, once it has ended."""

    port: int
    err: str = field(default="")

    async def status(self, path: str) -> int:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)).status_code

    async def until(self, path: str, status: int) -> None:
        async with asyncio.timeout(90):
            while await self._status(path) != status:  # noqa: ASYNC110  # another process sets no event
                await asyncio.sleep(0.05)

    async def _status(self, path: str) -> int:
        try:
            return await self.status(path)
        except httpx.TransportError:
            return 0


@asynccontextmanager
async def serving(directory: Path, environment: dict[str, str], port: int) -> AsyncIterator[Serving]:
    """`serve`, from listening to ended."""
    process = await spawn(directory, environment | {"PORT": str(port)}, "serve")
    bot = Serving(port)
    try:
        await bot.until("/healthz", 200)
        yield bot
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = await asyncio.wait_for(process.communicate(), 90)
        bot.err = err.decode()
    assert process.returncode == 0, bot.err


Environment = Callable[[Case], dict[str, str]]


@pytest.fixture
def environment(tenant: Tenant, tmp_path: Path) -> Environment:
    """The tenant's environment with another credential."""
    tenant.entra.credentials = REGISTERED

    def of(case: Case) -> dict[str, str]:
        value = case.content
        if case.variable != SECRET:
            (tmp_path / "credential").write_text(case.content)
            (tmp_path / "credential").chmod(0o600)
            value = str(tmp_path / "credential")
        changed = tenant.environment() | {"TIME_SCALE": "0.02"}
        del changed[SECRET]
        return changed | {case.variable: value}

    return of


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD)
async def test_ready_with_a_good_one(environment: Environment, tmp_path: Path, port: int, case: Case) -> None:
    async with serving(tmp_path, environment(case), port) as bot:
        await bot.until("/readyz", 200)
    assert "credential_refused" not in bot.err


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
async def test_not_ready_with_a_bad_one(environment: Environment, tmp_path: Path, port: int, case: Case) -> None:
    """Fails when somebody must click first, and when the log does not name what to mend."""
    async with serving(tmp_path, environment(case), port) as bot:
        assert [await bot.status(path) for path in ("/readyz", "/healthz")] == [503, 200]
    [line, *_] = [line for line in bot.err.splitlines() if "credential_refused" in line]
    assert f"variable={case.variable}" in line
    assert case.cause in line
    assert "canary" not in bot.err
    assert "Traceback" not in bot.err


async def test_said_at_once(tenant: Tenant, environment: Environment, tmp_path: Path, port: int) -> None:
    """Fails when the question waits for the first probe."""
    async with serving(tmp_path, environment(BAD["secret"]), port) as bot:
        await tenant.slack.until(lambda: any(call.status == 401 for call in tenant.entra.calls))
    assert "credential_refused" in bot.err


async def test_entra_is_down_at_the_start(tenant: Tenant, environment: Environment, tmp_path: Path, port: int) -> None:
    """It starts, and is ready once Entra is back."""
    await tenant.entra.stop()
    async with serving(tmp_path, environment(GOOD["secret"]), port) as bot:
        assert await bot.status("/readyz") == 503
        await tenant.entra.start()
        await bot.until("/readyz", 200)
    assert "credential_refused" not in bot.err


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD)
async def test_check_takes_a_good_one(command: Command, environment: Environment, case: Case) -> None:
    ran = await command("check", **environment(case))
    assert (ran.code, "ok    Entra: https://127.0.0.1:" in ran.out) == (0, True), ran.out


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
async def test_check_names_a_bad_one(command: Command, environment: Environment, case: Case) -> None:
    ran = await command("check", **environment(case))
    assert ran.code == 1
    assert "FAIL  Entra: https://127.0.0.1:" in ran.out
    assert "Microsoft Entra does not accept the bot's own credential" in ran.out
    assert f"Check {case.variable} ({case.cause})." in ran.out
    assert "canary" not in ran.out + ran.err
