"""What is taken in, what is refused and why; a refusal leaves nothing behind."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from grader.course import Course
from grader.desk import submit
from grader.intake import Refused
from grader.store import State, Store, UnknownStudent, is_genuine
from tests.intake.pdfs import pdf
from tests.term_course import at, notebook, term_course

ANSWER = notebook("x = 1")
OTHER = notebook("x = 2")
OPEN = at("2027-01-20 12:00")


def hand_in(
    course: Course, store: Store, student: str = "ada", name: str = "hw1", *,
    data: bytes = ANSWER, now=OPEN,
):  # fmt: skip
    assignment = course.assignments[name]
    return submit(course, store, assignment, student, data, "answer.ipynb", now)


def test_a_receipt_is_genuine_and_a_changed_one_is_not(course: Course, store: Store):
    receipt = hand_in(course, store).receipt
    assert (receipt.student, receipt.assignment) == ("ada", "hw1")
    assert receipt.received_at == OPEN
    assert is_genuine(receipt, store.secret())
    earlier = replace(receipt, received_at=OPEN - timedelta(days=1))
    for forged in (earlier, replace(receipt, student="bob"), replace(receipt, sha256="0" * 64)):
        assert not is_genuine(forged, store.secret())


def test_what_is_late_and_what_it_costs_is_said(course: Course, store: Store):
    late = hand_in(course, store, now=at("2027-01-30 12:00"))
    assert (late.standing.days_late, late.standing.credit) == (2, 0.8)
    assert hand_in(course, store, "bob").standing.credit == 1.0


def test_an_extension_is_counted_at_once(course: Course, store: Store):
    store.extensions.grant("hw1", student="ada", days=2, reason="ill", by="prof")
    assert hand_in(course, store, now=at("2027-01-30 12:00")).standing.credit == 1.0


@pytest.mark.parametrize(
    ("change", "now", "words"),
    [
        ("", "2027-01-14 22:59", "hw1 is not released yet. It opens at 2027-01-14 18:00 EST."),
        ("    lock: 2027-02-01 12:00\n", "2027-02-01 17:00", "closed: nothing is taken since"),
    ],
)
def test_before_the_release_and_after_the_lock_nothing_is_taken(
    tmp_path: Path, store: Store, change: str, now: str, words: str
):
    release = "    release: 2027-01-14 18:00\n    due: 2027-01-28 23:59\n"
    course = term_course(tmp_path / "course", (release, release + change))
    with pytest.raises(Refused, match=words):
        hand_in(course, store, now=at(now))
    assert store.submissions("hw1") == ()


def test_an_extension_opens_the_lock(tmp_path: Path, store: Store):
    due = "    due: 2027-01-28 23:59\n"
    course = term_course(tmp_path / "course", (due, f"{due}    lock: 2027-02-01 12:00\n"))
    store.extensions.grant("hw1", student="ada", until=at("2027-02-05 12:00"), reason="x", by="y")
    assert hand_in(course, store, now=at("2027-02-04 12:00")).standing.credit == 1.0


def test_attempts_are_limited_and_the_next_time_is_told(tmp_path: Path, store: Store):
    due = "    due: 2027-01-28 23:59\n"
    limits = f"{due}    attempts: {{limit: 3, per_day: 2, wait: 10 min}}\n"
    course = term_course(tmp_path / "course", (due, limits))
    first = hand_in(course, store, data=notebook("1"))
    assert first.left.left == 2
    with pytest.raises(Refused, match="taken from 2027-01-20 07:10:00 EST on"):
        hand_in(course, store, data=notebook("2"), now=OPEN + timedelta(minutes=5))
    hand_in(course, store, data=notebook("2"), now=OPEN + timedelta(minutes=10))
    with pytest.raises(Refused, match="taken from 2027-01-21 00:00:00 EST on"):
        hand_in(course, store, data=notebook("3"), now=OPEN + timedelta(hours=3))
    hand_in(course, store, data=notebook("3"), now=OPEN + timedelta(days=1))
    with pytest.raises(Refused, match="all 3 submissions of hw1 are used up"):
        hand_in(course, store, data=notebook("4"), now=OPEN + timedelta(days=2))
    assert len(store.submissions("hw1")) == 3


def test_the_same_file_again_uses_up_no_attempt(tmp_path: Path, store: Store):
    due = "    due: 2027-01-28 23:59\n"
    course = term_course(tmp_path / "course", (due, f"{due}    attempts: {{limit: 1}}\n"))
    first = hand_in(course, store)
    again = hand_in(course, store, now=OPEN + timedelta(hours=1))
    assert again.accepted.repeated
    assert again.receipt == first.receipt


def test_what_is_no_notebook_is_refused_and_uses_up_no_attempt(course: Course, store: Store):
    with pytest.raises(Refused):
        hand_in(course, store, data=b"no notebook")
    assert store.submissions("hw1") == ()


def test_who_is_not_in_the_roster_is_told_so(course: Course, store: Store):
    with pytest.raises(UnknownStudent, match="no student 'zoe'"):
        hand_in(course, store, "zoe")


def essay(course: Course, store: Store, student: str, body: bytes = b"% one\n"):
    assignment = course.assignments["essay"]
    return submit(course, store, assignment, student, pdf(body=body), "e.pdf", OPEN)


def test_a_group_hands_in_once_for_all(course: Course, store: Store):
    with pytest.raises(Refused, match="groups of 2 to 3, and ada is in none"):
        essay(course, store, "ada")
    store.groups.form("essay", "A", ["ada", "bob"], largest=3, by="prof")
    first = essay(course, store, "ada")
    second = essay(course, store, "bob", b"% two\n")
    assert first.receipt.group == second.receipt.group is not None
    rows = store.submissions("essay")
    assert [(row.student, row.state) for row in rows] == [
        ("ada", State.SUPERSEDED),
        ("bob", State.BY_HAND),
    ]


def test_a_group_that_is_too_small_is_refused(course: Course, store: Store):
    store.groups.form("essay", "A", ["ada"], largest=3, by="prof")
    with pytest.raises(Refused, match="'A' has 1"):
        essay(course, store, "ada")


def test_where_the_best_counts_every_submission_is_graded(tmp_path: Path, store: Store):
    policy = "max_days: 3}"
    course = term_course(tmp_path / "course", (policy, "max_days: 3, counts: best}"))
    hand_in(course, store)
    hand_in(course, store, data=OTHER, now=OPEN + timedelta(hours=1))
    assert {row.state for row in store.submissions("hw1")} == {State.QUEUED}
