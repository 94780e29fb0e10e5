"""A course that is at work: which version of it counts now, its store, and its clock."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader.course import Course, CourseFileError, load_course
from grader.course.dates import in_zone, parse_local_time
from grader.course.text_source import read_text
from grader.desk.in_force import CannotReadVersion, course_of, held_back
from grader.gradebook.versions import digest_of
from grader.store import CourseVersionRow, Store, open_store


@dataclass(frozen=True)
class Current:
    """The course that counts, and what is to be said of the file if that says something else.

    `edited` is the course by the file as it is now, None if it has mistakes; then `complaint` has
    them. `waits` says that the file has an edit which is not in force.
    """

    course: Course
    version: CourseVersionRow | None
    edited: Course | None
    complaint: str
    waits: bool


class Place:
    """One course. Safe for many threads; a course file is read again when it changes.

    `now` is the local time at which a rehearsal begins.
    """

    def __init__(self, course_file: Path, data: Path, *, now: str | None = None) -> None:
        self.course_file = course_file
        self.data = data
        self.is_rehearsal = now is not None
        self.store: Store = open_store(data)
        self._lock = threading.Lock()
        self._known: tuple[tuple[str, int | None], Current] | None = None
        self._text: tuple[tuple[int, int], str] | None = None
        self._shift = self._clock_shift(now)

    @property
    def now(self) -> datetime:
        """The time; in a rehearsal the time that it began at, and what passed since."""
        return datetime.now(UTC) + self._shift

    def current(self) -> Current:
        """The course that counts. Raises `CourseFileError` where none ever did, for its mistakes.

        Raises `CannotReadVersion` too.
        """
        text = self.course_text
        version = self.store.record.version_in_force()
        key = (text, version.id if version else None)
        with self._lock:
            if self._known is None or self._known[0] != key:
                self._known = (key, self._read(text, version))
            return self._known[1]

    @property
    def course_text(self) -> str:
        """The course file as it is now."""
        stat = self.course_file.stat()
        mark = (stat.st_mtime_ns, stat.st_size)
        known = self._text
        # A file that was changed twice within one tick of its disk's clock has the same mark.
        if known is None or known[0] != mark or time.time_ns() - mark[0] < 2_000_000_000:
            known = (mark, read_text(self.course_file))
            self._text = known
        return known[1]

    def rely(self, by: str) -> None:
        """Put the course file in force if none is yet: from now on somebody relies on it."""
        if self.current().version is None:
            self.store.record.put_in_force(
                self.course_text,
                digest_of(self.current().course),
                reason="the first was taken in, granted or graded by it",
                by=by,
            )

    def _read(self, text: str, version: CourseVersionRow | None) -> Current:
        def read() -> Course:
            return load_course(self.course_file, text=text)

        try:
            edited = read()
        except CourseFileError as error:
            if version is None:
                raise
            try:
                course = course_of(self.course_file, version)
            except CannotReadVersion:  # it has the same mistake, such as a folder that is gone
                raise error from None
            return Current(course, version, None, str(error), waits=True)
        held = held_back(version, self.course_file, text, lambda: edited)
        return Current(held or edited, version, edited, "", waits=held is not None)

    def _clock_shift(self, now: str | None) -> timedelta:
        if now is None:
            return timedelta()
        began = in_zone(parse_local_time(now), self.current().course.zone).astimezone(UTC)
        return began - datetime.now(UTC)
