"""`course report`: write the staff's report and the students' feedback."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import Assignment
from grader.gradebook import questions_of
from grader.gradebook.evidence import Handed, gather_for
from grader.gradebook.term import Grade, Sheets
from grader.report import (
    AssignmentReport,
    ReportRow,
    RowState,
    score_table,
    score_table_columns,
    write_report,
)
from grader.store import ResultRow, State, StudentRow, SubmissionRow


@click.command("report")
@click.argument("name", metavar="ASSIGNMENT")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write it.  [default: reports/ASSIGNMENT in the data folder]",
)
@click.option(
    "--show-hidden",
    is_flag=True,
    help="Feedback with what hidden tests found, though students may not see that yet.",
)
@json_option
@pass_workplace
def report_command(
    workplace: Workplace, name: str, output: Path | None, show_hidden: bool, as_json: bool
) -> None:
    """Write the report of ASSIGNMENT: HTML for staff, a feedback page a student, CSV, JSON.

    Feedback pages say what hidden tests found from the last individual due time on, or when the
    assignment's `feedback` in course.yaml says.
    """
    report = gather(workplace, workplace.assignment(name), shows_all=show_hidden)
    folder = output or workplace.data / "reports" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    paths = write_report(report, folder)
    if as_json:
        print_json({"index": paths.index, "scores": paths.scores_csv, "json": paths.report_json})
        return
    console = results()
    wide = results(max(console.width, 120))
    wide.print(table(score_table_columns(report), score_table(report)))
    console.print(f"\nreport: {paths.index}", soft_wrap=True)
    if report.hidden_until:
        shown = report.hidden_until.astimezone(workplace.course.zone)
        when = f"{shown:%Y-%m-%d %H:%M %Z}"
        console.print(f"feedback pages show what hidden tests found from {when} on (--show-hidden)")


def gather(
    workplace: Workplace, assignment: Assignment, *, shows_all: bool = True
) -> AssignmentReport:
    """What the store knows of an assignment, as a report's record.

    Unless it `shows_all`, students see hidden results only when the course says so.
    """
    store, course = workplace.store, workplace.course
    evidence = gather_for(store, course, assignment)
    sheets = Sheets(course, evidence)
    grades = {
        row.identifier: sheets.term(row.identifier).grades[assignment.name]
        for row in evidence.students
    }
    shown_from = sheets.calendar.feedback_from(assignment)
    hidden = not shows_all and workplace.now < shown_from
    hidden_until = shown_from if hidden and not assignment.by_hand else None
    counted = {grade.submission.id for grade in grades.values() if grade.submission}
    results = {row.submission_id: row for row in store.results_of(counted)}
    return AssignmentReport(
        course_code=course.code,
        course_title=course.title,
        assignment=assignment.name,
        title=assignment.title,
        tests=assignment.tests,
        submit=assignment.submit,
        due=assignment.due,
        generated_at=datetime.now(UTC).replace(microsecond=0),
        questions=questions_of(assignment),
        hidden_until=hidden_until,
        rows=tuple(
            _row(student, grades[student.identifier], results, evidence.handed[assignment.name])
            for student in evidence.students
        ),
    )


def _row(
    student: StudentRow, grade: Grade, results: Mapping[int, ResultRow], handed: Handed
) -> ReportRow:
    row = grade.submission
    result = results.get(row.id) if row else None
    state = _state(row, result)
    return ReportRow(
        student.identifier,
        student.name,
        state,
        grade.score,
        submission=str(row.id) if row else "",
        received_at=row.received_at if row else None,
        graded=result.graded if result else None,
        note=_note(grade, state, handed),
    )


def _state(row: SubmissionRow | None, result: ResultRow | None) -> RowState:
    if row is None:
        return RowState.NOT_SUBMITTED
    if result is not None:
        return RowState.GRADED
    states = {State.BY_HAND: RowState.BY_HAND, State.DELAYED: RowState.DELAYED}
    return states.get(row.state, RowState.QUEUED)


def _note(grade: Grade, state: RowState, handed: Handed) -> str:
    """A word on a newer submission, or on an upload that was graded before this one came."""
    row = grade.submission
    if grade.newer is not None:
        return f"Submission {grade.newer.id} is newer and not graded yet."
    graded = {mark.submission_id for mark in handed.manual}
    if row is None or state is not RowState.BY_HAND or row.id in graded:
        return ""
    owner = (row.group, None if row.group else row.student)
    older = [
        one.id
        for one in handed.submissions
        if one.id in graded and (one.group, None if one.group else one.student) == owner
    ]
    return (
        f"Submission {older[-1]} was graded; {row.id} is newer and counts instead." if older else ""
    )
