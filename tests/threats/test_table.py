"""The table of threats is complete, and its tests are there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.threats.case import Case, case
from tests.threats.report import table, what_was_seen
from tests.threats.table import NODES, TABLE, stands_for

ROOT = Path(__file__).parents[2]
NUMBERS = range(1, 83)


@pytest.fixture(scope="module")
def collected() -> list[str]:
    """The node ids of all tests in the table's files."""
    files = sorted({node.split("::")[0] for node in NODES})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [line for line in done.stdout.splitlines() if "::" in line]


@pytest.mark.parametrize("number", NUMBERS)
def test_every_case_is_in_the_table_with_tests(number: int) -> None:
    lines = [line for line in TABLE if line.number == number]
    assert lines
    assert all(line.tried and line.expected and line.tests for line in lines)


def test_the_lines_come_in_order_and_none_twice() -> None:
    numbers = [line.number for line in TABLE]
    assert numbers == sorted(numbers)
    assert len({(line.number, line.tried) for line in TABLE}) == len(TABLE)


def test_every_test_that_is_named_is_there(collected: list[str]) -> None:
    missing = [node for node in NODES if not any(stands_for(node, test) for test in collected)]
    assert missing == []


ONE, OTHER = "tests/a.py::test_one", "tests/a.py::test_other"


@pytest.mark.parametrize(
    ("line", "seen", "words"),
    [
        (case(1, "x", "y", ONE), {ONE: "passed", OTHER: "failed"}, "passed (1)"),
        (case(1, "x", "y", ONE), {f"{ONE}[a]": "passed", f"{ONE}[b]": "passed"}, "passed (2)"),
        (case(1, "x", "y", "tests/a.py"), {ONE: "passed", OTHER: "passed"}, "passed (2)"),
        (case(1, "x", "y", ONE), {}, f"**not collected**: {ONE}"),
        (case(1, "x", "y", ONE), {f"{ONE}_more": "passed"}, f"**not collected**: {ONE}"),
        (
            case(1, "x", "y", ONE, OTHER),
            {ONE: "passed", OTHER: "did not run: no engine"},
            f"**did not run: no engine**: {OTHER}; passed (1)",
        ),
        (case(1, "x", "y", ONE), {ONE: "failed"}, f"**failed**: {ONE}"),
    ],
)
def test_what_was_seen_is_told(line: Case, seen: dict[str, str], words: str) -> None:
    assert what_was_seen(line, seen) == words
    assert table([line], seen).splitlines()[2] == f"| {line.number} | x | y | {words} |"
