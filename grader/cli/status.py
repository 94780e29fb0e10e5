"""`course status`: where everything stands."""

import click

from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.store import State


@click.command("status")
@click.argument("name", metavar="[ASSIGNMENT]", required=False)
@json_option
@pass_workplace
def status_command(workplace: Workplace, name: str | None, as_json: bool) -> None:
    """Say how many submissions wait, are graded (by us or by hand), or are delayed and why."""
    names = [workplace.assignment(name).name] if name else list(workplace.course.assignments)
    groups = {each: workplace.course.assignments[each].group for each in names}
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
                "groups": {
                    each: group.model_dump(exclude_none=True)
                    for each, group in groups.items()
                    if group is not None
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
            # As in course.yaml, and short, so that the table fits a narrow terminal.
            f"{workplace.course.assignments[each].due:%Y-%m-%d %H:%M}",
        )
        for each in names
    ]
    console.print(table(columns, rows))
    for each, group in groups.items():
        if group:
            console.print(f"{each}: {group.text}", markup=False)
    for row in delayed:
        console.print(f"delayed: {row.student}, submission {row.id}: {row.note}", markup=False)
