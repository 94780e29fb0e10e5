"""What an author got wrong in a master notebook, each with its line."""

import ast
import builtins
import re
import symtable
from collections.abc import Iterable
from pathlib import Path

from grader.release.cells import (
    Cell,
    CellKind,
    MasterComplaint,
    master_path,
    read_cells,
)
from grader.release.marks import (
    MarkedCell,
    Master,
    Part,
    UnbalancedMark,
    has_solution_mark,
    parse_marks,
    strip_solution,
)
from grader.release.readable import unreadable

_TEST_CONFIG = re.compile(
    r'^"""\s*# BEGIN TEST CONFIG.*?"""\s*# END TEST CONFIG[^\n]*\n', re.DOTALL
)

# Settings that would put files into the bundle, or code of others into the release, behind the
# back of the leak check. Everything else that matters is set by the release itself.
_REFUSED_SETTINGS = (
    "autograder_files",
    "config_file",
    "environment",
    "files",
    "plugins",
    "requirements",
    "save_environment",
    "student_files",
)

Expected = Iterable[tuple[str, float, bool]]


def check_master(folder: Path, questions: Expected | None = None) -> list[MasterComplaint]:
    """All complaints about an assignment's master, in the order of its lines; empty if it is good.

    `questions` are the (name, points, manual) that course.yaml promises; with None, only the
    notebook itself is checked. Raises `MasterError` if the file cannot be read as cells.
    """
    master = parse_marks(read_cells(folder))
    found = list(master.faults)
    found += _check_settings(master)
    defined = _defined_names(master)
    for marked in master.cells:
        if marked.part is Part.TESTS:
            found += _check_test(marked.cell, defined)
        elif marked.cell.kind is CellKind.CODE:
            found += _check_code(marked)
    found += _check_tests_of_questions(master)
    if questions is not None:
        found += _compare_questions(master, questions)
    path = master_path(folder)
    return [MasterComplaint(path, line, what) for line, what in sorted(set(found))]


def _check_settings(master: Master) -> list[tuple[int, str]]:
    return [
        (
            master.config_line,
            f"the setting {key!r} is not used here: given/ holds what is released",
        )
        for key in _REFUSED_SETTINGS
        if key in master.config
    ]


def _defined_names(master: Master) -> set[str]:
    """Names that the solution leaves in the notebook, as far as the text shows."""
    names: set[str] = set()
    for marked in master.cells:
        if marked.cell.kind is CellKind.CODE and marked.part in (
            Part.TEXT,
            Part.SOLUTION,
        ):
            try:
                tree = ast.parse(marked.cell.source)
            except SyntaxError:
                continue  # _check_code complains about it
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    names.add(node.name)
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    names.add(node.id)
                elif isinstance(node, ast.alias):
                    names.add((node.asname or node.name).split(".")[0])
    return names


def _check_code(marked: MarkedCell) -> list[tuple[int, str]]:
    """A code cell must be Python as it stands and as the student gets it."""
    cell = marked.cell
    try:
        ast.parse(cell.source)
    except SyntaxError as error:
        line = cell.line + (error.lineno or 1) - 1
        return [(line, f"not Python (magics cannot be used in a master): {error.msg}")]
    lines_with_marks = [
        cell.line + offset for offset, line in enumerate(cell.lines) if has_solution_mark(line)
    ]
    if marked.part is not Part.SOLUTION:
        what = "a solution mark outside a BEGIN SOLUTION block would be released as it stands"
        return [(line, what) for line in lines_with_marks]
    if not lines_with_marks:
        what = "this solution cell marks no solution ('# BEGIN SOLUTION' or '# SOLUTION'): "
        return [(cell.line, what + "students would get all of it")]
    return _check_stripped(marked)


