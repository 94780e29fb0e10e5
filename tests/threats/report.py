"""Runs the table's tests and prints it, as Markdown: `python -m tests.threats.report`.

Options are pytest's. Exits as pytest does.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from tests.threats.case import Case
from tests.threats.table import NODES, TABLE, stands_for

NOT_THERE = "not collected"


@dataclass(eq=False)  # plugins are kept in a set
class Recorder:
    """A plugin of pytest that keeps what became of each test: "passed", or why it did not."""

    seen: dict[str, str] = field(default_factory=dict[str, str])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.seen[report.nodeid] = "failed"
        elif report.skipped:
            told = report.longrepr
            reason = str(told[2]) if isinstance(told, tuple) else "no reason given"
            self.seen[report.nodeid] = f"did not run: {reason.removeprefix('Skipped: ')}"
        elif report.when == "call":
            self.seen.setdefault(report.nodeid, "passed")


def what_was_seen(line: Case, seen: Mapping[str, str]) -> str:
    """The last column: passed and how many, or the worst that became of the line's tests."""
    found: dict[str, list[str]] = {}
    for node in line.tests:
        covered = {test: what for test, what in seen.items() if stands_for(node, test)}
        for test, what in (covered or {node: NOT_THERE}).items():
            found.setdefault(what, []).append(test)
    passed = found.pop("passed", [])
    told = [f"**{what}**: {', '.join(tests)}" for what, tests in sorted(found.items())]
    return "; ".join([*told, f"passed ({len(passed)})"] if passed else told)


def table(lines: Iterable[Case], seen: Mapping[str, str]) -> str:
    """The whole table; what stands for a column's end is escaped."""
    rows = [("case", "tried", "expected", "seen"), ("--:", "---", "---", "---")]
    rows += [
        (str(line.number), line.tried, line.expected, what_was_seen(line, seen)) for line in lines
    ]
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in escaped)


def main(options: list[str]) -> int:
    """Run and print; the exit code."""
    recorder = Recorder()
    code = pytest.main([*NODES, *options], plugins=[recorder])
    sys.stdout.write(f"\n{table(TABLE, recorder.seen)}\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
