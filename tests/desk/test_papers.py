"""Which submissions people mark, and which of them comes next."""

from datetime import timedelta
from pathlib import Path

import pytest

from grader.course import Course
from grader.desk.papers import neighbours, papers_of, take_next, waiting
from grader.store import Store
from tests.term_course import at, graded, term_course

NOW = at("2027-01-20 17:00")


def hand_in(store: Store, student: str, hours: int = 0) -> int:
    received = NOW + timedelta(hours=hours)
    data = f"{student} {hours}".encode()
    kept = store.accept(student, "hw1", data, "hw1.ipynb", received, keeps_older=True)
    return kept.submission.id


def grade(store: Store) -> None:
    batch = store.start_batch("hw1")
    while lease := store.claim(batch):
        store.finish(lease, graded(("q1", 6, 6)))
    store.end_batch(batch.id)


def numbers(course: Course, store: Store, hours: int = 24) -> list[int]:
    now = NOW + timedelta(hours=hours)
    papers = papers_of(course, store, course.assignments["hw1"], now)
    return [paper.submission.id for paper in papers]


def by_hand(folder: Path, counts: str, *more: tuple[str, str]) -> Course:
    """The course with a question of hw1 that people mark; the newest counts, or the best."""
    return term_course(
        folder,
        ("q2: {title: Other half, points: 4}", "q2: {title: Other half, points: 4, manual: true}"),
        ("max_days: 3}", f"max_days: 3, counts: {counts}}}"),
        *more,
    )


def test_they_are_the_newest_of_each_in_the_order_in_which_they_came(
    store: Store, tmp_path: Path
) -> None:
    course = by_hand(tmp_path, "newest")
    hand_in(store, "ada")
    bobs, newer = hand_in(store, "bob", 1), hand_in(store, "ada", 2)
    assert numbers(course, store) == [bobs, newer]
    grade(store)
    assert numbers(course, store) == [bobs, newer]


def test_what_came_after_the_lock_is_none(store: Store, tmp_path: Path) -> None:
    due = "    due: 2027-01-28 23:59\n"
    course = by_hand(tmp_path, "newest", (due, f"{due}    lock: 2027-01-29 12:00\n"))
    first = hand_in(store, "ada")
    hand_in(store, "ada", 24 * 12)
    assert numbers(course, store, 24 * 13) == [first]


def test_where_the_best_counts_so_does_a_newer_one_that_is_not_marked(
    store: Store, tmp_path: Path
) -> None:
    course = by_hand(tmp_path, "best")
    first = hand_in(store, "ada")
    grade(store)
    store.marks.give(first, "q2", 2, by="tam")
    second = hand_in(store, "ada", 1)
    grade(store)
    assert numbers(course, store) == [first, second]
    store.marks.give(second, "q2", 1, by="tam")
    assert numbers(course, store) == [first]


def test_what_waits_begins_behind_a_paper(store: Store, tmp_path: Path) -> None:
    course = by_hand(tmp_path, "newest")
    a, b, c = (hand_in(store, name, hour) for hour, name in enumerate(("ada", "bob", "eve")))
    papers = papers_of(course, store, course.assignments["hw1"], NOW + timedelta(days=1))
    assert waiting(papers, "q2") == [a, b, c]
    assert waiting(papers, "q2", after=a) == [b, c, a]
    assert waiting(papers, "q2", after=c) == [a, b, c]
    assert [neighbours(papers, one) for one in (a, b, c, 99)] == [
        (None, b),
        (a, c),
        (b, None),
        (None, a),
    ]


def test_what_was_marked_meanwhile_is_not_given_out(store: Store) -> None:
    a, b = hand_in(store, "ada"), hand_in(store, "bob")
    store.marks.give(a, "q2", 2, by="tam")  # after who asks has read what waits
    assert take_next(store, "hw1", "q2", [a, b], by="tim") == b
    assert [(row.submission_id, row.by) for row in store.holds.all()] == [(b, "tim")]
    assert take_next(store, "hw1", "q2", [a, b], by="tam") is None


@pytest.mark.parametrize("question", ["q1", "q2"])
def test_a_hold_is_of_one_question(store: Store, question: str) -> None:
    a = hand_in(store, "ada")
    store.holds.take(a, "q1", "tam")
    got = take_next(store, "hw1", question, [a], by="tim")
    assert got == (None if question == "q1" else a)
