"""Whether Python can read every code cell that students get, after solutions were taken out.

A function whose whole body was a solution, and has no docstring, is left without a body. Then the
cell fails before a student has written a word, and so does what comes after it.
"""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import nbformat

from grader.release.cells import CellKind, MasterComplaint, master_path, read_cells
from grader.release.marks import MarkedCell, Part, UnbalancedMark, parse_marks, strip_solution


@dataclass(frozen=True)
class Unreadable:
    """Why a cell can't be compiled, at which of its lines (from 1)."""

    line: int
    what: str
    advice: str


def unreadable(source: str) -> Unreadable | None:
    """What Python says against a cell's source, or None. A cell may `await`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as `...()`: odd, but it compiles
            compile(source, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        line = min(error.lineno or 1, max(1, len(source.splitlines())))
        advice = "mend what is left outside its solution marks"
        if isinstance(error, IndentationError):
            advice = "leave a docstring, or '...' by a BEGIN SOLUTION or SOLUTION without NO PROMPT"
        return Unreadable(line, error.msg, advice)
    except ValueError as error:
        return Unreadable(1, str(error), "delete what no program may hold")
    return None


def without_magics(source: str) -> str:
    """A cell as IPython hands it to Python: `%`, `!` and `?` as calls. Other cells as they are."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return TransformerManager().transform_cell(source)
    except SyntaxError:
        return source


def check_starter(folder: Path, starter: bytes) -> list[MasterComplaint]:
    """A complaint for each code cell of a released notebook that Python can't read.

    `starter` is the notebook as otter made it of the master in `folder`, where the line is sought.
    """
    path = master_path(folder)
    found: list[MasterComplaint] = []
    for number, source in code_cells(starter):
        if why := unreadable(source):
            text = (source.splitlines() or [""])[why.line - 1].strip()
            marked = _origin(folder, source)
            question = (
                f"question {marked.question}" if marked and marked.question else "no question"
            )
            found.append(
                MasterComplaint(
                    path,
                    _line_in_master(marked, source, why.line),
                    f"{question}: cell {number} of the notebook that students get is not Python: "
                    f"{why.what}, at {text!r}; {why.advice}",
                )
            )
    return found


def code_cells(notebook: bytes) -> Iterator[tuple[int, str]]:
    """The number, from 1, and the source of each code cell."""
    for number, cell in enumerate(nbformat.reads(notebook.decode(), as_version=4).cells, 1):
        if cell.cell_type == "code":
            yield number, cell.source


def _origin(folder: Path, source: str) -> MarkedCell | None:
    """The master's cell of which the released cell is left: the most alike."""
    cells = [
        marked
        for marked in parse_marks(read_cells(folder)).cells
        if marked.cell.kind is CellKind.CODE and marked.part is not Part.TESTS
    ]
    alike = [SequenceMatcher(None, _left_text(m), source, autojunk=False).ratio() for m in cells]
    return cells[alike.index(max(alike))] if cells else None


def _line_in_master(marked: MarkedCell | None, source: str, line: int) -> int:
    if marked is None:
        return 1
    left = _left(marked)
    offset = left[line - 1][0] if "\n".join(text for _, text in left) == source else 0
    return marked.cell.line + offset


def _left(marked: MarkedCell) -> list[tuple[int, str]]:
    try:
        return strip_solution(marked.cell.lines)
    except UnbalancedMark:
        return list(enumerate(marked.cell.lines))


def _left_text(marked: MarkedCell) -> str:
    return "\n".join(text for _, text in _left(marked))
