"""`course status`: where everything stands."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

import click

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.desk import standing_of_student
from grader.desk.telling import ToldStanding, ToldStudent, told_student
from grader.store import State

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
    found = standing_of_student(workplace.course, workplace.store, student, workplace.now)
    say_standing(told_student(found, workplace.course.zone), known, as_json=as_json)


def say_standing(told: ToldStudent, name: str | None, *, as_json: bool) -> None:
    """Where a student stands, in all assignments or in one."""
    shown = tuple(one for one in told.assignments if name in (None, one.assignment))
    if as_json:
        print_json(asdict(ToldStudent(told.student, shown, told.grace_days_left)))
        return
    columns = ("assignment", "due", "handed in", "now")
    rows = [
        (one.assignment, minute(one.due), handed_in(one), one.if_now + submissions_left(one))
        for one in shown
    ]
    results().print(table(columns, rows, numbers_from=len(columns)))
    for one in shown:
        if one.counts is not None and one.counts_at is not None and one.counts != one.newest:
            what = f"{one.assignment}: what counts is submission {one.counts}"
            results().print(f"{what}, {received(one.counts_at, one.counts_by)}", markup=False)
    if told.grace_days_left is not None:
        results().print(f"grace days left: {told.grace_days_left}")


def handed_in(one: ToldStanding) -> str:
    """What was handed in last, in a few words."""
    if one.newest_at is None:
        return f"nothing yet (group {one.group})" if one.group else "nothing yet"
    return received(one.newest_at, one.newest_by)


def received(at: str, by: str | None) -> str:
    """When something was received; of a group's, from whom."""
    return minute(at) + (f" by {by}" if by else "")


def submissions_left(one: ToldStanding) -> str:
    """How many submissions are left, and when the next is taken, where that is limited."""
    left = "" if one.submissions_left is None else f"; {one.submissions_left} submissions left"
    return left + (f"; the next one from {minute(one.next_from)} on" if one.next_from else "")


def minute(moment: str) -> str:
    """A time in ISO 8601 as people read it, in its own zone."""
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M}"
