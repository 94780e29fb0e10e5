"""`course start`: begin a timed assignment, or take a beginning back."""

import shutil
from pathlib import Path

import click

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, print_json, results
from grader.cli.workplace import Workplace, needed_reason, pass_workplace
from grader.course import Assignment
from grader.course.calendar import due_text
from grader.desk import begin, take_back_beginning, time_allowed_text
from grader.store import State


@click.command("start")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("student")
@click.option(
    "--output",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Put the released bundle into this folder.",
)
@click.option("--undo", is_flag=True, help="Staff's: let it be as if they had not begun.")
@click.option("--reason", default="", help="Why it is undone; it is kept in the course's record.")
@json_option
@pass_workplace
def start_command(
    workplace: Workplace,
    name: str,
    student: str,
    output: Path | None,
    undo: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Begin ASSIGNMENT, which has a `time_allowed`, for STUDENT: from now on their time runs.

    Once begun it stays so, unless staff undo it: the command then says when the time is over. Who
    began, and when, is in the course's record.
    """
    if undo and output is not None:
        raise click.UsageError("--undo takes a beginning back; --output is for one")
    if reason and not undo:
        raise click.UsageError("--reason is for --undo")
    workplace = in_force(workplace, first=True)
    assignment = workplace.assignment(name)
    workplace.student(student)
    if undo:
        take_back(workplace, assignment, student, needed_reason(reason), as_json=as_json)
    else:
        start(workplace, assignment, student, output, as_json=as_json)


def start(
    workplace: Workplace,
    assignment: Assignment,
    student: str,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    """Begin it, or say when that was, and when the time is over."""
    name, zone = assignment.name, workplace.course.zone
    bundle = workplace.data / "released" / f"{name}.zip"
    if output is not None and not bundle.is_file():
        raise click.UsageError(f"{bundle} is not there; `course release {name}` makes it")
    dates = begin(
        workplace.course, workplace.store, assignment, student, workplace.now, by=workplace.by
    )
    if output is not None:
        shutil.copy(bundle, output)
    assert dates.started is not None
    began = dates.started.astimezone(zone)
    if as_json:
        print_json({"started": began.isoformat(), "due": dates.due.isoformat()})
        return
    told = f"{name} of {student}: begun at {began:%Y-%m-%d %H:%M:%S %Z}, with"
    console = results()
    console.print(f"{told} {time_allowed_text(dates)}", markup=False)
    console.print(f"  due {due_text(dates.due, zone)}", markup=False)
    if output is not None:
        console.print(f"  {output / bundle.name}", markup=False, soft_wrap=True)


def take_back(
    workplace: Workplace, assignment: Assignment, student: str, reason: str, *, as_json: bool
) -> None:
    """Take a beginning back, and say what of the student's work that leaves as it was."""
    name = assignment.name
    dates = take_back_beginning(
        workplace.course, workplace.store, assignment, student, reason=reason, by=workplace.by
    )
    kept = [
        row.id
        for row in workplace.store.work_of(student)
        if row.assignment == name and row.state is not State.WITHDRAWN
    ]
    if as_json:
        print_json({"started": None, "due": dates.due.isoformat(), "kept": kept})
        return
    console = results()
    until = due_text(dates.due, workplace.course.zone)
    told = f"{name} of {student}: not begun; to be begun {until}"
    console.print(told, markup=False, soft_wrap=True)
    if kept:
        which = f"submission {kept[0]} stays" if len(kept) == 1 else f"submissions {kept} stay"
        told = f"{which} handed in, and may count; `course withdraw` takes one back"
        console.print(f"  {told}", markup=False, soft_wrap=True)
