"""`course status`: where everything stands."""

from collections.abc import Iterable, Mapping
from typing import Any

import click

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.desk import AssignmentStanding, standing_of_student
from grader.store import State, SubmissionRow

# Shown whether or not anything is in them; the others would make the table wider than a terminal.
ALWAYS = (State.QUEUED, State.GRADED)


@click.command("status")
@click.argument("name", metavar="[ASSIGNMENT]", required=False)
@click.option("--student", metavar="STUDENT", help="Where this student stands, as they may see it.")
@json_option
@pass_workplace
def status_command(
    workplace: Workplace, name: str | None, student: str | None, as_json: bool
) -> None:
    """Say how many submissions wait, are graded (by us or by hand), or are delayed and why.

    With --student, what is due for them, what they or their group handed in last, what of it
    counts if that is something else, and what handing in now is worth.
    """
    workplace = in_force(workplace)
    if student is not None:
        say_student(workplace, name, student, as_json=as_json)
        return
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
    states = shown_states(counts.values())
    columns = ("assignment", *map(str, states), "due")
    rows = [
        (
            each,
            *(str(counts[each].get(state, 0)) for state in states),
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


def shown_states(counts: Iterable[Mapping[State, int]]) -> list[State]:
    """The states that some assignment has a submission in, and those that are always shown."""
    found = {state for each in counts for state, count in each.items() if count}
    return [state for state in State if state in found or state in ALWAYS]


def say_student(workplace: Workplace, name: str | None, student: str, *, as_json: bool) -> None:
    """Where one student stands."""
    workplace.student(student)
    known = workplace.assignment(name).name if name else None
    now = workplace.now
    found = standing_of_student(workplace.course, workplace.store, student, now)
    shown = [one for one in found.assignments if known in (None, one.assignment)]
    if as_json:
        told = [as_data(one) for one in shown]
        data = {"student": student, "assignments": told, "grace_days_left": found.grace_left}
        print_json(data)
        return
    columns = ("assignment", "due", "handed in", "now")
    rows = [
        (
            one.assignment,
            f"{one.dates.due:%Y-%m-%d %H:%M}",
            handed_in(workplace, one),
            one.if_now + submissions_left(one),
        )
        for one in shown
    ]
    results().print(table(columns, rows, numbers_from=len(columns)))
    for one in shown:
        row = one.counts
        if row is not None and (one.newest is None or row.id != one.newest.id):
            told = f"{one.assignment}: what counts is submission {row.id}"
            results().print(f"{told}, {received(workplace, row)}", markup=False)
    if found.grace_left is not None:
        results().print(f"grace days left: {found.grace_left}")


def handed_in(workplace: Workplace, one: AssignmentStanding) -> str:
    """What was handed in last, in a few words."""
    if one.newest is None:
        return f"nothing yet (group {one.group})" if one.group else "nothing yet"
    return received(workplace, one.newest)


def received(workplace: Workplace, row: SubmissionRow) -> str:
    """When something was received; of a group's, from whom."""
    at = row.received_at.astimezone(workplace.course.zone)
    return f"{at:%Y-%m-%d %H:%M}" + ("" if row.group is None else f" by {row.student}")


def submissions_left(one: AssignmentStanding) -> str:
    """How many submissions are left, and when the next is taken, where that is limited."""
    left = "" if one.allowed.left is None else f"; {one.allowed.left} submissions left"
    opens = one.allowed.opens
    return left + (f"; the next one from {opens:%Y-%m-%d %H:%M} on" if opens else "")


def as_data(one: AssignmentStanding) -> dict[str, Any]:
    """An assignment's standing for scripts."""
    opens = one.allowed.opens
    return {
        "assignment": one.assignment,
        "group": one.group,
        "released": one.is_open,
        "due": one.dates.due.isoformat(),
        "lock": one.dates.lock.isoformat() if one.dates.lock else None,
        "newest": one.newest.id if one.newest else None,
        "counts": one.counts.id if one.counts else None,
        "if_now": one.if_now,
        "submissions_left": one.allowed.left,
        "next_from": opens.isoformat() if opens else None,
    }
