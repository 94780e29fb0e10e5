"""`course submit` and `course import`: take notebooks and uploads in."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from grader.cli.terminal import json_option, people, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import Assignment
from grader.course.calendar import standing, standing_text
from grader.intake import KINDS, Collected, Refused, import_folder, read_archive, read_file
from grader.store import Accepted

at_option = click.option(
    "--at",
    metavar="'YYYY-MM-DD HH:MM'",
    help="When it was received, in the course's time zone.  [default: now]",
)


@click.command("submit")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("student")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@at_option
@json_option
@pass_workplace
def submit_command(
    workplace: Workplace, name: str, student: str, file: Path, at: str | None, as_json: bool
) -> None:
    """Submit FILE for STUDENT and print the receipt."""
    assignment = workplace.assignment(name)
    data = file.read_bytes()
    try:
        problems = read_file(data, KINDS[assignment.submit])
    except Refused as refused:
        raise click.ClickException(f"{file}: {refused}") from refused
    received = workplace.moment(at)
    accepted = workplace.store.accept(
        student, name, data, file.name, received, by_hand=assignment.by_hand
    )
    receipt = as_data(workplace, assignment, accepted)
    if as_json:
        print_json(receipt | {"problems": list(problems)})
        return
    console = results()
    for problem in problems:
        console.print(f"note: {problem}", markup=False)
    again = " (these bytes were already your newest submission)" if accepted.repeated else ""
    console.print(f"received: {name} of {student}, submission {accepted.submission.id}{again}")
    console.print(f"  sha256 {accepted.submission.sha256}", soft_wrap=True)
    console.print(f"  {receipt['received_at']}: {receipt['standing']}")


@click.command("import")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@at_option
@json_option
@pass_workplace
def import_command(
    workplace: Workplace, name: str, source: Path, at: str | None, as_json: bool
) -> int:
    """Take in a folder of notebooks or PDFs, or the zip that Canvas or Quercus gives.

    In a folder, `student.ipynb` or `student/anything.ipynb` belongs to that student (`.pdf` where
    the assignment takes those). Each file is taken or refused by itself, and every refusal is
    told; the exit code is 1 if there was any.
    """
    assignment = workplace.assignment(name)
    students = workplace.store.students()
    collect = import_folder if source.is_dir() else read_archive
    collected = collect(source, students, kind=KINDS[assignment.submit])
    received = workplace.moment(at)
    accepted = [
        workplace.store.accept(
            found.student, name, found.data, found.file, received, by_hand=assignment.by_hand
        )
        for found in collected.found
    ]
    if as_json:
        print_json(
            {
                "accepted": [as_data(workplace, assignment, one) for one in accepted],
                "refused": [
                    {"file": refused.file, "why": str(refused.why)} for refused in collected.refused
                ],
            }
        )
    else:
        say_collected(name, accepted, collected, received)
    return 1 if collected.refused else 0


def say_collected(
    name: str, accepted: list[Accepted], collected: Collected, received: datetime
) -> None:
    """Tell people what was taken and each refusal."""
    repeated = sum(one.repeated for one in accepted)
    new = len(accepted) - repeated
    known = f", {repeated} already there" if repeated else ""
    results().print(f"{name}: {new} taken in{known}, {len(collected.refused)} refused")
    for refused in collected.refused:
        people().print(f"  {refused.file}: {reason(refused.why)}", markup=False, soft_wrap=True)


def reason(why: Refused) -> str:
    """A refusal on one line."""
    return " ".join(str(why).split())


def as_data(workplace: Workplace, assignment: Assignment, accepted: Accepted) -> dict[str, Any]:
    """A receipt for scripts."""
    row = accepted.submission
    policy = workplace.course.late_policy_of(assignment)
    found = standing(row.received_at, assignment.due, policy, workplace.course.zone)
    return {
        "submission": row.id,
        "student": row.student,
        "assignment": row.assignment,
        "sha256": row.sha256,
        "received_at": row.received_at.astimezone(workplace.course.zone).isoformat(),
        "standing": standing_text(found),
        "repeated": accepted.repeated,
        "state": row.state,
    }
