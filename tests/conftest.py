"""What holds for every test: in CI nothing is skipped."""

import os

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says why something was skipped, where that is allowed."""
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.line(f"SKIPPED {report.nodeid}: {report.longrepr[2] if report.longrepr else ''}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test is a failure in CI: it has everything that the tests need."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
