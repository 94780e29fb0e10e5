"""`course.yaml`, and what its dates then mean."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from grader.course import Course, CourseFileError, load_course
from grader.course.agenda import agenda
from grader.course.calendar import due_text, standing, standing_text, time_text
from grader.course.icalendar_file import icalendar_file
from grader.course.models import Assignment
from grader.course.settling import closing_time
from grader.course.student_dates import Dates, Extension, dates_for, feedback_from, solution_from
from tests.fuzz.bounds import in_time
from tests.fuzz.targets import scratch
from tests.fuzz.targets.roster import told

SMALL = """\
course: {code: NN1, title: Nets}
zone: America/Toronto
term: {start: 2027-01-11, end: 2027-12-20}
environments: {cpu: {}}
late_policy: {kind: percent per day, percent: 10, max_days: 3, slack: 5 min}
roster: roster.csv
assignments:
  hw1:
    title: One
    environment: cpu
    release: 2027-01-14 18:00
    due: 2027-02-10 23:59
    points: 10
    questions:
      q1: {title: A, points: 4}
      q2: {title: B, points: 6, manual: true}
"""
TIMES = """\
    lock: hw1.due + 1 week
    feedback: after the last due date
    solution: exam - 2 days at 09:00
    sections: {L1: {due: hw1.due + 1 day}}
    time_allowed: 90 min
lectures: [{number: 1, date: 2027-01-14, title: F}]
events: {exam: 2027-11-07 01:30 -04:00, trip: exam + 30 hours, day: 2027-03-14}
weights: {hw1: {percent: 100}}
"""
POLICIES = (
    "{kind: no late work}",
    "{kind: points per day, points: 2, max_days: 9, past_max_days: same credit, counts: best}",
    "{kind: grace days, budget: 5, per_assignment: 2, then: no credit}",
    "{kind: grace days, budget: 5, per_assignment: 2, then: percent per day, percent: 9,"
    " max_days: 2, then_charges: the days left}",
    "{kind: windows, windows: [{until: 12 hours, credit: 90}, {until: 2 days, credit: 5.5}]}",
)
WORDS = (
    *("course:", "zone:", "term:", "due:", "lock:", "release:", "late_policy:", "sections:"),
    *("points:", "percent:", "weights:", "events:", "slack:", "limits:", "attempts:", "group:"),
    *(" + 1 day", " - 2 weeks", " at 02:30", "36 hours", "9999-12-31", "0001-01-01", "24:00"),
    *("2027-03-14 02:30", "2027-11-07 01:30", "Europe/Berlin", "Australia/Lord_Howe", "UTC"),
    *(".inf", ".nan", "1e308", "0x7fffffff", "&a", "*a", "<<:", "!!int", "---", "%YAML 1.1"),
    *("[[[[[[", "{? ", '"\\UFFFFFFFF"', "1:60:60", "null", "true", "rubric:", "submit: pdf"),
)


@cache
def folder() -> Path:
    """A course's folder in which the names of SMALL lead somewhere."""
    path = scratch("course")
    (path / "assignments" / "hw1").mkdir(parents=True)
    (path / "environments" / "cpu").mkdir(parents=True)
    (path / "environments" / "cpu" / "Dockerfile").touch()
    (path / "roster.csv").write_text("student,name,email\nada1,Ada,ada@mail.example\n")
    return path


def check(data: bytes) -> None:
    """A course all of whose dates can be reckoned with, or mistakes each with its line."""
    path = folder() / "course.yaml"
    path.write_bytes(data)
    with in_time():
        try:
            course = load_course(path)
        except CourseFileError as error:
            told(error, path, data)
            return
    with in_time():
        reckon(course)


def reckon(course: Course) -> None:
    """All that staff and students are told of the course's times."""
    entries = agenda(course)
    assert {entry.subject for entry in entries} >= set(course.assignments)
    assert icalendar_file(course, entries).startswith(b"BEGIN:VCALENDAR")
    for one in course.assignments.values():
        plain = dates_for(one, course.zone)
        assert plain.release.astimezone(UTC) < one.due.astimezone(UTC)
        extended = [Extension(days=400, time_factor=10.0)]
        for section in ("", *one.sections):
            for granted in ((), extended):
                dates = dates_for(one, course.zone, section=section, extensions=granted)
                reckon_dates(course, one, dates)


def reckon_dates(course: Course, one: Assignment, dates: Dates) -> None:
    """What is told of one student's dates, and what their work is worth, never more for later."""
    zone, policy = course.zone, course.late_policy_of(one)
    due_text(dates.due, zone)
    closing_time(dates, policy, zone)
    last = feedback_from(one, zone, [dates])
    time_text(solution_from(one, zone, [dates]) or last, zone)
    due = dates.due.astimezone(UTC)
    shares: list[float] = []
    for late in (-1, 0, 1, 3_600, 86_399, 86_400, 90_001, 10**6, 10**8):
        found = standing(due + timedelta(seconds=late), dates.due, policy, zone)
        standing_text(found)
        shares.append(found.credit)
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share <= 1 for share in shares)
    dates_for(one, zone, started=datetime(2027, 1, 1, tzinfo=UTC))


def seeds() -> Iterator[bytes]:
    """Courses of every policy, and what has gone wrong with some."""
    yield SMALL.encode()
    yield (SMALL + TIMES).encode()
    before, policy, after = SMALL.partition("{kind: percent per day, percent: 10, max_days: 3, ")
    for other in POLICIES:
        yield (before + other + after.removeprefix("slack: 5 min}")).encode()
    assert policy
    for old, new in (
        ("America/Toronto", "Australia/Lord_Howe"),
        ("Toronto", "Torronto"),
        ("2027-02-10 23:59", "2027-03-14 02:30"),
        ("points: 4", "points: 1e308"),
        ("points: 4", "points: .inf"),
        ("points: 10", "points: -.inf"),
        ("2027-02-10 23:59", "9999-12-31 24:00"),
        ("2027-02-10 23:59", "hw1.release + 1000 weeks"),
        ("percent: 10", "slack: 999999999 h"),
        ("title: A", 'title: "\\UFFFFFFFF"'),
        ("title: A", '"\\ud800\\n": A'),
        ("title: B, points", "title: B, point\n\n "),
        ("cpu: {}", "cpu: &a {gpus: 0x1}"),
        ("roster.csv", "*a"),
        ("points: 10", "points: 10\n    points: [[[[]]]]"),
        ("    title: One", "    submit: pdf\n    group: {min: 2, max: 3}\n    tittle: One"),
    ):
        assert old in SMALL
        yield SMALL.replace(old, new).encode()
    yield from (b"", b"---\n---\n", b"%YAML 1.1\n--- 1\n", b"a: b: c", b"\xff\xfea\0", b"- [\t]")
