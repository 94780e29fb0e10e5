"""A term's grades from its rows: what counts, lateness, rubrics, overrides, groups, weights."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from grader.course import Course
from grader.gradebook.evidence import Evidence, Handed
from grader.gradebook.explaining import explain
from grader.gradebook.records import Pending
from grader.gradebook.term import Sheets, StudentTerm, grade_term
from grader.store import (
    ExtensionRow,
    GroupRow,
    ManualScoreRow,
    OverrideRow,
    State,
    StudentRow,
    SubmissionRow,
    SummaryRow,
)
from tests.term_course import at, term_course

ON_TIME = at("2027-01-20 12:00")
TWO_DAYS_LATE = at("2027-01-30 12:00")
NOW = at("2027-01-30 18:00")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return term_course(tmp_path)


def sent(
    number: int, student: str, received: datetime, *, name: str = "hw1", group: int | None = None,
    state: State = State.GRADED,
) -> SubmissionRow:  # fmt: skip
    return SubmissionRow(
        number, student, name, "0" * 64, "a.ipynb", 1, received, state, 0, "", group
    )


def found(number: int, **questions: tuple[float, float]) -> SummaryRow:
    return SummaryRow(number, number, "1", questions, ON_TIME)


def marked(number: int, question: str, points: float, **more: object) -> ManualScoreRow:
    row = ManualScoreRow(number, "ada", question, points, "", "ta", ON_TIME)
    return replace(row, **more)


def extended(student: str | None = None, group: int | None = None, days: int = 2) -> ExtensionRow:
    return ExtensionRow(
        1, student, group, "hw1" if student else "essay", None, "", days, "ill", "prof", ON_TIME,
        None,
    )  # fmt: skip


def evidence(**more: object) -> Evidence:
    students = tuple(StudentRow(name) for name in ("ada", "bob", "eve"))
    return replace(Evidence(students), **more)


HALF = {"q1": (6.0, 6.0), "q2": (2.0, 4.0)}


def one(course: Course, rows: Evidence, student: str = "ada") -> StudentTerm:
    return grade_term(course, rows, NOW)[student]


def homework(*rows: SubmissionRow, summaries: tuple[SummaryRow, ...], **more: object) -> Evidence:
    return evidence(handed={"hw1": Handed(rows, summaries)}, **more)


def test_points_are_what_the_checks_earned(course: Course):
    rows = homework(sent(1, "ada", ON_TIME), summaries=(found(1, **HALF),))
    score = one(course, rows).grades["hw1"].score
    assert (score.raw, score.final, score.late_days) == (8.0, 8.0, 0)
    assert one(course, rows, "bob").grades["hw1"].score.pending is Pending.NOT_SUBMITTED


def test_lateness_is_taken_off_the_raw_score(course: Course):
    rows = homework(sent(1, "ada", TWO_DAYS_LATE), summaries=(found(1, **HALF),))
    score = one(course, rows).grades["hw1"].score
    assert (score.raw, score.late_days, score.credit, score.final) == (8.0, 2, 0.8, 6.4)


def test_an_extension_takes_the_lateness_away_also_afterwards(course: Course):
    rows = homework(
        sent(1, "ada", TWO_DAYS_LATE), summaries=(found(1, **HALF),), extensions=(extended("ada"),)
    )
    assert one(course, rows).grades["hw1"].score.final == 8.0


def test_the_newest_counts_once_it_is_graded(course: Course):
    early, late = sent(1, "ada", ON_TIME), sent(2, "ada", TWO_DAYS_LATE)
    both = homework(early, late, summaries=(found(1, **HALF), found(2, **HALF)))
    assert one(course, both).grades["hw1"].score.final == 6.4
    waiting = homework(
        early, replace(late, state=State.DELAYED), summaries=(found(1, **HALF),)
    )  # fmt: skip
    grade = one(course, waiting).grades["hw1"]
    assert (grade.score.final, grade.newer and grade.newer.id) == (8.0, 2)
    only = homework(replace(late, state=State.DELAYED), summaries=())
    assert one(course, only).grades["hw1"].score.pending is Pending.DELAYED


def test_what_came_after_the_lock_displaces_nothing(tmp_path: Path):
    due = "    due: 2027-01-28 23:59\n"
    course = term_course(tmp_path, (due, f"{due}    lock: 2027-01-29 12:00\n"))
    early, late = sent(1, "ada", ON_TIME, state=State.SUPERSEDED), sent(2, "ada", TWO_DAYS_LATE)
    rows = homework(early, late, summaries=(found(2, **HALF),))
    grade = one(course, rows).grades["hw1"]
    assert (grade.submission and grade.submission.id, grade.score.pending) == (1, Pending.QUEUED)


def test_where_the_best_counts_a_late_one_never_lowers_the_grade(tmp_path: Path):
    course = term_course(tmp_path, ("max_days: 3}", "max_days: 3, counts: best}"))
    early, late = sent(1, "ada", ON_TIME), sent(2, "ada", TWO_DAYS_LATE)
    better = {"q1": (6.0, 6.0), "q2": (3.0, 4.0)}
    rows = homework(early, late, summaries=(found(1, **HALF), found(2, **better)))
    grade = one(course, rows).grades["hw1"]
    assert (grade.score.final, grade.submission and grade.submission.id) == (8.0, 1)


def test_an_override_of_the_score_replaces_everything(course: Course):
    row = OverrideRow("ada", "hw1", 9.0, "lost on our side", "prof", ON_TIME)
    rows = homework(
        sent(1, "ada", TWO_DAYS_LATE), summaries=(found(1, **HALF),), overrides=(row,)
    )  # fmt: skip
    score = one(course, rows).grades["hw1"].score
    assert (score.raw, score.final) == (8.0, 9.0)
    assert score.override
    assert score.override.reason == "lost on our side"
    back = homework(
        sent(1, "ada", TWO_DAYS_LATE), summaries=(found(1, **HALF),),
        overrides=(row, replace(row, points=None)),
    )  # fmt: skip
    assert one(course, back).grades["hw1"].score.final == 6.4


BOTH = ("ada", "bob")


def essay(*marks: ManualScoreRow, members: tuple[str, ...] = BOTH) -> Evidence:
    """Ada and Bob have handed in an essay; `members` are who is in their group now."""
    upload = uploaded(7, ON_TIME)
    return evidence(
        groups={"essay": (GroupRow(3, "essay", "A", members),)},
        group_work={"essay": {3: frozenset(BOTH)}},
        handed={"essay": Handed((upload,), (), marks)},
    )


def uploaded(
    number: int, at: datetime, *, group: int = 3, members: tuple[str, ...] = BOTH
) -> SubmissionRow:
    row = sent(number, members[-1], at, name="essay", group=group, state=State.BY_HAND)
    return replace(row, members=members)


def test_one_submission_counts_for_all_members(course: Course):
    rows = essay(marked(7, "idea", 3.0), marked(7, "plan", 1.0))
    for student in ("ada", "bob"):
        assert one(course, rows, student).grades["essay"].score.final == 4.0
    assert one(course, rows, "eve").grades["essay"].submission is None


def counted(course: Course, rows: Evidence, student: str) -> int | None:
    row = one(course, rows, student).grades["essay"].submission
    return row.id if row else None


def test_who_leaves_a_group_keeps_what_it_handed_in_while_they_were_in(course: Course):
    rows = essay(members=("bob",))
    later = uploaded(8, TWO_DAYS_LATE, members=("bob",))
    both = (*rows.handed["essay"].submissions, later)
    rows = replace(rows, handed={"essay": Handed(both)})
    assert [counted(course, rows, student) for student in ("ada", "bob", "eve")] == [7, 8, None]


def test_who_joins_a_group_has_its_work_only_without_work_of_their_own(course: Course):
    other = uploaded(9, ON_TIME, group=4, members=("eve",))
    here = essay(members=("ada", "bob", "eve"))
    assert counted(course, here, "eve") == 7
    moved = replace(
        here, handed={"essay": Handed((*here.handed["essay"].submissions, other))}
    )  # fmt: skip
    assert [counted(course, moved, student) for student in ("ada", "eve")] == [7, 9]
    again = uploaded(10, TWO_DAYS_LATE, members=("ada", "bob", "eve"))
    handed = (*moved.handed["essay"].submissions, again)
    moved = replace(moved, handed={"essay": Handed(handed)})
    assert [counted(course, moved, student) for student in ("ada", "eve")] == [10, 10]


def test_the_dates_of_what_was_handed_in_stay_when_somebody_leaves(course: Course):
    granted = replace(extended("ada"), assignment="essay")
    late = uploaded(7, at("2027-02-11 12:00"))
    for members in (BOTH, ("bob",)):
        rows = replace(
            essay(members=members), extensions=(granted,), handed={"essay": Handed((late,))}
        )  # fmt: skip
        standing = one(course, rows, "bob").grades["essay"].standing
        assert standing is not None
        assert standing.days_late == 0


def test_what_was_withdrawn_never_counts(course: Course):
    early, late = sent(1, "ada", ON_TIME), sent(2, "ada", TWO_DAYS_LATE, state=State.WITHDRAWN)
    rows = homework(early, late, summaries=(found(1, **HALF), found(2, **HALF)))
    assert one(course, rows).grades["hw1"].score.final == 8.0
    gone = homework(late, summaries=(found(2, **HALF),))
    assert one(course, gone).grades["hw1"].submission is None


def test_what_is_missing_counts_0_once_handing_in_is_worth_nothing(tmp_path: Path):
    # Due 28 January 23:59 in Toronto, and three days late have credit.
    course = term_course(tmp_path / "a")
    for now, final in (("2027-02-01 04:58", None), ("2027-02-01 04:59", 0.0)):
        term = grade_term(course, evidence(), at(now))["ada"]
        assert term.grades["hw1"].score.final == final
        assert term.total.so_far == (0.0 if final is None else 30.0)
    left_out = term_course(tmp_path / "b", ("weights:", "missing: left out\nweights:"))
    term = grade_term(left_out, evidence(), at("2028-01-01 00:00"))["ada"]
    assert term.grades["hw1"].score.pending is Pending.LEFT_OUT
    assert (term.total.percent, term.total.so_far) == (None, 0.0)


def test_an_extension_moves_the_time_when_missing_work_counts_0(course: Course):
    rows = evidence(extensions=(extended("ada"),))
    terms = grade_term(course, rows, at("2027-02-01 12:00"))
    assert [terms[who].grades["hw1"].score.final for who in ("ada", "bob")] == [None, 0.0]


def test_who_is_excused_has_no_score_and_the_rest_is_the_whole(course: Course):
    excused = OverrideRow("ada", "essay", None, "ill", "prof", ON_TIME, excused=True)
    handed = {"hw1": Handed((sent(1, "ada", ON_TIME),), (found(1, **HALF),))}
    term = one(course, evidence(handed=handed, overrides=(excused,)))
    assert term.grades["essay"].score.pending is Pending.EXCUSED
    # Of the homework, which is the whole now, one of two is final.
    assert (term.total.percent, term.total.so_far) == (pytest.approx(80.0), 50.0)
    steps = {step.title: step.text for step in explain(course, term, "essay")}
    assert steps["override"] == "prof excused the student: ill"
    assert steps["weight"] == "it is no part of the student's total"


def test_of_a_part_whose_rest_is_excused_the_one_left_is_not_dropped(course: Course):
    excused = OverrideRow("ada", "hw2", None, "ill", "prof", ON_TIME, excused=True)
    handed = {"hw1": Handed((sent(1, "ada", ON_TIME),), (found(1, **HALF),))}
    total = one(course, evidence(handed=handed, overrides=(excused,))).total
    assert (total.parts[0].share, total.parts[0].dropped) == (pytest.approx(0.8), ())


@pytest.mark.parametrize(("policy", "counts"), [("best", 2), ("newest", 2)])
def test_students_eyes_see_no_hidden_points_in_what_counts(
    tmp_path: Path, policy: str, counts: int
):
    course = term_course(tmp_path, ("max_days: 3}", f"max_days: 3, counts: {policy}}}"))
    early, late = sent(1, "ada", ON_TIME), sent(2, "ada", at("2027-01-21 12:00"))
    better = {"q1": (6.0, 6.0), "q2": (4.0, 4.0)}
    rows = homework(early, late, summaries=(found(1, **better), found(2, **HALF)))

    def seen(now: datetime, *, for_students: bool) -> int | None:
        sheets = Sheets(course, rows, now, for_students=for_students)
        row = sheets.term("ada").grades["hw1"].submission
        return row.id if row else None

    before, after = at("2027-01-29 04:58"), at("2027-01-29 04:59")
    truth = 1 if policy == "best" else 2
    assert seen(before, for_students=True) == counts
    assert seen(after, for_students=True) == truth
    assert seen(before, for_students=False) == truth


def test_rubric_marks_follow_the_rubric_when_an_item_changes(tmp_path: Path):
    shares = {"question": 1.0, "why": 0.5}
    marks = essay(marked(7, "idea", -0.25, marks=shares), marked(7, "plan", 2.0))
    before = term_course(tmp_path / "a")
    assert one(before, marks).grades["essay"].score.final == 2.0 + 0.5 - 0.25 + 2.0
    changed = (
        ("{name: question, points: 2,", "{name: question, points: 1,"),
        ("{name: why, points: 1,", "{name: why, points: 2,"),
    )
    after = term_course(tmp_path / "b", *changed)
    assert one(after, marks).grades["essay"].score.final == 1.0 + 1.0 - 0.25 + 2.0


def test_who_has_left_the_course_moves_nobodys_dates(tmp_path: Path):
    sections = "    sections: {L1: {due: 2027-02-12 23:59}, L2: {due: 2027-02-14 23:59}}\n"
    due = "    due: 2027-02-10 23:59\n"
    course = term_course(tmp_path, (due, due + sections))
    here = essay(members=("ada", "gone"))
    rows = replace(here, students=(StudentRow("ada", section="L1"),))
    assert one(course, rows).grades["essay"].dates.due.day == 12


def test_a_groups_extension_is_every_members(course: Course):
    rows = replace(essay(), extensions=(extended(group=3),))
    terms = grade_term(course, rows, NOW)
    due = {name: terms[name].grades["essay"].dates.due.day for name in ("ada", "bob", "eve")}
    assert due == {"ada": 12, "bob": 12, "eve": 10}


def test_weights_make_the_total_and_the_lowest_is_dropped_once_all_are_final(course: Course):
    first, second = sent(1, "ada", ON_TIME), sent(2, "ada", at("2027-02-01 12:00"), name="hw2")
    handed = {"hw1": Handed((first,), (found(1, **HALF),)), "hw2": Handed((second,), ())}
    some = one(course, evidence(handed=handed)).total
    assert (some.percent, some.so_far) == (pytest.approx(80.0), 30.0)
    handed["hw2"] = Handed((second,), (found(2, q1=(5.0, 10.0)),))
    term = one(course, evidence(handed=handed))
    assert term.total.parts[0].dropped == ("hw2",)
    assert term.total.percent == pytest.approx(80.0)


def test_without_a_grade_yet_the_lateness_is_told_and_no_sum(course: Course):
    row = sent(1, "ada", TWO_DAYS_LATE, state=State.QUEUED)
    steps = {
        s.title: s.text for s in explain(course, one(course, homework(row, summaries=())), "hw1")
    }
    assert steps["lateness"] == "2 days late: 80 % of the points earned"
    assert steps["score"] == "none yet: queued"
    assert "raw score" not in steps


def test_every_step_of_a_grade_is_told(course: Course):
    rows = homework(
        sent(1, "ada", at("2027-02-01 12:00")), summaries=(found(1, **HALF),),
        extensions=(extended("ada"),),
    )  # fmt: skip
    steps = {step.title: step.text for step in explain(course, one(course, rows), "hw1")}
    assert steps["due"].startswith("before 23:59 on Sat 30 Jan 2027")
    assert "extended, for others before 23:59 on Thu 28 Jan 2027" in steps["due"]
    assert steps["submission"].startswith("number 1, received 2027-02-01 07:00:00 EST")
    assert steps["q2"] == "2 of 4"
    assert steps["raw score"] == "6 + 2 = 8 of 10"
    assert steps["lateness"] == "2 days late: 8 x 80 % = 6.4"
    assert steps["score"] == "6.4 of 10, rounded once"
    assert steps["weight"] == "part of homework, with 1 more: 60 % of the total"
