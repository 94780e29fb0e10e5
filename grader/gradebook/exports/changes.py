"""What filling a gradebook did, for staff to read before they upload it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from grader.gradebook.exports.canvas import Identifier, number_in
from grader.gradebook.exports.spreadsheet import csv_text


class KeptBecause(StrEnum):
    """Why a cell keeps what it holds although there is something else to fill in."""

    EXCUSED = "the student is excused there"
    NOT_ASSIGNED = "the assignment is not for this student"
    NOT_A_NUMBER = "it holds a text that is no number"


@dataclass(frozen=True)
class Change:
    """A cell that was filled. `row` is the spreadsheet's; `old` is empty for an empty cell."""

    student: str
    name: str
    row: int
    assignment: str
    column: str
    old: str
    new: str


@dataclass(frozen=True)
class Kept:
    """A cell that was left as it is although there is a `score`, or `EX` for who is excused."""

    student: str
    name: str
    row: int
    assignment: str
    cell: str
    score: str
    because: KeptBecause


@dataclass(frozen=True)
class Unscored:
    """Someone in the gradebook for whom there is no score; the cell keeps what it holds.

    `identifier` is what the file has in the column that students were matched by.
    """

    name: str
    identifier: str
    row: int
    assignment: str
    cell: str

    @property
    def has_number(self) -> bool:
        """Whether the file has a score all the same, such as a 0 that an extension took away."""
        return number_in(self.cell) is not None


@dataclass(frozen=True)
class PointsDiffer:
    """An assignment that has other points in Canvas; None where Canvas has none."""

    assignment: str
    column: str
    in_canvas: Decimal | None
    in_course: Decimal


@dataclass(frozen=True)
class Filled:
    """A filled gradebook: the file, and all that there is to say of it.

    `not_in_file` are students with a score, or excused, and without a row; `without_column`
    assignments with scores and without a column.
    """

    data: bytes
    matched_by: Identifier
    changes: tuple[Change, ...]
    kept: tuple[Kept, ...]
    unscored: tuple[Unscored, ...]
    not_in_file: tuple[str, ...]
    without_column: tuple[str, ...]
    points_differ: tuple[PointsDiffer, ...]


def changes_csv(filled: Filled) -> str:
    """The changed cells as CSV, safe to open in a spreadsheet."""
    header = ["student", "name", "row", "assignment", "column", "old", "new"]
    return csv_text(
        header,
        ([c.student, c.name, c.row, c.assignment, c.column, c.old, c.new] for c in filled.changes),
    )
