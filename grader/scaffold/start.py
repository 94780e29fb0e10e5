"""Starts an assignment in a course, or a course with its first assignment in an empty folder.

Everything is written aside and renamed into its place, the course file last: what fails leaves
the folder as it was.
"""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.course import Course, CourseFileError, load_course
from grader.course.text_source import read_text
from grader.course.written import NAME
from grader.scaffold.course_text import EntryNotWritten, with_entry
from grader.scaffold.dates import Dates, default_dates, default_term
from grader.scaffold.templates import (
    ENVIRONMENT,
    assignment_files,
    entry_text,
    given_module,
    new_course,
)

_MOST_CHARS = 200
# What a folder may hold and still count as empty: what says what it is, and hidden files.
_SMALL = re.compile(r"\.|readme|licen[cs]e", re.IGNORECASE)


class CannotStart(Exception):
    """The assignment can't be started like this: the message says why and what to do."""


@dataclass(frozen=True)
class Started:
    """What was put in place: `files` by path in the course's folder.

    `new_course` is the folder of a course begun with it. `not_written` says why the entry is not in
    the course file, where it is not.
    """

    name: str
    files: tuple[str, ...]
    dates: Dates
    entry: str
    new_course: Path | None = None
    not_written: str | None = None


def start_assignment(
    course_file: Path, name: str, *, title: str | None = None, now: datetime
) -> Started:
    """Write `assignments/<name>/` beside the course file, and its entry in it.

    Where there is no course file and the folder is empty, a course is begun too. Raises
    `CannotStart`, and `CourseFileError` where the course has mistakes; then nothing is changed.
    """
    _check_name(name)
    title = _checked_title(name, title)
    try:
        if course_file.exists():
            return _in_course(Path(os.path.realpath(course_file)), name, title, now)
        return _in_new_course(course_file.absolute(), name, title, now)
    except OSError as error:
        what = f"{error.filename or course_file}: {error.strerror}; nothing was changed"
        raise CannotStart(what) from error


def _check_name(name: str) -> None:
    if re.match(NAME, name):
        return
    near = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).lstrip("-_0123456789")[:32].rstrip("-")
    hint = f"; try {near}" if near else ""
    raise CannotStart(
        f"{name!r} can't be an assignment's name, which is at most 32 lower-case letters, digits, "
        f"'_' and '-', a letter first{hint}"
    )


def _checked_title(name: str, title: str | None) -> str:
    title = re.sub(r"[_-]+", " ", name).capitalize() if title is None else title.strip()
    if not title or len(title) > _MOST_CHARS or not title.isprintable():
        raise CannotStart(f"--title is one line of 1 to {_MOST_CHARS} characters, not {title!r}")
    return title


def _in_course(file: Path, name: str, title: str, now: datetime) -> Started:
    course = load_course(file)
    text = read_text(file)
    if name in course.assignments:
        what = "choose another name, or edit that one"
        raise CannotStart(f"{file.name} has an assignment {name} already: {what}")
    folder = course.folder / "assignments" / name
    _refuse_taken(folder, given_module(name))
    today = now.astimezone(course.zone).date()
    dates = default_dates(course.term.start, course.term.end, today=today)
    entry = entry_text(name, title, _environment(course), dates)
    not_written, changed = None, ""
    try:
        changed = with_entry(text, name, entry)
    except EntryNotWritten as error:
        not_written = str(error)
    files = assignment_files(name, title)
    with ExitStack() as undo:
        _place_folder(folder, files, undo)
        if not not_written:
            _place_course_file(file, changed, instead_of=text)
        undo.pop_all()
    paths = tuple(f"assignments/{name}/{path}" for path in files)
    return Started(name, paths, dates, entry, not_written=not_written)


def _in_new_course(file: Path, name: str, title: str, now: datetime) -> Started:
    folder = file.parent
    _refuse_filled(file)
    today = now.astimezone(UTC).date()
    start, end = default_term(today)
    dates = default_dates(start, end, today=today)
    entry = entry_text(name, title, ENVIRONMENT, dates)
    files = assignment_files(name, title)
    text, roster, environments = new_course(start, end)
    with ExitStack() as undo:
        _make_folder(folder, undo)
        _place_folder(folder / "assignments" / name, files, undo)
        _place_folder(folder / "environments", environments, undo)
        undo.callback((folder / "roster.csv").unlink, missing_ok=True)
        _replace(folder / "roster.csv", roster)
        _place_course_file(file, with_entry(text, name, entry), instead_of=None)
        undo.pop_all()
    paths = (
        *(file.name, "roster.csv"),
        *(f"environments/{path}" for path in environments),
        *(f"assignments/{name}/{path}" for path in files),
    )
    return Started(name, paths, dates, entry, new_course=folder)


def _environment(course: Course) -> str:
    """`cpu` where the course has it, else the environment with the fewest GPUs."""
    by_gpus = sorted(course.environments.values(), key=lambda environment: environment.gpus)
    return ENVIRONMENT if ENVIRONMENT in course.environments else by_gpus[0].name


def _refuse_taken(folder: Path, module: str) -> None:
    """Raise if there is such a folder, or a given module that imports by the same name."""
    if os.path.lexists(folder):
        what = "choose another name, or move that away"
        raise CannotStart(f"{folder} exists already: {what}")
    for path in folder.parent.glob(f"*/given/{module}.py"):
        what = "students could not tell the two apart: choose another name"
        raise CannotStart(
            f"{path} is a given module of the name that the new one would have; {what}"
        )


def _refuse_filled(file: Path) -> None:
    folder = file.parent
    if folder.is_dir() and (other := [p for p in folder.iterdir() if not _SMALL.match(p.name)]):
        raise CannotStart(
            f"there is no {file.name} here and the folder is not empty ({min(other).name}): go to "
            "the course's folder, name its file with --course, or begin a course in an empty folder"
        )


def _make_folder(folder: Path, undo: ExitStack) -> None:
    if not folder.exists():
        _make_folder(folder.parent, undo)
        folder.mkdir()
        undo.callback(folder.rmdir)


def _place_folder(folder: Path, files: Mapping[str, bytes], undo: ExitStack) -> None:
    """Write a new folder aside and rename it into its place."""
    _make_folder(folder.parent, undo)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-new-", dir=folder.parent))
    undo.callback(shutil.rmtree, aside, ignore_errors=True)
    for path, data in files.items():
        (aside / path).parent.mkdir(parents=True, exist_ok=True)
        (aside / path).write_bytes(data)
    aside.chmod(0o755)
    os.rename(aside, folder)  # fails where another process has filled it meanwhile
    undo.callback(shutil.rmtree, folder)


def _place_course_file(file: Path, text: str, *, instead_of: str | None) -> None:
    """Put the course file in place, once it has been read as a course."""

    def accept(aside: Path) -> None:
        try:
            load_course(aside)
        except CourseFileError as error:
            complaints = "; ".join(map(str, error.complaints))
            raise CannotStart(f"{file.name} would not be valid: {complaints}") from error
        if file.exists() and (instead_of is None or read_text(file) != instead_of):
            raise CannotStart(f"{file.name} was changed meanwhile; try again")

    _replace(file, text.encode(), accept)


def _replace(file: Path, data: bytes, accept: Callable[[Path], None] = lambda _: None) -> None:
    """Write a file aside, let `accept` look at that, and rename it into its place."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
        accept(aside)
        aside.chmod(stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o644)
        os.replace(aside, file)
    finally:
        aside.unlink(missing_ok=True)
