"""`course roster`: who takes the course, from the file of an LMS or a plain one."""

from pathlib import Path

import click

from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.course.roster import COLUMNS
from grader.desk.enrolling import enrolment, write_roster


@click.group("roster")
def roster_command() -> None:
    """List the students; take the roster anew in mid-term, without losing anybody's work."""


@roster_command.command("list")
@json_option
@pass_workplace
def list_command(workplace: Workplace, as_json: bool) -> None:
    """List the students of the course."""
    rows = workplace.store.roster.students()
    if as_json:
        print_json([row.__dict__ for row in rows])
        return
    told = [(row.identifier, row.name, row.email, row.section) for row in rows]
    results().print(table(COLUMNS, told, numbers_from=len(COLUMNS)))


@roster_command.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Write it; without this only the changes are shown.")
@json_option
@pass_workplace
def import_command(workplace: Workplace, file: Path, yes: bool, as_json: bool) -> None:
    """Take the roster from FILE: a gradebook that Canvas or Quercus exported, or a CSV file.

    Who isn't in it any more is no student of the course, until a later file has them again; their
    work is kept. An e-mail address that the file doesn't tell stays as it was.
    """
    found = enrolment(workplace.course.roster, str(file), file.read_bytes())
    added, changed, left = found.added, found.changed, found.left
    if yes:
        write_roster(workplace.course.roster, list(found.after.values()))
        workplace.store.record.note(
            by=workplace.by,
            what="roster taken",
            subject=workplace.course.roster.name,
            detail=found.text,
        )
    if as_json:
        print_json({"added": added, "changed": changed, "left": left, "written": yes})
        return
    console = results()
    for words, names in (("added", added), ("changed", changed), ("left", left)):
        if names:
            console.print(f"{words}: {', '.join(names)}", markup=False)
    if not (added or changed or left):
        console.print("nobody was added, changed or left")
    elif not yes:
        console.print("nothing is written yet: say --yes")