def _check_stripped(marked: MarkedCell) -> list[tuple[int, str]]:
    """What is left of a solution cell must be Python, and hold none of the marks."""
    cell = marked.cell
    try:
        left = strip_solution(cell.lines)
    except UnbalancedMark as error:
        return [(cell.line + error.offset, str(error))]
    for offset, line in left:
        if has_solution_mark(line):
            what = f"otter does not know this spelling of a mark: {line.strip()!r}"
            return [(cell.line + offset, what)]
    if why := unreadable("\n".join(line for _, line in left)):
        offset, line = left[why.line - 1]
        what = f"{marked.question}: the prompt that students get is not Python: {why.what}, "
        return [(cell.line + offset, f"{what}at {line.strip()!r}; {why.advice}")]
    return []


def _check_test(cell: Cell, defined: set[str]) -> list[tuple[int, str]]:
    """A public test is one function in otter's exception format, and public."""
    if cell.kind is not CellKind.CODE:
        return [(cell.line, "a tests block holds code cells only")]
    first = cell.lines[0] if cell.lines else ""
    config = _TEST_CONFIG.match(cell.source)
    settings = config.group(0) if config else ""
    if re.search(r"^hidden:\s*true", settings, re.IGNORECASE | re.MULTILINE) or re.match(
        r"\s*#.*\bhidden\b", first, re.IGNORECASE
    ):
        what = "otter takes this test for a hidden one; hidden checks belong into checks.py"
        return [(cell.line, what)]
    try:
        body = ast.parse(cell.source[len(settings) :]).body
    except SyntaxError as error:
        return [(cell.line + (error.lineno or 1) - 1, f"not Python: {error.msg}")]
    if not body or len(body) > 2 or not isinstance(body[0], ast.FunctionDef):
        what = (
            "not a test in exception format: the cell must hold one function "
            "(imports inside it) and at most a call of it"
        )
        return [(cell.line, what)]
    wanted = [argument.arg for argument in body[0].args.args]
    found = [
        (cell.line, f"the test wants {name!r}, which no cell of the notebook defines")
        for name in wanted
        if name != "env" and name not in defined
    ]
    what = "the test uses {!r}, but otter runs it outside the notebook: import it in the function, "
    what += "or make it an argument"
    return found + [(cell.line, what.format(name)) for name in _names_from_outside(body[0])]


def _names_from_outside(test: ast.FunctionDef) -> list[str]:
    """Names that the test function takes from its module, which holds nothing but the tests."""
    tables = list(symtable.symtable(ast.unparse(test), "test", "exec").get_children())
    names: set[str] = set()
    for table in tables:  # grows while it is walked: functions inside functions
        tables += table.get_children()
        names |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return sorted(names - set(dir(builtins)) - {test.name})


def _check_tests_of_questions(master: Master) -> list[tuple[int, str]]:
    """Every question that a machine grades has a public test, and test names do not collide."""
    found: list[tuple[int, str]] = []
    seen: dict[tuple[str | None, str], int] = {}
    for marked in master.cells:
        if marked.part is Part.TESTS:
            for name in re.findall(r"^def (\w+)", marked.cell.source, re.MULTILINE):
                if (earlier := seen.get((marked.question, name))) is not None:
                    what = f"test {name} has the name of the one in line {earlier}, and hides it"
                    found.append((marked.cell.line, what))
                seen[marked.question, name] = marked.cell.line
    tested = {question for question, _ in seen}
    for question in master.questions:
        if not question.manual and question.name not in tested:
            what = f"{question.name} has no public test: students could not check anything"
            found.append((question.line, what))
    return found


def _compare_questions(master: Master, questions: Expected) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    marked = {question.name: question for question in master.questions}
    expected = {name: (points, manual) for name, points, manual in questions}
    for name, question in marked.items():
        if name not in expected:
            found.append((question.line, f"question {name} is not in course.yaml"))
            continue
        points, manual = expected[name]
        if question.manual != manual:
            says = f"manual: {str(question.manual).lower()}, course.yaml {str(manual).lower()}"
            found.append((question.line, f"question {name} says {says}"))
        if question.points is not None and question.points != points:
            says = f"{question.points:g} points, course.yaml {points:g}"
            found.append((question.line, f"question {name} says {says}"))
    found += [
        (1, f"course.yaml has question {name}, which the notebook has not")
        for name in expected
        if name not in marked
    ]
    return found
