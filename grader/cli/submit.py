"""`course submit` and `course import`: take notebooks and uploads in."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, people, print_json, results
from grader.cli.workplace import Workplace, needed_reason, pass_workplace
from grader.course import Assignment
from grader.course.calendar import standing_text
from grader.course.settling import preview
from grader.desk import submit, take_in
from grader.desk.telling import ToldReceipt, told_receipt
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates, gather_for
from grader.gradebook.term import Sheets
from grader.intake import KINDS, Refused, RefusedFile, import_folder, read_archive
from grader.store import Accepted

at_option = click.option(
    "--at",
    metavar="'YYYY-MM-DD HH:MM'",
    help="When it was received, in the course's time zone.  [default: now]",
)
reason_option = click.option(
    "--reason", default="", help="Why staff say otherwise; it is kept in the course's record."
)


@click.command("submit")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("student")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--receipt",
    "receipt_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Keep the receipt in this file, for `course receipt verify`.",
)
@at_option
@reason_option
@json_option
@pass_workplace
def submit_command(
    workplace: Workplace,
    name: str,
    student: str,
    file: Path,
    receipt_file: Path | None,
    at: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Submit FILE for STUDENT, or for all of their group, and print the receipt.

    A file is refused before the release, from the lock on, without a group where it takes one,
    beyond the number of submissions allowed, and if it can't be read. A refusal uses up nothing.
    """
    workplace = in_force(workplace, first=True)
    assignment = workplace.assignment(name)
    if receipt_file and not receipt_file.absolute().parent.is_dir():
        raise click.UsageError(f"--receipt {receipt_file}: there is no such folder")
    try:
        taken = submit(
            workplace.course,
            workplace.store,
            assignment,
            student,
            file.read_bytes(),
            file.name,
            received_time(workplace, at),
            staff=by_staff(workplace, reason) if at else None,
        )
    except Refused as refused:
        raise click.ClickException(f"{file}: {refused}") from refused
    if receipt_file:
        receipt_file.write_text(taken.receipt.as_json())
    say_submitted(told_receipt(taken, workplace.course.zone), receipt_file, as_json=as_json)


def say_submitted(told: ToldReceipt, receipt_file: Path | None, *, as_json: bool) -> None:
    """The receipt, for scripts or for people."""
    if as_json:
        print_json(asdict(told))
        return
    console = results()
    for problem in told.problems:
        console.print(f"note: {problem}", markup=False)
    again = " (these bytes were already your newest submission)" if told.repeated else ""
    of = f", for the group {told.group}" if told.group else ""
    console.print(
        f"received: {told.assignment} of {told.student}{of}, submission {told.submission}{again}",
        markup=False,
    )
    console.print(f"  sha256 {told.sha256}", soft_wrap=True)
    console.print(f"  {told.received_at}: {told.standing}")
    if told.submissions_left is not None:
        console.print(f"  submissions left: {told.submissions_left}")
    if told.next_from is not None:
        opens = datetime.fromisoformat(told.next_from)
        console.print(f"  the next one is taken from {opens:%Y-%m-%d %H:%M:%S} on")
    if receipt_file:
        console.print(f"  receipt: {receipt_file}", markup=False, soft_wrap=True)


def received_time(workplace: Workplace, at: str | None) -> datetime:
    """When something was received: now, or the time that was said, which has come already."""
    received = workplace.moment(at)
    if received > workplace.now:
        raise click.UsageError(f"--at {at} is yet to come; say when the file was received")
    return received


def by_staff(workplace: Workplace, reason: str) -> tuple[str, str]:
    """Who takes it in otherwise than students do, and why; a click error without a reason."""
    return workplace.by, needed_reason(reason)


@click.command("import")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--anyway",
    is_flag=True,
    help="Take in what a student could not hand in then: before the release, after the lock, "
    "without a group, beyond the number of submissions.",
)
@at_option
@reason_option
@json_option
@pass_workplace
def import_command(
    workplace: Workplace,
    name: str,
    source: Path,
    anyway: bool,
    at: str | None,
    reason: str,
    as_json: bool,
) -> int:
    """Take in a folder of notebooks or PDFs, or the zip that Canvas or Quercus gives.

    In a folder, `student.ipynb` or `student/anything.ipynb` belongs to that student (`.pdf` where
    the assignment takes those). Each file is taken or refused by itself, by the rules of `course
    submit`, and every refusal is told; the exit code is 1 if there was any.
    """
    workplace = in_force(workplace, first=True)
    assignment = workplace.assignment(name)
    received = received_time(workplace, at)
    staff = by_staff(workplace, reason) if at or anyway else None
    collect = import_folder if source.is_dir() else read_archive
    collected = collect(source, workplace.store.roster.students(), kind=KINDS[assignment.submit])
    calendar = Calendar(workplace.course, gather_dates(workplace.store, workplace.course))
    accepted: list[Accepted] = []
    refused = list(collected.refused)
    for found in collected.found:
        try:
            taken = take_in(
                workplace.course,
                workplace.store,
                calendar,
                assignment,
                found.student,
                found.data,
                found.file,
                received,
                anyway=anyway,
                staff=staff,
            )
        except Refused as why:
            refused.append(RefusedFile(found.file, why))
        else:
            accepted.append(taken)
    if as_json:
        evidence = gather_for(workplace.store, workplace.course, assignment)
        sheets = Sheets(workplace.course, evidence, workplace.now)
        told = [{"file": one.file, "why": str(one.why)} for one in refused]
        print_json(
            {"accepted": [as_data(sheets, assignment, one) for one in accepted], "refused": told}
        )
    else:
        say_imported(name, accepted, refused)
    return 1 if refused else 0


def say_imported(name: str, accepted: list[Accepted], refused: list[RefusedFile]) -> None:
    """Tell people what was taken and each refusal."""
    repeated = sum(one.repeated for one in accepted)
    new = len(accepted) - repeated
    known = f", {repeated} already there" if repeated else ""
    results().print(f"{name}: {new} taken in{known}, {len(refused)} refused")
    for one in refused:
        people().print(f"  {one.file}: {one_line(one.why)}", markup=False, soft_wrap=True)


def one_line(why: Refused) -> str:
    """A refusal on one line."""
    return " ".join(str(why).split())


def as_data(sheets: Sheets, assignment: Assignment, accepted: Accepted) -> dict[str, Any]:
    """A receipt for scripts, with what it is worth if it counts."""
    row, zone = accepted.submission, sheets.course.zone
    works = sheets.works_sending(row.student, assignment.name)
    found = preview(works, assignment.name, row.received_at, zone)
    return {
        "submission": row.id,
        "student": row.student,
        "assignment": row.assignment,
        "sha256": row.sha256,
        "received_at": row.received_at.astimezone(zone).isoformat(),
        "standing": standing_text(found),
        "repeated": accepted.repeated,
        "state": row.state,
    }
