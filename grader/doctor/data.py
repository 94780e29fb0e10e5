"""Checks of the course file and the data folder, which change nothing in either."""

import os
import stat
from pathlib import Path

from grader.course import CourseFileError, load_course
from grader.doctor.findings import Finding, Mark, NotTried
from grader.doctor.subject import Subject
from grader.gradebook.versions import digest_of
from grader.outcomes import GraderError
from grader.store import open_store
from grader.store.condition import Condition, condition_of

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def course_file(subject: Subject) -> Finding:
    """Whether course.yaml can be read."""
    looked_at = str(subject.course_file)
    try:
        course = subject.load_course()
    except CourseFileError as error:
        more = len(error.complaints) - 1
        found = f"{error.complaints[0]}" + (f", and {more} more" if more else "")
        return Finding(Mark.FAILED, looked_at, found, "Mend them; `course calendar` lists all.")
    except OSError as error:
        do = "Name it with `course --course`."
        return Finding(Mark.FAILED, looked_at, f"can't be read: {error.strerror}", do)
    return Finding(Mark.OK, looked_at, f"{course.code}, assignments: {len(course.assignments)}")


def data_folder(subject: Subject) -> Finding:
    """Whether the data folder is ours to read and write, and nobody else's."""
    folder = subject.data
    looked_at = f"owner and permissions of {folder}"
    do = f"Run as its owner, or: chown -R $USER {folder}; chmod -R u+rwX {folder}"
    try:
        if not folder.exists():
            return Finding(Mark.OK, looked_at, "not there yet; the first submission makes it")
        mode = stat.filemode(folder.stat().st_mode)
        open_to = [path for path in (folder, folder / "secret") if path.exists() and is_open(path)]
    except OSError as error:
        return Finding(Mark.FAILED, looked_at, f"can't be read: {error.strerror}", do)
    if not folder.is_dir() or not may_use(folder):
        return Finding(Mark.FAILED, looked_at, f"can't be used ({mode})", do)
    if open_to:
        names = " and ".join(path.name for path in open_to)
        do = "chmod go-rwx " + " ".join(map(str, open_to))
        return Finding(Mark.WARNING, looked_at, f"others can read {names}", do)
    return Finding(Mark.OK, looked_at, f"{mode}, ours alone")


def may_use(folder: Path) -> bool:
    """Whether we may list it, write in it and go through it."""
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True)


def is_open(path: Path) -> bool:
    """Whether the group or others may do anything with it."""
    return bool(path.stat().st_mode & OTHERS)


def database(subject: Subject) -> Finding:
    """Whether the database opens, is whole, and has the tables of this version."""
    looked_at = "the database, opened for reading"
    found = condition_of(subject.data)
    if found.problem:
        do = "`course fsck` tells more; restore a backup where it can't be mended."
        return Finding(Mark.FAILED, looked_at, f"{found.name}: {found.problem}", do)
    if not found.exists:
        return Finding(Mark.OK, looked_at, "not there yet; the first submission makes it")
    if found.newer:
        do = "Update the grader."
        said = f"made by a newer version of the grader ({', '.join(found.newer)})"
        return Finding(Mark.FAILED, looked_at, said, do)
    if found.missing:
        do = "The next command brings it up to date; `course backup` first, if it matters."
        return Finding(Mark.WARNING, looked_at, f"{len(found.missing)} migrations to come", do)
    return Finding(Mark.OK, looked_at, f"{found.name}, whole, migrations up to date")


def version_in_force(subject: Subject) -> Finding:
    """Whether course.yaml is what counts."""
    looked_at = "course.yaml beside the version in force"
    course = subject.course
    if not is_current(condition_of(subject.data)):
        return Finding(Mark.OK, looked_at, "none is in force yet")
    try:
        with open_store(subject.data) as store:
            version = store.record.version_in_force()
    except GraderError as error:
        raise NotTried(str(error)) from error
    if version is None:
        return Finding(Mark.OK, looked_at, "none is in force yet")
    since = f"in force since {version.at.astimezone(course.zone):%Y-%m-%d %H:%M}"
    text = subject.course_file.read_text(encoding="utf-8")
    if version.text == text or version.digest == digest_of(course):
        return Finding(Mark.OK, looked_at, since)
    do = "`course diff` shows whose grades change, `course apply --reason '...'` lets it count."
    try:
        counts = load_course(subject.course_file, text=version.text)
    except CourseFileError as error:
        found = f"{since}, and can't be read any more: {error.complaints[0]}"
        return Finding(Mark.FAILED, looked_at, found, do)
    if digest_of(counts) == digest_of(course):
        return Finding(Mark.OK, looked_at, since)
    return Finding(Mark.WARNING, looked_at, f"{since}; an edit is not in force yet", do)


def is_current(found: Condition) -> bool:
    """Whether opening the store would change nothing in the database. Raises `NotTried`."""
    if found.problem or found.missing or found.newer:
        raise NotTried("the database is not as it should be")
    return found.exists
