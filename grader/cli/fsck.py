"""`course fsck`: whether all that was taken in is there and fits together."""

import click

from grader.cli.terminal import json_option, people, print_json, results, table
from grader.cli.workplace import Workplace, pass_workplace
from grader.store import Store, holds_course, open_store
from grader.store.findings import Checked
from grader.store.fsck import check_store

_MOST_SHOWN = 100


@click.command("fsck")
@json_option
@pass_workplace
def fsck_command(workplace: Workplace, as_json: bool) -> int:
    """Prove that every submission has its bytes, its receipt and its history.

    Changes nothing, and may run while the course runs. Exit code 1 if something is wrong.
    """
    with opened(workplace) as store, people().status("reading all that is stored"):
        checked = check_store(store)
    say_checked(checked, as_json=as_json)
    return 0 if checked.is_sound else 1


def opened(workplace: Workplace) -> Store:
    """The store as it is: none is made, and the roster isn't read into it."""
    if not holds_course(workplace.data):
        raise click.ClickException(
            f"{workplace.data} holds no course. Name its data folder with `course --data`."
        )
    return open_store(workplace.data)


def say_checked(checked: Checked, *, as_json: bool) -> None:
    """What was found, with what to do about it, for people or scripts."""
    if as_json:
        print_json(
            {
                "sound": checked.is_sound,
                "submissions": checked.submissions,
                "files": checked.files,
                "results": checked.results,
                "findings": [
                    {
                        "check": one.check,
                        "wrong": one.wrong,
                        "where": one.where,
                        "what": one.what,
                        "do": one.advice,
                    }
                    for one in checked.findings
                ],
            }
        )
        return
    console = results()
    shown = sorted(checked.findings, key=lambda one: not one.wrong)[:_MOST_SHOWN]
    if shown:
        rows = [(one.check, one.where, one.what) for one in shown]
        found = table(("about", "where", "what was found"), rows, numbers_from=3)
        found.columns[-1].overflow = "fold"  # paths whole
        console.print(found)
    if len(shown) < len(checked.findings):
        console.print(f"and {len(checked.findings) - len(shown)} more: --json lists all")
    for advice in dict.fromkeys(f"{one.check}: {one.advice}" for one in shown):
        console.print(f"  {advice}", markup=False)
    wrong = sum(one.wrong for one in checked.findings)
    console.print(
        f"submissions: {checked.submissions}, files: {checked.files}, results: {checked.results}; "
        + (f"wrong: {wrong}" if wrong else "nothing is wrong")
    )
