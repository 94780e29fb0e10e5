"""`course group`: who works with whom."""

from pathlib import Path

import click

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import GroupSize
from grader.desk.grouping import alone, find_group, read_groups, size_note
from grader.store import GroupRow


@click.group("group")
def group_command() -> None:
    """Form groups, let students join and leave, list them.

    ASSIGNMENT is one that is done in groups; those that name the same `set` share them.
    """


@group_command.command("form")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("group_name", metavar="GROUP")
@click.argument("students", metavar="STUDENT...", nargs=-1, required=True)
@pass_workplace
def form_command(
    workplace: Workplace, name: str, group_name: str, students: tuple[str, ...]
) -> None:
    """Make GROUP of these students."""
    group_set, size = set_of(workplace, name)
    made = workplace.store.groups.form(
        group_set, group_name, students, largest=size.max, by=workplace.by
    )
    say(made, size)


@group_command.command("join")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("group_name", metavar="GROUP")
@click.argument("student")
@pass_workplace
def join_command(workplace: Workplace, name: str, group_name: str, student: str) -> None:
    """Add STUDENT to GROUP: what the group handed in counts for them from now on."""
    group_set, size = set_of(workplace, name)
    group = find_group(workplace.store, group_set, group_name)
    joined = workplace.store.groups.join(group.id, student, largest=size.max, by=workplace.by)
    say(joined, size)


@group_command.command("leave")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("student")
@pass_workplace
def leave_command(workplace: Workplace, name: str, student: str) -> None:
    """Take STUDENT out of their group: what it handed in stays the group's."""
    group_set, size = set_of(workplace, name)
    group = workplace.store.groups.of(group_set, student)
    if group is None:
        raise click.UsageError(f"{student} is in no group for {name}")
    say(workplace.store.groups.leave(group.id, student, by=workplace.by), size)


@group_command.command("import")
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@pass_workplace
def import_command(workplace: Workplace, name: str, file: Path) -> None:
    """Form the groups of a CSV file with the columns group,student: all of them or none."""
    group_set, size = set_of(workplace, name)
    members = read_groups(str(file), file.read_bytes())
    made = workplace.store.groups.form_all(group_set, members, largest=size.max, by=workplace.by)
    for group in made:
        say(group, size)


@group_command.command("list")
@click.argument("name", metavar="ASSIGNMENT")
@json_option
@pass_workplace
def list_command(workplace: Workplace, name: str, as_json: bool) -> None:
    """List the groups, and who is in none."""
    group_set, _ = set_of(workplace, name)
    groups = [group for group in workplace.store.groups.all(group_set) if group.members]
    without = alone([row.identifier for row in workplace.store.roster.students()], groups)
    if as_json:
        print_json({"groups": {g.name: list(g.members) for g in groups}, "alone": without})
        return
    rows = [(group.name, ", ".join(group.members)) for group in groups]
    results().print(table(("group", "members"), rows, numbers_from=2))
    if without:
        results().print(f"in no group: {', '.join(without)}", markup=False)


def set_of(workplace: Workplace, name: str) -> tuple[str, GroupSize]:
    """The set of groups that do an assignment, and their sizes."""
    assignment = in_force(workplace).assignment(name)
    if assignment.group is None or assignment.group_set is None:
        raise click.UsageError(f"{name} is individual work: course.yaml gives it no `group`")
    return assignment.group_set, assignment.group


def say(group: GroupRow, size: GroupSize) -> None:
    """A group for people, and whether it may hand in yet."""
    note = size_note(group, size)
    members = ", ".join(group.members) or "nobody"
    results().print(f"{group.name}: {members}{f' ({note})' if note else ''}", markup=False)
