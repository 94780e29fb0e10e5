"""`course withdraw`: take back a submission that was a mistake."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import click

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, print_json, results
from grader.cli.workplace import Workplace, needed_reason, pass_workplace
from grader.gradebook.evidence import Evidence, gather_dates, gather_student
from grader.gradebook.term import Grade, Sheets
from grader.store import State, SubmissionRow


@click.command("withdraw")
@click.argument("number", metavar="SUBMISSION", type=int)
@click.option("--undo", is_flag=True, help="Give it back: it counts as it did.")
@click.option("--reason", required=True, help="Why; it is kept in the course's record.")
@json_option
@pass_workplace
def withdraw_command(
    workplace: Workplace, number: int, undo: bool, reason: str, as_json: bool
) -> None:
    """Take back SUBMISSION, such as one sent in for the wrong student: it never counts.

    It uses up no attempt, what was handed in before counts again, and all that is known of it is
    kept. What counts afterwards is said. `course submit` and `course explain` show the numbers of
    submissions.
    """
    workplace = in_force(workplace)
    withdrawals = workplace.store.withdrawals
    change = withdrawals.reinstate if undo else withdrawals.withdraw
    row = change(number, reason=needed_reason(reason), by=workplace.by)
    grades = grades_after(workplace, row)
    if as_json:
        print_json(as_data(row, grades))
        return
    what = "given back" if undo else "withdrawn"
    told = f"submission {row.id}, {row.assignment} of {row.student}: {what}"
    results().print(f"{told}; it is {row.state} now" if undo else told, markup=False)
    for line in counts_lines(workplace, row, grades):
        results().print(f"  {line}", markup=False, soft_wrap=True)


def grades_after(workplace: Workplace, row: SubmissionRow) -> dict[str, Grade]:
    """The grades, in its assignment, of everybody in the course whom the submission is for."""
    course, store = workplace.course, workplace.store
    if row.assignment not in course.assignments:
        return {}
    dates = gather_dates(store, course)
    found: dict[str, Grade] = {}
    for student in concerned(row, dates):
        evidence = gather_student(store, course, student, dates=dates)
        sheets = Sheets(course, evidence, workplace.now)
        found[student] = sheets.term(student).grades[row.assignment]
    return found


def concerned(row: SubmissionRow, dates: Evidence) -> list[str]:
    """Whose work it is, and who joined the group since and may have it from there."""
    groups = (group for groups in dates.groups.values() for group in groups)
    members = {one for group in groups if group.id == row.group for one in group.members}
    here = {student.identifier for student in dates.students}
    return sorted(here.intersection({*row.credited, *members}))


def counts_lines(
    workplace: Workplace, row: SubmissionRow, grades: Mapping[str, Grade]
) -> Iterator[str]:
    """What counts now, in a line for all for whom it is the same."""
    alike: dict[str, list[str]] = defaultdict(list)
    for student, grade in grades.items():
        alike[counts_text(workplace, row, student, grade)].append(student)
    for text, students in alike.items():
        yield text if len(grades) == 1 else f"for {', '.join(students)}: {text}"


def counts_text(workplace: Workplace, row: SubmissionRow, student: str, grade: Grade) -> str:
    """What counts for a student now that the submission was taken back, or given back."""
    if grade.submission is not None:
        return f"submission {grade.submission.id} counts now"
    handed = any(
        one.assignment == row.assignment
        and one.state is not State.WITHDRAWN
        and student in one.credited
        for one in workplace.store.work_of(student)
    )
    if handed:
        return "nothing that was handed in counts"
    is_zero = grade.score.final == 0 and grade.score.override is None
    return "nothing else was handed in" + (", which counts 0" if is_zero else "")


def as_data(row: SubmissionRow, grades: Mapping[str, Grade]) -> dict[str, object]:
    """What became of the submission, and what counts, for scripts."""
    return {
        "submission": row.id,
        "assignment": row.assignment,
        "student": row.student,
        "state": row.state,
        "counts_now": {
            student: grade.submission.id if grade.submission else None
            for student, grade in grades.items()
        },
    }
