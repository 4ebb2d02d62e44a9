"""Tenants, databases that are ready for use, and the table at the end of the run."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from bot import workflows
from bot.database import driver_url, migrate
from bot.sandbox.tenant import Tenant
from bot.store import new_id
from tests.kill.scenarios import Scenario
from tests.kill.stage import Stage, basics
from tests.postgres import Postgres

AUDIT_KEY: Final = "the key of these tests, long enough"

SECOND: Final = """
[[rule]]
effect = "allow"
kinds = ["*"]
actors = ["*"]
second_person = ["*"]
"""

SetStage = Callable[[Scenario], AbstractAsyncContextManager[Stage]]


@pytest.fixture(scope="session")
def ready_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file: copying it is faster than migrating another one."""
    path: Path = tmp_path_factory.mktemp("ready") / "bot.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def ready_database(postgres: Postgres) -> str:
    """The same on PostgreSQL: its name."""
    url = postgres.create()
    _migrate(url)
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database in which nothing has happened yet."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('ready_file'), tmp_path)}"
    server: Postgres = request.getfixturevalue("postgres")
    name = f"bot_{new_id()}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('ready_database')}".encode())
    return server.url(name)


@pytest.fixture
def set_stage(tmp_path: Path, port: int, database: str) -> SetStage:
    """A tenant for one scenario."""

    @asynccontextmanager
    async def stage(scenario: Scenario) -> AsyncIterator[Stage]:
        async with Tenant(tmp_path) as tenant:
            environment = tenant.environment(http=True) | basics()
            environment |= {"DATABASE_URL": database, "AUDIT_KEY": AUDIT_KEY, "TIME_SCALE": scenario.scale}
            if scenario.second:
                (tmp_path / "policy.toml").write_text(SECOND, encoding="utf-8")
            stage = Stage(tenant, scenario, environment | {"PORT": str(port)})
            try:
                yield stage
            finally:
                stage.close()

    return stage


def _migrate(url: str) -> None:
    migrate(driver_url(url))
    workflows.migrate(driver_url(url))
