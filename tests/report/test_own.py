"""What one student reads of their own work, against the report of all, and by submission."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.course import Course
from grader.outcomes import GradedSubmission, Shown
from grader.report import gather_assignment
from grader.report.feedback import feedback_view
from grader.report.own import OwnWork
from grader.store import Store, StudentRow, open_store
from tests.report.test_gathering import fill
from tests.term_course import STUDENTS, at, graded, term_course

DUE = "    due: 2027-01-28 23:59\n"
POLICY = "{kind: percent per day, percent: 10, max_days: 3}"
GRACE = "{kind: grace days, budget: 3, per_assignment: 2, then: no credit, counts: best}"
DURING, AFTER = at("2027-01-31 12:00"), at("2027-02-25 12:00")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    hidden = f"{DUE}    feedback: 2027-02-20 12:00\n    lock: 2027-02-08 23:59\n"
    return term_course(tmp_path, (POLICY, GRACE), (DUE, hidden))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as store:
        store.roster.update(
            StudentRow(name, name.title(), f"{name}@mail.example", "L1") for name in STUDENTS
        )
        yield store


def hand_in(store: Store, text: str, time: str, *points: tuple[str, float, float]) -> int:
    """Ada's submission, graded if points are given."""
    taken = store.accept("ada", "hw1", text.encode(), "a.ipynb", at(time), keeps_older=True)
    if points:
        grade(store, graded(*points))
    return taken.submission.id


def grade(store: Store, found: GradedSubmission) -> None:
    batch = store.start_batch("hw1")
    while lease := store.claim(batch):
        store.finish(lease, found)


@pytest.mark.parametrize("name", ["hw1", "hw2", "essay"])
def test_a_student_alone_reads_what_the_report_of_all_says(store: Store, course: Course, name: str):
    fill(store)
    store.withdrawals.withdraw(3, reason="a mistake", by="prof")
    store.marks.give(4, "idea", 2, comment="Which?", by="ta")
    store.marks.override("eve", "hw1", 7, reason="oral exam", by="prof")
    assignment = course.assignments[name]
    for moment in (DURING, AFTER):
        every = gather_assignment(store, course, assignment, now=moment, shows_all=False)
        for row in every.rows_for_students:
            alone = OwnWork(store, course, assignment, row.student, moment).report()
            assert alone.rows_for_students == (row,)
            assert feedback_view(alone, alone.rows[0]) == feedback_view(every, row)


def test_each_submission_has_a_page_of_its_own(store: Store, course: Course):
    best = hand_in(store, "1", "2027-01-20 12:00", ("q1", 6, 6), ("q2", 4, 4))
    worse = hand_in(store, "2", "2027-01-30 12:00", ("q1", 6, 6), ("q2", 1, 4))
    too_late = hand_in(store, "4", "2027-02-10 12:00", ("q1", 5, 6), ("q2", 4, 4))
    waits = hand_in(store, "3", "2027-01-30 13:00")
    own = OwnWork(store, course, course.assignments["hw1"], "ada", AFTER)
    past = {one.submission.id: one for one in own.past()}
    assert list(past) == [too_late, waits, worse, best]
    assert [one.counts for one in past.values()] == [False, False, False, True]
    assert [one.final for one in past.values()] == [0.0, None, 7.0, 10.0]
    assert [one.standing.grace_days for one in past.values()] == [0, 2, 2, 0]
    scores = {number: own.report(number).rows[0].score.final for number in past}
    assert scores == {number: one.final for number, one in past.items()}
    view = feedback_view(own.report(worse), own.report(worse).rows[0])
    assert (view.score, view.submission) == ("7", str(worse))


def test_before_feedback_no_submission_tells_of_hidden_points(store: Store, course: Course):
    first = hand_in(store, "1", "2027-01-20 12:00", ("q1", 6, 6), ("q2", 4, 4))
    second = hand_in(store, "2", "2027-01-21 12:00", ("q1", 0, 6), ("q2", 0, 4))
    own = OwnWork(store, course, course.assignments["hw1"], "ada", DURING)
    assert own.hidden_until == at("2027-02-20 17:00")
    # The newest with the most credit: the better one would tell of its points.
    assert [(one.submission.id, one.counts, one.final) for one in own.past()] == [
        (second, True, None),
        (first, False, None),
    ]
    for number in (first, second):
        report = own.report(number)
        view = feedback_view(report, report.rows[0])
        assert (view.score, [question.checks for question in view.questions]) == ("", [(), ()])


def test_what_is_shown_at_once_has_its_points_before_feedback(store: Store, course: Course):
    hand_in(store, "1", "2027-01-20 12:00")
    found = graded(("q1", 6, 6), ("q2", 1, 4))
    checks = tuple(replace(check, shown=Shown.AT_ONCE) for check in found.checks)
    grade(store, replace(found, checks=checks))
    own = OwnWork(store, course, course.assignments["hw1"], "ada", DURING)
    assert [one.final for one in own.past()] == [7.0]


def test_nothing_of_others_and_nothing_withdrawn_is_there(store: Store, course: Course):
    mine = hand_in(store, "1", "2027-01-20 12:00", ("q1", 6, 6), ("q2", 4, 4))
    gone = hand_in(store, "2", "2027-01-21 12:00")
    other = store.accept("bob", "hw1", b"b", "b.ipynb", at("2027-01-20 12:00")).submission.id
    store.withdrawals.withdraw(gone, reason="a mistake", by="prof")
    own = OwnWork(store, course, course.assignments["hw1"], "ada", AFTER)
    assert own.numbers == (mine,)
    for number in (gone, other, 99):
        with pytest.raises(KeyError):
            own.report(number)
