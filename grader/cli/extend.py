"""`course extend`: more time for students and groups, with a reason that is kept."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from grader.cli.in_force import in_force
from grader.cli.new_dates import calendar_now, dates_of, due_lines, out_already, runs_already
from grader.cli.tables import read_rows
from grader.cli.terminal import json_option, people, print_json, results, table
from grader.cli.workplace import Workplace, needed_reason, pass_workplace
from grader.course.dates import in_zone, parse_local_time
from grader.gradebook.dates import Calendar
from grader.store import ExtensionRow, UnknownStudent

COLUMNS = ("assignment", "student", "until", "days", "reason")
MOST_DAYS = 366


@dataclass(frozen=True)
class Asked:
    """An extension as it was asked for; `where` is the place in a file."""

    assignment: str
    student: str
    until: str
    days: int
    reason: str
    where: str = ""
    time_factor: float = 1.0


@click.command("extend")
@click.argument("name", metavar="[ASSIGNMENT]", required=False)
@click.argument("students", metavar="[STUDENT]...", nargs=-1)
@click.option("--until", metavar="'YYYY-MM-DD HH:MM'", default="", help="A due time of their own.")
@click.option(
    "--days", type=click.IntRange(1, MOST_DAYS), help="Days beyond the due time, whenever it is."
)
@click.option(
    "--time-factor",
    type=click.FloatRange(1, 10, min_open=True),
    help="So many times the time allowed, of a timed assignment, such as 1.5.",
)
@click.option("--group", "group_name", help="For all of this group, instead of students.")
@click.option("--reason", default="", help="Why; it is kept in the course's record.")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=f"A CSV file of extensions, with the columns {','.join(COLUMNS)}.",
)
@click.option("--withdraw", type=int, metavar="NUMBER", help="Take one back.")
@json_option
@pass_workplace
def extend_command(
    workplace: Workplace,
    name: str | None,
    students: tuple[str, ...],
    until: str,
    days: int | None,
    time_factor: float | None,
    group_name: str | None,
    reason: str,
    file: Path | None,
    withdraw: int | None,
    as_json: bool,
) -> None:
    """Give students of ASSIGNMENT more time; without anybody to give it to, list what was given.

    An extension never makes anything due earlier, opens the lock, and takes the lateness off what
    was handed in already. What is due when because of it is said.
    """
    workplace = in_force(workplace, first=bool(students or group_name or file))
    store = workplace.store
    before = calendar_now(workplace)
    given: list[ExtensionRow] = []
    if name:
        workplace.assignment(name)
    if withdraw is not None:
        given.append(
            store.extensions.withdraw(withdraw, reason=needed_reason(reason), by=workplace.by)
        )
    elif file is not None:
        given += grant_all(workplace, before, list(read_file(file)))
    elif name and (students or group_name):
        ask = Asked(name, "", until, days or 0, reason, time_factor=time_factor or 1.0)
        asked = [replace(ask, student=one) for one in students]
        groups = [replace(ask, student=group_name)] if group_name else []
        given += grant_all(workplace, before, asked, groups)
    listed = given or [row for row in store.extensions.all() if name in (None, row.assignment)]
    after = calendar_now(workplace)
    if as_json:
        print_json([as_data(workplace, after, row) for row in listed])
    elif not listed:
        results().print("no extensions")
    else:
        named = names_in(workplace)
        results().print(extension_table(listed, named))
        for line in due_lines(workplace, before, after, given, named):
            results().print(line, markup=False, soft_wrap=True)


def read_file(file: Path) -> Iterator[Asked]:
    """The extensions of a CSV file. Raises a click error with the line for what is none."""
    for where, cells in read_rows(file, COLUMNS):
        if cells["days"] and not cells["days"].isdecimal():
            raise click.ClickException(f"{where}: days is {cells['days']!r}, expected a number")
        yield Asked(**{**cells, "days": int(cells["days"] or 0)}, where=where)


def grant_all(
    workplace: Workplace, calendar: Calendar, asked: Sequence[Asked], groups: Sequence[Asked] = ()
) -> list[ExtensionRow]:
    """Grant them to students and groups: all, or after a mistake in one of them none.

    What others may have read by the calendar, the dates before, is said on stderr.
    """
    for ask in asked:
        check(workplace, ask)
        workplace_student(workplace, ask)
        check_running(workplace, calendar, ask)
    numbers = [group_number(workplace, ask.assignment, ask.student) for ask in groups]
    for ask in groups:
        check(workplace, ask)
    grants = [as_grant(workplace, ask, student=ask.student) for ask in asked]
    grants += [
        as_grant(workplace, ask, group=number) for ask, number in zip(groups, numbers, strict=True)
    ]
    given = workplace.store.extensions.grant_all(grants)
    for line in out_already(workplace, calendar, [row.assignment for row in given]):
        people().print(line, markup=False, soft_wrap=True)
    return given


def workplace_student(workplace: Workplace, ask: Asked) -> None:
    """Raises a click error, with the place in a file, for nobody on the roster."""
    try:
        workplace.student(ask.student)
    except UnknownStudent as error:
        if not ask.where:
            raise
        raise click.ClickException(f"{ask.where}: {error}") from error


def check(workplace: Workplace, ask: Asked) -> None:
    """Raises a click error for what can't be granted."""
    try:
        assignment = workplace.assignment(ask.assignment)
        needed_reason(ask.reason)
        if ask.time_factor > 1 and assignment.time_allowed is None:
            raise click.UsageError(f"{ask.assignment} is not timed: --time-factor changes nothing")
        if not ask.until and not ask.days and ask.time_factor == 1:
            raise click.UsageError("say --until a time, or how many --days")
        if ask.days > MOST_DAYS:
            raise click.UsageError(f"{ask.days} days are more than {MOST_DAYS}")
        if ask.until and workplace.moment(ask.until, "--until") <= assignment.due_utc:
            due = f"{assignment.due:%Y-%m-%d %H:%M}"
            raise click.UsageError(f"{ask.until} is not after the due time, {due}")
    except click.UsageError as error:
        if not ask.where:
            raise
        raise click.ClickException(f"{ask.where}: {error}") from error


