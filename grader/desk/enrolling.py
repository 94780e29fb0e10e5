"""The roster taken anew, from the file of an LMS or a plain one, without losing anybody's work."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from grader.course import CourseFileError
from grader.course.roster import COLUMNS, Student, load_roster
from grader.gradebook.exports import CanvasGradebook, Identifier, read_canvas
from grader.store import Store, StudentRow, write_durably


@dataclass(frozen=True)
class Enrolment:
    """What a new roster changes, by identifier. `after` is all of it."""

    before: Mapping[str, Student]
    after: Mapping[str, Student]

    @property
    def added(self) -> list[str]:
        return [name for name in self.after if name not in self.before]

    @property
    def changed(self) -> list[str]:
        return [
            name for name in self.after if self.before.get(name) not in (None, self.after[name])
        ]

    @property
    def left(self) -> list[str]:
        return [name for name in self.before if name not in self.after]

    @property
    def text(self) -> str:
        """How many, for the course's record."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.left)} left"


def enrolment(roster: Path, name: str, data: bytes) -> Enrolment:
    """What the file of that name would change of a roster; writes nothing.

    Raises `CourseFileError` with each mistake's place, in either file.
    """
    before = {one.student: one for one in load_roster(roster)}
    return Enrolment(before, {one.student: one for one in read_students(name, data, before)})


def read_students(name: str, data: bytes, known: Mapping[str, Student]) -> list[Student]:
    """The students of a file. Raises `CourseFileError` with each mistake's place."""
    first = data.splitlines()[0].decode("utf-8-sig", "replace") if data.strip() else ""
    if first.lower().replace('"', "").startswith("student,id,"):
        found = from_canvas(read_canvas(data, name), known)
    else:
        found = list(roster_of(name, data))
    return [one if one.email else with_email(one, known) for one in found]


def roster_of(name: str, data: bytes) -> tuple[Student, ...]:
    """The students of a plain file. Raises `CourseFileError`."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "roster.csv"
        file.write_bytes(data)
        try:
            return load_roster(file)
        except CourseFileError as error:
            raise CourseFileError(name, error.complaints) from error


def from_canvas(gradebook: CanvasGradebook, known: Mapping[str, Student]) -> list[Student]:
    """The students of an exported gradebook, by their login."""
    header = [column.strip() for column in gradebook.records[0].values]
    section = header.index("Section")
    found: list[Student] = []
    for row in gradebook.students:
        if row.is_test:
            continue
        login = row.identifiers.get(Identifier.SIS_LOGIN_ID) or row.identifiers.get(
            Identifier.SIS_USER_ID, ""
        )
        where = gradebook.records[row.record].values[section].strip()
        last, comma, rest = row.name.partition(", ")
        found.append(Student(login, f"{rest} {last}" if comma else row.name, "", where))
    return found


def with_email(one: Student, known: Mapping[str, Student]) -> Student:
    """The student with the address that was known."""
    was = known.get(one.student)
    return Student(one.student, one.name, was.email if was else "", one.section)


def enrol(store: Store, roster: Path, found: Enrolment, *, by: str) -> None:
    """Write the roster, and let its students be those of the course.

    Raises `CourseFileError` and leaves all as it was.
    """
    write_roster(roster, list(found.after.values()))
    store.record.note(by=by, what="roster taken", subject=roster.name, detail=found.text)
    take_in(store, roster, by=by)


def take_in(store: Store, roster: Path, *, by: str) -> None:
    """Let the students of the roster's file be those of the course. Raises `CourseFileError`."""
    rows = [StudentRow(*astuple(one)) for one in load_roster(roster)]
    store.roster.update(rows, by=by)


def write_roster(path: Path, students: Sequence[Student]) -> None:
    """Put the roster in the place of the old one. Raises `CourseFileError` and leaves that."""
    real = path.resolve()  # a link stays one
    aside = real.with_name(f"{real.name}.new")
    write_durably(aside, as_csv(students).encode())
    try:
        load_roster(aside)
        if real.exists():
            aside.chmod(real.stat().st_mode & 0o777)
        aside.replace(real)
    finally:
        aside.unlink(missing_ok=True)


def as_csv(students: Sequence[Student]) -> str:
    """A roster file of these students."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((one.student, one.name, one.email, one.section) for one in students)
    return out.getvalue()
