"""What every test gets, and the closing words on what did not run."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from grader.outcomes import GraderError
from grader.sandbox.docker_cli import NO_ENGINE, reachable


def pytest_configure() -> None:
    """Have Ctrl-C work in tests of it also where the shell started us with SIGINT ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Only test files hold tests: the doctest collector would import notebooks and data too."""
    data = collection_path.suffix == ".py" and not collection_path.name.startswith("test_")
    return True if data and Path(__file__).parent in collection_path.parents else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long unless asked for, and what needs an engine where none answers."""
    if not config.getoption("markexpr"):
        for item in items:
            if item.get_closest_marker("nightly"):
                item.add_marker(pytest.mark.skip(reason="for `make nightly`"))
    marked = [item for item in items if item.get_closest_marker("docker")]
    if marked and not _engine_answers():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=NO_ENGINE))


def _engine_answers() -> bool:
    try:
        return reachable("version", seconds=30)
    except GraderError:
        return False


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run and why, or that everything did."""
    stats = terminalreporter.stats
    reasons = Counter(_reason(report) for report in stats.get("skipped", []))
    reasons.update(f"expected to fail: {_reason(report)}" for report in stats.get("xfailed", []))
    if stats.get("deselected"):
        reasons["not selected by the options given"] = len(stats["deselected"])
    terminalreporter.section("what did not run, and why")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} left out: {reason}")
    if not reasons:
        terminalreporter.line("nothing was left out")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    # A skip's longrepr is (file, line, "Skipped: why"); an xfail has its reason in `wasxfail`.
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return getattr(report, "wasxfail", "") or "no reason given"
