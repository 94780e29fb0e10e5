"""`course release`: make what students get."""

from pathlib import Path

import click

from grader.cli.terminal import json_option, people, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import Assignment
from grader.course.calendar import due_text
from grader.grading.compiled import use_own_cache
from grader.grading.expected import gather_hidden
from grader.release import Bundle, HiddenValues, release, release_handout, release_otter


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
    tests; of an upload, its instructions and rubric. Students get it at the release time that
    course.yaml says.
    """
    assignment = workplace.assignment(name)
    destination = output or workplace.data / "released"
    zone = workplace.course.zone
    if assignment.by_hand:
        bundle = release_handout(assignment, destination, zone=zone)
    else:
        bundle = release_notebook(workplace, assignment, destination)
    if as_json:
        print_json(
            {
                "assignment": name,
                "folder": bundle.folder,
                "archive": bundle.archive,
                "files": bundle.files,
                "opens": assignment.release.isoformat(),
                "due": assignment.due.isoformat(),
                "group": assignment.group.model_dump(exclude_none=True)
                if assignment.group
                else None,
            }
        )
        return
    console = results()
    searched = "" if assignment.by_hand else ", nothing hidden among them"
    console.print(f"{name}: {len(bundle.files)} files{searched}")
    console.print(f"  {bundle.archive}", soft_wrap=True)
    console.print(f"  opens {assignment.release.astimezone(zone):%a %d %b %Y %H:%M %Z}")
    console.print(f"  due {due_text(assignment.due, zone)}")
    if assignment.group:
        console.print(f"  in {assignment.group.text}")


def release_notebook(workplace: Workplace, assignment: Assignment, destination: Path) -> Bundle:
    """Write the bundle of a notebook, searched for whatever is hidden."""
    environment = workplace.course.environment_of(assignment)
    requirements = environment.folder / "requirements.txt"
    hidden = gather(workplace, assignment)
    if assignment.tests == "otter":
        return release_otter(
            assignment.folder, destination, requirements=requirements, hidden=hidden
        )
    return release(
        assignment.folder,
        destination,
        requirements=requirements,
        questions=[(q.name, q.points, q.manual) for q in assignment.questions],
        hidden=hidden,
    )


def gather(workplace: Workplace, assignment: Assignment) -> HiddenValues:
    """The numbers that must not be in the bundle; says which could not be had."""
    use_own_cache()
    keep = workplace.data / "hidden" / f"{assignment.name}.npz"
    console = people()
    with console.status("running the solution: its values must not be in the bundle"):
        gathered = gather_hidden(workplace.course, assignment, workplace.store.secret(), keep=keep)
    for unknown in gathered.unknown:
        console.print(f"not searched for: the expected values of {unknown}", markup=False)
    return gathered.hidden
