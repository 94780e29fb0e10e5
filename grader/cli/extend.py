"""`course extend`: more time for students and groups, with a reason that is kept."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, people, print_json, results, table
from grader.cli.workplace import Workplace, needed_reason, pass_workplace
from grader.desk.extending import (
    COLUMNS,
    MOST_DAYS,
    Asked,
    asked_for,
    grant_all,
    names_in,
    read_asked,
)
from grader.desk.new_dates import calendar_now, dates_of, due_lines, out_already
from grader.gradebook.dates import Calendar
from grader.store import ExtensionRow


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
    course, store, by = workplace.course, workplace.store, workplace.by
    before = calendar_now(course, store)
    given: list[ExtensionRow] = []
    if name:
        workplace.assignment(name)
    if withdraw is not None:
        given.append(store.extensions.withdraw(withdraw, reason=needed_reason(reason), by=by))
    elif file is not None:
        asked = known(workplace, read_asked(str(file), file.read_bytes()))
        given += grant_all(course, store, asked, by=by, calendar=before)
    elif name and (students or group_name):
        needed_reason(reason)
        if until:
            workplace.moment(until, "--until")
        ask = Asked(name, "", until, days or 0, reason, time_factor=time_factor or 1.0)
        each = asked_for(ask, students, [group_name] if group_name else [])
        given += grant_all(course, store, *each, by=by, calendar=before)
    if given and withdraw is None:
        for line in out_already(course, before, [row.assignment for row in given], workplace.now):
            people().print(line, markup=False, soft_wrap=True)
    listed = given or [row for row in store.extensions.all() if name in (None, row.assignment)]
    after = calendar_now(course, store)
    if as_json:
        print_json([as_data(workplace, after, row) for row in listed])
    elif not listed:
        results().print("no extensions")
    else:
        named = names_in(course, store)
        results().print(extension_table(listed, named))
        for line in due_lines(course, before, after, given, named):
            results().print(line, markup=False, soft_wrap=True)


def known(workplace: Workplace, asked: Iterable[Asked]) -> list[Asked]:
    """The same; raises a click error for an assignment that is not in force yet, or unknown."""
    found = list(asked)
    for ask in found:
        try:
            workplace.assignment(ask.assignment)
        except click.UsageError as error:
            if not ask.where:
                raise
            raise click.ClickException(f"{ask.where}: {error}") from error
    return found


def as_data(workplace: Workplace, calendar: Calendar, row: ExtensionRow) -> dict[str, Any]:
    """An extension for scripts, and when the assignment is due with all that were given."""
    dates = dates_of(workplace.course, calendar, row)
    return {**asdict(row), "due": dates.due.isoformat() if dates else None}


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