def check_running(workplace: Workplace, calendar: Calendar, ask: Asked) -> None:
    """Raises a click error for a later close of timed work whose time runs already."""
    assignment = workplace.assignment(ask.assignment)
    if ask.time_factor > 1 or not runs_already(calendar, assignment, ask.student):
        return
    what = (
        f"{ask.student} has begun {ask.assignment}: their time runs from then, and a later close "
        "changes nothing; --time-factor lengthens it"
    )
    if ask.where:
        raise click.ClickException(f"{ask.where}: {what}")
    raise click.UsageError(what)


def as_grant(
    workplace: Workplace, ask: Asked, *, student: str | None = None, group: int | None = None
) -> dict[str, Any]:
    """One extension, as the store takes it."""
    zone = workplace.course.zone
    return {
        "assignment": ask.assignment,
        "student": student,
        "group": group,
        "until": in_zone(parse_local_time(ask.until), zone) if ask.until else None,
        "until_text": f"{ask.until} {zone}" if ask.until else "",
        "days": ask.days,
        "time_factor": ask.time_factor,
        "reason": ask.reason,
        "by": workplace.by,
    }


def group_number(workplace: Workplace, assignment: str, name: str) -> int:
    """The group of that name among those that do the assignment."""
    group_set = workplace.assignment(assignment).group_set
    groups = {row.name: row.id for row in workplace.store.groups.all(group_set or "")}
    if name not in groups:
        known = ", ".join(groups) or "none"
        raise click.UsageError(f"there is no group {name!r} for {assignment}; there are: {known}")
    return groups[name]


def as_data(workplace: Workplace, calendar: Calendar, row: ExtensionRow) -> dict[str, Any]:
    """An extension for scripts, and when the assignment is due with all that were given."""
    dates = dates_of(workplace, calendar, row)
    return {**asdict(row), "due": dates.due.isoformat() if dates else None}


def names_in(workplace: Workplace) -> Callable[[ExtensionRow], str]:
    """What people call whom an extension is for."""
    names = {
        group.id: group.name
        for assignment in workplace.course.assignments.values()
        if assignment.group_set
        for group in workplace.store.groups.all(assignment.group_set)
    }
    return lambda row: row.student or names.get(row.group or 0, f"group {row.group}")


def extension_table(rows: Sequence[ExtensionRow], named: Callable[[ExtensionRow], str]) -> Table:
    """Extensions for people. A column that would be empty, such as that of days, is left out."""
    cells = [
        {
            "number": str(row.id),
            "assignment": row.assignment,
            "for": named(row),
            "until": row.until_text,
            "days": str(row.days or ""),
            "time": f"{row.time_factor:g} times as long" if row.time_factor > 1 else "",
            "by": row.by,
            "reason": row.reason + (" (withdrawn)" if row.withdrawn_at else ""),
        }
        for row in rows
    ]
    columns = [name for name in cells[0] if any(row[name] for row in cells)]
    shown = [[row[name] for name in columns] for row in cells]
    return table(columns, shown, numbers_from=len(columns))
