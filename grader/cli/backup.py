"""`course backup` and `course restore`: all of a course in one file, and back."""

from pathlib import Path

import click

from grader.cli.fsck import opened, say_checked
from grader.cli.terminal import json_option, people, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.desk.backups import note_backup
from grader.store import open_store
from grader.store.archive import Manifest
from grader.store.backup import back_up
from grader.store.fsck import check_store
from grader.store.restore import restore
from grader.web.serving import know_tables


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--without-damaged", is_flag=True, help="Leave out files that are damaged or lost.")
@json_option
@pass_workplace
def backup_command(workplace: Workplace, file: Path, without_damaged: bool, as_json: bool) -> int:
    """Write all that the course can't make again to FILE, while it runs.

    FILE holds the grades and the course's secret: keep it as you keep those. Exit code 1 if
    something was left out.
    """
    know_tables()  # accounts and the like, too
    with opened(workplace) as store, people().status("writing the backup"):
        made = back_up(store, file, without_damaged=without_damaged)
        note_backup(store.folder, file, submissions=made.rows["submission"], left_out=made.left_out)
    say_manifest(file, made, as_json=as_json)
    return 1 if made.left_out else 0


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@pass_workplace
def restore_command(workplace: Workplace, file: Path, as_json: bool) -> int:
    """Make the data folder that the backup FILE is of, and check it.

    The folder must be empty or absent (name one with `course --data`), and so must the database
    that COURSE_DATABASE names, if any. What fails leaves nothing. Exit code 1 if something of what
    was restored is wrong.
    """
    know_tables()
    with people().status("restoring"):
        made = restore(file, workplace.data)
        workplace.mark_rehearsal()
        with open_store(workplace.data) as store:
            checked = check_store(store)
    if not as_json:
        say_manifest(file, made, as_json=False)
    say_checked(checked, as_json=as_json)
    return 0 if checked.is_sound else 1


def say_manifest(file: Path, made: Manifest, *, as_json: bool) -> None:
    """What a backup holds, for people or scripts."""
    rows = sum(made.rows.values())
    files = made.members - len(made.rows) - 1
    if as_json:
        print_json(
            {
                "file": file,
                "made_at": made.made_at,
                "submissions": made.rows["submission"],
                "files": files,
                "rows": rows,
                "left_out": made.left_out,
            }
        )
        return
    left_out = f"; {made.left_out} damaged or lost files are NOT in it" if made.left_out else ""
    results().print(
        f"{file}: {made.rows['submission']} submissions, {files} files, {rows} rows, as of "
        f"{made.made_at}{left_out}",
        markup=False,
        soft_wrap=True,
    )
