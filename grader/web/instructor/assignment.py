"""One assignment for its instructor: its dates, what students get of it, and the switches."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from grader.course import Assignment
from grader.course.yaml_source import read_yaml
from grader.desk.extending import names_in
from grader.desk.foreseeing import Prospect, prospect
from grader.desk.new_dates import dates_of
from grader.desk.releasing import AlreadyReleasing, release_job, start_release
from grader.desk.switching import FIELDS, place_of
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates
from grader.web.finding import find_assignment
from grader.web.instructor.frame import back_to, refuse, show
from grader.web.visits import INSTRUCTORS, Visit, page

# So many extensions are told here; their own page has them all.
MOST = 8

MEANINGS = {
    "release": "students see it and get its files",
    "due": "what is received before is on time",
    "lock": "nothing is taken from then on",
    "feedback": "what hidden checks found is shown",
    "solution": "the solution can be downloaded",
}


@dataclass(frozen=True)
class TimeLine:
    """A time of an assignment: as it is written, on which line, and what it means."""

    field: str
    meaning: str
    written: str
    line: int | None
    at: datetime | None
    is_over: bool


@dataclass(frozen=True)
class Later:
    """Somebody with an extension, and when the assignment is due for them."""

    name: str
    due: datetime


@page(INSTRUCTORS)
def assignment(visit: Visit, name: str) -> HttpResponse:
    """Everything of an assignment that an instructor may switch."""
    found = find_assignment(visit, name)
    calendar = Calendar(visit.course, gather_dates(visit.store, visit.course))
    values = bundle_values(visit, found, calendar)
    one: Prospect = values["one"]
    held = later_than_all(visit, calendar, found)
    more = {
        "lines": time_lines(visit, found, one.feedback, one.solution),
        "sections": sorted(found.sections.items()),
        "later": held[:MOST],
        "more_later": max(0, len(held) - MOST),
        "is_all_open": found.release_utc <= visit.now,
        "has_feedback": one.feedback is not None and one.feedback.astimezone(UTC) <= visit.now,
        "fields": FIELDS,
        "zone": visit.course.zone.key,
    }
    return show(visit, "assignment", "course", {**values, **more})


@page(INSTRUCTORS)
def bundle_state(visit: Visit, name: str) -> HttpResponse:
    """What students get of it, and how far its bundle is; a part of the page."""
    found = find_assignment(visit, name)
    calendar = Calendar(visit.course, gather_dates(visit.store, visit.course))
    values = bundle_values(visit, found, calendar)
    return render(visit.request, "web/instructor/bundle.html", values)


def bundle_values(visit: Visit, found: Assignment, calendar: Calendar) -> dict[str, Any]:
    """What there is to say of an assignment's bundle."""
    record, data = visit.store.record, visit.place.data
    made = record.newest("released").get(found.name)
    solved = record.newest("solution released").get(found.name)
    one = prospect(data, calendar, found, made, solved, visit.now)
    return {
        "one": one,
        "assignment": found,
        "job": release_job(data),
        "is_open": one.opens <= visit.now,
    }


def time_lines(
    visit: Visit, found: Assignment, feedback: datetime | None, solution: datetime | None
) -> list[TimeLine]:
    """The times of an assignment, as the course file has them now and as they count."""
    document, _ = read_yaml(visit.place.course_text)
    means = {
        "release": found.release,
        "due": found.due,
        "lock": found.lock,
        "feedback": feedback,
        "solution": solution,
    }
    lines: list[TimeLine] = []
    for field in FIELDS:
        place, at = place_of(found.name, field), means[field]
        if field in ("feedback", "solution") and found.by_hand:
            continue
        lines.append(
            TimeLine(
                field=field,
                meaning=MEANINGS[field],
                written=document.texts.get(place, ""),
                line=document.keys[place][0] if place in document.keys else None,
                at=at,
                is_over=at is not None and at.astimezone(UTC) <= visit.now,
            )
        )
    return lines


def later_than_all(visit: Visit, calendar: Calendar, found: Assignment) -> list[Later]:
    """Who has an extension that makes it due later for them, the latest first."""
    named = names_in(visit.course, visit.store)
    rows = [row for row in visit.store.extensions.all() if row.assignment == found.name]
    latest: dict[str, datetime] = {}
    for row in rows:
        dates = dates_of(visit.course, calendar, row)
        if dates is not None and dates.due.astimezone(UTC) > found.due_utc:
            latest[named(row)] = dates.due
    return sorted((Later(*one) for one in latest.items()), key=lambda one: one.due, reverse=True)


@page(INSTRUCTORS, "POST")
def make_bundle(visit: Visit, name: str) -> HttpResponse:
    """Begin to make what students get."""
    found = find_assignment(visit, name)
    try:
        start_release(visit.place.data, found.name, command_options(visit), by=visit.by)
    except AlreadyReleasing as error:
        refuse(visit, error)
    return back_to("course-assignment", name)


def command_options(visit: Visit) -> list[str]:
    """The options of `course` that say which course this is."""
    from django.conf import settings

    served = settings.SERVED
    options = ["--course", str(visit.place.course_file), "--data", str(visit.place.data)]
    if served.roster:
        options += ["--roster", str(served.roster)]
    if visit.place.is_rehearsal:
        now = visit.now.astimezone(visit.course.zone)
        options += ["--now", f"{now:%Y-%m-%d %H:%M}"]
    return options
