"""Which course file counts: the version that was put in force, whatever the file says now.

Grades, and what students do and see, go by that version. An edit of course.yaml in what grades
follow from counts once staff have applied it; titles, limits and the like count at once.
"""

from collections.abc import Callable
from pathlib import Path

from grader.course import Course, CourseFileError, load_course
from grader.gradebook.versions import digest_of
from grader.store import CourseVersionRow


class CannotReadVersion(Exception):
    """The course file in force can't be read any more; the message says why and what to do."""


def held_back(
    version: CourseVersionRow | None, course_file: Path, text: str, read: Callable[[], Course]
) -> Course | None:
    """The course by the version, if the file says something else about grades; else None.

    `text` is what is in the file now, and `read` gives the course by it. Raises what `read` does,
    and `CannotReadVersion`.
    """
    if version is None or version.text == text:
        return None
    digest = digest_of(read())
    if version.digest == digest:
        return None
    course = course_of(course_file, version)
    # The digest of a version that an older release of the grader put in force is another one.
    return None if digest_of(course) == digest else course


def course_of(course_file: Path, version: CourseVersionRow) -> Course:
    """The course by a version. Raises `CannotReadVersion`."""
    try:
        return load_course(course_file, text=version.text)
    except CourseFileError as error:
        raise CannotReadVersion(
            f"the course file in force since {version.at:%Y-%m-%d %H:%M} UTC can't be read any "
            f"more: {error.complaints[0]}. Put that back, or let course.yaml count as it is now: "
            "`course apply --reason '...'`"
        ) from error
