"""A term's report as CSV for spreadsheets, JSON for scripts, and the terminal's table."""

from typing import Any

from grader.gradebook.exports.spreadsheet import csv_text
from grader.report.document import iso, json_text, spread_data
from grader.report.term.records import EntryState, TermReport, TermStudent
from grader.report.term.statistics import (
    AssignmentSummary,
    grace_use,
    missing_work,
    summarise_assignments,
    totals,
)
from grader.report.wording import points_text

JSON_FORMAT = "course-report/term-1"
SUMMARY_COLUMNS = tuple("assignment submitted final waiting missing late median of".split())


def gradebook_csv(report: TermReport) -> str:
    """One row a student. An empty cell is 'no score', which is not the same as 0."""
    names = [assignment.name for assignment in report.assignments]
    header = ["student", "name", "email", "section", *names, "total_percent", "percent_so_far"]
    return csv_text(
        [*header, "late_days", "grace_days"],
        (
            [
                *(row.student, row.name, row.email, row.section),
                *(entry.final for entry in row.entries),
                *(row.percent, row.so_far, row.late_days, row.grace_days),
            ]
            for row in report.students
        ),
    )


def assignments_csv(report: TermReport) -> str:
    """One row an assignment: how far the class has come with it."""
    header = ["assignment", "title", "due", "points", "submitted", "final", "waiting"]
    header += ["not_submitted", "excused", "not_due_yet", "late", "open_requests"]
    header += ["lowest", "lower_quartile", "median", "upper_quartile", "highest", "mean"]
    return csv_text(header, (_summary_cells(s) for s in summarise_assignments(report)))


def missing_csv(report: TermReport) -> str:
    """One row a student and assignment that was due and was not submitted."""
    return csv_text(
        ["student", "name", "email", "section", "assignment", "due"],
        (
            [row.student, row.name, row.email, row.section, one.name, entry.due.isoformat()]
            for row, what in missing_work(report)
            for one, entry in what
        ),
    )


def term_json(report: TermReport) -> str:
    """All of the report."""
    use = grace_use(report)
    document = {
        "format": JSON_FORMAT,
        "course": {"code": report.course_code, "title": report.course_title},
        "generated_at": report.generated_at.isoformat(),
        "totals": spread_data(totals(report)),
        "assignments": [_summary_json(s) for s in summarise_assignments(report)],
        "grace_days": {
            "budget": use.budget,
            "students": {str(days): number for days, number in use.students.items()},
        }
        if use
        else None,
        "students": [_student_json(report, row) for row in report.students],
    }
    return json_text(document)


def summary_table(report: TermReport) -> list[tuple[str, ...]]:
    """One row of texts an assignment, for a terminal; its heads are `SUMMARY_COLUMNS`."""
    return [
        (
            s.assignment.name,
            str(s.submitted),
            str(s.states[EntryState.FINAL]),
            str(s.states[EntryState.WAITING]),
            str(s.states[EntryState.MISSING]),
            str(s.late),
            "" if s.scores.middle is None else points_text(s.scores.middle),
            points_text(s.assignment.points),
        )
        for s in summarise_assignments(report)
    ]


def _summary_cells(s: AssignmentSummary) -> list[str | int | float | None]:
    lower, upper = s.scores.quartiles or (None, None)
    return [
        *(s.assignment.name, s.assignment.title, s.assignment.due.isoformat()),
        *(s.assignment.points, s.submitted, *s.states.values(), s.late, s.assignment.requests),
        *(s.scores.low, lower, s.scores.middle, upper, s.scores.high, s.scores.average),
    ]


def _summary_json(s: AssignmentSummary) -> dict[str, Any]:
    return {
        "name": s.assignment.name,
        "title": s.assignment.title,
        "due": s.assignment.due.isoformat(),
        "counts_for": s.assignment.counts_for,
        "submitted": s.submitted,
        "states": {str(state): number for state, number in s.states.items()},
        "late": s.late,
        "open_requests": s.assignment.requests,
        "scores": spread_data(s.scores),
    }


def _student_json(report: TermReport, row: TermStudent) -> dict[str, Any]:
    return {
        "student": row.student,
        "name": row.name,
        "email": row.email,
        "section": row.section,
        "total_percent": row.percent,
        "percent_so_far": row.so_far,
        "entries": {
            one.name: {
                "state": str(entry.state),
                "final": entry.final,
                "pending": entry.pending or None,
                "due": iso(entry.due),
                "late_days": entry.late_days,
                "grace_days": entry.grace_days,
                "set_by_hand": entry.is_set,
            }
            for one, entry in zip(report.assignments, row.entries, strict=True)
        },
    }
