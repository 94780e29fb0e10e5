"""`course report`: write the staff's report and the students' feedback."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import Assignment
from grader.course.calendar import standing
from grader.gradebook import (
    Lateness,
    ManualScore,
    Pending,
    QuestionInfo,
    questions_of,
    score_submission,
    unscored,
)
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
@json_option
@pass_workplace
def report_command(workplace: Workplace, name: str, output: Path | None, as_json: bool) -> None:
    """Write the report of ASSIGNMENT: HTML for staff, a feedback page a student, CSV, JSON."""
    report = gather(workplace, workplace.assignment(name))
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


def gather(workplace: Workplace, assignment: Assignment) -> AssignmentReport:
    """What the store knows of an assignment, as a report's record."""
    store = workplace.store
    newest = {row.student: row for row in store.latest_submissions(assignment.name)}
    current = {row.student: row for row in store.current_results(assignment.name)}
    # The last grade by hand for a submission and question counts.
    manual = {
        (row.submission_id, row.question): ManualScore(row.question, row.points, row.comment)
        for row in store.marks.of(assignment.name)
    }
    questions = questions_of(assignment)
    return AssignmentReport(
        course_code=workplace.course.code,
        course_title=workplace.course.title,
        assignment=assignment.name,
        title=assignment.title,
        tests=assignment.tests,
        submit=assignment.submit,
        due=assignment.due,
        generated_at=datetime.now(UTC).replace(microsecond=0),
        questions=questions,
        rows=tuple(
            _row(
                workplace,
                assignment,
                questions,
                student,
                newest.get(student.identifier),
                current.get(student.identifier),
                manual,
            )
            for student in store.students()
        ),
    )


def _row(
    workplace: Workplace,
    assignment: Assignment,
    questions: tuple[QuestionInfo, ...],
    student: StudentRow,
    newest: SubmissionRow | None,
    result: ResultRow | None,
    manual: Mapping[tuple[int, str], ManualScore],
) -> ReportRow:
    who = student.identifier
    if newest is None:
        absent = unscored(who, questions, Pending.NOT_SUBMITTED)
        return ReportRow(who, student.name, RowState.NOT_SUBMITTED, absent)
    if newest.state is State.BY_HAND:
        return _by_hand_row(workplace, assignment, questions, student, newest, manual)
    if result is None:
        delayed = newest.state is State.DELAYED
        pending = Pending.DELAYED if delayed else Pending.QUEUED
        return ReportRow(
            who,
            student.name,
            RowState.DELAYED if delayed else RowState.QUEUED,
            unscored(who, questions, pending),
            submission=str(newest.id),
            received_at=newest.received_at,
        )
    graded = result.graded
    score = score_submission(
        who,
        questions,
        graded,
        lateness=_lateness(workplace, assignment, result.received_at),
        manual=_marks(manual, result.submission_id),
    )
    older = result.submission_id != newest.id
    return ReportRow(
        who,
        student.name,
        RowState.GRADED,
        score,
        submission=str(result.submission_id),
        received_at=result.received_at,
        graded=graded,
        note=f"Submission {newest.id} is newer and not graded yet." if older else "",
    )


def _by_hand_row(
    workplace: Workplace,
    assignment: Assignment,
    questions: tuple[QuestionInfo, ...],
    student: StudentRow,
    newest: SubmissionRow,
    manual: Mapping[tuple[int, str], ManualScore],
) -> ReportRow:
    """An upload's row: only what people gave to this very upload counts."""
    marks = _marks(manual, newest.id)
    score = score_submission(
        student.identifier,
        questions,
        None,
        lateness=_lateness(workplace, assignment, newest.received_at),
        manual=marks,
    )
    return ReportRow(
        student.identifier,
        student.name,
        RowState.BY_HAND,
        score,
        submission=str(newest.id),
        received_at=newest.received_at,
        note="" if marks else _older_grade(workplace, newest, manual),
    )


def _older_grade(
    workplace: Workplace, newest: SubmissionRow, manual: Mapping[tuple[int, str], ManualScore]
) -> str:
    """A word on a submission that was graded before this newer one came; "" if there is none."""
    graded = {number for number, _ in manual}
    sent = workplace.store.submissions(newest.assignment) if graded else ()
    theirs = [row.id for row in sent if row.student == newest.student and row.id in graded]
    if not theirs:
        return ""
    return f"Submission {theirs[-1]} was graded; {newest.id} is newer and counts instead."


def _lateness(workplace: Workplace, assignment: Assignment, received_at: datetime) -> Lateness:
    course = workplace.course
    policy = course.late_policy_of(assignment)
    return Lateness.of(standing(received_at, assignment.due, policy, course.zone))


def _marks(manual: Mapping[tuple[int, str], ManualScore], submission: int) -> list[ManualScore]:
    return [mark for (number, _), mark in manual.items() if number == submission]
