"""The gradebook that Canvas (Quercus is Canvas) exports as CSV, read without losing a byte.

The format, as Canvas writes and reads it: a header (`Student` or `LastName,FirstName`, then
`ID`, if wanted `SIS User ID`, `SIS Login ID`, `Integration ID`, `Root Account`, then `Section`,
custom columns, assignments as `title (id)`, totals); perhaps a row of `Manual Posting`; the row
`    Points Possible`, where columns that can't be imported say `(read only)`; then a row a student,
the test student last. Cells are split by commas or semicolons; the decimal mark is a point
or a comma; numbers have two decimals.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from grader.course import Complaint, CourseFileError
from grader.course.complaints import quoted
from grader.course.roster import same_student
from grader.gradebook.exports.delimited import BrokenCsv, Record, read_records

LARGEST_BYTES = 1 << 26  # 2,000 students and 300 columns are some 6 MiB

_START = re.compile(r'("?)(Student|LastName)\1(?P<delimiter>[,;])')
_NAMES = (("Student",), ("LastName", "FirstName"))
_POINTS = "Points Possible"
_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d{1,19})\)", re.DOTALL)
# Totals, which Canvas computes and never takes for an assignment. A grading period's name stands
# behind them in parentheses, and may be a number, as an assignment's id is.
_TOTAL = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
_READ_ONLY = re.compile(r"\(\s*read[ -]only\s*\)", re.IGNORECASE)
# Of cells without the spaces around them: two runs of spaces in one pattern take a time by the
# square of their length.
_POSTING = re.compile(r"(Muted|Manual Posting.*)?", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,15}(?:[.,]\d{1,15})?")
_TEST_STUDENT = {("Student, Test",), ("Student", "Test")}


class Identifier(StrEnum):
    """A column that says who a student is. Its value is the column's name."""

    SIS_USER_ID = "SIS User ID"
    SIS_LOGIN_ID = "SIS Login ID"
    CANVAS_ID = "ID"


@dataclass(frozen=True)
class CanvasColumn:
    """A column that holds an assignment's scores. `index` counts all columns from 0."""

    index: int
    header: str
    title: str
    canvas_id: str
    read_only: bool
    points: Decimal | None


@dataclass(frozen=True)
class CanvasStudent:
    """A student's row. `record` counts the file's rows from 0; a spreadsheet's number is 1 more."""

    record: int
    name: str
    identifiers: dict[Identifier, str]
    is_test: bool

    @property
    def row(self) -> int:
        return self.record + 1


@dataclass(frozen=True)
class CanvasGradebook:
    """A gradebook as exported; `file` is what messages call it."""

    file: str
    bom: bytes
    encoding: str
    delimiter: str
    decimal_mark: str
    records: tuple[Record, ...]
    columns: tuple[CanvasColumn, ...]
    students: tuple[CanvasStudent, ...]

    def refusal(self, complaints: Sequence[Complaint]) -> CourseFileError:
        return CourseFileError(self.file, complaints)

    def complaint(self, record: int, index: int, what: str) -> Complaint:
        """A complaint of one cell, by its place in the file and by row and column."""
        return _complaint(self.records, record, index, what)


def read_canvas(data: bytes, file: str = "gradebook.csv") -> CanvasGradebook:
    """The gradebook in `data`.

    Raises:
        CourseFileError: it is no export of a Canvas gradebook, or a part of it is unclear.
    """
    bom, encoding, text = _decode(data, file)
    delimiter, records = _split(text, file)
    points_row, complaints = _shape(records)
    if complaints:
        raise CourseFileError(file, complaints)
    students = tuple(_students(records, points_row))
    columns = tuple(_columns(records[0], records[points_row]))
    complaints = [*_twice(records, columns), *_same_students(records, students)]
    if complaints:
        raise CourseFileError(file, complaints)
    mark = _decimal_mark(records[points_row:], columns)
    return CanvasGradebook(file, bom, encoding, delimiter, mark, records, columns, students)


