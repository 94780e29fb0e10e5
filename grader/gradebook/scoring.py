"""From a graded submission, its lateness and the grades by hand to a score.

The order is fixed: points of the checks, then what people gave or overrode, then the
lateness credit on the sum, then one rounding. Where our side failed there is no score.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from grader.course import Assignment
from grader.gradebook.records import (
    Lateness,
    ManualScore,
    Pending,
    QuestionInfo,
    QuestionScore,
    QuestionState,
    Score,
)
from grader.gradebook.rounding import round_points
from grader.outcomes import CheckResult, GradedSubmission

ON_TIME = Lateness()

# Partial credit such as 4/3 + 4/3 + 4/3 sums to 4 only up to rounding.
_SAME_POINTS = 1e-6


def questions_of(assignment: Assignment) -> tuple[QuestionInfo, ...]:
    """The questions of a course's assignment, as the gradebook and the report take them."""
    return tuple(
        QuestionInfo(q.name, q.title, float(q.points), manual=q.manual, rubric=q.rubric)
        for q in assignment.questions
    )


def score_submission(
    student: str,
    questions: Sequence[QuestionInfo],
    graded: GradedSubmission | None,
    *,
    lateness: Lateness = ON_TIME,
    manual: Iterable[ManualScore] = (),
) -> Score:
    """The score of one submission; `graded` is None while our side has not graded it, or need not.

    A record of other checks than the course now has (a question without checks, or worth
    other points) is stale: no final score until it is graded again. Raises `ValueError` for
    a grade by hand that names no question or lies outside the question's points.
    """
    given = _manual_by_question(questions, manual)
    results = _results_by_question(graded)
    scores = tuple(
        _question_score(info, given.get(info.name), results.get(info.name, ()), graded is None)
        for info in questions
    )
    return _total(student, questions, scores, results, lateness, graded is None)


def unscored(student: str, questions: Sequence[QuestionInfo], pending: Pending) -> Score:
    """The empty score of a student with nothing to grade, for the reason given."""
    state = {Pending.QUEUED: QuestionState.DELAYED, Pending.DELAYED: QuestionState.DELAYED}.get(
        pending, QuestionState.ABSENT
    )
    scores = tuple(QuestionScore(q.name, q.points, None, state) for q in questions)
    return Score(student, scores, 0.0, 0.0, 0.0, _points(questions), pending=pending)


def best_score(scores: Iterable[Score]) -> Score | None:
    """The score that counts among a student's submissions, given from old to new.

    The highest final score, after the penalty, so that a late resubmission never lowers a
    grade; the older one on a tie. A submission without a final score never displaces one
    that has it. Where none has, the newest.
    """
    best: Score | None = None
    highest = -1.0  # below every final score
    for score in scores:
        final = -1.0 if score.final is None else score.final
        if highest < 0.0 or final > highest:
            best, highest = score, final
    return best


def _manual_by_question(
    questions: Sequence[QuestionInfo], manual: Iterable[ManualScore]
) -> dict[str, ManualScore]:
    points = {info.name: info.points for info in questions}
    given: dict[str, ManualScore] = {}
    for grade in manual:
        if grade.question not in points:
            raise ValueError(f"a grade by hand names {grade.question!r}, which is no question")
        if grade.question in given:
            raise ValueError(f"two grades by hand for {grade.question!r}; give one")
        limit = points[grade.question]
        if not (math.isfinite(grade.points) and 0.0 <= grade.points <= limit):
            raise ValueError(
                f"a grade by hand gives {grade.points:g} points for {grade.question!r}, "
                f"which has 0 to {limit:g}"
            )
        given[grade.question] = grade
    return given


def _results_by_question(graded: GradedSubmission | None) -> dict[str, tuple[CheckResult, ...]]:
    results: dict[str, tuple[CheckResult, ...]] = {}
    for result in graded.checks if graded else ():
        results[result.question] = (*results.get(result.question, ()), result)
    return results


def _question_score(
    info: QuestionInfo,
    grade: ManualScore | None,
    results: tuple[CheckResult, ...],
    delayed: bool,
) -> QuestionScore:
    if grade is not None:
        state = QuestionState.GRADED if info.manual else QuestionState.OVERRIDDEN
        return QuestionScore(info.name, info.points, grade.points, state, grade.comment)
    if info.manual:
        return QuestionScore(info.name, info.points, None, QuestionState.UNGRADED)
    if delayed or not _covers(info, results):
        return QuestionScore(info.name, info.points, None, QuestionState.DELAYED)
    earned = math.fsum(result.earned for result in results)
    return QuestionScore(info.name, info.points, earned, QuestionState.GRADED)


def _covers(info: QuestionInfo, results: tuple[CheckResult, ...]) -> bool:
    """Whether the results are of the question as it is now: its points, and sane ones."""
    total = math.fsum(result.points for result in results)
    sane = all(-_SAME_POINTS <= r.earned <= r.points + _SAME_POINTS for r in results)
    return bool(results) and sane and abs(total - info.points) <= _SAME_POINTS


def _total(
    student: str,
    questions: Sequence[QuestionInfo],
    scores: tuple[QuestionScore, ...],
    results: Mapping[str, tuple[CheckResult, ...]],
    lateness: Lateness,
    delayed: bool,
) -> Score:
    automatic = [info.name for info in questions if not info.manual]
    auto = math.fsum(r.earned for name in automatic for r in results.get(name, ()))
    by_hand = {info.name for info in questions if info.manual}
    manual = math.fsum(s.earned or 0.0 for s in scores if s.question in by_hand)
    raw = math.fsum(s.earned or 0.0 for s in scores)
    pending = _why_pending(scores, delayed)
    return Score(
        student=student,
        questions=scores,
        auto=auto,
        manual=manual,
        raw=raw,
        points=_points(questions),
        late_days=lateness.days,
        credit=lateness.credit,
        penalty=raw * (1.0 - lateness.credit),
        final=None if pending else round_points(raw * lateness.credit),
        pending=pending,
    )


def _why_pending(scores: tuple[QuestionScore, ...], delayed: bool) -> Pending | None:
    states = {score.state for score in scores}
    if QuestionState.DELAYED in states:
        return Pending.DELAYED if delayed else Pending.STALE
    return Pending.UNGRADED if QuestionState.UNGRADED in states else None


def _points(questions: Sequence[QuestionInfo]) -> float:
    return math.fsum(info.points for info in questions)
