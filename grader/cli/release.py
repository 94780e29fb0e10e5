"""`course release`: make what students get."""

from pathlib import Path

import click

from grader.cli.terminal import json_option, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.course.calendar import due_text
from grader.release import release


@click.command("release")
@click.argument("name", metavar="ASSIGNMENT")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write it.  [default: released/ in the data folder]",
)
@json_option
@pass_workplace
def release_command(workplace: Workplace, name: str, output: Path | None, as_json: bool) -> None:
    """Make the students' bundle of ASSIGNMENT and prove that nothing hidden is in it.

    The bundle is a folder and a zip with the starter notebook, the given modules and the public
    tests. Students get it at the release time that course.yaml says.
    """
    assignment = workplace.assignment(name)
    environment = workplace.course.environments[assignment.environment]
    bundle = release(
        assignment.folder,
        output or workplace.data / "released",
        requirements=environment.folder / "requirements.txt",
        questions=[(q.name, q.points, q.manual) for q in assignment.questions],
    )
    zone = workplace.course.zone
    if as_json:
        print_json(
            {
                "assignment": name,
                "folder": bundle.folder,
                "archive": bundle.archive,
                "files": bundle.files,
                "opens": assignment.release.isoformat(),
                "due": assignment.due.isoformat(),
            }
        )
        return
    console = results()
    console.print(f"{name}: {len(bundle.files)} files, nothing hidden among them")
    console.print(f"  {bundle.archive}", soft_wrap=True)
    console.print(f"  opens {assignment.release.astimezone(zone):%a %d %b %Y %H:%M %Z}")
    console.print(f"  due {due_text(assignment.due, zone)}")