def number_in(cell: str) -> Decimal | None:
    """The number in a cell, with either decimal mark, or None for whatever else is there.

    >>> number_in(" 8,50 "), number_in("EX")
    (Decimal('8.50'), None)
    """
    text = cell.strip()
    return Decimal(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def _decode(data: bytes, file: str) -> tuple[bytes, str, str]:
    if len(data) > LARGEST_BYTES:
        what = f"saw {len(data):,} bytes, expected at most {LARGEST_BYTES:,}"
        raise CourseFileError(file, [Complaint(1, 1, "", what)])
    if b"\0" in data[:4096]:
        what = "saw binary data or UTF-16, expected CSV; export the gradebook again as CSV"
        raise CourseFileError(file, [Complaint(1, 1, "", what)])
    bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        return bom, "utf-8", data[len(bom) :].decode("utf-8")
    except UnicodeDecodeError:
        # A spreadsheet has saved it. Each byte is a character here and the same byte again when
        # written; ids and scores are ASCII, and names are never compared.
        return bom, "latin-1", data[len(bom) :].decode("latin-1")


def _split(text: str, file: str) -> tuple[str, tuple[Record, ...]]:
    """The delimiter and all rows of a text that has the header of a gradebook."""
    if start := _START.match(text):
        try:
            records = read_records(text, start["delimiter"])
        except BrokenCsv as broken:
            raise CourseFileError(file, [broken.complaint]) from broken
        if _name_columns(records[0].values):
            return start["delimiter"], records
    seen = text[:200].strip().partition("\n")[0]
    what = (
        f"saw {quoted(seen)}, expected the header of a Canvas gradebook, "
        "`Student,ID,...,Section,...`; export it by Grades > Export"
    )
    raise CourseFileError(file, [Complaint(1, 1, "", what)])


def _name_columns(header: Sequence[str]) -> int:
    """How many columns hold the name; 0 for what is no header of a gradebook."""
    for names in _NAMES:
        begin = tuple(value.strip() for value in header[: len(names) + 1])
        if begin == (*names, "ID") and "Section" in header:
            return len(names)
    return 0


def _shape(records: Sequence[Record]) -> tuple[int, list[Complaint]]:
    """Where the points possible stand, and what is wrong with the rows as a table."""
    width = len(records[0].cells)
    complaints = [
        _complaint(records, number, 0, f"saw {len(record.cells)} cells, expected {width}")
        for number, record in enumerate(records)
        if len(record.cells) != width and not _is_blank(record)
    ]
    found = [number for number, record in enumerate(records) if _POINTS in record.values[0]]
    if len(found) != 1:
        what = f"saw {len(found)} rows of `{_POINTS}`, expected one below the header"
        complaints.append(_complaint(records, found[1] if found else 0, 0, what))
        return 0, complaints
    for number in range(1, found[0]):
        if not all(_POSTING.fullmatch(value.strip()) for value in records[number].values):
            what = f"saw {quoted(records[number].values[0])} above the row of `{_POINTS}`"
            complaints.append(_complaint(records, number, 0, what))
    return found[0], complaints


def _is_blank(record: Record) -> bool:
    return not any(value.strip() for value in record.values)


def _students(records: Sequence[Record], points_row: int) -> Iterator[CanvasStudent]:
    header = [value.strip() for value in records[0].values]
    names = _name_columns(header)
    places = {key: header.index(key) for key in Identifier if key in header}
    for number in range(points_row + 1, len(records)):
        values = records[number].values
        if all(_POSTING.fullmatch(value.strip()) for value in values):
            continue
        name = tuple(value.strip() for value in values[:names])
        known = {key: values[index].strip() for key, index in places.items()}
        is_test = name in _TEST_STUDENT and not known.get(Identifier.SIS_USER_ID)
        yield CanvasStudent(number, ", ".join(name), known, is_test)


def _columns(header: Record, points: Record) -> Iterator[CanvasColumn]:
    first = header.values.index("Section") + 1
    for index in range(first, len(header.cells)):
        text = header.values[index].strip()
        match = _ASSIGNMENT.fullmatch(text)
        if match and not _TOTAL.search(match["title"]):
            possible = points.values[index]
            read_only = bool(_READ_ONLY.search(possible))
            yield CanvasColumn(
                index, text, match["title"], match["id"], read_only, number_in(possible)
            )


def _decimal_mark(records: Sequence[Record], columns: Sequence[CanvasColumn]) -> str:
    """The mark that the file's numbers have: a comma where commas, and no points, are seen."""
    cells = (
        record.values[column.index]
        for record in records
        if not _is_blank(record)
        for column in columns
    )
    numbers = [cell for cell in cells if number_in(cell) is not None]
    commas = any("," in number for number in numbers)
    return "," if commas and not any("." in number for number in numbers) else "."


def _twice(records: Sequence[Record], columns: Sequence[CanvasColumn]) -> Iterator[Complaint]:
    first: dict[str, CanvasColumn] = {}
    for column in columns:
        other = first.setdefault(column.canvas_id, column)
        if other is not column:
            what = f"saw the assignment {column.canvas_id} again, first in {quoted(other.header)}"
            yield _complaint(records, 0, column.index, what)


def _same_students(
    records: Sequence[Record], students: Sequence[CanvasStudent]
) -> Iterator[Complaint]:
    """Complaints of identifiers that two rows share: a score would have two places to go."""
    header = [value.strip() for value in records[0].values]
    first: dict[tuple[Identifier, str], CanvasStudent] = {}
    for student in students:
        for key, value in student.identifiers.items():
            other = first.setdefault((key, same_student(value)), student)
            if value and other is not student:
                what = f"saw {quoted(value)} again, first in row {other.row}"
                yield _complaint(records, student.record, header.index(key), what)


def _complaint(records: Sequence[Record], record: int, index: int, what: str) -> Complaint:
    cell = records[record].cells[index]
    name = " ".join(records[0].values[index].split())[:60]
    return Complaint(cell.line, cell.column, f"row {record + 1}, {name or 'first column'}", what)
