"""Runs a notebook whose tests are otter's, and its tests where otter would run them.

`otter run` tests a question where the notebook says `grader.check("q1")`, in the state that the
cells have reached there, and at the end what nothing has asked for. So here the notebook is run
in pieces. The calls of otter themselves (`check`, `check_all`, `export`, ...) are taken out of
the cells: our own run of the test cases comes in their place.
"""

import ast
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.checks.otter_cases import Finding, results_of, run_case
from grader.checks.otter_files import OtterTest, OtterTests
from grader.grading.session import CodeCell, NotebookSession
from grader.intake import CellKind, Limits, read_notebook
from grader.intake.json_text import decode_text, parse_object
from grader.outcomes import CheckResult, Outcome

_OTTER_CALLS = frozenset("check check_all export to_pdf add_plugin_files run_plugin submit".split())
_NOTEBOOK_NAME = re.compile(r"""\bNotebook\(\s*["']([\w][\w. -]{0,95}\.ipynb)["']""", re.ASCII)


@dataclass(frozen=True)
class OtterRun:
    """A notebook made ready: its cells, and after how many of them each test is run.

    `file_name` is what the notebook calls itself, for otter looks for a file of that name.
    """

    tests: OtterTests
    cells: list[CodeCell]
    places: dict[str, int]
    file_name: str | None

    def run(
        self, session: NotebookSession, seconds: float, on_step: Callable[[str], None]
    ) -> list[CheckResult]:
        """Run the notebook and the tests in it. Raises `BoxEnded` where a cell ends the program."""
        stages: dict[int, list[OtterTest]] = {}
        for test in self.tests.tests:
            stages.setdefault(self.places.get(test.name, len(self.cells)), []).append(test)
        found: dict[str, list[CheckResult]] = {}
        stops = sorted({*stages, len(self.cells)})
        session.start(stops[0])
        for stop in stops:
            session.run_on(stop)
            started = time.monotonic()
            for test in stages.get(stop, []):
                on_step(test.name)
                found[test.name] = _run_test(test, session, seconds)
            session.spend("checks", started)
        return [result for test in self.tests.tests for result in found[test.name]]

    def not_run(self, outcome: Outcome, message: str) -> list[CheckResult]:
        """The results of a notebook that ended before its end."""
        return [
            result
            for test in self.tests.tests
            for result in results_of(test, [(outcome, message)] * len(test.cases), 0.0)
        ]


def _run_test(test: OtterTest, session: NotebookSession, seconds: float) -> list[CheckResult]:
    started = time.monotonic()
    findings: list[Finding] = []
    for case in test.cases:
        if why := session.ready_for_check(test.question):
            findings.append((Outcome.STOPPED, why))
        else:
            findings.append(run_case(case, session, seconds=seconds))
    return results_of(test, findings, time.monotonic() - started)


def prepare_notebook(tests: OtterTests, notebook: bytes) -> OtterRun:
    """A notebook file's bytes, ready to run with these tests. Raises `Refused`."""
    names = {test.name for test in tests.tests}
    seeding = _seeding(tests)
    cells: list[CodeCell] = []
    places: dict[str, int] = {}
    file_name = None
    read = read_notebook(notebook).cells
    for index, (cell, extra) in enumerate(zip(read, _metadata(notebook, len(read)), strict=True)):
        if _ignored(extra):
            continue
        asked = _asked_for(extra)
        if cell.kind is CellKind.CODE:
            source, calls = without_otter_calls(cell.source)
            asked = [*calls, *asked]
            if seeding and not source.startswith("%%"):
                source = seeding + source
            if source.strip():
                cells.append((index, source))
            if named := _NOTEBOOK_NAME.search(source):
                file_name = named.group(1)
        elif asked and seeding:
            cells.append((index, seeding))
        # The last check of a question is the one that counts.
        places |= {name: len(cells) for name in asked if name in names}
    return OtterRun(tests, cells, places, file_name)


def _seeding(tests: OtterTests) -> str:
    """The line that comes before each cell where the tests want a seed."""
    if tests.seed is None:
        return ""
    if tests.seed_variable:
        return f"{tests.seed_variable} = {tests.seed}\n"
    numpy, python = f"random.seed({tests.seed})", f"seed({tests.seed})"
    return f'__import__("numpy").{numpy}; __import__("random").{python}\n'


def without_otter_calls(source: str) -> tuple[str, list[str]]:
    """A cell without its statements like `grader.check("q1")`, and the tests that they ask for.

    Lines keep their numbers. A cell that isn't plain Python (it has magics) stays as it is.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source, []
    lines = source.encode().split(b"\n")  # ast counts bytes
    asked: list[str] = []
    others = 0
    for node in tree.body:
        call = node.value if isinstance(node, ast.Expr) else None
        if not (isinstance(call, ast.Call) and _is_otter_call(call)):
            others += 1
            continue
        asked += [
            arg.value
            for arg in call.args[:1]
            if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        _replace(lines, node, b"None")
    return (b"\n".join(lines).decode() if others else ""), asked


def _is_otter_call(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "grader"
        and call.func.attr in _OTTER_CALLS
    )


def _replace(lines: list[bytes], node: ast.stmt, by: bytes) -> None:
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    rest = lines[last][node.end_col_offset :]
    for number in range(first + 1, last + 1):
        lines[number] = b""
    lines[first] = lines[first][: node.col_offset] + by + (rest if first == last else b"")
    if first != last:
        lines[last] = rest.lstrip(b" \t")


def _metadata(notebook: bytes, cells: int) -> Sequence[dict[str, Any]]:
    """Each cell's metadata. Only nbformat 4 has what otter writes there."""
    top = parse_object(decode_text(notebook, Limits()), Limits())
    raw = top.get("cells")
    found = [cell.get("metadata") for cell in raw] if isinstance(raw, list) else []
    if len(found) != cells:
        return [{}] * cells
    return [extra if isinstance(extra, dict) else {} for extra in found]


def _ignored(metadata: dict[str, Any]) -> bool:
    """Whether otter leaves the cell out when it grades."""
    tags = metadata.get("tags")
    return (isinstance(tags, list) and "otter_ignore" in tags) or bool(
        _of_otter(metadata).get("ignore")
    )


def _asked_for(metadata: dict[str, Any]) -> list[str]:
    """The tests that are to be run after this cell, where otter wrote no cell for that."""
    asked = _of_otter(metadata).get("tests")
    return [name for name in asked if isinstance(name, str)] if isinstance(asked, list) else []


def _of_otter(metadata: dict[str, Any]) -> dict[str, Any]:
    found = metadata.get("otter")
    return found if isinstance(found, dict) else {}
