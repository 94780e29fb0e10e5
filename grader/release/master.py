"""The master notebook of an assignment, and the notebooks and source that are made from it."""

from pathlib import Path

import nbformat

from grader.release.answers import cells_of_answers
from grader.release.assign import (
    Assigned,
    AssignFailed,
    assign,
    plain_metadata,
    with_stable_ids,
)
from grader.release.cells import (
    CellKind,
    MasterComplaint,
    MasterError,
    master_path,
    read_cells,
)
from grader.release.marks import MarkedCell, Part, parse_marks

# Colab opens a notebook without the files beside it. Plain Python, no magic, so that the cell runs
# wherever the notebook is graded. Elsewhere it does nothing.
_SETUP_CELL = """\
# On Google Colab: upload {name}.zip (the folder icon on the left), then run this cell.
# Anywhere else: unpack {name}.zip, open {name}.ipynb in that folder; this cell does nothing.
import sys

if "google.colab" in sys.modules:
    import subprocess
    import zipfile

    zipfile.ZipFile("{name}.zip").extractall()
    pip = [sys.executable, "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "otter-grader>=7,<8"], check=True)"""


def read_master(folder: Path) -> nbformat.NotebookNode:
    """The master as a notebook, marks included, equal on every read. Raises `MasterError`."""
    make = {
        CellKind.CODE: nbformat.v4.new_code_cell,
        CellKind.MARKDOWN: nbformat.v4.new_markdown_cell,
        CellKind.RAW: nbformat.v4.new_raw_cell,
    }
    cells = [make[cell.kind](cell.source) for cell in read_cells(folder)]
    return with_stable_ids(nbformat.v4.new_notebook(cells=cells, metadata=plain_metadata()))


def solution_source(folder: Path) -> str:
    """The master's code with its solutions, as plain Python for the trusted side to execute.

    Marks, tests and prompts are left out. Every statement keeps its line of `notebook.py`, so
    compile it under that name and tracebacks point into the master. Raises `MasterError`.
    """
    return _joined(_code_cells(folder))


def answers_source(folder: Path) -> str:
    """The part of `solution_source` that defines the answers. Raises `MasterError`."""
    return _joined(cells_of_answers(_code_cells(folder)))


def _code_cells(folder: Path) -> list[MarkedCell]:
    return [
        marked
        for marked in parse_marks(read_cells(folder)).cells
        if marked.cell.kind is CellKind.CODE and marked.part in (Part.TEXT, Part.SOLUTION)
    ]


def _joined(cells: list[MarkedCell]) -> str:
    lines: list[str] = []
    for marked in cells:
        lines += [""] * (marked.cell.line - 1 - len(lines))
        lines += marked.cell.lines
    return "\n".join(lines) + "\n"


def assign_master(folder: Path, name: str | None = None) -> Assigned:
    """Starter, solution and public tests of an assignment. Raises `MasterError`.

    `name` is what students know it by: the bundle's and its notebook's; else the folder's.
    """
    name = name or folder.resolve().name
    settings = parse_marks(read_cells(folder)).config
    try:
        made = assign(read_master(folder), name, settings)
    except AssignFailed as error:
        complaint = MasterComplaint(master_path(folder), 1, f"otter-assign: {error}")
        raise MasterError([complaint]) from error
    for notebook in (made.starter, made.solution):
        setup = nbformat.v4.new_code_cell(
            setup_cell(name), metadata={"deletable": False, "editable": False}
        )
        notebook.cells.insert(0, setup)
        with_stable_ids(notebook)
    return made


def setup_cell(name: str) -> str:
    """The first cell of the released notebook, which fetches the files beside it on Colab."""
    return _SETUP_CELL.format(name=name)


def starter_notebook(folder: Path) -> bytes:
    """The .ipynb that students get. Raises `MasterError`."""
    return notebook_bytes(assign_master(folder).starter)


def solution_notebook(folder: Path) -> bytes:
    """The .ipynb with the solutions in place and no tests, as a perfect student would submit it.

    Raises `MasterError`.
    """
    return notebook_bytes(assign_master(folder).solution)


def notebook_bytes(notebook: nbformat.NotebookNode) -> bytes:
    """The notebook as a file's bytes, the same for the same notebook."""
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()
