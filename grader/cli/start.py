"""`course start`: begin a timed assignment."""

import shutil
from pathlib import Path

import click

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.course.calendar import due_text
from grader.desk import begin, time_allowed_text


@click.command("start")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("student")
@click.option(
    "--output",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Put the released bundle into this folder.",
)
@json_option
@pass_workplace
def start_command(
    workplace: Workplace, name: str, student: str, output: Path | None, as_json: bool
) -> None:
    """Begin ASSIGNMENT, which has a `time_allowed`, for STUDENT: from now on their time runs.

    Once begun it stays so: the command then says when the time is over.
    """
    workplace = in_force(workplace)
    assignment = workplace.assignment(name)
    workplace.student(student)
    bundle = workplace.data / "released" / f"{name}.zip"
    if output is not None and not bundle.is_file():
        raise click.UsageError(f"{bundle} is not there; `course release {name}` makes it")
    dates = begin(workplace.course, workplace.store, assignment, student, workplace.now)
    if output is not None:
        shutil.copy(bundle, output)
    assert dates.started is not None
    if as_json:
        print_json({"started": dates.started.isoformat(), "due": dates.due.isoformat()})
        return
    began = dates.started.astimezone(workplace.course.zone)
    told = f"{name} of {student}: begun at {began:%Y-%m-%d %H:%M:%S %Z}, with"
    console = results()
    console.print(f"{told} {time_allowed_text(dates)}", markup=False)
    console.print(f"  due {due_text(dates.due, workplace.course.zone)}", markup=False)
    if output is not None:
        console.print(f"  {output / bundle.name}", markup=False, soft_wrap=True)
