"""`course withdraw`: take back a submission that was a mistake."""

from collections.abc import Mapping

import click

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, print_json, results
from grader.cli.workplace import Workplace, needed_reason, pass_workplace
from grader.desk.withdrawing import grades_for, lines_on_what_counts
from grader.gradebook.term import Grade
from grader.store import SubmissionRow


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
    grades = grades_for(workplace.course, workplace.store, row, workplace.now)
    if as_json:
        print_json(as_data(row, grades))
        return
    what = "given back" if undo else "withdrawn"
    told = f"submission {row.id}, {row.assignment} of {row.student}: {what}"
    results().print(f"{told}; it is {row.state} now" if undo else told, markup=False)
    for line in lines_on_what_counts(workplace.store, row, grades):
        results().print(f"  {line}", markup=False, soft_wrap=True)


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
