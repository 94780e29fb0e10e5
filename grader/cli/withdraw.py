"""`course withdraw`: take back a submission that was a mistake."""

import click

from grader.cli.terminal import results
from grader.cli.workplace import Workplace, needed_reason, pass_workplace


@click.command("withdraw")
@click.argument("number", metavar="SUBMISSION", type=int)
@click.option("--undo", is_flag=True, help="Give it back: it counts as it did.")
@click.option("--reason", required=True, help="Why; it is kept in the course's record.")
@pass_workplace
def withdraw_command(workplace: Workplace, number: int, undo: bool, reason: str) -> None:
    """Take back SUBMISSION, such as one sent in for the wrong student: it never counts.

    It uses up no attempt, what was handed in before counts again, and all that is known of it is
    kept. `course submit` and `course explain` show the numbers of submissions.
    """
    withdrawals = workplace.store.withdrawals
    change = withdrawals.reinstate if undo else withdrawals.withdraw
    row = change(number, reason=needed_reason(reason), by=workplace.by)
    what = "given back" if undo else "withdrawn"
    told = f"submission {row.id}, {row.assignment} of {row.student}: {what}"
    results().print(f"{told}; it is {row.state} now" if undo else told, markup=False)
