"""What every command works on: a course file and its data folder."""

import getpass
import hashlib
import os
from collections.abc import Collection
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import click

from grader.course import Assignment, Course, load_course
from grader.course.complaints import did_you_mean
from grader.course.dates import in_zone, parse_local_time
from grader.course.roster import load_roster
from grader.course.text_source import read_text
from grader.store import Store, StudentRow, UnknownStudent, open_store

# A file that marks a data folder in which nothing is real.
REHEARSAL = "rehearsal"


@dataclass
class Workplace:
    """The course, its store and its folders, each opened when first needed.

    `waiting` are assignments that are in the course file, but not in `course`.
    """

    course_file: Path
    data_option: Path | None
    roster_option: Path | None
    now_option: str | None = None
    waiting: frozenset[str] = frozenset()

    @cached_property
    def course_text(self) -> str:
        """The course file as it is now, read once. Raises `CourseFileError`."""
        return read_text(self.course_file)

    @cached_property
    def course(self) -> Course:
        """The course by the file as it is now. Raises `CourseFileError`.

        Which one counts, `grader.cli.in_force` tells: `in_force`, `require_in_force`.
        """
        return load_course(self.course_file, text=self.course_text)

    def by_course(
        self, course: Course, store: Store, *, waiting: Collection[str] = ()
    ) -> "Workplace":
        """The same place with this course instead of the one that the file describes now."""
        found = copy(self)
        found.course, found.store, found.waiting = course, store, frozenset(waiting)
        return found

    @cached_property
    def data(self) -> Path:
        """Where submissions, results and reports are kept."""
        beside = self.course_file.absolute().parent / ".course"
        return (self.data_option or beside).resolve()

    @cached_property
    def stored(self) -> Store:
        """The store as it is: no roster is read into it."""
        is_new = not self._has_files()
        store = open_store(self.data)
        if is_new:
            self.mark_rehearsal()
        return store

    def _has_files(self) -> bool:
        return self.data.is_dir() and any(self.data.iterdir())

    def make_data(self) -> None:
        """Make the data folder, if it isn't there; marked, if it is a rehearsal's."""
        if not self._has_files():
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.mark_rehearsal()

    def mark_rehearsal(self) -> None:
        """Mark a data folder that was just made, if it is a rehearsal's."""
        if self.now_option:
            (self.data / REHEARSAL).write_text("All in here is a rehearsal's: `course --now`.\n")

    def require_rehearsal(self, command: str) -> None:
        """Raises a click error where a rehearsal would change a real course."""
        if self._has_files() and not (self.data / REHEARSAL).exists():
            raise click.UsageError(
                f"--now rehearses, and `course {command}` would change the real course in "
                f"{self.data}. Rehearse on a copy: `course backup FILE`, then `course --data COPY "
                "--now '...' restore FILE`, and go on with `--data COPY --now '...'`"
            )

    @cached_property
    def store(self) -> Store:
        """The store, with the roster as it is now."""
        roster = load_roster(self.roster_option or self.course.roster)
        store = self.stored
        store.roster.update(
            [
                StudentRow(student.student, student.name, student.email, student.section)
                for student in roster
            ],
            by=self.by,
        )
        return store

    @property
    def by(self) -> str:
        """Who is at work, for the course's record: `COURSE_STAFF`, or the machine's user."""
        return os.environ.get("COURSE_STAFF") or getpass.getuser()

    def student(self, identifier: str) -> StudentRow:
        """The active student of that identifier. Raises `UnknownStudent` with near names."""
        found = {row.identifier: row for row in self.store.roster.students()}
        if identifier not in found:
            hint = did_you_mean(identifier, found)
            raise UnknownStudent(
                f"no student {identifier!r} is in the roster"
                + (f"; {hint}" if hint else ". Correct the name, or add a line to the roster.")
            )
        return found[identifier]

    @property
    def labels(self) -> dict[str, str]:
        """What containers of this data folder carry, so that a later run finds its own."""
        return {"csc2541.data": hashlib.sha256(str(self.data).encode()).hexdigest()[:16]}

    def assignment(self, name: str) -> Assignment:
        """The assignment of that name. Raises a click error with the known names."""
        known = self.course.assignments
        if name in self.waiting:
            raise click.UsageError(
                f"{name} is in course.yaml, but not in force yet: "
                "`course apply --reason '...'` lets it count"
            )
        if name not in known:
            hint = did_you_mean(name, known) or f"course.yaml has {', '.join(known)}"
            raise click.UsageError(f"there is no assignment {name!r}; {hint}")
        return known[name]

    @property
    def now(self) -> datetime:
        """The time, or the one that a rehearsal says it is."""
        return self.moment(self.now_option, "--now") if self.now_option else datetime.now(UTC)

    def moment(self, text: str | None, option: str = "--at") -> datetime:
        """A time written in the course's zone, or now."""
        if text is None:
            return self.now
        try:
            return in_zone(parse_local_time(text), self.course.zone)
        except ValueError as error:
            raise click.UsageError(f"{option} is {text!r}, {error}") from error


def needed_reason(reason: str) -> str:
    """The reason that staff gave for a change, or a click error where there is none."""
    if not reason.strip():
        raise click.UsageError("say why with --reason; it is kept in the course's record")
    return reason


pass_workplace = click.make_pass_decorator(Workplace)
