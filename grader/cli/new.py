"""`course new`: begin an assignment."""

from datetime import UTC, datetime

import click

from grader.cli.terminal import people, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.scaffold import Started, start_assignment


@click.command("new")
@click.argument("name")
@click.option("--title", help="What students call it.  [default: made of NAME]")
@pass_workplace
def new_command(workplace: Workplace, name: str, title: str | None) -> int:
    """Begin the assignment NAME: a small one that passes `course check`, to be edited.

    Writes assignments/NAME/ and its entry in the course file. In an empty folder it begins a
    course as well: course.yaml, a roster of two examples, and the environment that notebooks run
    in.
    """
    started = start_assignment(workplace.course_file, name, title=title, now=datetime.now(UTC))
    show_started(started, workplace.course_file.name)
    return 1 if started.not_written else 0


def show_started(started: Started, course_file: str) -> None:
    """Say what was written, and what to edit and try next."""
    console = results()
    if started.new_course:
        console.print(f"a course begins in {started.new_course}", soft_wrap=True, markup=False)
    console.print(f"{started.name}: {len(started.files)} files written")
    for path in started.files:
        if not path.startswith("environments/"):
            console.print(f"  {path}", soft_wrap=True, markup=False)
    if started.not_written:
        people().print(
            f"{course_file} is as it was, since {started.not_written}. "
            "Put this entry below `assignments:` yourself:\n",
            markup=False,
        )
        click.echo(started.entry)
    dates = started.dates
    console.print(f"  opens {dates.release_text}, due {dates.due_text}: edit both in {course_file}")
    console.print(f"next: course check {started.name}, then course release {started.name}")
