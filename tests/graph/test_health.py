"""Whether Entra takes the bot's credential: asked seldom, known at once, and not forgotten in an outage."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import structlog
from structlog.testing import capture_logs

from bot.graph.health import CredentialHealth
from bot.sandbox.entra_client import Credentials
from bot.sandbox.faults import Fault
from tests.graph.world import GRAPH, SECRET, TOKEN, World

RENEWED = Credentials(secret="renewed")
PAUSE = 0.2

Health = Callable[[float], CredentialHealth]


@pytest.fixture(autouse=True)
def loggers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh ones: a logger that another test has used keeps writing to where it wrote then."""
    for module in ("bot.graph.health", "bot.graph.tokens"):
        monkeypatch.setattr(f"{module}.log", structlog.get_logger(module))


@pytest.fixture
async def health(world: World) -> AsyncIterator[Health]:
    """`health(pause)`. Tokens live so short that each question goes to Entra."""
    world.entra.token_lifetime = 60
    made: list[CredentialHealth] = []

    def make(pause: float) -> CredentialHealth:
        made.append(CredentialHealth(world.tokens, GRAPH, "AZURE_CLIENT_SECRET", pause))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def asked(world: World) -> int:
    return len(world.token_calls("client_credentials"))


async def becomes(health: CredentialHealth, *, accepted: bool) -> None:
    async with asyncio.timeout(60):
        while await health.accepted() is not accepted:  # noqa: ASYNC110  # the pause passes without an event
            await asyncio.sleep(0.01)


async def test_accepted(health: Health) -> None:
    assert await health(PAUSE).accepted()


async def test_refused(world: World, health: Health) -> None:
    """Fails when the log does not name the variable, or holds the secret."""
    world.entra.credentials = RENEWED
    with capture_logs() as logged:
        assert not await health(PAUSE).accepted()
    assert logged == [
        {
            "event": "credential_refused",
            "log_level": "error",
            "variable": "AZURE_CLIENT_SECRET",
            "cause": "invalid_client AADSTS7000215",
        }
    ]
    assert SECRET not in str(logged)


async def test_asks_seldom(world: World, health: Health) -> None:
    """Fails when each probe of a load balancer is a question to Entra."""
    world.entra.credentials = RENEWED
    one = health(PAUSE)
    assert [await one.accepted() for _ in range(20)] == [False] * 20
    assert asked(world) == 1
    await asyncio.sleep(PAUSE)
    assert not await one.accepted()
    assert asked(world) == 2


async def test_asks_one_at_a_time(world: World, health: Health) -> None:
    one = health(0)
    assert await asyncio.gather(*(one.accepted() for _ in range(10))) == [True] * 10
    assert asked(world) == 1


async def test_entra_is_out_of_order_at_first(world: World, health: Health) -> None:
    """Nobody's credential was refused: the log says another thing."""
    world.entra.faults.add(Fault(TOKEN, status=503))
    with capture_logs() as logged:
        assert not await health(PAUSE).accepted()
    assert [one["event"] for one in logged] == ["entra_unusable", "credential_not_tried"]


async def test_entra_is_down_at_first(world: World, health: Health) -> None:
    one = health(PAUSE)
    await world.entra.stop()
    assert not await one.accepted()
    await world.entra.start()
    await becomes(one, accepted=True)


async def test_outage_changes_nothing(world: World, health: Health) -> None:
    """Fails when an outage of Entra takes every bot out of rotation: nobody would be told why."""
    one = health(0)
    assert await one.accepted()
    await world.entra.stop()
    for _ in range(20):
        assert await one.accepted()
        await asyncio.sleep(0.01)
    await world.entra.start()


async def test_known_at_once_while_entra_is_slow(world: World, health: Health) -> None:
    """Fails when a probe waits for Entra, and times out."""
    one = health(0)
    assert await one.accepted()
    world.entra.faults.add(Fault(TOKEN, delay=6.0, times=-1))
    async with asyncio.timeout(4):
        assert [await one.accepted() for _ in range(20)] == [True] * 20


async def test_refused_later(world: World, health: Health) -> None:
    """A secret that ends while the bot serves; and one that is renewed in Entra."""
    one = health(0)
    assert await one.accepted()
    world.entra.credentials = RENEWED
    await becomes(one, accepted=False)
    world.entra.credentials = Credentials(secret=SECRET)
    await becomes(one, accepted=True)


async def test_closed_while_it_asks(world: World, health: Health) -> None:
    one = health(0)
    world.entra.faults.add(Fault(TOKEN, delay=0.2))
    asking = asyncio.create_task(one.accepted())
    await world.until_asked("client_credentials")
    await one.close()
    assert not await asking
