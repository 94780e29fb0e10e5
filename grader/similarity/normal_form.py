"""A notebook's code in normal form, and where each of its characters stands in the notebook.

Each cell is read by itself: a quote that one cell leaves open would otherwise turn all code
after it into a string, and hide it.
"""

from dataclasses import dataclass

import numpy as np
from copydetect.utils import filter_code

from grader.intake import CellKind, Notebook
from grader.similarity.records import Lines


@dataclass(frozen=True)
class NormalForm:
    """`text` and, for each of its characters, the cell and the line, both from 1."""

    text: str
    cells: np.ndarray
    lines: np.ndarray

    def lines_of(self, start: int, stop: int) -> Lines:
        """The lines of the characters from `start` to before `stop`, which one cell holds."""
        first, last = self.lines[start], self.lines[stop - 1]
        return Lines(int(self.cells[start]), int(first), int(last))


def code_characters(notebook: Notebook) -> int:
    """How long the notebook's code is, as written."""
    return sum(len(cell.source) for cell in notebook.cells if cell.kind is CellKind.CODE)


def normal_form(notebook: Notebook) -> NormalForm:
    """The code cells of a notebook, joined."""
    texts: list[str] = []
    cells: list[np.ndarray] = [np.zeros(0, int)]
    lines: list[np.ndarray] = [np.zeros(0, int)]
    for number, cell in enumerate(notebook.cells, 1):
        if cell.kind is CellKind.CODE and cell.source.strip():
            text, line_of = _cell_in_normal_form(cell.source)
            texts.append(text)
            cells.append(np.full(len(text), number))
            lines.append(line_of)
    return NormalForm("".join(texts), np.concatenate(cells), np.concatenate(lines))


def _cell_in_normal_form(source: str) -> tuple[str, np.ndarray]:
    # Without blank lines: the lexer drops leading ones, after which its places are off, and is
    # slow on thousands of them.
    filled = [(n, line) for n, line in enumerate(source.split("\n"), 1) if line.strip()]
    code = "\n".join(line for _, line in filled)
    text, offsets = filter_code(code, "cell.py", "python")
    # Row by row: a place in `text`, and how many characters were left out before it. The row of a
    # class's name is wrong (copydetect 0.5.0 writes the name's length); what is left out
    # never shrinks.
    left_out = np.maximum.accumulate(offsets[:, 1])
    places = np.arange(len(text))
    row = np.searchsorted(offsets[:, 0], places).clip(max=len(offsets) - 1)
    written = places + left_out[row]
    starts = np.cumsum([0, *(len(line) + 1 for _, line in filled[:-1])])
    numbers = np.array([number for number, _ in filled])
    return text, numbers[np.searchsorted(starts, written, side="right") - 1]
