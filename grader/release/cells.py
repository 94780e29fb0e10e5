"""The master notebook as cells that know their line in `notebook.py`.

jupytext forgets where a cell stood, and an author needs `notebook.py:LINE`, so the cell markers are
found again here and matched with jupytext's cells one by one.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MASTER_FILE = "notebook.py"

_CELL_MARKER = re.compile(r"^# %%+(?![A-Za-z0-9_])")


@dataclass(frozen=True)
class MasterComplaint:
    """One thing that the author of a master notebook has to put right."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class MasterError(Exception):
    """The master notebook cannot be released as it is: the author's error, not the platform's.

    `complaints` holds them all; `str()` prints one a line.
    """

    def __init__(self, complaints: "list[MasterComplaint]") -> None:
        super().__init__("\n".join(str(complaint) for complaint in complaints))
        self.complaints = tuple(complaints)


class CellKind(StrEnum):
    """The kinds of cell that the notebook format knows."""

    CODE = "code"
    MARKDOWN = "markdown"
    RAW = "raw"


@dataclass(frozen=True)
class Cell:
    """One cell of the master. `line` is where its source starts in `notebook.py`, from 1."""

    kind: CellKind
    source: str
    line: int

    @property
    def lines(self) -> list[str]:
        """The source, a line each."""
        return self.source.splitlines()


def master_path(folder: Path) -> Path:
    """Where an assignment's master notebook lies."""
    return folder / MASTER_FILE


def read_cells(folder: Path) -> tuple[Cell, ...]:
    """The cells of an assignment's master notebook.

    Raises `MasterError` if the file is missing or a `# %%` line does not start a cell.
    """
    import jupytext

    path = master_path(folder)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MasterError([MasterComplaint(path, 1, f"cannot be read: {error}")]) from error
    found = jupytext.reads(text, fmt="py:percent").cells
    starts = _cell_starts(text.splitlines())
    if len(starts) != len(found):
        what = (
            f"{len(starts)} cell markers but {len(found)} cells: write a marker before the first "
            "cell, and no line that starts with '# %%' inside a string"
        )
        raise MasterError([MasterComplaint(path, starts[0] if starts else 1, what)])
    return tuple(
        Cell(CellKind(cell.cell_type), cell.source, line)
        for cell, line in zip(found, starts, strict=True)
    )


def _cell_starts(lines: list[str]) -> list[int]:
    """Line numbers, from 1, of the first line with text after each cell marker."""
    starts: list[int] = []
    for index, line in enumerate(lines):
        if _CELL_MARKER.match(line):
            first = index + 1
            while first < len(lines) and not lines[first].strip():
                first += 1
            starts.append(min(first, len(lines) - 1) + 1)
    return starts
