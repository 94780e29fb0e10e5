"""The calendar as an iCalendar file (RFC 5545) that students subscribe to or import.

The same entries give the same bytes. An entry keeps its UID when it moves, so that a calendar
that takes the file again moves it too. Times are written in UTC, which needs no zone in the file.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time

from icalendar import Calendar, Event

from grader.course.agenda import Entry, Kind
from grader.course.models import Course


def icalendar_file(course: Course, entries: Iterable[Entry]) -> bytes:
    """The entries as an iCalendar file: all-day events for days, moments for times."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{course.code}//course calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{course.code}: {course.title}")
    for entry in entries:
        calendar.add_component(_event(course, entry))
    return calendar.to_ical()


def _event(course: Course, entry: Entry) -> Event:
    event = Event()
    start = entry.at.astimezone(UTC) if isinstance(entry.at, datetime) else entry.at
    event.add("uid", _uid(course, entry))
    # The time at which the entry was written is nobody's concern, and would change the file.
    is_moment = isinstance(start, datetime)
    event.add("dtstamp", start if is_moment else datetime.combine(start, time(), tzinfo=UTC))
    event.add("dtstart", start)
    event.add("summary", _summary(entry))
    if entry.text:
        event.add("description", entry.text)
    event.add("categories", [str(entry.kind)])
    # It takes up no time of the day.
    event.add("transp", "TRANSPARENT")
    return event


def _summary(entry: Entry) -> str:
    match entry.kind:
        case Kind.LECTURE:
            return f"Lecture {entry.subject}: {entry.title}"
        case Kind.EVENT:
            return entry.title
        case _:
            who = f" ({entry.section})" if entry.section else ""
            return f"{entry.subject} {entry.kind}{who}: {entry.title}"


def _uid(course: Course, entry: Entry) -> str:
    plain = re.sub(r"[^A-Za-z0-9/_.-]", "-", f"{course.term.start:%Y-%m}/{entry.key}")
    return f"{plain}@{re.sub(r'[^a-z0-9]+', '-', course.code.lower())}"
