"""`course status`: where everything stands."""

import click

from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.course.calendar import due_text
from grader.store import State


@click.command("status")
@click.argument("name", metavar="[ASSIGNMENT]", required=False)
@json_option
@pass_workplace
def status_command(workplace: Workplace, name: str | None, as_json: bool) -> None:
    """Say how many submissions wait, are graded, or are delayed and why."""
    names = [workplace.assignment(name).name] if name else list(workplace.course.assignments)
    counts = {each: workplace.store.status(each) for each in names}
    delayed = [
        row
        for each in names
        for row in workplace.store.submissions(each)
        if row.state is State.DELAYED
    ]
    if as_json:
        print_json(
            {
                "assignments": {
                    each: {str(state): count for state, count in found.items()}
                    for each, found in counts.items()
                },
                "delayed": [
                    {"submission": row.id, "student": row.student, "why": row.note}
                    for row in delayed
                ],
            }
        )
        return
    console = results()
    columns = ("assignment", *(str(state) for state in State), "due")
    rows = [
        (
            each,
            *(str(counts[each].get(state, 0)) for state in State),
            due_text(workplace.course.assignments[each].due, workplace.course.zone),
        )
        for each in names
    ]
    console.print(table(columns, rows))
    for row in delayed:
        console.print(f"delayed: {row.student}, submission {row.id}: {row.note}", markup=False)
