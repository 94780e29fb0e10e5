"""The staff's table of students, in each of the orders that the page offers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from grader.gradebook.records import QuestionScore
from grader.outcomes import Ending
from grader.report.cleaning import clean_line
from grader.report.links import Link, page_link, row_anchor
from grader.report.records import AssignmentReport, ReportRow, RowState
from grader.report.tables import question_text, state_text
from grader.report.wording import (
    bytes_text,
    counted,
    points_text,
    seconds_text,
    short_time_text,
)


@dataclass(frozen=True)
class PointsView:
    """A cell of the table of students; `tone` is full, some, none or open."""

    text: str
    tone: str


@dataclass(frozen=True)
class StudentView:
    """A row of the table of students."""

    anchor: str
    student: Link
    name: str
    points: tuple[PointsView, ...]
    automatic: str
    final: str
    late: str
    state: str
    trouble: bool
    received: str
    time: str
    memory: str


@dataclass(frozen=True)
class Sorting:
    """The table's rows in one order; the page holds each order and shows one."""

    key: str
    label: str
    rows: tuple[StudentView, ...]


def sortings(report: AssignmentReport) -> tuple[Sorting, ...]:
    """The orders that the table offers; students without a value come last."""
    far = datetime.max.replace(tzinfo=UTC)
    orders: list[tuple[str, str, Callable[[ReportRow], tuple[float | str | datetime, ...]]]] = [
        ("name", "name", lambda r: (clean_line(r.name or r.student).casefold(), r.student)),
        ("high", "highest first", lambda r: (_is_open(r), -_sort_points(r), r.student)),
        ("low", "lowest first", lambda r: (_is_open(r), _sort_points(r), r.student)),
        ("received", "time received", lambda r: (r.received_at or far, r.student)),
    ]
    views = {row.student: _student_view(report, row) for row in report.rows}
    return tuple(
        Sorting(key, label, tuple(views[r.student] for r in sorted(report.rows, key=order)))
        for key, label, order in orders
    )


def points_tone(earned: float | None, points: float) -> str:
    """How a cell with points is coloured."""
    if earned is None:
        return "open"
    if earned >= points - 1e-9:
        return "full"
    return "some" if earned > 0 else "none"


def _is_open(row: ReportRow) -> bool:
    """Whether there is no number yet to sort a student by."""
    return row.graded is None and row.score.final is None


def _sort_points(row: ReportRow) -> float:
    return row.score.auto if row.score.final is None else row.score.final


def _student_view(report: AssignmentReport, row: ReportRow) -> StudentView:
    graded, score = row.graded, row.score
    return StudentView(
        anchor=row_anchor(row),
        student=Link(clean_line(row.student, 32), page_link(row).page),
        name=clean_line(row.name, 60),
        points=tuple(map(_points_view, score.questions)),
        automatic=points_text(score.auto) if graded else "",
        final="" if score.final is None else points_text(score.final),
        late=counted(row.late_days, "day") if row.late_days else "",
        state=state_text(row),
        trouble=_is_trouble(row),
        received=short_time_text(row.received_at, report.due.tzinfo) if row.received_at else "",
        time=seconds_text(graded.usage.wall_seconds) if graded else "",
        memory=bytes_text(graded.usage.memory_peak_bytes) if graded else "",
    )


def _points_view(score: QuestionScore) -> PointsView:
    return PointsView(question_text(score), points_tone(score.earned, score.points))


def _is_trouble(row: ReportRow) -> bool:
    if row.graded is None:
        return row.state is not RowState.BY_HAND
    return row.graded.ending is not Ending.FINISHED
