"""A changed course file: what it changes beside what counts, and how it comes to count."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from grader.course import Course, CourseFileError, load_course
from grader.course.text_source import read_text, text_of
from grader.gradebook.evidence import Evidence, gather_dates, gather_evidence
from grader.gradebook.lost_marks import LostMarks, lost_marks
from grader.gradebook.versions import (
    FieldChange,
    GradeChange,
    digest_of,
    grade_changes,
    setting_changes,
)
from grader.intake import Refused
from grader.store import CourseVersionRow, Store, wait_for_lock, write_durably


class FileChanged(Exception):
    """Somebody else changed a file meanwhile; nothing was written. `text` is what it has now."""

    def __init__(self, path: Path, text: str) -> None:
        self.text = text
        super().__init__(f"{path.name} was changed by somebody else meanwhile: nothing was written")


@dataclass(frozen=True)
class Changes:
    """What course.yaml changes. `grades` is None where the file in force can't be read any more.

    `lost` are marks by items that the rubric no longer has, also where nothing else changes.
    """

    settings: tuple[FieldChange, ...]
    grades: tuple[GradeChange, ...] | None
    lost: tuple[LostMarks, ...]


def changes(
    course_file: Path,
    store: Store,
    version: CourseVersionRow | None,
    after: Course,
    now: datetime,
) -> Changes:
    """What differs from the version in force: settings, grades, and marks that are lost."""
    before = _course_of(course_file, version, after)
    if isinstance(before, FieldChange):
        return Changes((before,), None, lost_marks(after, _evidence_of(store, after), now))
    evidence = _evidence_of(store, before, after)
    settings = setting_changes(before, after)
    grades = grade_changes(before, after, evidence, now) if settings else ()
    return Changes(settings, grades, lost_marks(after, evidence, now))


def changed_settings(
    course_file: Path, version: CourseVersionRow | None, after: Course
) -> tuple[FieldChange, ...]:
    """The settings that differ from the version in force; quick, as no grade is worked out."""
    before = _course_of(course_file, version, after)
    return (before,) if isinstance(before, FieldChange) else setting_changes(before, after)


def _course_of(
    course_file: Path, version: CourseVersionRow | None, after: Course
) -> Course | FieldChange:
    """The course in force; where it can't be read any more, a line that says so."""
    if version is None:
        return after
    try:
        return load_course(course_file, text=version.text)
    except CourseFileError as error:  # such as a folder of it that is gone
        gone = f"can't be read any more: {error.complaints[0]}"
        return FieldChange("course.yaml", gone, "as it is")


def _evidence_of(store: Store, *courses: Course) -> Evidence:
    """What is stored of the assignments and groups of all these, also of those that one has."""
    assignments = {name: one for course in courses for name, one in course.assignments.items()}
    every = courses[-1].model_copy(update={"assignments": assignments})
    groups = [gather_dates(store, course).groups for course in courses]
    found = gather_evidence(store, every)
    return replace(found, groups={name: rows for each in groups for name, rows in each.items()})


def let_count(
    store: Store,
    text: str,
    course: Course,
    version: CourseVersionRow | None,
    settings: Iterable[FieldChange],
    *,
    reason: str,
    by: str,
) -> CourseVersionRow:
    """Let a course file count instead of the version, with each changed setting on record.

    Raises `AnotherInForce` if another one is in force now.
    """
    return store.record.apply(
        text,
        digest_of(course),
        told_settings(settings),
        instead_of=version.id if version else None,
        reason=reason,
        by=by,
    )


def told_settings(settings: Iterable[FieldChange]) -> list[tuple[str, str]]:
    """Changed settings as the record has them: the place, and what it was and is."""
    return [
        (one.place, f"{one.before or 'nothing'} -> {one.after or 'nothing'}") for one in settings
    ]


def edit(
    store: Store,
    course_file: Path,
    text: str,
    *,
    instead_of: str,
    version: CourseVersionRow | None,
    reason: str,
    by: str,
) -> CourseVersionRow:
    """Write the course file anew and let it count: both or neither.

    `instead_of` is the text that the edit began with, and `version` what was in force then. Raises
    `CourseFileError` for its mistakes, `FileChanged`, and `AnotherInForce`.
    """
    course = course_by(course_file, text)
    if version is None:  # what counts is the file as it is
        settings = setting_changes(load_course(course_file, text=instead_of), course)
    else:
        settings = changed_settings(course_file, version, course)
    with wait_for_lock(store.folder / "course.lock"):
        put_text(course_file, text, instead_of=instead_of)
        try:
            return let_count(store, text, course, version, settings, reason=reason, by=by)
        except BaseException:
            put_text(course_file, instead_of, instead_of=text)
            raise


def save(store: Store, course_file: Path, text: str, *, instead_of: str) -> Course:
    """Write the course file anew; what grades follow from waits to be applied.

    Raises `CourseFileError` for its mistakes, and `FileChanged`.
    """
    course = course_by(course_file, text)
    with wait_for_lock(store.folder / "course.lock"):
        put_text(course_file, text, instead_of=instead_of)
    return course


def course_by(course_file: Path, text: str) -> Course:
    """The course that the file would describe with this text. Raises `CourseFileError`."""
    return load_course(course_file, text=text_of(course_file, text.encode()))


def put_text(path: Path, text: str, *, instead_of: str | None) -> None:
    """Put a text in a file's place, whole or not at all; who may read it stays as it is.

    None stands for a file that isn't there. Raises `FileChanged` if another text is there, and
    `Refused` where it can't be written.
    """
    real = path.resolve()  # a link stays one
    there = read_text(real, largest_bytes=1 << 22) if real.exists() else None
    if there != instead_of:
        raise FileChanged(path, there or "")
    try:
        mode = real.stat().st_mode & 0o777 if there is not None else 0o600
        write_durably(real, text.encode())
        os.chmod(real, mode)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> Refused:
    """That a file of the course can't be written by this process, and what to do."""
    return Refused(
        f"{path.name} can't be written from here: {error.strerror}.",
        hint="Edit it on the machine, or let the user that serves the course write it.",
    )


def digest_of_text(text: str) -> str:
    """What tells two texts of a file apart."""
    return hashlib.sha256(text.encode()).hexdigest()


def in_form_of(typed: str, original: str) -> str:
    r"""A text from a browser, whose line ends are all the same, with those that the file has most.

    >>> in_form_of("a: 1\r\nb: 3\r\n", "a: 1\nb: 2\n")
    'a: 1\nb: 3\n'
    """
    lines = typed.replace("\r\n", "\n").replace("\r", "\n")
    crlf = original.count("\r\n")
    return lines.replace("\n", "\r\n") if crlf > original.count("\n") - crlf else lines
