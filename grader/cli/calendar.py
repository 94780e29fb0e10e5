"""`course calendar`: the term in order of time, as a table, JSON or an iCalendar file."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, people, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import Course
from grader.course.agenda import Entry
from grader.course.calendar import day_text
from grader.course.complaints import did_you_mean
from grader.course.policy_text import policy_text
from grader.course.roster import load_roster
from grader.desk.agendas import agenda_for
from grader.desk.foreseeing import section_warnings
from grader.gradebook.evidence import Evidence, gather_dates
from grader.store import StudentRow


@click.command("calendar")
@click.option("--student", metavar="ID", help="One student's dates: section, group, extensions.")
@click.option(
    "--ics",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write an iCalendar file, which calendars import or subscribe to.",
)
@json_option
@pass_workplace
def calendar_command(
    workplace: Workplace, student: str | None, ics: Path | None, as_json: bool
) -> None:
    """Print the term: releases, due times, late work, feedback, solutions, lectures, events.

    It is that of course.yaml as it is now. What students go by, one student's dates and the
    iCalendar file, is that of the course file in force.
    """
    if student is not None or ics:
        workplace = in_force(workplace)
    course, evidence = workplace.course, evidence_of(workplace)
    warn_of_sections(course, evidence.students)
    entries = entries_of(course, evidence, student)
    if ics:
        write_icalendar(course, entries, ics)
    if as_json:
        print_json(as_data(course, entries, student))
    elif not ics:
        print_table(course, entries)


def evidence_of(workplace: Workplace) -> Evidence:
    """What dates follow from: the store, or where there is none yet the roster alone."""
    if workplace.data.is_dir():
        return gather_dates(workplace.store, workplace.course)
    roster = load_roster(workplace.roster_option or workplace.course.roster)
    return Evidence(tuple(StudentRow(*astuple(student)) for student in roster))


def entries_of(course: Course, evidence: Evidence, student: str | None) -> tuple[Entry, ...]:
    """The calendar of a student, or of everybody."""
    students = [row.identifier for row in evidence.students]
    if student is not None and student not in students:
        hint = did_you_mean(student, students) or "the roster names them all"
        raise click.UsageError(f"there is no student {student!r}; {hint}")
    return agenda_for(course, evidence, student)


def warn_of_sections(course: Course, students: Iterable[StudentRow]) -> None:
    """Say which sections have dates, but no student of the roster is in them."""
    for warning in section_warnings(course, {student.section for student in students}):
        people().print(warning, markup=False, soft_wrap=True)


def print_table(course: Course, entries: Iterable[Entry]) -> None:
    """The calendar for people."""
    console = results()
    rows = [(when(entry.at), str(entry.kind), subject(entry), details(entry)) for entry in entries]
    console.print(table(("when", "what", "", "details"), rows, numbers_from=4))
    console.print(
        f"\nTimes are those of {course.zone}. {policy_text(course.late_policy)}", markup=False
    )
    for name, assignment in course.assignments.items():
        if assignment.late_policy is not None:
            console.print(f"{name}: {policy_text(assignment.late_policy)}", markup=False)


def when(at: date | datetime) -> str:
    """A day, or a time in its own zone."""
    return f"{day_text(at)} {at:%H:%M}" if isinstance(at, datetime) else day_text(at)


def subject(entry: Entry) -> str:
    """What an entry is of, and for whom if not for all."""
    return f"{entry.subject} ({entry.section})" if entry.section else entry.subject


def details(entry: Entry) -> str:
    """A line about an entry, without what stands beside it."""
    return entry.text or entry.title


def as_data(course: Course, entries: Iterable[Entry], student: str | None) -> dict[str, Any]:
    """The calendar for scripts."""
    return {
        "course": course.code,
        "zone": str(course.zone),
        "student": student,
        "entries": [
            {
                "key": entry.key,
                "at": entry.at.isoformat(),
                "what": str(entry.kind),
                "of": entry.subject,
                "section": entry.section or None,
                "title": entry.title,
                "text": entry.text or None,
            }
            for entry in entries
        ],
    }


def write_icalendar(course: Course, entries: Sequence[Entry], file: Path) -> None:
    """Write the file aside and put it in place, so that who reads it finds a whole one."""
    from grader.course.icalendar_file import icalendar_file

    if file.suffix != ".ics":
        raise click.UsageError(f"--ics is {str(file)!r}, expected a file name that ends in .ics")
    if not file.parent.is_dir():
        raise click.UsageError(f"--ics is {str(file)!r}, but there is no folder {file.parent}")
    handle, aside = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    with os.fdopen(handle, "wb") as opened:
        opened.write(icalendar_file(course, entries))
    os.chmod(aside, 0o644)
    os.replace(aside, file)
    people().print(f"{file}: {len(entries)} entries", markup=False, soft_wrap=True)
