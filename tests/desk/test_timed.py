"""Timed assignments: begun once, over after the student's own time, at the close at the latest."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.course import Course, CourseFileError
from grader.desk import begin, standing_of_student, submit, take_back_beginning
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.term import grade_term
from grader.intake import Refused
from grader.store import Store, UnknownStudent
from tests.term_course import at, notebook, term_course

DUE = "    due: 2027-01-28 23:59\n"
TIMED = f"{DUE}    time_allowed: 90 min\n"
NOON = at("2027-01-20 12:00")
CLOSE = at("2027-01-29 04:59")  # 23:59 in Toronto


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return term_course(tmp_path / "course", (DUE, TIMED))


def hand_in(course: Course, store: Store, now: datetime, student: str = "ada"):
    data = notebook(f"x = '{now}'")
    return submit(course, store, course.assignments["hw1"], student, data, "a.ipynb", now)


def start(course: Course, store: Store, now: datetime, student: str = "ada", name: str = "hw1"):
    return begin(course, store, course.assignments[name], student, now, by="prof")


def test_the_time_runs_from_the_first_beginning_and_then_work_is_late(course: Course, store: Store):
    dates = start(course, store, NOON)
    assert dates.due == NOON + timedelta(minutes=90)
    assert start(course, store, NOON + timedelta(hours=1)) == dates
    assert hand_in(course, store, dates.due - timedelta(microseconds=1)).standing.days_late == 0
    late = hand_in(course, store, dates.due)
    assert (late.standing.days_late, late.standing.credit) == (1, 0.9)
    evidence = gather_evidence(store, course)
    grade = grade_term(course, evidence, CLOSE)["ada"].grades["hw1"]
    assert (grade.dates.due, grade.standing and grade.standing.days_late) == (dates.due, 1)


@pytest.mark.parametrize(
    ("granted", "begun", "due"),
    [
        ({}, CLOSE - timedelta(minutes=10), CLOSE),
        ({"time_factor": 1.5}, NOON, NOON + timedelta(minutes=135)),
        ({"time_factor": 1.5}, CLOSE - timedelta(hours=1), CLOSE),
        ({"days": 1}, CLOSE, CLOSE + timedelta(minutes=90)),
    ],
)
def test_a_student_has_their_own_time_until_the_close(
    course: Course, store: Store, granted: dict[str, Any], begun: datetime, due: datetime
):
    if granted:
        store.extensions.grant("hw1", student="ada", **granted, reason="ill", by="prof")
    assert start(course, store, begun).due == due


def test_nothing_is_taken_before_it_was_begun(course: Course, store: Store):
    with pytest.raises(Refused, match=r"is timed, and was not begun.*there are 1 h 30 min for it"):
        hand_in(course, store, NOON)
    start(course, store, NOON, "bob")
    with pytest.raises(Refused, match="was not begun"):
        hand_in(course, store, NOON)
    assert hand_in(course, store, NOON, "bob").standing.days_late == 0


@pytest.mark.parametrize(
    ("name", "now", "words"),
    [
        ("hw1", "2027-01-14 22:59", "hw1 is not released yet. It opens at 2027-01-14 18:00 EST."),
        ("hw1", "2027-01-29 04:59", "hw1 could be begun until 2027-01-28 23:59 EST."),
        ("hw2", "2027-02-01 12:00", "hw2 is not timed: there is nothing to begin."),
    ],
)
def test_what_can_not_be_begun_says_why(
    course: Course, store: Store, name: str, now: str, words: str
):
    with pytest.raises(Refused) as refused:
        start(course, store, at(now), name=name)
    assert str(refused.value).startswith(words)
    assert store.starts.all() == ()


def test_nobody_unknown_begins(course: Course, store: Store):
    with pytest.raises(UnknownStudent):
        start(course, store, NOON, "mallory")


def test_a_beginning_and_its_end_by_staff_are_in_the_courses_record(course: Course, store: Store):
    start(course, store, NOON)
    start(course, store, NOON + timedelta(minutes=1))
    hand_in(course, store, NOON + timedelta(minutes=2))
    quiz = course.assignments["hw1"]
    dates = take_back_beginning(course, store, quiz, "ada", reason="a fire alarm", by="ta")
    assert (dates.started, dates.due) == (None, CLOSE)
    told = [(row.by, row.what, row.subject, row.reason) for row in store.record.actions()]
    assert told[-2:] == [
        ("prof", "timed work begun", "hw1 ada", ""),
        ("ta", "timed work not begun", "hw1 ada", "a fire alarm"),
    ]
    assert [row.detail for row in store.record.actions()][-2:] == [
        "at 2027-01-20T12:00:00+00:00"
    ] * 2
    assert [row.id for row in store.work_of("ada")] == [1]
    assert start(course, store, NOON + timedelta(hours=3)).due == NOON + timedelta(hours=4.5)


@pytest.mark.parametrize(("student", "kind"), [("ada", Refused), ("mallory", UnknownStudent)])
def test_a_beginning_that_is_not_there_can_not_be_taken_back(
    course: Course, store: Store, student: str, kind: type[Exception]
):
    start(course, store, NOON, "bob")
    with pytest.raises(kind):
        take_back_beginning(course, store, course.assignments["hw1"], student, reason="x", by="ta")
    assert [row.student for row in store.starts.all()] == ["bob"]


@pytest.mark.parametrize(
    ("now", "begun", "words"),
    [
        (NOON, None, "timed: 1 h 30 min from when you begin; begin before 2027-01-28 23:59 EST"),
        (CLOSE, None, "it could be begun until 2027-01-28 23:59 EST"),
        (NOON + timedelta(hours=1), NOON, "if you submit now: on time"),
        (NOON + timedelta(hours=2), NOON, "if you submit now: 1 day late"),
    ],
)
def test_where_a_student_stands_tells_of_the_time(
    course: Course, store: Store, now: datetime, begun: datetime | None, words: str
):
    if begun:
        start(course, store, begun)
    (found, *_) = standing_of_student(course, store, "ada", now).assignments
    assert found.if_now.startswith(words)


def test_work_of_groups_is_not_timed(tmp_path: Path):
    with pytest.raises(CourseFileError, match="not a field of work in groups"):
        term_course(
            tmp_path,
            ("    due: 2027-02-10 23:59\n", f"    due: 2027-02-10 23:59\n{TIMED[len(DUE) :]}"),
        )
