"""The roster: a CSV file of students, read strictly.

Columns: `student` (the id that submissions carry), `name`, `email` (may be empty: not every LMS
tells it) and, if wanted, `section`.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.course.complaints import (
    MORE,
    MOST_COMPLAINTS,
    Complaint,
    CourseFileError,
    EnoughComplaints,
    did_you_mean,
    near_word,
    quoted,
)
from grader.course.text_source import read_text

REQUIRED = ("student", "name", "email")
COLUMNS = (*REQUIRED, "section")
LARGEST_BYTES = 1 << 22
_LONGEST_CELL = 200
_LONGEST = dict.fromkeys(COLUMNS, _LONGEST_CELL) | {"section": 64}  # as the store keeps them
_MOST_COLUMNS = 50

_STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_EMAIL = re.compile(r"[^\s@,;<>\"']{1,64}@[^\s@,;<>\"']{1,190}")


@dataclass(frozen=True)
class Student:
    """A student of the course. `student` is unique however it is capitalised."""

    student: str
    name: str
    email: str
    section: str = ""


def load_roster(path: Path | str) -> tuple[Student, ...]:
    """The students of a roster file, in its order.

    Raises:
        CourseFileError: the file has mistakes; all are told, by line and column.
    """
    reader = _Reader(read_text(Path(path), largest_bytes=LARGEST_BYTES))
    try:
        students = reader.students()
    except EnoughComplaints:
        students = ()
    if reader.complaints:
        raise CourseFileError(path, reader.complaints)
    return students


def same_student(name: str) -> str:
    """A form of a name that is equal for names that people would take for one."""
    return unicodedata.normalize("NFKC", name).casefold()


class _Reader:
    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.complaints: list[Complaint] = []
        self.rows = csv.reader(text.splitlines(keepends=True), strict=True)
        self.seen: dict[tuple[str, str], int] = {}

    def students(self) -> tuple[Student, ...]:
        header = self._header()
        if header is None:
            return ()
        found = [student for row in self._filled() if (student := self._student(header, row))]
        if not found and not self.complaints:
            self._complain(1, 1, "", "saw a header and no students")
        return tuple(found)

    def _header(self) -> list[str] | None:
        """The columns of the file, or None if they are not those of a roster."""
        row = next(self._filled(), None)
        if row is None:
            self._complain(1, 1, "", f"the file is empty, expected the header {_HEADER}")
            return None
        if len(row) > _MOST_COLUMNS:
            self._at(0, "", f"saw {len(row)} columns, expected the header {_HEADER}")
            return None
        names = [name.strip().lower() for name in row]
        unknown = [name for name in names if name not in COLUMNS]
        if len(unknown) == len(names):
            self._at(0, "", f"saw {quoted(','.join(row))}, expected the header {_HEADER}")
            return None
        meant = {near_word(name, COLUMNS) for name in unknown}
        for column, name in enumerate(names):
            if name in unknown:
                hint = did_you_mean(name, COLUMNS) or f"expected {_HEADER}"
                self._at(column, "", f"saw the column {quoted(row[column])}; {hint}")
            elif name in names[:column]:
                self._at(column, "", f"saw the column `{name}` twice")
        for name in REQUIRED:
            if name not in names and name not in meant:
                self._at(0, "", f"the column `{name}` is missing, expected {_HEADER}")
        return None if self.complaints else names

    def _filled(self) -> Iterator[list[str]]:
        """The rows that hold something; broken quoting ends the file with a complaint."""
        while True:
            try:
                row = next(self.rows)
            except StopIteration:
                return
            except csv.Error:
                what = "broken quotes; a quote inside quotes is doubled, and every one is closed"
                self._complain(self.rows.line_num, 1, "", what)
                return
            if any(cell.strip() for cell in row):
                yield row

    def _student(self, header: list[str], row: list[str]) -> Student | None:
        if len(row) != len(header):
            what = f"saw {len(row)} cells, expected {len(header)}: {','.join(header)}"
            self._at(0, "", f"{what}; a name with a comma needs quotes")
            return None
        before = len(self.complaints)
        cells = {name: _composed(cell.strip()) for name, cell in zip(header, row, strict=True)}
        for column, name in enumerate(header):
            self._check(column, name, cells[name])
        return Student(**cells) if len(self.complaints) == before else None

    def _check(self, column: int, name: str, cell: str) -> None:
        if not cell and name == "email":
            return
        if not cell and name in REQUIRED:
            self._at(column, name, "saw nothing, expected a value")
        elif len(cell) > (longest := _LONGEST.get(name, _LONGEST_CELL)) or _has_break(cell):
            self._at(column, name, f"saw {quoted(cell)}, expected one line of at most {longest}")
        elif name == "student" and not _STUDENT.fullmatch(cell):
            what = "expected letters, digits, `.`, `_` and `-`, at most 32"
            self._at(column, name, f"saw {quoted(cell)}, {what}")
        elif name == "email" and not _EMAIL.fullmatch(cell):
            self._at(column, name, f"saw {quoted(cell)}, expected an address such as `a@b.example`")
        elif name in ("student", "email"):
            self._check_new(column, name, cell)

    def _check_new(self, column: int, name: str, cell: str) -> None:
        first = self.seen.setdefault((name, same_student(cell)), self.rows.line_num)
        if first != self.rows.line_num:
            self._at(column, name, f"saw {quoted(cell)} again, first on line {first}")

    def _at(self, column: int, name: str, what: str) -> None:
        """Complain of a cell of the row just read, counted from 0."""
        line = self.rows.line_num
        written = self.lines[line - 1] if line <= len(self.lines) else ""
        # Where cells hold commas or line breaks the place is not sought: the line will do.
        plain = '"' not in written and written.count(",") >= column
        start = sum(len(cell) + 1 for cell in written.split(",")[:column]) if plain else 0
        self._complain(line, start + 1, name, what)

    def _complain(self, line: int, column: int, name: str, what: str) -> None:
        if len(self.complaints) >= MOST_COMPLAINTS:
            self.complaints.append(Complaint(1, 1, "", MORE))
            raise EnoughComplaints
        self.complaints.append(Complaint(max(1, line), column, name, what))


def _has_break(cell: str) -> bool:
    return "\n" in cell or "\r" in cell


def _composed(cell: str) -> str:
    """A cell in Unicode's composed form; one that is refused anyway may take minutes to compose."""
    return cell if len(cell) > 4 * _LONGEST_CELL else unicodedata.normalize("NFC", cell)


_HEADER = f"`{','.join(REQUIRED)}` (and `section`, if wanted)"
