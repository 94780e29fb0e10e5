"""Who takes the course: a list of the students, and the roster taken anew from a file."""

from collections import Counter
from dataclasses import astuple
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.utils.http import urlencode

from grader.course import CourseFileError
from grader.course.roster import LARGEST_BYTES, Student, load_roster
from grader.desk.changing import FileChanged, cannot_write, digest_of_text
from grader.desk.enrolling import Enrolment, as_csv, enrol, enrolment, take_in
from grader.intake import Refused
from grader.store import StudentRow
from grader.web.instructor.frame import back_to, refuse, require_real, show
from grader.web.staff.paging import part_of
from grader.web.visits import INSTRUCTORS, Visit, page

PAGE = 100
# So many of those who are added, changed or gone are named.
MOST = 200


@page(INSTRUCTORS)
def roster(visit: Visit) -> HttpResponse:
    """The students, by what was asked for."""
    given = visit.request.GET
    text, section = given.get("text", "").strip()[:128], given.get("section", "")[:64]
    rows = visit.store.roster.students()
    folded = text.casefold()
    found = [
        row
        for row in rows
        if section in ("", row.section)
        and folded in f"{row.identifier}\n{row.name}\n{row.email}".casefold()
    ]
    chosen = {name: value for name, value in (("text", text), ("section", section)) if value}
    values = {
        "part_shown": part_of(found, given, size=PAGE, query=urlencode(chosen)),
        "sections": sorted(Counter(row.section for row in rows).items()),
        "text": text,
        "section": section,
        "students": len(rows),
        "left": len(visit.store.roster.students(active=False)),
        **on_disk(visit, rows),
    }
    return show(visit, "roster", "course-roster", values)


def on_disk(visit: Visit, rows: tuple[StudentRow, ...]) -> dict[str, Any]:
    """What the roster's file says, where that isn't what the course has."""
    path = roster_file(visit)
    try:
        students = load_roster(path)
    except CourseFileError as error:
        return {"file": path.name, "complaints": error.complaints[:20]}
    before = {row.identifier: _student(row) for row in rows}
    waits = Enrolment(before, {one.student: one for one in students})
    is_other = bool(waits.added or waits.changed or waits.left)
    return {"file": path.name, "waits": waits if is_other else None}


@page(INSTRUCTORS, "POST")
def upload(visit: Visit) -> HttpResponse:
    """Show what an uploaded file would change; nothing is written yet."""
    sent = visit.request.FILES.get("file")
    if sent is None or (sent.size or 0) > LARGEST_BYTES:
        problem = "choose a file" if sent is None else "the file is too large for a roster"
        refuse(visit, Refused(problem))
        return back_to("course-roster")
    try:
        found = enrolment(roster_file(visit), sent.name or "upload.csv", sent.read())
    except CourseFileError as error:
        values = {"name": sent.name, "complaints": error.complaints[:50]}
        return show(visit, "roster_upload", "course-roster", values, status=400)
    return show(visit, "roster_upload", "course-roster", shown(visit, found, sent.name or ""))


def shown(visit: Visit, found: Enrolment, name: str) -> dict[str, Any]:
    """What a roster changes, for its page; the roster itself goes along in the form."""
    pairs = [(found.before[one], found.after[one]) for one in found.changed]
    return {
        "name": name,
        "found": found,
        "added": [found.after[one] for one in found.added[:MOST]],
        "changed": [(new, changes_of(old, new)) for old, new in pairs[:MOST]],
        "left": [found.before[one] for one in found.left[:MOST]],
        "most": MOST,
        "csv": as_csv(list(found.after.values())),
        "digest": digest_of_text(roster_file(visit).read_text(encoding="utf-8")),
        "file": roster_file(visit).name,
    }


def changes_of(old: Student, new: Student) -> list[str]:
    """What is other about a student.

    >>> changes_of(Student("ada", "Ada", "", "L1"), Student("ada", "Ada", "", "L2"))
    ['section: L1 → L2']
    """
    each = zip(("student", "name", "email", "section"), astuple(old), astuple(new), strict=True)
    return [f"{what}: {was or '–'} → {now or '–'}" for what, was, now in each if was != now]


@page(INSTRUCTORS, "POST")
def write(visit: Visit) -> HttpResponse:
    """Write the roster that was shown, and let its students be those of the course."""
    given, path = visit.request.POST, roster_file(visit)
    try:
        require_real(visit)
        text = path.read_text(encoding="utf-8")
        if given.get("digest") != digest_of_text(text):
            raise FileChanged(path, text)
        found = enrolment(path, path.name, given.get("csv", "").encode())
        enrol(visit.store, path, found, by=visit.by)
        messages.success(visit.request, f"{path.name} is written: {found.text}.")
    except (Refused, FileChanged, CourseFileError) as error:
        refuse(visit, error)
    except OSError as error:
        refuse(visit, cannot_write(path, error))
    return back_to("course-roster")


@page(INSTRUCTORS, "POST")
def read_again(visit: Visit) -> HttpResponse:
    """Let the students of the file as it is be those of the course."""
    try:
        take_in(visit.store, roster_file(visit), by=visit.by)
        messages.success(visit.request, f"The students are those of {roster_file(visit).name}.")
    except CourseFileError as error:
        refuse(visit, error)
    return back_to("course-roster")


def roster_file(visit: Visit) -> Path:
    """The roster's file, as `course.yaml` or the server's own option names it."""
    given: Path | None = settings.SERVED.roster
    return given or (visit.current.edited or visit.course).roster


def _student(row: StudentRow) -> Student:
    return Student(row.identifier, row.name, row.email, row.section)
