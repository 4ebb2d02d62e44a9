"""What holds for every test: in CI nothing is skipped. The databases' fixtures are known everywhere."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.databases import database_url, postgres, store
from tests.ports import Port

__all__ = ["database_url", "postgres", "store"]

KILLED = "killed"
"""The property of a test that holds its row of the kill test's table."""


# A busy machine is no failure; and what fails on one machine fails on every one.
settings.register_profile("same everywhere", deadline=None, derandomize=True)
settings.load_profile("same everywhere")


@pytest.fixture
def port() -> Iterator[int]:
    """Where a process of this test alone can listen."""
    kept = Port()
    yield kept.number
    kept.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says why something was skipped, where that is allowed; and a line for each place where a process was killed."""
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.line(f"SKIPPED {report.nodeid}: {report.longrepr[2] if report.longrepr else ''}")
    reports = [one for outcome in ("passed", "failed") for one in terminalreporter.stats.get(outcome, [])]
    rows = sorted(str(value) for report in reports for name, value in report.user_properties if name == KILLED)
    if rows:
        terminalreporter.section("killed and started again")
    for row in rows:
        terminalreporter.line(row)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test is a failure in CI: it has everything that the tests need."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
