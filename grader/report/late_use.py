"""What the staff's page says of lateness: who was late, who had more time and why, who is missing.

Reasons of extensions and addresses are for staff: no student's page is made of this.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from grader.report.cleaning import clean_block, clean_line
from grader.report.links import Link, page_link
from grader.report.records import (
    AssignmentReport,
    GrantedExtension,
    OpenRequest,
    ReportRow,
    RowState,
)
from grader.report.wording import counted, credit_text, points_text, short_time_text

_REASON_CHARACTERS = 300


@dataclass(frozen=True)
class LateView:
    """A student who was late or had more time; `due` is given where it is the student's own."""

    student: Link
    late: str
    grace: str
    cost: str
    due: str
    extensions: tuple[str, ...]


@dataclass(frozen=True)
class AbsentView:
    """A student without a submission, and how to reach them."""

    student: Link
    identifier: str
    section: str
    email: str
    due: str


@dataclass(frozen=True)
class RequestView:
    """An open regrade request."""

    number: int
    student: Link
    question: str
    text: str
    asked: str
    answered: str


def late_views(report: AssignmentReport) -> tuple[LateView, ...]:
    """Who was late or has an extension, the latest first."""
    granted: dict[str, list[GrantedExtension]] = {}
    for extension in report.extensions:
        for student in extension.students:
            granted.setdefault(student, []).append(extension)
    concerned = [row for row in report.rows if row.late_days or row.student in granted]
    return tuple(
        _late_view(report, row, granted.get(row.student, ()))
        for row in sorted(concerned, key=lambda row: (-row.late_days, row.student))
    )


def absent_views(report: AssignmentReport) -> tuple[AbsentView, ...]:
    """Who has not submitted, in the report's order."""
    absent = (row for row in report.rows if row.state is RowState.NOT_SUBMITTED)
    return tuple(
        AbsentView(
            student=page_link(row),
            identifier=clean_line(row.student, 40),
            section=clean_line(row.section, 40),
            email=clean_line(row.email, 120),
            due=_own_due(report, row),
        )
        for row in absent
    )


def absent_addresses(report: AssignmentReport) -> str:
    """The addresses of who has not submitted, to be copied into a letter."""
    absent = (row for row in report.rows if row.state is RowState.NOT_SUBMITTED and row.email)
    return ", ".join(clean_line(row.email, 120) for row in absent)


def request_views(report: AssignmentReport) -> tuple[RequestView, ...]:
    """The open regrade requests, oldest first."""
    rows = {row.student: row for row in report.rows}
    return tuple(
        _request_view(report, request, rows[request.student])
        for request in report.requests
        if request.student in rows
    )


def _late_view(
    report: AssignmentReport, row: ReportRow, granted: Iterable[GrantedExtension]
) -> LateView:
    return LateView(
        student=page_link(row),
        late=counted(row.late_days, "day") if row.late_days else "",
        grace=str(row.grace_days or ""),
        cost=_cost(row) if row.late_days else "",
        due=_own_due(report, row),
        extensions=tuple(_extension_text(report, extension) for extension in granted),
    )


def _cost(row: ReportRow) -> str:
    credit = row.standing.credit if row.standing else row.score.credit
    off = row.standing.points_off if row.standing else row.score.points_off
    counts = f"{credit_text(credit)} counts"
    return f"{counts}, {points_text(off)} points off" if off else counts


def _own_due(report: AssignmentReport, row: ReportRow) -> str:
    if row.due is None or row.due == report.due:
        return ""
    return short_time_text(row.due, report.due.tzinfo)


def _extension_text(report: AssignmentReport, extension: GrantedExtension) -> str:
    zone = report.due.tzinfo
    times = [f"until {short_time_text(extension.until, zone)}"] if extension.until else []
    times += [counted(extension.days, "day")] if extension.days else []
    whose = f"group {clean_line(extension.group, 60)}: " if extension.group else ""
    reason = clean_line(extension.reason, _REASON_CHARACTERS)
    by = f"{clean_line(extension.by, 60)}, {short_time_text(extension.at, zone)}"
    return f"{whose}{', '.join(times)}, by {by}: {reason}"


def _request_view(report: AssignmentReport, request: OpenRequest, row: ReportRow) -> RequestView:
    return RequestView(
        number=request.number,
        student=page_link(row),
        question=clean_line(request.question, 24),
        text=clean_block(request.text, 12),
        asked=short_time_text(request.at, report.due.tzinfo),
        answered=counted(request.replies, "answer") if request.replies else "not answered",
    )
