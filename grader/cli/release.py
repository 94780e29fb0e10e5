"""`course release`: make what students get."""

import hashlib
from pathlib import Path

import click

from grader.cli.in_force import in_force
from grader.cli.terminal import json_option, people, print_json, results
from grader.cli.workplace import Workplace, pass_workplace
from grader.course import Assignment
from grader.course.calendar import due_text
from grader.desk.foreseeing import first_release
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates
from grader.grading.expected import gather_hidden
from grader.grading.own_programs import use_own_cache
from grader.release import (
    Bundle,
    HiddenValues,
    release,
    release_handout,
    release_otter,
    solution_notebook,
)
from grader.store import wait_for_lock, write_durably


@click.command("release")
@click.argument("name", metavar="[ASSIGNMENT]", required=False)
@click.option("--due", is_flag=True, help="All that is to be out by now and isn't yet.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write it.  [default: released/ in the data folder]",
)
@json_option
@pass_workplace
def release_command(
    workplace: Workplace, name: str | None, due: bool, output: Path | None, as_json: bool
) -> None:
    """Make the students' bundle of ASSIGNMENT and prove that nothing hidden is in it.

    The bundle is a folder and a zip with the starter notebook, the given modules and the public
    tests; of an upload, its instructions and rubric. Students get it at the release time that
    course.yaml says.

    With --due, whatever course.yaml says is to be out by now is made, solutions too, unless it was
    before: a schedule may call it as often as it likes.
    """
    destination = output or workplace.data / "released"
    if due == (name is not None):
        raise click.UsageError("name an ASSIGNMENT, or say --due")
    if name is None:
        done = release_due(workplace, destination)
        say_due(done, as_json=as_json)
        return
    assignment = workplace.assignment(name)
    bundle = make_bundle(workplace, assignment, destination)
    note_release(workplace, assignment, bundle)
    say_bundle(workplace, assignment, bundle, as_json=as_json)


def release_due(workplace: Workplace, destination: Path) -> list[tuple[str, Path]]:
    """Make what is to be out by now and never was; what that is, and where.

    Two that do so at once take turns, and the second finds nothing to do.
    """
    workplace = in_force(workplace)
    zone, now = workplace.course.zone, workplace.now
    done: list[tuple[str, Path]] = []
    calendar = Calendar(workplace.course, gather_dates(workplace.store, workplace.course))
    with wait_for_lock(workplace.data / "release.lock"):
        noted = {(row.what, row.subject) for row in workplace.store.record.actions()}
        for name, assignment in workplace.course.assignments.items():
            if ("released", name) not in noted and first_release(assignment) <= now:
                bundle = make_bundle(workplace, assignment, destination)
                note_release(workplace, assignment, bundle)
                done.append((name, bundle.archive))
            opens = calendar.solution_from(assignment)
            is_new = ("solution released", name) not in noted
            if opens is not None and is_new and opens <= now and not assignment.by_hand:
                path = destination / f"{name}-solution.ipynb"
                write_durably(path, solution_notebook(assignment.folder))
                workplace.store.record.note(
                    by=workplace.by, what="solution released", subject=name,
                    detail=f"{opens.astimezone(zone):%Y-%m-%d %H:%M %Z}",
                )  # fmt: skip
                done.append((f"{name}, the solution", path))
    return done


def note_release(workplace: Workplace, assignment: Assignment, bundle: Bundle) -> None:
    """Keep in the course's record that it was made, and of which bytes."""
    digest = hashlib.sha256(bundle.archive.read_bytes()).hexdigest()
    workplace.store.record.note(
        by=workplace.by, what="released", subject=assignment.name, detail=f"sha256 {digest}"
    )


def make_bundle(workplace: Workplace, assignment: Assignment, destination: Path) -> Bundle:
    """Write what students get of an assignment."""
    if assignment.by_hand:
        return release_handout(assignment, destination, zone=workplace.course.zone)
    return release_notebook(workplace, assignment, destination)


def say_due(done: list[tuple[str, Path]], *, as_json: bool) -> None:
    """What was made now, for people or scripts."""
    if as_json:
        print_json([{"what": what, "file": path} for what, path in done])
        return
    for what, path in done:
        results().print(f"{what}: {path}", markup=False, soft_wrap=True)
    if not done:
        results().print("nothing is to be released now that isn't out")


def say_bundle(
    workplace: Workplace, assignment: Assignment, bundle: Bundle, *, as_json: bool
) -> None:
    """What a bundle holds and when it opens, for people or scripts."""
    zone = workplace.course.zone
    group = assignment.group
    if as_json:
        print_json(
            {
                "assignment": assignment.name,
                "folder": bundle.folder,
                "archive": bundle.archive,
                "files": bundle.files,
                "opens": assignment.release.isoformat(),
                "due": assignment.due.isoformat(),
                "group": group.model_dump(exclude_none=True) if group else None,
            }
        )
        return
    console = results()
    searched = "" if assignment.by_hand else ", nothing hidden among them"
    console.print(f"{assignment.name}: {len(bundle.files)} files{searched}")
    console.print(f"  {bundle.archive}", soft_wrap=True)
    console.print(f"  opens {assignment.release.astimezone(zone):%a %d %b %Y %H:%M %Z}")
    console.print(f"  due {due_text(assignment.due, zone)}")
    if group:
        console.print(f"  in {group.text}")


def release_notebook(workplace: Workplace, assignment: Assignment, destination: Path) -> Bundle:
    """Write the bundle of a notebook, searched for whatever is hidden."""
    environment = workplace.course.environment_of(assignment)
    requirements = environment.folder / "requirements.txt"
    hidden = gather(workplace, assignment)
    if assignment.tests == "otter":
        return release_otter(
            assignment.folder,
            destination,
            name=assignment.name,
            requirements=requirements,
            hidden=hidden,
        )
    return release(
        assignment.folder,
        destination,
        name=assignment.name,
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
