"""`course regrade`: what grading again found, and whether it shall count."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from grader.cli.in_force import require_in_force
from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, needed_reason, pass_workplace
from grader.desk.regrading import Change, changes_proposed


@click.command("regrade")
@click.argument("name", metavar="ASSIGNMENT")
@click.option("--adopt", is_flag=True, help="Let what was found count.")
@click.option("--drop", is_flag=True, help="Forget what was found.")
@click.option("--reason", default="", help="Why; it is kept in the course's record.")
@json_option
@pass_workplace
def regrade_command(
    workplace: Workplace, name: str, adopt: bool, drop: bool, reason: str, as_json: bool
) -> None:
    """Show what `course grade ASSIGNMENT --regrade` would change; --adopt or --drop it.

    Grades stay as they are until then, and all gradings stay on record. --adopt lets count what
    it shows; --drop also what still waits to be graded again.
    """
    workplace.assignment(name)
    if adopt and drop:
        raise click.UsageError("say --adopt or --drop, not both")
    if adopt or drop:
        needed_reason(reason)
    if adopt:
        require_in_force(workplace)
    regrades = workplace.store.regrades
    proposed = regrades.results(name)
    changes = changes_proposed(workplace.store, proposed)
    settled = 0
    if adopt:  # what is shown, not what a run of the grader adds meanwhile
        seen = {row.id for row in proposed}
        settled = regrades.adopt(name, by=workplace.by, reason=reason, seen=seen)
    elif drop:
        settled = regrades.drop(name, by=workplace.by, reason=reason)
    waiting = regrades.waiting(name)
    if as_json:
        told = [asdict(change) for change in changes]
        data = {"assignment": name, "changes": told, "settled": settled, "waiting": waiting}
        print_json(data)
        return
    say(name, changes, adopt=adopt, drop=drop)
    if waiting:
        again = f"`course grade {name}` grades them"
        results().print(f"{waiting} still wait to be graded again: {again}")


def say(name: str, changes: Sequence[Change], *, adopt: bool, drop: bool) -> None:
    """The changes for people, and what to do next."""
    console = results()
    if not changes and not drop:
        console.print(f"{name}: nothing is proposed; `course grade {name} --regrade` grades again")
        return
    rows = [
        (one.student, f"{one.before:g}", f"{one.after:g}", f"{one.after - one.before:+g}",
         ", ".join(one.checks))
        for one in changes
        if one.checks
    ]  # fmt: skip
    if rows:
        columns = ("student", "now", "then", "change", "checks that differ")
        console.print(table(columns, rows))
    up = sum(one.after > one.before for one in changes)
    down = sum(one.after < one.before for one in changes)
    console.print(f"{name}: of {len(changes)} graded again {up} gain, {down} lose points")
    if adopt:
        console.print("adopted: these grades count now")
    elif drop:
        console.print("dropped: grades stay as they were")
    else:
        console.print("nothing of it counts yet: --adopt --reason '...', or --drop --reason '...'")
