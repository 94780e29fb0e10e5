"""The term at a glance: what comes next, what each assignment's state is, what to look at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.http import HttpResponse

from grader.course.agenda import Entry, Kind
from grader.desk.agendas import agenda_for
from grader.desk.backups import last_backup
from grader.desk.foreseeing import prospects, section_warnings
from grader.gradebook.evidence import gather_dates
from grader.web.instructor.frame import show
from grader.web.visits import INSTRUCTORS, Visit, page

# What comes next is shown so far ahead, and no fewer entries than that.
SOON = timedelta(days=14)
FEWEST = 6
BACKUP_EVERY = timedelta(days=7)

WORDS = {
    Kind.LECTURE: "lecture",
    Kind.EVENT: "event",
    Kind.RELEASE: "opens",
    Kind.DUE: "due",
    Kind.LATE: "late work",
    Kind.LOCK: "locks",
    Kind.FEEDBACK: "feedback",
    Kind.SOLUTION: "solution",
}


@dataclass(frozen=True)
class Line:
    """An entry of the agenda. `at` is None for what is on a `day` as a whole."""

    at: datetime | None
    day: date
    kind: str
    title: str
    text: str
    section: str
    assignment: str


@page(INSTRUCTORS)
def term(visit: Visit) -> HttpResponse:
    """What happens when, and whether all is ready for it."""
    course = visit.course
    evidence = gather_dates(visit.store, course)
    entries = agenda_for(course, evidence)
    past, soon, later = parted(entries, visit.now, course.zone)
    found = prospects(course, visit.store, evidence, visit.now)
    values = {
        "past": [line_of(one) for one in reversed(past)],
        "soon": [line_of(one) for one in soon],
        "later": [line_of(one) for one in later],
        "prospects": found,
        "warned": [one for one in found if one.warnings],
        "warnings": [
            *section_warnings(course, {row.section for row in evidence.students}),
            *course_warnings(visit, len(evidence.students)),
        ],
        "now": visit.now,
        "students": len(evidence.students),
        "zone": course.zone.key,
    }
    return show(visit, "term", "course", values)


def parted(
    entries: Iterable[Entry], now: datetime, zone: tzinfo
) -> tuple[list[Entry], list[Entry], list[Entry]]:
    """What is over, what comes next, and what after that. A day is over when it ends."""
    past: list[Entry] = []
    soon: list[Entry] = []
    later: list[Entry] = []
    for entry in entries:
        if _end(entry, zone) <= now:
            past.append(entry)
        elif _end(entry, zone) <= now + SOON or len(soon) < FEWEST:
            soon.append(entry)
        else:
            later.append(entry)
    return past, soon, later


def line_of(entry: Entry) -> Line:
    """An entry for the page."""
    of_assignment = entry.kind not in (Kind.LECTURE, Kind.EVENT)
    number = f"{entry.subject}: " if entry.kind is Kind.LECTURE else ""
    return Line(
        at=entry.at if isinstance(entry.at, datetime) else None,
        day=entry.at.date() if isinstance(entry.at, datetime) else entry.at,
        kind=WORDS[entry.kind],
        title=f"{number}{entry.title}",
        text=entry.text if entry.kind is not Kind.DUE else entry.text.partition("; ")[2],
        section=entry.section,
        assignment=entry.subject if of_assignment else "",
    )


def course_warnings(visit: Visit, students: int) -> list[str]:
    """What there is to say of the course as a whole."""
    found: list[str] = []
    if not students:
        found.append("nobody is on the roster: take it in, so that students can hand in")
    last = last_backup(visit.place.data)
    if not visit.place.is_rehearsal and students:
        if last is None:
            found.append("no backup was made of this course, as far as is known here")
        elif visit.now - last.at > BACKUP_EVERY:
            found.append(f"the last backup is {(visit.now - last.at).days} days old")
    return found


def _end(entry: Entry, zone: tzinfo) -> datetime:
    if isinstance(entry.at, datetime):
        return entry.at.astimezone(UTC)
    return datetime.combine(entry.at + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
