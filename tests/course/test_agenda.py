"""The term in order of time, and as an iCalendar file."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import icalendar
import pytest

from grader.course import Course, load_course
from grader.course.agenda import agenda
from grader.course.icalendar_file import icalendar_file
from grader.course.student_dates import Dates, Extension, dates_for


@pytest.fixture
def course(term: Path) -> Course:
    """A course with a lock, sections, windows, feedback, a solution, events."""
    return load_course(term / "course.yaml")


def own_dates(course: Course, section: str = "", **days: int) -> dict[str, Dates]:
    """A student's dates, with days of extension by assignment."""
    return {
        name: dates_for(
            one, course.zone, section=section, extensions=[Extension(days=days.get(name, 0))]
        )
        for name, one in course.assignments.items()
    }


EVERYBODY = [
    ("2027-01-14", "lecture/1", ""),
    ("2027-01-14 18:00", "hw1/release", ""),
    ("2027-01-21", "lecture/2", ""),
    ("2027-02-10 23:59", "hw1/due", "before 23:59 on Wed 10 Feb 2027 (EST, America/Toronto)"),
    ("2027-02-10 23:59", "hw1/feedback", "results of the hidden checks are shown"),
    ("2027-02-11 18:00", "hw2/release", ""),
    ("2027-02-13 23:59", "hw1/late/1", "from then on late work has no credit"),
    ("2027-02-15", "event/trip", ""),
    ("2027-02-17 09:00", "hw2/release/LEC 5", ""),
    ("2027-02-19", "event/party", ""),
    ("2027-02-19 20:00", "event/gala", ""),
    ("2027-02-25 18:00", "hw2/due", "before 18:00 on Thu 25 Feb 2027 (EST, America/Toronto)"),
    ("2027-02-26 06:00", "hw2/late/1", "until then late work counts 90 %"),
    (
        "2027-02-26 18:00",
        "hw2/due/LEC0201",
        "before 18:00 on Fri 26 Feb 2027 (EST, America/Toronto)",
    ),
    ("2027-02-27 06:00", "hw2/late/1/LEC0201", "until then late work counts 90 %"),
    ("2027-02-27 18:00", "hw2/late/2", "until then late work counts 75.5 %"),
    ("2027-02-28 18:00", "hw2/lock", "nothing is taken from then on"),
    ("2027-04-18 09:00", "hw2/due/LEC 5", "before 09:00 on Sun 18 Apr 2027 (EDT, America/Toronto)"),
    ("2027-04-18 09:00", "hw2/feedback", "results of the hidden checks are shown"),
    ("2027-04-18 09:00", "hw2/solution", "the solution is released"),
    ("2027-04-18 21:00", "hw2/late/1/LEC 5", "until then late work counts 90 %"),
    ("2027-04-20 09:00", "event/exam", ""),
    ("2027-04-20 09:00", "hw3/release", ""),
    ("2027-04-20 09:00", "hw2/lock/LEC 5", "nothing is taken from then on"),
    ("2027-04-21 15:00", "hw3/due", "before 15:00 on Wed 21 Apr 2027 (EDT, America/Toronto)"),
    ("2027-04-21 15:00", "hw3/feedback", "results of the hidden checks are shown"),
    ("2027-04-21 15:00", "hw3/solution", "the solution is released"),
    ("2027-04-24 15:00", "hw3/late/1", "from then on late work has no credit"),
]


def shown(at: date | datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if isinstance(at, datetime) else f"{at:%Y-%m-%d}"


def test_the_term_is_told_in_order_of_time(course: Course) -> None:
    assert [(shown(one.at), one.key, one.text) for one in agenda(course)] == EVERYBODY


def test_one_student_sees_what_holds_for_them(course: Course) -> None:
    own = own_dates(course, "LEC0201", hw1=3, hw2=5)
    entries = agenda(course, own=own)
    at = {entry.key: shown(entry.at) for entry in entries}
    assert {entry.section for entry in entries} == {""}
    assert at["hw1/due"] == "2027-02-13 23:59"
    assert at["hw1/late/1"] == "2027-02-16 23:59"
    # Their own extension is the last due date of all.
    assert at["hw1/feedback"] == "2027-02-13 23:59"
    assert (at["hw2/due"], at["hw2/lock"]) == ("2027-03-03 18:00", "2027-03-03 18:00")
    # The lock leaves no time for late work.
    assert "hw2/late/1" not in at
    assert at["hw2/feedback"] == "2027-04-18 09:00"


def test_feedback_and_solutions_wait_for_everyones_extensions(course: Course) -> None:
    extended = {"hw1": [own_dates(course, hw1=9)["hw1"]]}
    for own in (None, own_dates(course)):
        at = {entry.key: shown(entry.at) for entry in agenda(course, own=own, extended=extended)}
        assert (at["hw1/due"], at["hw1/feedback"]) == ("2027-02-10 23:59", "2027-02-19 23:59")


def test_the_icalendar_file_says_the_same_when_it_is_read_again(course: Course) -> None:
    entries = agenda(course)
    written = icalendar_file(course, entries)
    read = icalendar.Calendar.from_ical(written)
    events = [part for part in read.walk("VEVENT") if isinstance(part, icalendar.Event)]
    assert read["prodid"] == "-//NN101//course calendar//EN"
    assert [event.decoded("dtstart") for event in events] == [
        entry.at.astimezone(UTC) if isinstance(entry.at, datetime) else entry.at
        for entry in entries
    ]
    assert [str(event.get("description", "")) for event in events] == [one.text for one in entries]
    names = {str(event["uid"]): str(event["summary"]) for event in events}
    assert len(names) == len(entries)
    assert names["2027-01/hw2/due/LEC-5@nn101"] == "hw2 due (LEC 5): Second"
    assert names["2027-01/lecture/2@nn101"] == "Lecture 2: Second"
    assert names["2027-01/event/gala@nn101"] == "gala"
    assert {event.decoded("dtstamp").utcoffset() for event in events} == {timedelta(0)}
    assert b"VALARM" not in written


def test_the_same_calendar_is_the_same_file(course: Course, term: Path) -> None:
    again = load_course(term / "course.yaml")
    first = icalendar_file(course, agenda(course))
    assert first == icalendar_file(again, agenda(again))
    assert all(line.endswith(b"\r\n") for line in first.splitlines(keepends=True))
    assert max(len(line) for line in first.splitlines()) <= 75


def test_an_entry_keeps_its_uid_when_it_moves(course: Course) -> None:
    def uids(moved: Course) -> set[str]:
        read = icalendar.Calendar.from_ical(icalendar_file(moved, agenda(moved)))
        return {str(event["uid"]) for event in read.walk("VEVENT")}

    hw1 = course.assignments["hw1"]
    later = hw1.model_copy(update={"due": hw1.due + timedelta(days=1)})
    moved = course.model_copy(update={"assignments": course.assignments | {"hw1": later}})
    assert uids(moved) == uids(course)


def test_a_title_can_not_add_lines_to_the_file(course: Course) -> None:
    hw1 = course.assignments["hw1"]
    title = r"a;b,c\nEND:VEVENT" + "\nBEGIN:VALARM \U0001f600" + "é" * 80
    hostile = hw1.model_copy(update={"title": title})
    changed = course.model_copy(update={"assignments": {"hw1": hostile}})
    read = icalendar.Calendar.from_ical(icalendar_file(changed, agenda(changed)))
    assert not read.walk("VALARM")
    summaries = {str(event["summary"]) for event in read.walk("VEVENT")}
    assert f"hw1 due: {title}" in summaries
