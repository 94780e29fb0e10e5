"""`course roster`: who takes the course, from the file of an LMS or a plain one."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.course.roster import COLUMNS, Student, load_roster
from grader.gradebook.exports import CanvasGradebook, Identifier, read_canvas
from grader.store import write_durably


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
    before = {one.student: one for one in load_roster(workplace.course.roster)}
    after = {one.student: one for one in read_students(file, before)}
    changed = [name for name in after if name in before and after[name] != before[name]]
    added = [name for name in after if name not in before]
    left = [name for name in before if name not in after]
    if yes:
        write_roster(workplace.course.roster, list(after.values()))
        workplace.store.record.note(
            by=workplace.by,
            what="roster taken",
            subject=workplace.course.roster.name,
            detail=f"{len(added)} added, {len(changed)} changed, {len(left)} left",
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


def read_students(file: Path, known: Mapping[str, Student]) -> list[Student]:
    """The students of a file. Raises `CourseFileError` with each mistake's place."""
    data = file.read_bytes()
    first = data.splitlines()[0].decode("utf-8-sig", "replace") if data.strip() else ""
    if first.lower().replace('"', "").startswith("student,id,"):
        found = from_canvas(read_canvas(data, str(file)), known)
    else:
        found = list(load_roster(file))
    return [one if one.email else with_email(one, known) for one in found]


def from_canvas(gradebook: CanvasGradebook, known: Mapping[str, Student]) -> list[Student]:
    """The students of an exported gradebook, by their login."""
    header = [column.strip() for column in gradebook.records[0].values]
    section = header.index("Section")
    found: list[Student] = []
    for row in gradebook.students:
        if row.is_test:
            continue
        login = row.identifiers.get(Identifier.SIS_LOGIN_ID) or row.identifiers.get(
            Identifier.SIS_USER_ID, ""
        )
        where = gradebook.records[row.record].values[section].strip()
        last, comma, rest = row.name.partition(", ")
        found.append(Student(login, f"{rest} {last}" if comma else row.name, "", where))
    return found


def with_email(one: Student, known: Mapping[str, Student]) -> Student:
    """The student with the address that was known."""
    was = known.get(one.student)
    return Student(one.student, one.name, was.email if was else "", one.section)


def write_roster(path: Path, students: Sequence[Student]) -> None:
    """Put the roster in the place of the old one. Raises `CourseFileError` and leaves that."""
    aside = path.with_name(f"{path.name}.new")
    write_durably(aside, as_csv(students).encode())
    try:
        load_roster(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def as_csv(students: Sequence[Student]) -> str:
    """A roster file of these students."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((one.student, one.name, one.email, one.section) for one in students)
    return out.getvalue()
