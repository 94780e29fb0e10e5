"""What counts of several groups, of several submissions, and of a term that is half graded."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from grader.course import Course
from grader.gradebook.evidence import Evidence, Handed
from grader.gradebook.records import Pending
from grader.gradebook.term import grade_term
from grader.store import GroupRow, ManualScoreRow, OverrideRow, State, SubmissionRow
from tests.gradebook.test_term import (
    HALF,
    ON_TIME,
    TWO_DAYS_LATE,
    counted,
    essay,
    evidence,
    found,
    homework,
    marked,
    one,
    sent,
    uploaded,
)
from tests.term_course import at, term_course


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return term_course(tmp_path)


DUE = "    due: 2027-02-10 23:59\n"
BEST = ("max_days: 3}", "max_days: 3, counts: best}")
FULL = {"q1": (6.0, 6.0), "q2": (4.0, 4.0)}


def full(number: int, share: float = 1.0) -> list[ManualScoreRow]:
    return [marked(number, "idea", 3.0 * share), marked(number, "plan", 2.0 * share)]


def moved(*more: SubmissionRow, marks: Sequence[ManualScoreRow] = ()) -> Evidence:
    """Bob has handed in 7 with Ada in A, and is in B with Eve now."""
    rows = essay(*full(7))
    groups = (GroupRow(3, "essay", "A", ("ada",)), GroupRow(4, "essay", "B", ("bob", "eve")))
    handed = (*rows.handed["essay"].submissions, *more)
    every = (*full(7), *marks)
    return replace(
        rows,
        groups={"essay": groups},
        group_work={"essay": {3: frozenset(("ada", "bob")), 4: frozenset(("bob", "eve"))}},
        handed={"essay": Handed(handed, (), every)},
    )


def test_a_file_of_the_new_group_after_the_lock_displaces_nothing(tmp_path: Path):
    course = term_course(tmp_path, (DUE, f"{DUE}    lock: 2027-02-11 12:00\n"))
    late = uploaded(8, at("2027-02-12 12:00"), group=4, members=("bob", "eve"))
    rows = moved(late, marks=full(8, 0.0))
    grade = one(course, rows, "bob").grades["essay"]
    assert (grade.submission and grade.submission.id, grade.score.final) == (7, 5.0)
    assert one(course, rows, "eve").grades["essay"].submission is None


@pytest.mark.parametrize("counts", ["newest", "best"])
def test_where_the_best_counts_it_is_the_best_of_all_groups(tmp_path: Path, counts: str):
    course = term_course(tmp_path, (BEST[0], f"max_days: 3, counts: {counts}}}"))
    worse = uploaded(8, TWO_DAYS_LATE, group=4, members=("bob", "eve"))
    rows = moved(worse, marks=full(8, 0.0))
    final = {who: one(course, rows, who).grades["essay"].score.final for who in ("bob", "eve")}
    assert final == {"bob": 5.0 if counts == "best" else 0.0, "eve": 0.0}


def test_of_work_from_before_they_came_who_has_work_of_their_own_has_nothing(tmp_path: Path):
    course = term_course(tmp_path, BEST)
    before = uploaded(8, ON_TIME, group=4, members=("eve",))
    rows = moved(before, marks=full(8))
    assert counted(course, rows, "bob") == 7
    after = uploaded(9, TWO_DAYS_LATE, group=4, members=("bob", "eve"))
    rows = moved(before, after, marks=[*full(8), *full(9, 0.5)])
    assert counted(course, rows, "bob") == 7
    assert counted(course, rows, "eve") == 8


def test_who_was_off_the_roster_for_a_day_has_what_their_group_handed_in_on_it(course: Course):
    meanwhile = uploaded(8, TWO_DAYS_LATE, members=("ada",))
    rows = essay(*full(7), *full(8, 0.5))
    rows = replace(
        rows,
        handed={
            "essay": Handed(
                (*rows.handed["essay"].submissions, meanwhile), (), (*full(7), *full(8, 0.5))
            )
        },
    )
    assert counted(course, rows, "bob") == 8


def test_where_the_best_counts_one_that_people_have_yet_to_read_is_told(tmp_path: Path):
    course = term_course(tmp_path, BEST)
    newer = uploaded(8, TWO_DAYS_LATE)
    rows = essay(*full(7, 0.0))
    rows = replace(
        rows,
        handed={"essay": Handed((*rows.handed["essay"].submissions, newer), (), (*full(7, 0.0),))},
    )
    grade = one(course, rows).grades["essay"]
    assert (grade.submission and grade.submission.id, grade.newer and grade.newer.id) == (7, 8)


def test_what_came_after_the_lock_is_no_newer_one_that_may_count(tmp_path: Path):
    due = "    due: 2027-01-28 23:59\n"
    course = term_course(tmp_path, (due, f"{due}    lock: 2027-01-29 12:00\n"))
    late = sent(2, "ada", TWO_DAYS_LATE, state=State.QUEUED)
    rows = homework(sent(1, "ada", ON_TIME), late, summaries=(found(1, **HALF),))
    assert one(course, rows).grades["hw1"].newer is None


def test_a_total_is_of_the_share_of_each_part_that_is_final(course: Course):
    """60 % are two homeworks, of which one is final, 40 % the essay."""
    rows = essay(*full(7))
    first = sent(1, "ada", ON_TIME)
    waiting = sent(2, "ada", ON_TIME, name="hw2", state=State.QUEUED)
    handed = {"hw1": Handed((first,), (found(1, **HALF),)), "hw2": Handed((waiting,))}
    total = one(course, replace(rows, handed={**rows.handed, **handed})).total
    assert (total.so_far, total.percent) == (70.0, pytest.approx((30 * 80 + 40 * 100) / 70))


@pytest.mark.parametrize("policy", ["percent per day, percent: 10", "points per day, points: 1"])
def test_where_late_credit_never_ends_the_terms_end_does(tmp_path: Path, policy: str):
    never = f"{{kind: {policy}, max_days: 3, past_max_days: same credit}}"
    old = "late_policy: {kind: percent per day, percent: 10, max_days: 3}"
    course = term_course(tmp_path, (old, f"late_policy: {never}"))
    for now, final in (("2027-05-01 03:59", None), ("2027-05-01 04:00", 0.0)):  # 30 April, midnight
        assert grade_term(course, evidence(), at(now))["ada"].grades["hw1"].score.final == final


def test_what_is_left_out_is_no_part_of_the_whole(tmp_path: Path):
    course = term_course(tmp_path, ("weights:", "missing: left out\nweights:"))
    rows = homework(sent(1, "ada", ON_TIME), summaries=(found(1, **HALF),))
    term = grade_term(course, rows, at("2027-06-01 12:00"))["ada"]
    assert term.grades["essay"].score.pending is Pending.LEFT_OUT
    assert (term.total.percent, term.total.so_far) == (pytest.approx(80.0), 100.0)


def test_what_a_student_is_excused_from_uses_up_no_grace_days(tmp_path: Path):
    old = "late_policy: {kind: percent per day, percent: 10, max_days: 3}"
    grace = "{kind: grace days, budget: 2, per_assignment: 2, then: no credit}"
    course = term_course(tmp_path, (old, f"late_policy: {grace}"))
    late = sent(1, "ada", TWO_DAYS_LATE)
    later = sent(2, "ada", at("2027-02-13 12:00"), name="hw2")
    rows = evidence(
        handed={
            "hw1": Handed((late,), (found(1, **FULL),)),
            "hw2": Handed((later,), (found(2, q1=(10.0, 10.0)),)),
        }
    )
    assert one(course, rows).grades["hw2"].score.final == 0.0
    excused = OverrideRow("ada", "hw1", None, "ill", "prof", ON_TIME, excused=True)
    term = one(course, replace(rows, overrides=(excused,)))
    assert term.grades["hw2"].score.final == 10.0
    assert term.grades["hw1"].submission == late
