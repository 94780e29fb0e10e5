"""More time for students and groups: what was given, what is due when because of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from grader.desk.extending import (
    COLUMNS,
    MOST_DAYS,
    Asked,
    asked_for,
    grant_all,
    names_in,
    read_asked,
)
from grader.desk.new_dates import calendar_now, dates_of, due_lines, out_already
from grader.gradebook.dates import Calendar
from grader.intake import Refused
from grader.store import ExtensionRow, UnknownExtension, UnknownGroup, UnknownStudent
from grader.web.instructor.frame import refuse, sentence, show
from grader.web.staff.paging import part_of
from grader.web.visits import INSTRUCTORS, Visit, page

PAGE = 50
LARGEST_BYTES = 1 << 20
# So many lines of what is due when are said after a change.
MOST_LINES = 20

REFUSED = (Refused, UnknownStudent, UnknownGroup, UnknownExtension)


@dataclass(frozen=True)
class Line:
    """An extension, whom it is for, and when the assignment is due for them with all of theirs."""

    row: ExtensionRow
    name: str
    due: datetime | None
    title: str


@page(INSTRUCTORS)
def extensions(visit: Visit) -> HttpResponse:
    """What was given, the newest first."""
    given = visit.request.GET
    chosen, text = given.get("assignment", ""), given.get("text", "").strip()[:128]
    withdrawn = bool(given.get("withdrawn"))
    named = names_in(visit.course, visit.store)
    rows = [
        row
        for row in reversed(visit.store.extensions.all(withdrawn=withdrawn))
        if chosen in ("", row.assignment)
        and text.casefold() in f"{named(row)}\n{row.reason}".casefold()
    ]
    asked = {"assignment": chosen, "text": text, "withdrawn": "yes" if withdrawn else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    shown = part_of(rows, given, size=PAGE, query=query)
    calendar = calendar_now(visit.course, visit.store)
    values = {
        "part_shown": shown,
        "lines": [line_of(visit, calendar, row, named(row)) for row in shown.entries],
        "assignments": visit.course.assignments.values(),
        "grouped": [one for one in visit.course.assignments.values() if one.group_set],
        "timed": any(one.time_allowed for one in visit.course.assignments.values()),
        "chosen": chosen,
        "text": text,
        "withdrawn": withdrawn,
        "most_days": MOST_DAYS,
        "columns": ",".join(COLUMNS),
        "zone": visit.course.zone.key,
    }
    return show(visit, "extensions", "course-extensions", values)


def line_of(visit: Visit, calendar: Calendar, row: ExtensionRow, name: str) -> Line:
    """An extension for the list."""
    dates = dates_of(visit.course, calendar, row)
    assignment = visit.course.assignments.get(row.assignment)
    title = assignment.title if assignment else row.assignment
    return Line(row, name, dates.due if dates else None, title)


@page(INSTRUCTORS, "POST")
def grant(visit: Visit) -> HttpResponse:
    """Give students or groups more time: all that was asked, or none."""
    given = visit.request.POST
    try:
        ask = Asked(
            assignment=given.get("assignment", ""),
            student="",
            until=given.get("until", "").strip().replace("T", " ", 1),
            days=_whole(given.get("days", "")),
            reason=given.get("reason", ""),
            time_factor=_factor(given.get("time_factor", "")),
        )
        students = given.get("students", "").replace(",", " ").split()
        groups = [one.strip() for one in given.get("groups", "").splitlines() if one.strip()]
        if not students and not groups:
            raise Refused("say who is to have more time")
        _grant(visit, *asked_for(ask, students, groups))
    except REFUSED as error:
        refuse(visit, error)
    return _back(given.get("assignment", ""))


@page(INSTRUCTORS, "POST")
def from_file(visit: Visit) -> HttpResponse:
    """Grant the extensions of a CSV file: all of them or none."""
    sent = visit.request.FILES.get("file")
    try:
        if sent is None or (sent.size or 0) > LARGEST_BYTES:
            raise Refused("choose a file" if sent is None else "the file is too large")
        _grant(visit, list(read_asked(sent.name or "extensions.csv", sent.read())), ())
    except REFUSED as error:
        refuse(visit, error)
    return _back("")


@page(INSTRUCTORS, "POST")
def withdraw(visit: Visit, number: int) -> HttpResponse:
    """Take one back, with a reason."""
    given = visit.request.POST
    try:
        if not given.get("reason", "").strip():
            raise Refused("say why; it is kept in the course's record")
        before = calendar_now(visit.course, visit.store)
        row = visit.store.extensions.withdraw(number, reason=given["reason"].strip(), by=visit.by)
        _say(visit, before, [row], f"Extension {number} was withdrawn.")
    except REFUSED as error:
        refuse(visit, error)
    return _back(given.get("assignment", ""))


def _grant(visit: Visit, asked: Sequence[Asked], groups: Sequence[Asked]) -> None:
    visit.place.rely(visit.by)
    before = calendar_now(visit.course, visit.store)
    rows = grant_all(visit.course, visit.store, asked, groups, by=visit.by, calendar=before)
    noun = "extension was" if len(rows) == 1 else "extensions were"
    _say(visit, before, rows, f"{len(rows)} {noun} given.")
    names = [row.assignment for row in rows]
    for line in out_already(visit.course, before, names, visit.now):
        messages.warning(visit.request, sentence(line))


def _say(visit: Visit, before: Calendar, rows: Sequence[ExtensionRow], what: str) -> None:
    """Say what was done, and what is due when because of it."""
    after = calendar_now(visit.course, visit.store)
    named = names_in(visit.course, visit.store)
    lines = [sentence(line) for line in due_lines(visit.course, before, after, rows, named)]
    more = len(lines) - MOST_LINES
    told = " ".join(lines[:MOST_LINES]) + (f" And {more} more." if more > 0 else "")
    messages.success(visit.request, f"{what} {told}")


def _back(assignment: str) -> HttpResponse:
    query = f"?{urlencode({'assignment': assignment})}" if assignment else ""
    return HttpResponseRedirect(reverse("course-extensions") + query)


def _whole(text: str) -> int:
    if not text.strip():
        return 0
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise Refused(f"days is {text[:20]!r}, expected a number")
    return int(text)


def _factor(text: str) -> float:
    if not text.strip():
        return 1.0
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 1 <= factor <= 10:
        raise Refused(f"the time factor is {text[:20]!r}, expected a number from 1 to 10")
    return factor
