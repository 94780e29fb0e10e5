"""Which course file counts: one at a time, for every command.

Grades, and what students do and see, go by a version that was put in force. An edit of course.yaml
in what grades follow from counts once `course apply` has put it there; titles, limits and the like
count at once. So there are three kinds of commands:

    in_force(workplace)          students', and what shows where things stand: by what counts
    require_in_force(workplace)  staff's with grades: not before the edit is applied
    workplace                    all else, such as checks: by the file as it is now
"""

from collections.abc import Iterable

import click

from grader.cli.terminal import people
from grader.cli.workplace import Workplace
from grader.course import Course, CourseFileError, load_course
from grader.desk.in_force import held_back
from grader.gradebook.versions import digest_of, setting_changes
from grader.store import CourseVersionRow
from grader.store.record import AnotherInForce

TO_APPLY = "`course diff` shows whose grades change, `course apply --reason '...'` lets it count"


def in_force(workplace: Workplace, *, first: bool = False) -> Workplace:
    """The same place by the course that counts. If that is another one, stderr says so in a line.

    Where none is yet, the file as it is; it is put in force if this is the `first` thing that
    students rely on, such as a receipt. Mistakes in an edited file stop nobody. Raises
    `CourseFileError` for those before anything is in force, and a click error if what is in force
    can't be read any more.
    """
    version = version_in_force(workplace)
    try:
        edited = workplace.course
    except CourseFileError as error:
        return despite(error, workplace, version)
    if version is None and first:
        put_first_in_force(workplace, "the first was taken in, granted or graded by it")
    course = edit_held_back(workplace, version)
    if version is None or course is None:
        return workplace
    say_by_version(version, course, f"course.yaml has an edit that is not in force yet; {TO_APPLY}")
    new = edited.assignments.keys() - course.assignments.keys()
    return workplace.by_course(course, workplace.store, waiting=new)


def despite(
    error: CourseFileError, workplace: Workplace, version: CourseVersionRow | None
) -> Workplace:
    """The place by the version in force, whatever is wrong with the file; else the error."""
    if version is None:
        raise error
    try:
        course = load_course(workplace.course_file, text=version.text)
    except CourseFileError:  # it has the same mistake, such as a folder that is gone
        raise error from None
    first = str(error).splitlines()[0]
    say_by_version(version, course, f"course.yaml was edited and has mistakes: {first}")
    # Nor does the file say where the roster is: the students are those of the last one.
    store = workplace.store if workplace.roster_option else workplace.stored
    return workplace.by_course(course, store)


def say_by_version(version: CourseVersionRow, course: Course, why: str) -> None:
    """A line for people on what the command goes by."""
    since = f"{version.at.astimezone(course.zone):%Y-%m-%d %H:%M}"
    told = f"note: by the course file in force since {since}: {why}"
    people().print(told, markup=False, soft_wrap=True)


def require_in_force(workplace: Workplace) -> None:
    """Raises a click error where course.yaml would change grades and nobody has applied it.

    The first course file that grades are made by is put in force by that.
    """
    version = version_in_force(workplace)
    if version is None:
        version = put_first_in_force(workplace, "the first grades were made by it")
    if edit_held_back(workplace, version):
        raise click.UsageError(
            "course.yaml has changed in what grades follow from, and that is not in force yet: "
            + TO_APPLY
        )
    if version.text != workplace.course_text:
        # So that the version in force has folders that are there, when it is needed.
        let_count(workplace, version, "nothing that grades follow from has changed")


def require_points_in_force(workplace: Workplace, name: str) -> None:
    """Raises a click error where an edit of an assignment's points or questions isn't applied.

    Results would be of other points than those that count. Dates have no part in results.
    """
    course = edit_held_back(workplace, version_in_force(workplace))
    if course is None:
        return
    changed = [change.place for change in setting_changes(course, workplace.course)]
    concerned = [place for place in changed if is_of_points(place, name)]
    if concerned:
        raise click.UsageError(
            f"course.yaml has changed in {', '.join(concerned)}, and that is not in force yet: "
            f"results would be of other points than those that count; {TO_APPLY}"
        )


def is_of_points(place: str, name: str) -> bool:
    """Whether a setting says what an assignment's questions are worth to the grader, if it grades.

    A rubric is for people only.

    >>> is_of_points("assignments.ps1.questions.q1.points", "ps1")
    True
    >>> is_of_points("assignments.ps1.questions.q1.rubric.idea.points", "ps1")
    False
    """
    kind, _, inside = place.removeprefix(f"assignments.{name}.").partition(".")
    return kind in ("points", "submit") or (kind == "questions" and ".rubric." not in inside)


def edit_held_back(workplace: Workplace, version: CourseVersionRow | None) -> Course | None:
    """The course by the version, if course.yaml says something else about grades; else None.

    Raises `CourseFileError` for the file, and `CannotReadVersion`.
    """
    return held_back(
        version, workplace.course_file, workplace.course_text, lambda: workplace.course
    )


def version_in_force(workplace: Workplace) -> CourseVersionRow | None:
    """The version that counts, or None before the first. Makes no data folder."""
    return workplace.stored.record.version_in_force() if workplace.data.is_dir() else None


def put_first_in_force(workplace: Workplace, reason: str) -> CourseVersionRow:
    """Let the course file count as it is; the version that counts."""
    return workplace.store.record.put_in_force(
        workplace.course_text,
        digest_of(workplace.course),
        reason=reason,
        by=workplace.by,
    )


def let_count(
    workplace: Workplace,
    version: CourseVersionRow | None,
    reason: str,
    settings: Iterable[tuple[str, str]] = (),
) -> None:
    """Let the course file count as it is instead of the version, with each changed setting noted.

    `settings` are (place, what changed). Raises a click error if another version is in force now.
    """
    try:
        workplace.store.record.apply(
            workplace.course_text,
            digest_of(workplace.course),
            settings,
            instead_of=version.id if version else None,
            reason=reason,
            by=workplace.by,
        )
    except AnotherInForce as error:
        raise click.ClickException(f"{error}, and nothing was changed now: try again") from error
