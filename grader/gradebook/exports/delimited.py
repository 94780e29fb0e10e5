"""CSV that can be written back byte for byte: every cell keeps how the file wrote it.

The `csv` module gives values only, and a file written from values alone loses its quoting,
its line ends and so every untouched row.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from grader.course import Complaint

_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"')
_LINE_END = re.compile("\r\n|\r|\n")


class BrokenCsv(Exception):
    """Text that is no CSV. `complaint` says where and why."""

    def __init__(self, complaint: Complaint) -> None:
        self.complaint = complaint
        super().__init__(complaint)


@dataclass(frozen=True)
class Cell:
    """One cell: as written, what it means, and its line and column in the file, from 1."""

    written: str
    value: str
    line: int
    column: int


@dataclass(frozen=True)
class Record:
    """One row, and the line end after it (empty at the end of a file without one)."""

    cells: tuple[Cell, ...]
    end: str

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(cell.value for cell in self.cells)

    def with_value(self, index: int, value: str, delimiter: str) -> "Record":
        """The row with another value in one cell; all others stay as they were written."""
        cell = self.cells[index]
        quotes = cell.written.startswith('"') or re.search(f'["\r\n{delimiter}]', value)
        written = '"' + value.replace('"', '""') + '"' if quotes else value
        changed = replace(cell, written=written, value=value)
        return replace(self, cells=(*self.cells[:index], changed, *self.cells[index + 1 :]))


def read_records(text: str, delimiter: str) -> tuple[Record, ...]:
    """The rows of a CSV text. Raises `BrokenCsv` for quotes that are not closed or not doubled."""
    return tuple(_records(text, delimiter))


def written(records: Sequence[Record], delimiter: str) -> str:
    """The text of the rows; of rows as they were read, the very text that was read."""
    return "".join(
        delimiter.join(cell.written for cell in record.cells) + record.end for record in records
    )


def _records(text: str, delimiter: str) -> Iterator[Record]:
    plain = re.compile(f'[^"\r\n{delimiter}]*')
    cells: list[Cell] = []
    at, line, line_start = 0, 1, 0
    while at < len(text) or cells:
        column = at - line_start + 1
        quoted = text.startswith('"', at)
        match = (_QUOTED if quoted else plain).match(text, at)
        if match is None:
            raise _broken(line, column, "saw a quote that is never closed")
        value = match[0][1:-1].replace('""', '"') if quoted else match[0]
        cells.append(Cell(match[0], value, line, column))
        at = match.end()
        for end in _LINE_END.finditer(match[0]):
            line, line_start = line + 1, match.start() + end.end()
        if text.startswith(delimiter, at):
            at += 1
            continue
        end = _LINE_END.match(text, at)
        if end is None and at < len(text):
            what = f"saw {text[at]!r} {'after' if quoted else 'inside'} a cell"
            raise _broken(line, at - line_start + 1, what)
        yield Record(tuple(cells), end[0] if end else "")
        cells = []
        if end:
            at, line, line_start = end.end(), line + 1, end.end()


def _broken(line: int, column: int, what: str) -> BrokenCsv:
    hint = "a cell with a quote in it stands in quotes, and the quote is doubled"
    return BrokenCsv(Complaint(line, column, "", f"{what}; {hint}"))
