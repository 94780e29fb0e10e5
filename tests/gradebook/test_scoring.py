"""Scores: what counts, what is pending, and the one rounding."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.gradebook import (
    Lateness,
    ManualScore,
    Pending,
    QuestionInfo,
    QuestionState,
    round_points,
    score_submission,
    unscored,
)
from grader.outcomes import CheckResult, Ending, GradedSubmission, Outcome

AUTOMATIC = QuestionInfo("q1", "Iterates", 6)
SECOND = QuestionInfo("q2", "Products", 4)
WRITTEN = QuestionInfo("q3", "Written", 5, manual=True)


def graded(*earned: tuple[str, float, float]) -> GradedSubmission:
    """A record with one check for each (question, earned, points)."""
    checks = tuple(
        CheckResult(f"check{i}", question, "title", points, got, Outcome.PASSED)
        for i, (question, got, points) in enumerate(earned)
    )
    return GradedSubmission(Ending.FINISHED, "", (), checks)


BOTH = graded(("q1", 2.0, 2.0), ("q1", 1.5, 4.0), ("q2", 4.0, 4.0))


def test_a_score_is_the_sum_of_the_checks() -> None:
    score = score_submission("ada", (AUTOMATIC, SECOND), BOTH)
    assert [q.earned for q in score.questions] == [3.5, 4.0]
    assert (score.auto, score.raw, score.points, score.final) == (7.5, 7.5, 10.0, 7.5)
    assert score.pending is None


def test_a_score_is_not_final_before_a_person_has_graded_the_written_question() -> None:
    score = score_submission("ada", (AUTOMATIC, SECOND, WRITTEN), BOTH)
    assert score.final is None
    assert score.pending is Pending.UNGRADED
    assert score.question("q3").state is QuestionState.UNGRADED
    assert score.auto == 7.5


def test_grades_by_hand_make_it_final() -> None:
    manual = [ManualScore("q3", 4.5, "clear")]
    score = score_submission("ada", (AUTOMATIC, SECOND, WRITTEN), BOTH, manual=manual)
    assert (score.auto, score.manual, score.final) == (7.5, 4.5, 12.0)
    assert score.question("q3").comment == "clear"


def test_a_grade_by_hand_overrides_the_checks_of_an_automatic_question() -> None:
    score = score_submission("ada", (AUTOMATIC, SECOND), BOTH, manual=[ManualScore("q1", 6)])
    assert score.question("q1").state is QuestionState.OVERRIDDEN
    assert (score.auto, score.raw, score.final) == (7.5, 10.0, 10.0)


def test_our_failure_is_no_score_and_never_a_zero() -> None:
    score = score_submission("ada", (AUTOMATIC, SECOND), None)
    assert score.final is None
    assert score.pending is Pending.DELAYED
    assert all(q.earned is None for q in score.questions)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(graded(("q1", 6.0, 6.0)), id="a question has no check"),
        pytest.param(graded(("q1", 6.0, 6.0), ("q2", 3.0, 3.0)), id="points changed since"),
        pytest.param(graded(("q1", 6.0, 6.0), ("q2", 5.0, 4.0)), id="more earned than there is"),
        pytest.param(graded(("q1", 6.0, 6.0), ("q2", math.nan, 4.0)), id="earned is not a number"),
    ],
)
def test_a_record_of_other_checks_than_the_course_has_is_graded_again(
    record: GradedSubmission,
) -> None:
    score = score_submission("ada", (AUTOMATIC, SECOND), record)
    assert (score.final, score.pending) == (None, Pending.STALE)
    assert score.question("q1").earned == 6.0


def test_blank_work_is_a_zero_that_was_measured() -> None:
    score = score_submission("ada", (AUTOMATIC,), graded(("q1", 0.0, 6.0)))
    assert (score.final, score.pending) == (0.0, None)


@pytest.mark.parametrize(
    ("lateness", "final", "penalty"),
    [
        (Lateness(), 7.5, 0.0),
        (Lateness(1, 0.9), 6.75, 0.75),
        (Lateness(2, 0.875), 6.56, 0.9375),
        (Lateness(9, 0.0), 0.0, 7.5),
    ],
)
def test_the_lateness_credit_applies_to_the_raw_score(
    lateness: Lateness, final: float, penalty: float
) -> None:
    score = score_submission("ada", (AUTOMATIC, SECOND), BOTH, lateness=lateness)
    assert score.final == final
    assert score.penalty == pytest.approx(penalty, abs=1e-12)
    assert score.late_days == lateness.days


def test_partial_points_are_rounded_once_at_the_end() -> None:
    thirds = graded(*(("q1", 2 / 3, 2.0) for _ in range(3)))
    assert score_submission("ada", (AUTOMATIC,), thirds).final == 2.0


@pytest.mark.parametrize(
    ("manual", "complaint"),
    [
        ([ManualScore("q9", 1)], "no question"),
        ([ManualScore("q1", 6.01)], "0 to 6"),
        ([ManualScore("q1", -0.01)], "0 to 6"),
        ([ManualScore("q1", math.nan)], "0 to 6"),
        ([ManualScore("q1", 1), ManualScore("q1", 2)], "two grades"),
    ],
)
def test_a_grade_by_hand_that_cannot_be_is_refused(
    manual: list[ManualScore], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        score_submission("ada", (AUTOMATIC, SECOND), BOTH, manual=manual)


@pytest.mark.parametrize(("days", "credit"), [(-1, 1.0), (0, 1.01), (0, -0.1), (0, math.nan)])
def test_a_lateness_that_cannot_be_is_refused(days: int, credit: float) -> None:
    with pytest.raises(ValueError, match="must"):
        Lateness(days, credit)


@pytest.mark.parametrize("pending", list(Pending))
def test_a_student_without_a_graded_submission_has_no_number(pending: Pending) -> None:
    score = unscored("ada", (AUTOMATIC, WRITTEN), pending)
    assert (score.final, score.pending, score.points) == (None, pending, 11.0)
    assert all(q.earned is None for q in score.questions)


@pytest.mark.parametrize(
    ("points", "rounded"),
    [(2.675, 2.68), (2.665, 2.67), (0.125, 0.13), (0.005, 0.01), (0.0049999, 0.0), (17, 17.0)],
)
def test_points_are_rounded_half_up_as_by_hand(points: float, rounded: float) -> None:
    assert round_points(points) == rounded


@pytest.mark.parametrize("points", [-0.01, math.nan, math.inf])
def test_points_that_cannot_be_are_not_rounded(points: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        round_points(points)


@given(st.floats(0, 1), st.floats(0, 1))
def test_less_credit_never_gives_a_higher_score(one: float, other: float) -> None:
    low, high = sorted((one, other))
    finals = [
        score_submission("ada", (AUTOMATIC, SECOND), BOTH, lateness=Lateness(1, credit)).final
        for credit in (low, high)
    ]
    assert finals[0] is not None
    assert finals[1] is not None
    assert 0 <= finals[0] <= finals[1] <= 7.5
